"""From the arguments of a planned experiment to the question it asks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from steelyard.analyses.experiment.design.inputs import (
    Number,
    amount_of,
    arm_shares,
    look_shares,
    number_of,
    share_of,
    traffic_of,
    within,
)
from steelyard.analyses.experiment.design.question import MetricKind, Question, Test
from steelyard.records import ConfigError, nearest
from steelyard.records.design import Measured
from steelyard.stats.spending import Kind

KINDS: tuple[MetricKind, ...] = get_args(MetricKind)
TESTS: tuple[Test, ...] = get_args(Test)
SPENDING: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class Asked:
    """What is known and what is to be found.

    Attributes:
        question: all but effect and units.
        effect: to be found; None where it is what is asked.
        units: in all; None where they are what is asked.
        traffic: units a day.
    """

    question: Question
    effect: float | None
    units: float | None
    traffic: float | None


def asked(kind: MetricKind, found: Measured | None, given: Mapping[str, Any]) -> Asked:
    """Read and check the arguments of `steelyard.design`.

    Args:
        kind: of the metric.
        found: what data of before tell; what is said in the arguments goes before it.
        given: the arguments by name.

    Raises:
        ConfigError: an argument cannot be used, is missing, or contradicts another.
    """
    baseline, sd = _metric(kind, found, given)
    shares, always = look_shares(given["looks"], given["always_valid"])
    test = _test(given)
    question = Question(
        kind,
        baseline,
        sd,
        test,
        _margin(test, given["margin"], baseline, kind),
        power=within(share_of(given["power"], "power", "0.8"), 0.0, 1.0, "power", "0.8 is the usual choice."),
        alpha=within(share_of(given["alpha"], "alpha", "0.05"), 0.0, 0.5, "alpha", "0.05 is the usual choice."),
        sides=_sides(given["sides"]),
        shares=arm_shares(given["arms"], given["allocation"]),
        metrics=_whole(given["metrics"], "metrics", "the number of primary metrics"),
        looks=shares,
        always_valid=always,
        spending=_one_of(given["spending"], SPENDING, "spending"),
        **_spread(found, given),
    )
    if question.power <= question.alpha:
        raise ConfigError(
            f"power of {question.power:g} is no more than alpha, {question.alpha:g}: chance finds as much."
        )
    if test == "equivalence" and question.sequential:
        raise ConfigError("Equivalence is planned for one look at the end. Leave looks and always_valid out.")
    traffic = traffic_of(given["traffic"])
    effect = _effect(question, given["mde"])
    units = _units(given, traffic, question)
    if effect is None and units is None:
        raise ConfigError(
            'Say what is to be found, e.g. mde="5%", to learn how many units that takes; or how many units there are '
            "(units, or traffic with days) to learn what they find."
        )
    return Asked(question, effect, units, traffic)


def kind_of(metric: str) -> MetricKind:
    """A kind of metric by its name.

    Raises:
        ConfigError: there is none of that name.
    """
    kind: MetricKind = _one_of(metric, KINDS, "metric", "Without data it is a kind of number. ")
    return kind


def _metric(kind: MetricKind, found: Measured | None, given: Mapping[str, Any]) -> tuple[float | None, float | None]:
    baseline = None if given["baseline"] is None else share_of(given["baseline"], "baseline", "0.12")
    sd = None if given["sd"] is None else number_of(given["sd"], "sd", "4.2")
    if found is not None:
        baseline = found.baseline if baseline is None else baseline
        sd = found.sd if sd is None else sd
    if kind == "proportion":
        if baseline is None:
            raise ConfigError("A proportion needs its baseline: baseline=0.12, or data of before.")
        within(baseline, 0.0, 1.0, "The baseline of a proportion", "Write 12 percent as 0.12 or 12%.")
        if given["sd"] is not None:
            raise ConfigError(
                "A proportion needs no sd: it follows from the baseline. Leave it out, or ask for a mean."
            )
        return baseline, math.sqrt(baseline * (1.0 - baseline))
    if sd is None:
        raise ConfigError(f"A {kind} needs the standard deviation of one unit: sd=4.2, or data of before.")
    if not sd > 0.0:
        raise ConfigError(f"sd must be positive, not {sd:g}. Without spread every difference is found at once.")
    return baseline, sd


def _test(given: Mapping[str, Any]) -> Test:
    test = given["test"]
    if test is None:
        return "difference" if given["margin"] is None else "noninferiority"
    found: Test = _one_of(test, TESTS, "test")
    if (given["margin"] is None) != (found == "difference"):
        need = "needs no margin. Leave it out." if found == "difference" else 'needs a margin, e.g. margin="2%".'
        raise ConfigError(f"The test {found!r} {need}")
    return found


def _margin(test: Test, given: Number | None, baseline: float | None, kind: MetricKind) -> float:
    if given is None or test == "difference":
        return 0.0
    margin = amount_of(given, baseline, "margin")
    if not margin > 0.0:
        raise ConfigError(f"margin must be positive, not {given!r}: it is how much worse is still good enough.")
    if kind == "proportion" and baseline is not None and margin >= baseline:
        raise ConfigError(f"A margin of {margin:g} is as large as the baseline, {baseline:g}. Choose a smaller one.")
    return margin


def _effect(question: Question, given: Number | None) -> float | None:
    if given is None:
        return None if question.test == "difference" else 0.0
    effect = amount_of(given, question.baseline, "mde")
    if question.test == "difference" and effect == 0.0:
        raise ConfigError(
            "mde must not be 0: no number of units finds nothing. Give the smallest change that matters."
        )
    if question.kind == "proportion" and question.baseline is not None:
        target = question.baseline + effect
        if not 0.0 <= target <= 1.0:
            raise ConfigError(
                f"mde {given!r} takes the baseline of {question.baseline:g} to {target:g}, and a proportion lies "
                "between 0 and 1. Choose a smaller one."
            )
    reach = -effect if question.test == "noninferiority" else abs(effect)
    if question.test != "difference" and reach >= question.margin:
        raise ConfigError(
            f"A true difference of {effect:g} is not within the margin of {question.margin:g}, so nothing can show "
            "that it is. With a margin, mde is the difference that truly is there (0 where it is left out)."
        )
    return effect


def _units(given: Mapping[str, Any], traffic: float | None, question: Question) -> float | None:
    units, days = given["units"], given["days"]
    if units is not None and days is not None:
        raise ConfigError("Give units, or days with traffic, not both.")
    if days is not None:
        if traffic is None:
            raise ConfigError("days need traffic, the units that can be assigned a day: traffic=20000.")
        length = number_of(days, "days", "14")
        if not length > 0.0:
            raise ConfigError(f"days must be positive, not {days!r}.")
        units = length * traffic
    if units is None:
        return None
    found = number_of(units, "units", "100000")
    least = 2 * len(question.shares) * question.cluster_size
    if not found >= least:
        raise ConfigError(f"units must be at least {least:g}, two in every arm, not {found:g}.")
    return found


def _spread(found: Measured | None, given: Mapping[str, Any]) -> dict[str, float]:
    """What clusters and a covariate do; what is said goes before what was measured."""
    data = {} if found is None else {"correlation": found.correlation or 0.0}
    if found is not None and found.clusters is not None:
        data |= {"cluster_size": found.cluster_size, "icc": found.icc or 0.0, "variation": found.size_variation}
    said = {"correlation": given["correlation"], "cluster_size": given["cluster_size"], "icc": given["icc"]}
    told = {name: number_of(value, name, "0.5") for name, value in said.items() if value is not None}
    made = {"correlation": 0.0, "cluster_size": 1.0, "icc": 0.0, "variation": 0.0, **data, **told}
    within(made["correlation"], -1.0, 1.0, "correlation", "It is that of the metric with a covariate from before.")
    if not made["cluster_size"] >= 1.0:
        raise ConfigError(f"cluster_size must be at least 1, not {made['cluster_size']:g}.")
    if not 0.0 <= made["icc"] <= 1.0:
        raise ConfigError(f"icc must lie between 0 and 1, not at {made['icc']:g}. 0.01 to 0.2 are usual.")
    if ("icc" in told) != ("cluster_size" in told) and not (found is not None and found.clusters is not None):
        missing = "cluster_size, the units of a cluster" if "icc" in told else "icc, how alike its units are"
        raise ConfigError(f"Clusters need {missing}, too.")
    return made


def _sides(given: object) -> Any:
    if given not in (1, 2):
        raise ConfigError(f"sides must be 1 or 2, not {given!r}. 2 finds changes for better and for worse.")
    return given


def _whole(given: object, name: str, what: str) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or given < 1:
        raise ConfigError(f"{name} is {what}, a whole number of at least 1, not {given!r}.")
    return given


def _one_of(given: Any, allowed: Sequence[Any], name: str, more: str = "") -> Any:
    if given not in allowed:
        raise ConfigError(f"{name} cannot be {given!r}. {more}{nearest(str(given), allowed)}")
    return given
