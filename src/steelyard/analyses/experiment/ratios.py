"""Whether units came to the arms as they were meant to: in all, by segment, over time, with every outcome."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from steelyard.analyses.experiment.arms import Arms
from steelyard.analyses.experiment.effects import by_arm
from steelyard.analyses.experiment.setup import Setup
from steelyard.analyses.experiment.sums import Floats, counts_by
from steelyard.analyses.slicing import SliceBy, slices_of
from steelyard.analyses.words import listed, p_text, percent, points, rows
from steelyard.facts import Category, text
from steelyard.facts.windows import start_of
from steelyard.records import Slice, Verdict
from steelyard.records.experiment import IntegrityCheck
from steelyard.stats.multiplicity import benjamini_hochberg
from steelyard.stats.sample_ratio import ALARM, SampleRatio, sample_ratio

LEAST = 5.0
"""Units that every arm should be meant to have in a segment before its ratio is tested."""
MOST_SEGMENTS = 5


def of_all(setup: Setup, arms: Arms) -> IntegrityCheck:
    """The sample ratio of all units."""
    counts, meant = _split(arms)
    found = sample_ratio(counts, meant)
    p = found.anytime_p if setup.looks.mode == "any" else found.p
    facts = {arm.name: arm.units for arm in arms.all}
    seen = listed([f"{arm.name} {percent(arm.share, 0.002)}" for arm in arms.all], 6)
    if p < ALARM:
        wanted = listed([f"{arm.name} {percent(arm.expected)}" for arm in arms.all], 6)
        assumed = " (equal shares were assumed; say so if others were meant)" if arms.assumed else ""
        said = (
            f"Sample ratio mismatch: the arms hold {seen} where {wanted} was meant{assumed}, {p_text(p)}. Something "
            "loses or chooses units by arm; find it before any number is believed."
        )
        return IntegrityCheck("sample_ratio", Verdict.FAIL, said, p, facts=facts)
    if arms.assumed not in ("", "equal"):
        said = (
            f"The arms hold {seen}, which is a split of {arms.assumed} rather than equal shares. Say which shares "
            "were "
            "meant, so that they can be held to them."
        )
        return IntegrityCheck("sample_ratio", Verdict.INCONCLUSIVE, said, p, facts=facts)
    like = "equal, as was assumed" if arms.assumed else "as was meant"
    return IntegrityCheck("sample_ratio", Verdict.PASS, f"Shares of the arms are {like}: {seen}.", p, facts=facts)


def by_segment(setup: Setup, arms: Arms) -> Iterator[IntegrityCheck]:
    """Segments whose ratio is wrong; one line where none is."""
    found = [one for by in setup.slices for one in _segments(setup, arms, by)]
    if not found:
        return
    adjusted = benjamini_hochberg([ratio.p for _, _, ratio in found])
    order = np.argsort(adjusted, kind="stable").tolist()
    wrong = [i for i in order if adjusted[i] < ALARM]
    if not wrong:
        worst = order[0]
        yield IntegrityCheck(
            "sample_ratio_by_segment",
            Verdict.PASS,
            f"None of {rows(len(found), 'segment')} has a wrong sample ratio.",
            float(adjusted[worst]),
        )
    last = wrong[:MOST_SEGMENTS][-1] if wrong else None
    for i in wrong[:MOST_SEGMENTS]:
        where, counts, ratio = found[i]
        name, departure = _farthest(arms, ratio)
        more = f" {rows(len(wrong) - MOST_SEGMENTS, 'further segment')} too." if len(wrong) > MOST_SEGMENTS else ""
        yield IntegrityCheck(
            "sample_ratio_by_segment",
            Verdict.FAIL,
            f"Among units with {where} the arm {name} has a share {points(abs(departure), 0.002)} "
            f"{'larger' if departure > 0 else 'smaller'} than was meant "
            f"({p_text(float(adjusted[i]), 'adjusted p')}): the fault is likely there.{more if i == last else ''}",
            float(adjusted[i]),
            where=where,
            facts=counts,
        )


def over_time(setup: Setup, arms: Arms) -> IntegrityCheck | None:
    """Whether the ratio was ever wrong as units came in, told by an e-value that may be looked at all along."""
    if setup.window is None:
        return None
    counted = counts_by(setup, setup.counted(setup.window))
    names, (_, meant) = [arm.name for arm in arms.all], _split(arms)
    total, worst, when = np.zeros(len(names)), 0.0, ""
    for (code,), counts in sorted(counted.items()):
        total = total + np.array([counts.get(name, 0) for name in names], dtype=float)
        ratio = sample_ratio(total, meant)
        if ratio.log_e > worst:
            worst, when = ratio.log_e, start_of(setup.window, code)
    p = float(np.exp(-worst))
    if p >= ALARM:
        said = "At no time was the sample ratio wrong, looked at after every window."
        return IntegrityCheck("sample_ratio_over_time", Verdict.PASS, said, p)
    said = f"As units came in, the sample ratio went wrong; the evidence was strongest at {when}."
    return IntegrityCheck("sample_ratio_over_time", Verdict.FAIL, said, p)


def of_outcomes(setup: Setup, arms: Arms) -> Iterator[IntegrityCheck]:
    """Whether units without an outcome divide by arm as all units do."""
    for metric in setup.of_means:
        found = by_arm(setup, metric)
        units = np.array([arm.units for arm in arms.all], dtype=float)
        known = np.array([found[a.name].rows if a.name in found else 0 for a in arms.all], dtype=float)
        if known.sum() < units.sum():
            yield _lost(metric.name, arms, units, known)


def _lost(metric: str, arms: Arms, units: Floats, known: Floats) -> IntegrityCheck:
    name, lost = f"missing_outcomes:{metric}", units - known
    if not known.sum():
        return IntegrityCheck(name, Verdict.INCONCLUSIVE, f"No unit has a value of {metric}, so it tells nothing.")
    full = units > 0
    rarer = lost if lost.sum() <= known.sum() else known
    p = sample_ratio(rarer[full], units[full]).p if full.sum() > 1 else 1.0
    shares = zip(arms.all, (lost / np.maximum(units, 1.0)).tolist(), strict=True)
    told = listed([f"{arm.name} {percent(share)}" for arm, share in shares], 6)
    start = f"{rows(lost.sum(), 'unit')} without a value of {metric} ({told})."
    if p < ALARM:
        said = f"{start} Arms lose outcomes unequally, so those that are left cannot be compared. Find out why."
        return IntegrityCheck(name, Verdict.FAIL, said, p)
    return IntegrityCheck(name, Verdict.PASS, f"{start} It is alike in all arms; those units take no part in it.", p)


def exposure(setup: Setup, arms: Arms) -> IntegrityCheck | None:
    """How many units could notice the difference, and whether those divide by arm as all do."""
    if setup.exposed is None:
        return None
    fact = setup.counted(Category(setup.exposed))
    levels = setup.profile[fact].levels[0]
    counted = {text(levels[code]): counts for (code,), counts in counts_by(setup, fact).items()}
    exposed = next((c for name, c in counted.items() if name.casefold() in _YES), {})
    seen = np.array([exposed.get(arm.name, 0) for arm in arms.all], dtype=float)
    units = np.array([arm.units for arm in arms.all], dtype=float)
    if not seen.sum():
        said = (
            f"No unit is exposed by {setup.exposed!r}: its values are {listed(sorted(counted), 5)}; 1, True or "
            "yes say so."
        )
        return IntegrityCheck("exposure", Verdict.INCONCLUSIVE, said)
    share = float(seen.sum() / units.sum())
    dilution = f"Effects on all units are {1.0 / share:.3g} times smaller than on those that were exposed."
    if any(n == 0 and arm.control for n, arm in zip(seen.tolist(), arms.all, strict=True)):
        said = (
            f"{percent(share)} of all units were exposed, none in the control, so exposed units cannot be "
            f"compared with like ones. {dilution}"
        )
        return IntegrityCheck("exposure", Verdict.INCONCLUSIVE, said, facts=exposed)
    p = sample_ratio(seen, np.maximum(units, 1e-9)).p
    if p < ALARM:
        said = (
            f"Exposed units do not divide by arm as all units do ({p_text(p)}): the arm itself changes who is "
            f"exposed. Do not compare exposed units alone. {dilution}"
        )
        return IntegrityCheck("exposure", Verdict.INCONCLUSIVE, said, p, facts=exposed)
    said = (
        f"{percent(share)} of all units were exposed, alike in all arms. {dilution} An analysis of exposed units "
        "alone would be sharper."
    )
    return IntegrityCheck("exposure", Verdict.PASS, said, p, facts=exposed)


_YES = ("1", "true", "yes", "exposed", "triggered")


def _segments(setup: Setup, arms: Arms, by: SliceBy) -> Iterator[tuple[Slice, Mapping[str, int], SampleRatio]]:
    fact = setup.counted(*by.keys)
    table = setup.profile[fact]
    _, meant = _split(arms)
    least = LEAST / float(min(meant) / sum(meant))
    for where, cells in slices_of(by, fact, table)[0]:
        part = table.where(cells)
        counts = {
            text(part.levels[-1][c]): int(n)
            for c, n in zip(part.codes[:, -1].tolist(), part.sums[:, 0].tolist(), strict=True)
        }
        if sum(counts.values()) >= least:
            yield where, counts, sample_ratio([counts.get(arm.name, 0) for arm in arms.all], meant)


def _split(arms: Arms) -> tuple[list[float], list[float]]:
    return [float(arm.units) for arm in arms.all], [arm.expected for arm in arms.all]


def _farthest(arms: Arms, ratio: SampleRatio) -> tuple[str, float]:
    place = int(np.argmax(np.abs(ratio.departures)))
    return arms.all[place].name, ratio.departures[place]
