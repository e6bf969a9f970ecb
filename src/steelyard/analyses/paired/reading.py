"""All that is read of a contest: values, differences, order, disagreements, what models reach together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from steelyard.analyses.paired.contest import Contest
from steelyard.analyses.paired.differences import all_gains
from steelyard.analyses.paired.disagreement import disagreements
from steelyard.analyses.paired.ensembles import ensembles
from steelyard.analyses.paired.folds import over_folds
from steelyard.analyses.paired.judging import judged
from steelyard.analyses.paired.ranking import standings
from steelyard.analyses.paired.sides import Sides
from steelyard.analyses.slicing import ALL_ROWS
from steelyard.records import Disagreement, Ensemble, FoldGain, Gain, Reading, Standing


@dataclass(frozen=True)
class Match:
    """What came of a contest.

    Attributes:
        readings: every metric of every model; `data` is the model's name.
        gains: differences on all rows, every pair of models.
        sliced: differences on slices.
        standings: the order of the models on each ranked metric.
        disagreements: where two decide differently.
        ensembles: what they would reach together.
        folds: differences over the folds of a cross-validation.
    """

    readings: tuple[Reading, ...]
    gains: tuple[Gain, ...]
    sliced: tuple[Gain, ...]
    standings: tuple[Standing, ...]
    disagreements: tuple[Disagreement, ...] = ()
    ensembles: tuple[Ensemble, ...] = ()
    folds: tuple[FoldGain, ...] = ()


def read(
    contest: Contest,
    seed: int = 0,
    margin: float | None = None,
    fold: str | None = None,
    test_share: float | None = None,
) -> Match:
    """Read everything from what was measured.

    Args:
        contest: the models and what was measured of them.
        seed: of the draws behind simultaneous intervals.
        margin: differences up to which models count as alike.
        fold: the column with the fold that a row was tested in.
        test_share: share of all rows that a fold tests on; None takes one round of equal folds.
    """
    sides = contest.sides()
    overall = judged(all_gains(contest, sides, contest.metrics, [ALL_ROWS]), contest.metrics, contest.level, margin)
    others = [by for by in contest.slices if by.keys]
    sliced = judged(all_gains(contest, sides, contest.ranked, others), contest.metrics, contest.level, margin)
    order = tuple(s for metric in contest.ranked for s in standings(contest, sides, metric, overall, seed))
    together = judged_ensembles(contest, ensembles(contest, sides, order))
    return Match(
        readings=tuple(_readings(contest, sides)),
        gains=overall,
        sliced=sliced,
        standings=order,
        disagreements=disagreements(contest, sides),
        ensembles=together,
        folds=() if fold is None else over_folds(contest, fold, test_share),
    )


def judged_ensembles(contest: Contest, found: tuple[Ensemble, ...]) -> tuple[Ensemble, ...]:
    """Ensembles whose gains say what they say."""
    said = judged([e.gain for e in found], contest.metrics, contest.level)
    return tuple(Ensemble(e.how, e.members, e.metric, e.value, gain) for e, gain in zip(found, said, strict=True))


def _readings(contest: Contest, sides: Sides) -> Iterator[Reading]:
    for entrant in contest.entrants:
        for metric in contest.metrics:
            for by in contest.bys(metric):
                found = sides.read(entrant, metric, by, contest.grouped(metric, entrant))
                yield from (Reading(metric.name, side.outcome, where, entrant.name) for where, side in found.items())
