"""Better probabilities by a map of the score, where their gain is certain on rows that did not fit it.

The policy is a map as plain values: {"kind": "calibration", "method": "isotonic", "x": […], "y": […]}, or "platt",
"temperature" or "beta" with {"parameters": {…}}; `stats.recalibrators` says what each means.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.crossfit import bucket_shares, row_shares
from steelyard.analyses.curves.cells import Scored
from steelyard.analyses.slicing import SliceBy
from steelyard.analyses.study import Study
from steelyard.analyses.uncertainty.confidence import SUBJECT as CONFIDENCE
from steelyard.analyses.uncertainty.recalibrating import log_losses, recalibrations, scored_by
from steelyard.analyses.words import half_width, number, shown
from steelyard.improve.groups import GroupCells, cells_of
from steelyard.records import DataError, Effect, Estimate, Outcome, Proposal, Recalibration, Undefined
from steelyard.stats import intervals
from steelyard.stats.recalibrators import METHODS

Floats = NDArray[np.float64]
TITLES = {
    "temperature": "a temperature",
    "platt": "a logistic line (Platt scaling)",
    "beta": "a beta map",
    "isotonic": "isotonic steps",
}
MEASURES = {"log_loss": "log loss", "brier": "Brier score", "calibration_error": "calibration error"}
DETAIL = (
    "Temperature, Platt's line, a beta map and isotonic steps were fitted on four fifths of the rows and judged on "
    "the last, five times. Taken is the simplest whose log loss is within a standard error of the best; changes are "
    "paired by row. The policy is fitted on all rows."
)
FEW = 20
"""Rows of a group below which nothing is told of it."""


def propose(study: Study) -> list[Proposal]:
    """A map for every score: the binary one, those of labels, or the confidence of the chosen class.

    What cannot be proposed says why. Where attributes are sensitive it is told what the map does to each group; maps
    of their own for groups are a matter of fairness (`steelyard improve --fairness calibration`).
    """
    if not study.problem.probability or study.problem.task not in ("binary", "multiclass", "multilabel"):
        return []
    scored = scored_by(study)
    if not scored:
        return [_nothing("recalibration", "Recalibrate the scores", "there is no score with rows of both classes")]
    return [_proposal(study, one) for one in scored]


def _proposal(study: Study, one: Scored) -> Proposal:
    name = f"recalibration:{one.subject}" if one.subject else "recalibration"
    what = "the confidence of the chosen class" if one.subject == CONFIDENCE else "the scores"
    title = f"Recalibrate {what}" + (f" of {one.subject}" if one.subject not in ("", CONFIDENCE) else "")
    chosen = next((r for r in recalibrations(one) if r.chosen), None)
    if chosen is None:
        why = "the rows of one class are too few to fit a map and to judge it, or the score separates the classes"
        return _nothing(name, title, why)
    by_group = tuple(_by_group(study, chosen.method)) if study.problem.task == "binary" else ()
    return Proposal(
        id=name,
        kind="recalibration",
        title=f"{title} by {TITLES[chosen.method]}" if chosen.verified else title,
        sentence=_sentence(chosen, what),
        detail=DETAIL,
        effects=(*chosen.effects, *by_group),
        policy={**chosen.policy, "range": [0.0, 1.0]} if chosen.verified else {},
        verified=chosen.verified,
        cautions=tuple(_cautions(chosen, by_group)) if chosen.verified else (),
    )


def _nothing(name: str, title: str, why: str) -> Proposal:
    return Proposal(name, "recalibration", title, f"Nothing is proposed: {why}.")


def _sentence(chosen: Recalibration, what: str) -> str:
    effect = chosen.effects[0]
    change = effect.change
    if not isinstance(change, Estimate):
        return f"Nothing is proposed: {change.reason}."
    if not chosen.verified:
        return (
            f"Nothing is proposed: with the best map for {what}, {TITLES[chosen.method]}, log loss changes by "
            f"{signed(change)} on rows that did not fit it, which may be no gain at all."
        )
    told = [
        f"{MEASURES[e.measure]} from {number(e.before.value, half_width(e.change))} to "
        f"{number(e.after.value, half_width(e.change))} ({signed(e.change)})"
        for e in chosen.effects
        if isinstance(e.before, Estimate) and isinstance(e.after, Estimate) and isinstance(e.change, Estimate)
    ]
    return f"Map {what} by {TITLES[chosen.method]}: {', '.join(told)}, on rows that did not fit the map."


def signed(change: Estimate) -> str:
    """A change with its sign and interval."""
    half = half_width(change)
    value, low, high = (number(x, half, sign=True) for x in (change.value, change.low, change.high))
    return f"{value}, {low} to {high}"


def _cautions(chosen: Recalibration, by_group: tuple[Effect, ...]) -> Iterator[str]:
    yield "Choose the threshold again afterwards: a score of 0.5 means something else then."
    if chosen.subject == CONFIDENCE:
        yield "It changes how sure the chosen class is said to be, not which class is chosen, nor the other scores."
    if chosen.method == "isotonic":
        yield "Isotonic steps give many rows one score, so that their order among each other is lost."
    worse = [e for e in by_group if isinstance(e.change, Estimate) and e.change.low > 0.0]
    if worse:
        told = "; ".join(f"{e.where}: {shown(e.change)}" for e in worse if isinstance(e.change, Estimate))
        yield f"What is better on the whole is worse for some: log loss rises for {told}."
    yield "The map holds for rows like these: look at the calibration again when the data have drifted."


def _by_group(study: Study, method: str) -> Iterator[Effect]:
    """The change of log loss in each group, by one map for all, on rows that did not fit it."""
    for by in study.sensitive:
        yield from _of_attribute(study, by, method)


def _of_attribute(study: Study, by: SliceBy, method: str) -> Iterator[Effect]:
    try:
        cells = cells_of(study, by)
    except DataError:
        return
    losses = _held_out(cells, method, study.seed)
    if losses is None:
        return
    for place, where in enumerate(cells.groups):
        here = cells.group == place
        if cells.rows[here].sum() < FEW:
            continue
        before, after, change = (_mean(cells, here, one, study.level) for one in losses)
        yield Effect("log_loss", before, after, change, where)


def _held_out(cells: GroupCells, method: str, seed: int) -> list[tuple[Floats, Floats]] | None:
    """Mean and mean square over folds of each cell's loss before and after, and of their difference."""
    rng = np.random.default_rng(seed)
    shares = row_shares(cells.rows, rng) if cells.bucket is None else bucket_shares(cells.bucket, rng)
    scores = np.clip(cells.mean_scores(), 0.0, 1.0)
    found = np.zeros((3, 2, len(cells.weight)))
    now = _loss(cells, scores)
    for share in shares:
        n, y = (
            np.bincount(cells.bin, weights=w * (1 - share), minlength=cells.bins)
            for w in (cells.weight, cells.weight * cells.label)
        )
        try:
            then = _loss(cells, METHODS[method](scores, n, y)(scores))
        except ValueError:
            return None
        for k, loss in enumerate((now, then, then - now)):
            found[k] += share * np.stack([loss, loss**2])
    return [(one[0], one[1]) for one in found]


def _loss(cells: GroupCells, rates: Floats) -> Floats:
    of_positive, of_negative = log_losses(rates)
    return np.where(cells.label == 1, of_positive[cells.bin], of_negative[cells.bin])


def _mean(cells: GroupCells, here: NDArray[np.bool_], loss: tuple[Floats, Floats], level: float) -> Outcome:
    weight, square = cells.weight[here], cells.square[here]
    total, rows = float(weight.sum()), int(cells.rows[here].sum())
    if not total > 0.0:
        return Undefined("there are no rows")
    first, second = loss[0][here], loss[1][here]
    mean = float(weight @ first) / total
    variance = float(square @ np.maximum(second - 2 * mean * first + mean**2, 0.0)) / total**2
    if cells.bucket is not None:
        held, at = np.unique(cells.bucket[here], return_inverse=True)
        scatter = np.bincount(at.ravel(), weights=weight * (first - mean))
        variance = max(variance, float(scatter @ scatter) / total**2 * len(held) / max(len(held) - 1, 1))
    se = float(np.sqrt(variance))
    low, high = intervals.wald(mean, se, level)
    return Estimate(mean, low, high, level, rows, "cross-fitted", se=se)
