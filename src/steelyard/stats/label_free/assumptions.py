"""Estimators of accuracy and of class shares from the scores of rows without labels, each by its own assumption."""

import math

import numpy as np
import numpy.typing as npt

from steelyard.stats.label_free.counts import Floats, need_rows, ratio

EM_STEPS = 10_000
TOLERANCE = 1e-12


def average_threshold_confidence(source: npt.ArrayLike, source_right: npt.ArrayLike, target: npt.ArrayLike) -> float:
    """Accuracy as the share of target rows above the confidence below which the source had its error rate (ATC).

    Assumes that errors stay below that confidence. Linear inside the bin of the threshold.

    Args:
        source, target: (B,) rows by ascending confidence.
        source_right: (B,) how many of the source rows were right.

    Source: Garg et al. 2022, arXiv 2201.04234.
    """
    m, right, n = (np.asarray(x, dtype=float) for x in (source, source_right, target))
    need_rows(m, n)
    wrong = float(m.sum() - right.sum())
    before = np.cumsum(m) - m
    below = np.clip(ratio(wrong - before, m), 0.0, 1.0)
    return float(np.sum(n * (1 - below)) / n.sum())


def difference_of_confidences(
    confidence: npt.ArrayLike, source: npt.ArrayLike, source_right: npt.ArrayLike, target: npt.ArrayLike
) -> float:
    """Accuracy of the source less the fall in mean confidence (DoC).

    Assumes that accuracy falls as confidence does, one for one. Arguments as for ATC, `confidence` (B,).

    Source: Guillory et al. 2021, arXiv 2107.03315.
    """
    s, m, right, n = (np.asarray(x, dtype=float) for x in (confidence, source, source_right, target))
    need_rows(m, n)
    return float(right.sum() / m.sum() - (s @ m / m.sum() - s @ n / n.sum()))


def post_stratified(source: npt.ArrayLike, source_right: npt.ArrayLike, target: npt.ArrayLike) -> tuple[float, float]:
    """Accuracy by cell in the source, weighted by the target's rows; with the source's standard error.

    Assumes that accuracy inside a cell has not changed. Target rows in cells without source rows take no part.
    """
    m, right, n = (np.asarray(x, dtype=float) for x in (source, source_right, target))
    n = np.where(m > 0, n, 0.0)
    need_rows(m, n)
    rate, share = ratio(right, m), n / n.sum()
    return float(share @ rate), math.sqrt(float(np.sum(share**2 * ratio(rate * (1 - rate), m))))


def black_box_shift(confusion: npt.ArrayLike, decided: npt.ArrayLike) -> Floats:
    """Class shares of the target from its decisions: the q with C·q = μ (BBSE), kept in the simplex.

    Assumes label shift: rows of a class look as before. `confusion` (K, K) counts source rows, label by row and
    decision by column; `decided` (K,) the target's decisions.

    Raises:
        ValueError: decisions do not tell the classes apart, so that there is no one solution.

    Source: Lipton, Wang & Smola 2018, arXiv 1802.03916.
    """
    table, mu = np.asarray(confusion, dtype=float), np.asarray(decided, dtype=float)
    of_class = ratio(table, table.sum(axis=1, keepdims=True)).T
    if np.linalg.matrix_rank(of_class) < len(mu):
        raise ValueError("decisions do not tell the classes apart, so their shares cannot be solved for")
    solved = np.maximum(np.linalg.solve(of_class, mu / mu.sum()), 0.0)
    return np.asarray(solved / solved.sum())


def shifted_prior(probability: npt.ArrayLike, rows: npt.ArrayLike, prior: float) -> float:
    """Share of positives in the target if its labels alone have shifted: the fixed point of Saerens' EM.

    Assumes label shift: positives and negatives have the scores they had. `probability` (B,) is calibrated where
    the share of positives is `prior`; `rows` (B,) are the target's.

    Raises:
        ValueError: there is no row, or the prior is not inside (0, 1).

    Source: Saerens, Latinne & Decaestecker 2002.
    """
    c, n = np.asarray(probability, dtype=float), np.asarray(rows, dtype=float)
    if not (n.sum() > 0 and 0.0 < prior < 1.0):
        raise ValueError(f"the prior must lie inside (0, 1) and there must be rows, got {prior!r}, {n.sum():g} rows")
    now = prior
    for _ in range(EM_STEPS):
        before, now = now, float(n @ reweighted(c, prior, now) / n.sum())
        if abs(now - before) < TOLERANCE:
            break
    return now


def reweighted(probability: npt.ArrayLike, prior: float, now: float) -> Floats:
    """Probabilities as they are where the share of positives is `now` instead of `prior`, all else equal."""
    c = np.asarray(probability, dtype=float)
    up, down = c * now / prior, (1 - c) * (1 - now) / (1 - prior)
    return ratio(up, up + down)
