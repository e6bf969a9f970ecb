"""The methods and limits that hold for one experiment, each a sentence."""

from __future__ import annotations

from collections.abc import Iterator

from steelyard.analyses.experiment.arms import Arms
from steelyard.analyses.experiment.effects import MOST_DUNNETT
from steelyard.analyses.experiment.looks import PLANNED
from steelyard.analyses.experiment.setup import MOST_SLICED, Setup
from steelyard.analyses.words import listed, percent, rows
from steelyard.data.units import Units


def notes_of(setup: Setup, arms: Arms, units: Units, left_out: int) -> tuple[str, ...]:
    """What a reader who checks the numbers wants to know."""
    return (
        *_looking(setup),
        *_families(setup, arms),
        *_adjusting(setup),
        *_data(setup, units),
        *_limits(arms, left_out),
    )


def _looking(setup: Setup) -> Iterator[str]:
    looks, level = setup.looks, percent(setup.level)
    if looks.mode == "fixed":
        yield f"Intervals and p-values hold for one look at the end, at {level}."
    elif looks.mode == "any":
        at = f"{looks.planned:,.0f} planned units" if looks.planned else f"{PLANNED:,} units, as none were planned"
        yield (
            f"Intervals and p-values hold at all times at once, at {level}, however often one looks and whenever one "
            f"stops (asymptotic confidence sequences, tightest about {at})."
        )
    else:
        shares = listed([f"{share:g}" for share in looks.shares], 12)
        yield (
            f"Intervals and p-values hold over the planned looks at {shares} of {looks.planned:,.0f} units, at "
            f"{level} "
            "(Lan and DeMets, O'Brien–Fleming-like spending)."
        )
    if setup.window is not None:
        yield (
            "Effects over time are of units by the window of their assignment, and their intervals hold at all "
            "windows "
            "at once, whatever the way of looking."
        )


def _families(setup: Setup, arms: Arms) -> Iterator[str]:
    comparisons = len(setup.primary) * len(arms.treated)
    if comparisons > 1:
        dunnett = setup.looks.mode == "fixed" and len(setup.primary) == 1 and len(arms.treated) <= MOST_DUNNETT
        how = "Dunnett's test" if dunnett else "Holm's p-values, Bonferroni's intervals"
        yield (
            f"{rows(comparisons, 'primary comparison')}: the chance of any false alarm among them is bounded "
            f"({how}), "
            "and their intervals hold together."
        )
    if any(m.role == "secondary" for m in setup.metrics):
        yield (
            "Secondary metrics explain and do not decide; their p-values are adjusted for the false discovery "
            "rate (Benjamini–Hochberg)."
        )
    if any(m.role == "guardrail" for m in setup.metrics):
        yield (
            "A guardrail passes where its interval lies above the margin; all must pass, so none is adjusted for "
            "the others."
        )


def _adjusting(setup: Setup) -> Iterator[str]:
    adjusted = [m.name for m in setup.metrics if m.covariates]
    if adjusted:
        yield (
            f"{listed(adjusted, 8)}: adjusted by what was known before the assignment (CUPED). Units of which "
            "nothing was "
            "known are given the median; that keeps the comparison fair."
        )
    if setup.bucket is not None:
        yield (
            f"Units of one {setup.bucket.column} go together: standard errors come from {setup.bucket.groups} "
            "groups of whole clusters."
        )
    if setup.weight is not None:
        yield f"Units are weighted by {setup.weight}; weights that are missing or not above 0 leave their unit out."
    ratios = [m.name for m in setup.metrics if m.kind == "ratio"]
    if ratios:
        yield f"{listed(ratios, 8)}: the sum over units by the sum over units, with the delta method over units."


def _data(setup: Setup, units: Units) -> Iterator[str]:
    if units.events is not None:
        yield f"{rows(units.events, 'outcome')} of assigned units were added up to one row a unit."
    if setup.looks.mode == "any" and setup.window is None:
        yield "Without the time of the assignment there is no chart over time."


def _limits(arms: Arms, left_out: int) -> Iterator[str]:
    if left_out:
        yield (
            f"Of {rows(len(arms.treated), 'arm')} beside the control the {len(arms.treated) - left_out} with the "
            "smallest "
            "p-values are listed; all of them count in the adjustment."
        )
    if len(arms.treated) > MOST_SLICED:
        yield f"Effects by slice and over time are told for the {MOST_SLICED} largest arms."
    yield (
        "Not seen by any check: units that influence each other (interference), effects that come later than the "
        "data, "
        "and experiments that were analysed but not reported."
    )
