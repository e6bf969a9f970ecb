"""Checks as tests: a fixture `steelyard`, and every `steelyard.toml` with data and checks as a file of tests.

Loaded whenever pytest starts, so it imports nothing heavy until a check is run.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import pytest

if TYPE_CHECKING:
    from steelyard.analyses.checks import Check
    from steelyard.evaluation import Evaluation
    from steelyard.records import CheckResult

CONFIG = "steelyard.toml"
Unsettled = Literal["fail", "pass", "skip"]
UNSETTLED: tuple[Unsettled, ...] = get_args(Unsettled)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Settings for `pyproject.toml` or `pytest.ini`."""
    parser.addini("steelyard_collect", "collect steelyard.toml files as tests", type="bool", default=True)
    parser.addini("steelyard_inconclusive", "what an inconclusive check is: fail, pass or skip", default="fail")


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a setting that means nothing."""
    given = config.getini("steelyard_inconclusive")
    if given not in UNSETTLED:
        raise pytest.UsageError(f"steelyard_inconclusive must be one of {', '.join(UNSETTLED)}, not {given!r}.")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a `steelyard.toml` that says which data its checks are held against."""
    if file_path.name == CONFIG and parent.config.getini("steelyard_collect") and _is_gate(file_path):
        made: pytest.Collector = GateFile.from_parent(parent, path=file_path)
        return made
    return None


def _is_gate(path: Path) -> bool:
    """Whether a file has data and something to hold it against; one that cannot be read is left to say why."""
    try:
        body = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return True
    return "data" in body and bool(body.get("checks") or body.get("expect"))


class GateFile(pytest.File):
    """A `steelyard.toml`: its data is read once, when the first of its checks is run."""

    _judged: Evaluation | Exception | None = None

    def collect(self) -> Iterator[GateItem]:
        """One test for each check and each expectation, in the order of the file."""
        from steelyard.evaluation import read_config
        from steelyard.records import SteelyardError

        try:
            config = read_config(self.path)
        except SteelyardError as error:
            raise self.CollectError(str(error)) from None
        titles = [check.text for check in config.checks]
        titles += [f"{made.column}: {made.rule} ({made.bound})" for made in config.expectations]
        seen: Counter[str] = Counter()
        for place, title in enumerate(titles):
            seen[title] += 1
            name = title if seen[title] == 1 else f"{title} ({seen[title]})"
            yield GateItem.from_parent(self, name=name, place=place)

    def result(self, place: int) -> CheckResult:
        """What came of a check.

        Raises:
            SteelyardError: the data cannot be judged; the same for every check.
        """
        from steelyard.evaluation import gate
        from steelyard.records import SteelyardError

        if self._judged is None:
            try:
                self._judged = gate(config=self.path)
            except SteelyardError as error:
                self._judged = error
        if isinstance(self._judged, Exception):
            raise self._judged
        return self._judged.checks[place]


class GateItem(pytest.Item):
    """One check."""

    def __init__(self, *, place: int, **more: Any) -> None:
        super().__init__(**more)
        self._place = place
        if self.config.pluginmanager.hasplugin("xdist"):
            # With --dist loadgroup the checks of one file share a worker, so that its data is read once.
            self.add_marker(pytest.mark.xdist_group(f"steelyard {self.path}"))

    def runtest(self) -> None:
        """Judge it.

        Raises:
            CheckFailedError: it fails, or is inconclusive where that does not do.
        """
        assert isinstance(self.parent, GateFile)  # noqa: S101 - by construction
        _hold([self.parent.result(self._place)], self.config.getini("steelyard_inconclusive"))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Words rather than a traceback, for what is the user's to mend."""
        from steelyard.records import SteelyardError

        if isinstance(excinfo.value, (CheckFailedError, SteelyardError)):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        """The file and the check."""
        return self.path, None, self.name


class CheckFailedError(AssertionError):
    """A check that fails, or is inconclusive where that does not do."""


class Steelyard:
    """What the fixture `steelyard` gives."""

    def __init__(self, inconclusive: Unsettled) -> None:
        self._inconclusive = inconclusive

    def check(
        self, data: Any, *checks: str | dict[str, Any] | Check, inconclusive: Unsettled | None = None, **settings: Any
    ) -> Evaluation:
        """Hold a model against bounds: the test fails where one of them is not met.

        Args:
            data: labels and predictions: a path, glob, URL, list of paths or data frame.
            checks: "roc_auc >= 0.8", "recall >= reference - 0.02 [sex = F]", tables of the same, or `Check`s.
            inconclusive: what it is where an interval holds values on both sides of its bound: "fail", "pass" or
                "skip"; by default what the ini option steelyard_inconclusive says, which is "fail" by itself.
            settings: those of `steelyard.evaluate`: roles, reference, champion, config, level, seed …

        Returns:
            The evaluation of the metrics that the checks name.

        Raises:
            AssertionError: a check fails; the message is one sentence for each that does.
            SteelyardError: the data cannot be judged.
        """
        __tracebackhide__ = True
        from steelyard.evaluation import gate

        unsettled = inconclusive or self._inconclusive
        if unsettled not in UNSETTLED:
            raise ValueError(f"inconclusive must be one of {', '.join(UNSETTLED)}, not {inconclusive!r}.")
        evaluation = gate(data, settings.pop("roles", None), checks=checks, **settings)
        _hold(evaluation.checks, unsettled)
        return evaluation

    def evaluate(self, data: Any, *given: Any, **settings: Any) -> Evaluation:
        """The same as `steelyard.evaluate`."""
        from steelyard.evaluation import evaluate

        return evaluate(data, *given, **settings)


@pytest.fixture(scope="session")
def steelyard(pytestconfig: pytest.Config) -> Steelyard:
    """Hold models against bounds: `steelyard.check(data, "roc_auc >= 0.8")`."""
    return Steelyard(pytestconfig.getini("steelyard_inconclusive"))


def _hold(results: Sequence[CheckResult], unsettled: Unsettled) -> None:
    """Fail by what fails first, then by what is inconclusive.

    Raises:
        CheckFailedError: there is such.
    """
    __tracebackhide__ = True
    failed = [r for r in results if r.verdict == "fail"]
    open_ = [r for r in results if r.verdict == "inconclusive" and unsettled != "pass"]
    if failed or (open_ and unsettled == "fail"):
        raise CheckFailedError("\n".join(_told(r) for r in (*failed, *open_)))
    if open_:
        pytest.skip("; ".join(r.sentence for r in open_))


def _told(result: CheckResult) -> str:
    sign = "✕" if result.verdict == "fail" else "?"
    return f"{sign} {result.title}\n    {' '.join(part for part in (result.sentence, result.next) if part)}"
