"""Value by threshold and capacity, and net benefit by threshold probability, as points to draw."""

from __future__ import annotations

import numpy as np

from steelyard.analyses.cost.draws import Thresholds
from steelyard.analyses.cost.ledger import Floats, Ledger
from steelyard.analyses.cost.worth import grouped
from steelyard.analyses.curves.cumulative import plain
from steelyard.records import Curve
from steelyard.stats import intervals
from steelyard.stats.critical import quantile

PROBABILITIES = 99
LEAST_BUCKETS = 5


def value_curve(book: Ledger, made: Thresholds, level: float, notes: dict[str, str]) -> Curve:
    """Value a row by threshold, ascending, with a band that holds the whole curve; and the share flagged.

    The first point flags everyone; flagging no one is the last, whose threshold is None.
    """
    low, high = made.band(level)
    kept = made.may_be_best(level)
    edges = np.append(book.left, np.inf)[made.places]
    return Curve(
        "value",
        {
            "threshold": plain(edges),
            "flagged": plain(made.flagged),
            "value": plain(made.value),
            "low": plain(low),
            "high": plain(high),
            "may_be_best": plain(kept.astype(float)),
        },
        notes=notes,
    )


def decision_curve(book: Ledger, level: float, notes: dict[str, str] | None = None) -> Curve | None:
    """Net benefit by threshold probability p: TP/n − FP/n · p/(1 − p), of the model and of flagging everyone.

    A threshold probability says how many false alarms a hit is worth; flagging no one has net benefit 0. Intervals
    are for each point, by the delta method (over clusters by the jackknife). None where scores are no probabilities.

    Source: Vickers & Elkin 2006; Sande et al. 2020 (intervals).
    """
    if not (book.scored and book.probability and book.rows and 0 < book.weight @ book.label < book.total):
        return None
    at = _probabilities(book)
    odds = at / (1 - at)
    first = np.searchsorted(book.left, at, side="left")
    columns = {"threshold": plain(at)}
    for name, start in (("model", first), ("everyone", np.zeros_like(first))):
        value, half = _net_benefit(book, start, odds, level)
        columns |= {name: plain(value), f"{name}_low": plain(value - half), f"{name}_high": plain(value + half)}
    return Curve("decision", columns, notes=notes or {})


def _probabilities(book: Ledger) -> Floats:
    """Threshold probabilities that are edges of bins, so that decisions at them are exact."""
    wanted = np.arange(1, PROBABILITIES + 1) / (PROBABILITIES + 1)
    inner = book.left[(book.left > 0) & (book.left < 1)]
    if not len(inner):
        return wanted
    near = np.clip(np.searchsorted(inner, wanted), 0, len(inner) - 1)
    return np.unique(np.clip(inner[near], 0.005, 0.995))


def _net_benefit(book: Ledger, first: np.ndarray, odds: Floats, level: float) -> tuple[Floats, Floats]:
    """Net benefit at each point, and half the width of its interval."""
    hits, alarms = (_flagged(book, book.weight * kind, first) for kind in (book.label, 1 - book.label))
    value = (hits - odds * alarms) / book.total
    if book.bucket is not None:
        return value, _over_buckets(book, first, odds, level)
    squares = book.squares
    hit2, alarm2 = (_flagged(book, squares * kind, first) for kind in (book.label, 1 - book.label))
    rest = float(squares.sum()) - hit2 - alarm2
    variance = hit2 * (1 - value) ** 2 + alarm2 * (odds + value) ** 2 + rest * value**2
    half = [intervals.wald(0.0, s, level)[1] for s in (np.sqrt(variance) / book.total).tolist()]
    return value, np.asarray(half)


def _over_buckets(book: Ledger, first: np.ndarray, odds: Floats, level: float) -> Floats:
    buckets, which = np.unique(np.asarray(book.bucket), return_inverse=True)
    count = len(buckets)
    if count < LEAST_BUCKETS:
        return np.full(len(odds), np.nan)
    gains = [book.weight * book.label, book.weight * (1 - book.label)]
    tables = [
        grouped(gain, which.ravel() * book.bins + book.place, count * book.bins).reshape(count, -1) for gain in gains
    ]
    ahead = [
        np.append(np.cumsum(t[:, ::-1], axis=1)[:, ::-1], np.zeros((count, 1)), axis=1)[:, first] for t in tables
    ]
    top = ahead[0] - odds * ahead[1]
    bottom = sum(t.sum(axis=1) for t in tables)[:, None]
    left = (top.sum(axis=0) - top) / (bottom.sum(axis=0) - bottom)
    se = np.sqrt((count - 1) / count * np.sum((left - left.mean(axis=0)) ** 2, axis=0))
    return np.asarray(quantile(level, count - 1) * se)


def _flagged(book: Ledger, weight: Floats, first: np.ndarray) -> Floats:
    """Weight at or above each place."""
    added = np.append(np.cumsum(book.by_bin(weight)[::-1])[::-1], 0.0)
    return np.asarray(added[first])
