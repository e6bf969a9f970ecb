"""Can it be trusted? Everything that can make an experiment's numbers wrong, however narrow their intervals."""

from __future__ import annotations

from collections.abc import Iterator

from steelyard.analyses.experiment import ratios
from steelyard.analyses.experiment.arms import Arms
from steelyard.analyses.experiment.contrast import constant, sides_of
from steelyard.analyses.experiment.effects import by_arm
from steelyard.analyses.experiment.running import novelty
from steelyard.analyses.experiment.setup import Setup
from steelyard.analyses.experiment.sums import covariates_of, shift_of
from steelyard.analyses.words import listed, number, p_text, percent, rows
from steelyard.data.units import Units
from steelyard.records import Estimate, Verdict
from steelyard.records.experiment import IntegrityCheck
from steelyard.stats.critical import quantile
from steelyard.stats.lift import Arm, mean_difference
from steelyard.stats.multiplicity import holm
from steelyard.stats.ratio import arm_of
from steelyard.stats.sample_ratio import ALARM

MOST_IN_SEVERAL = 0.01
"""Share of units in several arms beyond which those that are left no longer stand for all."""


def integrity(setup: Setup, arms: Arms, units: Units, unit: str | None) -> tuple[IntegrityCheck, ...]:
    """All checks, the failed ones first."""
    found = [
        *_assignment(units, unit),
        *_arms(arms),
        ratios.of_all(setup, arms),
        *ratios.by_segment(setup, arms),
        *(one for one in (ratios.over_time(setup, arms), ratios.exposure(setup, arms)) if one is not None),
        *ratios.of_outcomes(setup, arms),
        *_balance(setup, arms),
        *_variation(setup, arms),
        *_events(units),
        *novelty(setup, arms),
        *_looks(setup),
    ]
    order = [Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS]
    return tuple(sorted(found, key=lambda check: order.index(check.verdict)))


def _assignment(units: Units, unit: str | None) -> Iterator[IntegrityCheck]:
    name = "units_in_several_arms"
    if unit is None:
        said = (
            "No column names the unit, so every row is taken for one, and whether some came twice or into two "
            "arms is not known."
        )
        yield IntegrityCheck(name, Verdict.INCONCLUSIVE, said)
    elif not units.several_arms:
        yield IntegrityCheck(name, Verdict.PASS, f"Each of {rows(units.units, 'unit')} is in one arm.")
    else:
        share = units.several_arms / units.units
        said = (
            f"{rows(units.several_arms, 'unit')} ({percent(share)}) in several arms, e.g. "
            f"{listed(list(units.examples))}; "
            "they are left out."
        )
        more = (
            " So many cannot be left out without choosing who is left: find why they changed arms."
            if share > MOST_IN_SEVERAL
            else ""
        )
        verdict = Verdict.FAIL if more else Verdict.INCONCLUSIVE
        yield IntegrityCheck(name, verdict, f"{said}{more}", facts={"units": units.several_arms})
    if units.repeated:
        said = (
            f"{rows(units.repeated, 'unit')} with more than one row, all in one arm; their rows are made into "
            "one. If "
            "rows are events, give them as outcomes, or say how they add up (sum, mean, any)."
        )
        yield IntegrityCheck("repeated_units", Verdict.INCONCLUSIVE, said, facts={"units": units.repeated})
    if units.without_arm:
        said = f"{rows(units.without_arm)} without an arm; they take no part."
        yield IntegrityCheck("without_arm", Verdict.INCONCLUSIVE, said, facts={"rows": units.without_arm})


def _arms(arms: Arms) -> Iterator[IntegrityCheck]:
    """Arms that hold no unit, or one."""
    empty = [arm.name for arm in arms.all if arm.units == 0]
    if empty:
        said = (
            f"No unit is in {listed([repr(name) for name in empty], 6)}, which was meant to have a share. Is data "
            "missing?"
        )
        yield IntegrityCheck("missing_arm", Verdict.FAIL, said)
    single = [arm.name for arm in arms.all if arm.units == 1]
    if single:
        said = f"One unit only is in {listed([repr(name) for name in single], 6)}, of which nothing can be told."
        yield IntegrityCheck("arm_of_one_unit", Verdict.INCONCLUSIVE, said)


