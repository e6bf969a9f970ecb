"""What is compared with what."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from workload import CARDINALITY, COLUMNS, NUMBERS

TASKS = Path(__file__).with_name("tasks")
BOOTSTRAPS = 50
ATTRIBUTES = ("sex", "age_band", "c3")
FEW_BOOTSTRAPS = 5
PEERS = ("scikit-learn", "evidently", "fairlearn", "aif360", "torchmetrics", "sliceline", "divexplorer")


@dataclass(frozen=True)
class Line:
    """One line of a table: a name and the process behind it."""

    name: str
    command: tuple[str, ...]


@dataclass(frozen=True)
class Part:
    """A table: the first line is what the others are held against."""

    title: str
    words: str
    lines: Sequence[Line]


def pythons(given: Sequence[str]) -> dict[str, str]:
    """Each peer's Python, from `--python name=path` or STEELYARD_BENCH_NAME; else the one that runs this."""
    said = dict(item.partition("=")[::2] for item in given)
    return {
        peer: said.get(peer) or os.environ.get(f"STEELYARD_BENCH_{_variable(peer)}") or sys.executable
        for peer in PEERS
    }


def start() -> Part:
    """Import and help, against a Python that only starts."""
    return Part(
        "Start",
        "Whole processes.",
        (
            Line("python -c pass", _code("pass")),
            Line("import numpy, polars", _code("import numpy, polars")),
            Line("import steelyard", _code("import steelyard")),
            Line("import steelyard and evaluate", _code("import steelyard; steelyard.evaluate")),
            Line("steelyard --help", (*_code("from steelyard.cli import main; main()"), "--help")),
        ),
    )


def read(rows: int, path: Path) -> Part:
    """Facts of every column, against only reading them."""
    return Part(
        f"Reading, {rows:,} rows",
        "PyArrow reads the columns and does nothing with them; Steelyard reads and counts them. `read_table` imports "
        "pandas where it is installed, so what both import is told apart.",
        (
            Line("only read: PyArrow", _task("read_pyarrow", path, ",".join(COLUMNS))),
            Line("only read, batch by batch: PyArrow", _task("read_batches", path, ",".join(COLUMNS))),
            Line("import what that takes: PyArrow", _task("import_pyarrow")),
            Line("only read: Polars", _task("read_polars", path, ",".join(COLUMNS))),
            Line("Steelyard: facts", _task("facts", path, ",".join(NUMBERS), ",".join(CARDINALITY))),
            Line(
                "import what that takes: Steelyard", _code("import steelyard; steelyard.read; import steelyard.facts")
            ),
        ),
    )


def evaluate(rows: int, path: Path, scratch: Path) -> Part:
    """A whole evaluation, against only reading."""
    return Part(
        f"A whole evaluation, {rows:,} rows",
        "Every metric with its interval, overall and by two slices, data overview, curves and findings.",
        (
            Line("only read: PyArrow", _task("read_pyarrow", path, ",".join(COLUMNS))),
            Line("Steelyard: evaluate", _task("evaluate", path)),
            Line("Steelyard: evaluate and write HTML", _task("evaluate", path, scratch / "report.html")),
            Line("Steelyard: evaluate, intervals clocked", _task("intervals", path)),
            Line("Steelyard: bootstrap of AUC and AP", _task("bootstrap", path)),
        ),
    )


def diagnose(rows: int, path: Path, halves: Sequence[Path]) -> Part:
    """All analyses of two data sets, against their metrics, curves and data overview alone."""
    return Part(
        f"Diagnose, {rows:,} rows",
        "Both halves of the rows, or all of them at once. The profile is what metrics, curves and the data overview "
        "need of both halves; comparing adds data quality, drift, segments, estimates, causes and findings.",
        (
            Line("Steelyard: the profile alone", _task("profile_only", *halves)),
            Line("Steelyard: evaluate, no reference", _task("evaluate", path)),
            Line("Steelyard: compare", _task("compare", *halves)),
            Line("Steelyard: compare, day by day", _task("compare", *halves, "1d")),
        ),
    )


