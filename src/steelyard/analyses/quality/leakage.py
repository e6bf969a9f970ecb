"""What the model should not have known: cases of the reference, and features too good to be true."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from steelyard.analyses.quality.columns import inputs, look
from steelyard.analyses.quality.contents import features, repeats, shared
from steelyard.analyses.quality.defect import Defect, share_of
from steelyard.analyses.quality.evidence import CURRENT, REFERENCE
from steelyard.analyses.quality.truth import Answers, answers
from steelyard.analyses.study import Study
from steelyard.records import Estimate
from steelyard.stats import intervals
from steelyard.stats.ranks import delong_variance, roc_auc, roc_auc_interval

TOLD = 0.005
TOO_GOOD = 0.98
"""AUC of a single feature from which on it has surely seen the label."""
PURE = 0.99
FEWEST = 50
FEWEST_OF_A_CLASS = 10
SAME_NUMBER = 0.9999
FEWEST_COLUMNS = 4
Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class SharedRows(Defect):
    """Cases of the current data that the reference has too, beyond those alike by chance (`by_chance`)."""

    by_chance: float


@dataclass(frozen=True, kw_only=True)
class SharedGroups(Defect):
    """Rows whose identifier or cluster the reference has too."""

    role: str


@dataclass(frozen=True, kw_only=True)
class TargetLeak(Defect):
    """A feature that tells the label almost alone: its AUC (or |rank correlation|), by value or by being missing."""

    strength: Estimate
    measure: str
    by_missing: bool


def shared_rows(study: Study) -> Iterator[SharedRows]:
    """Cases in both data sets, more than a case of the reference has twins within the reference."""
    columns = features(study)
    both = shared(study, columns)
    twins = repeats(study, REFERENCE, columns)
    if both is None or twins is None or len(columns) < FEWEST_COLUMNS:
        return
    rows, others = study.profiles[CURRENT].rows, study.profiles[REFERENCE].rows
    chance = twins.twins
    low, high = intervals.mover_difference(both.value, both.low, both.high, chance.value, chance.low, chance.high)
    excess = both.value - chance.value
    if low <= 0 or excess < TOLD or excess < chance.value / 2 or not others:
        return
    yield SharedRows(
        columns=(),
        share=Estimate(excess, max(low, 0.0), min(high, 1.0), study.level, rows, "wilson"),
        rows=round(excess * rows),
        against=True,
        by_chance=chance.value,
    )


def shared_groups(study: Study) -> Iterator[SharedGroups]:
    """Identifiers and clusters in both data sets."""
    for role in ("id", "cluster"):
        column = getattr(study.roles, role)
        both = shared(study, (column,)) if column is not None else None
        if both is not None and both.low > 0 and both.value >= TOLD / 5:
            rows = round(both.value * study.profiles[CURRENT].rows)
            yield SharedGroups(columns=(column,), share=both, rows=rows, against=True, role=role)


def target_leaks(study: Study) -> Iterator[TargetLeak]:
    """Features whose rank (or absence) alone gives the label; by the look."""
    truth = answers(study, CURRENT)
    for plan in inputs(study):
        seen = look(study, plan.name, CURRENT)
        if seen is None:
            continue
        found = None
        if truth is not None:
            found = _of_classes(study, plan.name, seen, truth)
        elif study.problem.task in ("regression", "forecasting"):
            found = _of_numbers(study, plan.name, seen)
        if found is not None:
            yield found


def _of_classes(study: Study, name: str, seen: pl.Series, truth: Answers) -> TargetLeak | None:
    positive = truth.positive[truth.known]
    if min(positive.sum(), (~positive).sum()) < FEWEST_OF_A_CLASS or len(positive) < FEWEST:
        return None
    lacking = seen.is_null().to_numpy()[truth.known]
    if FEWEST <= lacking.sum() <= len(lacking) - FEWEST:
        strength = _auc(lacking.astype(float), positive, study.level)
        if strength is not None:
            return _leak(study, name, strength, "AUC", by_missing=True)
    codes = _ordered(seen.filter(pl.Series(truth.known)), positive)
    strength = _auc(codes, positive, study.level) if codes is not None else None
    return None if strength is None else _leak(study, name, strength, "AUC", by_missing=False)


def _ordered(seen: pl.Series, positive: NDArray[np.bool_]) -> Floats | None:
    """Numbers as they are (missing lowest); texts of few values by their label rate, each value seen often."""
    if seen.dtype.is_numeric():
        return seen.cast(pl.Float64).fill_null(-math.inf).to_numpy()
    if seen.dtype.is_temporal():
        return None
    table = pl.DataFrame({"v": seen, "y": positive.astype(np.int64)})
    rates = table.group_by("v").agg(pl.col("y").mean().alias("rate"))
    if rates.height * FEWEST_OF_A_CLASS * 2 > len(seen):
        return None
    joined = table.join(rates, on="v", how="left", nulls_equal=True, maintain_order="left")
    return joined["rate"].to_numpy()


def _auc(values: Floats, positive: NDArray[np.bool_], level: float) -> Estimate | None:
    """AUC of a value, whichever way it points, with the logit-DeLong interval; None where it is not too good."""
    distinct, place = np.unique(values, return_inverse=True)
    p = np.bincount(place, weights=positive, minlength=len(distinct)).astype(float)
    q = np.bincount(place, weights=~positive, minlength=len(distinct)).astype(float)
    auc = roc_auc(p, q)
    if auc < 0.5:
        p, q, auc = p[::-1], q[::-1], 1 - auc
    if auc < TOO_GOOD:
        return None
    low, high = roc_auc_interval(auc, delong_variance(p, q), float(p.sum()), float(q.sum()), level)
    return Estimate(auc, low, high, level, len(values), "logit-t with DeLong's variance")


def _of_numbers(study: Study, name: str, seen: pl.Series) -> TargetLeak | None:
    label = look(study, study.roles.labels[0], CURRENT)
    if label is None or not (label.dtype.is_numeric() and seen.dtype.is_numeric()):
        return None
    both = pl.DataFrame({"x": seen.cast(pl.Float64), "y": label.cast(pl.Float64)}).drop_nulls()
    if both.height < FEWEST or both["x"].n_unique() < FEWEST:
        return None
    r = float(both.select(pl.corr("x", "y", method="spearman")).item() or 0.0)
    if not abs(r) >= SAME_NUMBER:
        return None
    r = min(abs(r), 1 - 1e-12)
    low, high = intervals.fisher(r, (1 - r * r) / math.sqrt(both.height - 3), study.level)
    strength = Estimate(r, low, high, study.level, both.height, "fisher")
    return _leak(study, name, strength, "rank correlation", by_missing=False)


def _leak(study: Study, name: str, strength: Estimate, measure: str, *, by_missing: bool) -> TargetLeak:
    rows = study.profiles[CURRENT].rows
    return TargetLeak(
        columns=(name,),
        share=share_of(rows, rows, study.level),
        rows=rows,
        strength=strength,
        measure=measure,
        by_missing=by_missing,
    )