def _balance(setup: Setup, arms: Arms) -> Iterator[IntegrityCheck]:
    """Whether arms were alike before the assignment, in every covariate."""
    worst: list[tuple[str, str, Estimate, float]] = []
    for metric in {m.covariates: m for m in setup.of_means if m.covariates}.values():
        found = {arm: (s.rows, s.joint(shift_of(setup, metric))) for arm, s in by_arm(setup, metric).items()}
        base = found.get(arms.control, (0, None))[1]
        for variable in covariates_of(metric) if base is not None else ():
            each = []
            for arm in arms.treated:
                count, joint = found.get(arm, (0, None))
                if joint is None or base is None:
                    continue
                try:
                    told = _apart(arm_of(joint, variable), arm_of(base, variable), setup.level, count)
                except ValueError:
                    continue
                if told is not None:
                    each.append((arm, *told))
            if each:
                adjusted = holm([p for _, _, p in each]).tolist()
                place = min(range(len(each)), key=adjusted.__getitem__)
                worst.append((setup.told(metric), each[place][0], each[place][1], adjusted[place]))
    for (name, arm, gap, _), p in zip(worst, holm([p for *_, p in worst]).tolist() if worst else [], strict=True):
        half = (gap.high - gap.low) / 2.0
        wrong = p < ALARM
        said = (
            f"{name} lay {number(gap.value, half, True)} standard deviations apart between {arm} and the control "
            "before "
            f"the experiment ({p_text(p)})"
        )
        more = ": the assignment was not random." if wrong else ", which chance explains."
        verdict = Verdict.FAIL if wrong else Verdict.PASS
        yield IntegrityCheck(f"balance:{name}", verdict, f"{said}{more}", p, gap)


def _apart(arm: Arm, base: Arm, level: float, units: int) -> tuple[Estimate, float] | None:
    """The standardised difference of a covariate, and its p; None where it does not vary."""
    scale = ((arm.variance + base.variance) / 2.0) ** 0.5
    if not scale > 0.0:
        return None
    lift = mean_difference(arm, base, level)
    reach = quantile(level, lift.df) * lift.se / scale
    value = lift.value / scale
    return Estimate(value, value - reach, value + reach, level, units, "welch", se=lift.se / scale), lift.p


def _variation(setup: Setup, arms: Arms) -> Iterator[IntegrityCheck]:
    """Metrics that are the same for every unit."""
    for metric in setup.of_means:
        sides = sides_of(setup, metric, by_arm(setup, metric)).sides
        if sides and constant(list(sides.values())):
            value = next(iter(sides.values())).plain.mean
            said = (
                f"{metric.name} does not vary: within each arm every unit has one value (e.g. {number(value)}). "
                "Is it the right column?"
            )
            yield IntegrityCheck(f"zero_variance:{metric.name}", Verdict.INCONCLUSIVE, said)


def _events(units: Units) -> Iterator[IntegrityCheck]:
    if units.events is None:
        return
    if units.strangers:
        said = f"{rows(units.strangers, 'outcome')} of units that were never assigned; they take no part."
        yield IntegrityCheck(
            "outcomes_without_assignment", Verdict.INCONCLUSIVE, said, facts={"rows": units.strangers}
        )
    if units.early:
        said = (
            f"{rows(units.early, 'outcome')} of {units.events:,} came before their unit was assigned; they are no "
            "outcome, and serve as what was known before."
        )
        yield IntegrityCheck("outcomes_before_assignment", Verdict.PASS, said, facts={"rows": units.early})
    if units.silent:
        said = (
            f"{rows(units.silent, 'unit')} without an outcome; they count as 0 in sums and shares, and not in means."
        )
        yield IntegrityCheck("units_without_outcomes", Verdict.PASS, said, facts={"units": units.silent})


def _looks(setup: Setup) -> Iterator[IntegrityCheck]:
    looks = setup.looks
    if looks.mode == "fixed" and looks.looked:
        chance = looks.false_alarm(setup.level)
        said = (
            f"Results were looked at {rows(looks.looked, 'time')} before this, and the analysis is made for one "
            "look: "
            f"its chance of a false alarm is about {percent(chance)} rather than {percent(1.0 - setup.level)}. "
            'Say looks="any" to look whenever you like.'
        )
        yield IntegrityCheck("peeking", Verdict.INCONCLUSIVE, said, facts={"looked": looks.looked})