def slices(rows: int, path: Path, python: Mapping[str, str], *, beside: bool) -> Part:
    """The search for the worst segments, also beside the usual tools."""
    features = ",".join((*NUMBERS, *CARDINALITY))
    theirs = (
        Line(
            "SliceLine, two features",
            _task("peer_sliceline", path, features, 2, python=python["sliceline"]),
        ),
        Line("DivExplorer", _task("peer_divexplorer", path, features, python=python["divexplorer"])),
    )
    return Part(
        f"Segments, {rows:,} rows",
        "The worst segments of 25 features. SliceLine and DivExplorer rank them, without a test or an interval.",
        (
            Line("Steelyard: segments of two features", _task("slices", path, features, 2)),
            Line("Steelyard: segments of three features", _task("slices", path, features, 3)),
            *(theirs if beside else ()),
        ),
    )


def fairness(rows: int, path: Path, python: Mapping[str, str]) -> Part:
    """An audit of three attributes and their intersections, also beside the usual tools."""
    attributes = ",".join(ATTRIBUTES)
    return Part(
        f"Fairness, {rows:,} rows",
        "Three attributes and their intersections. Steelyard: all criteria with intervals, worst gaps among them. "
        f"Fairlearn: six metrics by each attribute and by all three, without intervals and with {FEW_BOOTSTRAPS} "
        "bootstrap replicates (1,000 are usual). AIF360: seven metrics by each attribute alone, no intervals.",
        (
            Line("Steelyard: fairness audit", _task("fairness", path)),
            Line("Fairlearn, no intervals", _task("peer_fairlearn", path, attributes, python=python["fairlearn"])),
            Line(
                f"Fairlearn, {FEW_BOOTSTRAPS} bootstraps",
                _task("peer_fairlearn", path, attributes, FEW_BOOTSTRAPS, python=python["fairlearn"]),
            ),
            Line("AIF360, no intervals", _task("peer_aif360", path, attributes, python=python["aif360"])),
        ),
    )


def peers(rows: int, path: Path, scratch: Path, python: Mapping[str, str]) -> Part:
    """The usual tools, each with part of what an evaluation does, against the evaluation."""
    features = ",".join((*NUMBERS, *CARDINALITY))
    page = scratch / "peer.html"
    return Part(
        f"Beside the usual tools, {rows:,} rows",
        "Each in its own process and environment. They do parts of what the evaluation does; see benchmarks/tasks.",
        (
            Line("Steelyard: evaluate and write HTML", _task("evaluate", path, scratch / "report.html")),
            Line("scikit-learn, no intervals", _task("peer_scikit_learn", path, python=python["scikit-learn"])),
            Line(
                "scikit-learn, bootstrap",
                _task("peer_scikit_learn", path, BOOTSTRAPS, python=python["scikit-learn"]),
            ),
            Line(
                "Evidently, classification", _task("peer_evidently", path, page, features, python=python["evidently"])
            ),
            Line(
                "Evidently, classification, summary and drift",
                _task("peer_evidently", path, page, features, "all", python=python["evidently"]),
            ),
            Line(
                "Fairlearn, no intervals", _task("peer_fairlearn", path, "sex,age_band", python=python["fairlearn"])
            ),
            Line("torchmetrics, no intervals", _task("peer_torchmetrics", path, python=python["torchmetrics"])),
        ),
    )


def _variable(peer: str) -> str:
    return peer.upper().replace("-", "_")


def _task(name: str, *arguments: object, python: str = sys.executable) -> tuple[str, ...]:
    return (python, str(TASKS / f"{name}.py"), *map(str, arguments))


def _code(text: str) -> tuple[str, ...]:
    return (sys.executable, "-c", text)
