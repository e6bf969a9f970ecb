"""Do decisions and scores go together, and are scores what they seem to be?"""

from __future__ import annotations

import numpy as np

from steelyard.analyses.curves.cells import over_all, scored
from steelyard.analyses.findings import severity
from steelyard.analyses.study import Study
from steelyard.analyses.words import number, percent, rows
from steelyard.facts import Binned, Cells, measure_index, text
from steelyard.facts.grids import MISSING
from steelyard.records import Finding, Recommendation

LEAST = 0.001
MOST_INSIDE = 0.95


def decisions(study: Study) -> list[Finding]:
    """Given decisions that no threshold of the score explains."""
    problem = study.problem
    if problem.task != "binary" or problem.threshold is not None or not problem.decided or not problem.scored:
        return []
    fact = over_all(problem.cells(), study)
    if fact not in study.profiles["current"]:
        return []
    yes, no, score = _by_score(study, fact)
    total = yes.sum() + no.sum()
    if not yes.sum() or not no.sum():
        return []
    # Decisions from a threshold at bin i: every yes below it and every no from it on disagrees.
    below = np.concatenate([[0.0], np.cumsum(yes)])
    above = np.concatenate([np.cumsum(no[::-1])[::-1], [0.0]])
    at = int(np.argmin(below + above))
    # A bin that the threshold cuts in two explains its own rows; only the rest disagrees.
    disagree = float((below + above)[at])
    share = disagree / total
    if share <= LEAST:
        return []
    implied = float(score[min(at, len(score) - 1)])
    return [
        Finding(
            "decision-mismatch",
            "decision-mismatch",
            severity.of_rows(share),
            "prediction",
            f"Predictions and scores disagree on {rows(disagree)} ({percent(share)}): no single threshold explains "
            f"the predictions, {number(implied, 0.01)} comes nearest.",
            Recommendation(
                "Check that scores and predictions come from the same model version and rows. If thresholds differ "
                "by group on purpose, give the groups as slices."
            ),
            "Rows with a positive prediction below that score, or a negative one from it on.",
            impact=share,
        )
    ]


def scores_out_of_range(study: Study) -> list[Finding]:
    """Nearly all scores are probabilities, some are not."""
    problem = study.problem
    if problem.task != "binary" or not problem.scored or problem.probability:
        return []
    one = scored(study, "current")
    if one is None or not one.view.rows:
        return []
    view = one.view
    rows_in = view.p_counts + view.q_counts
    inside = (view.left >= 0) & (view.right <= 1)
    outside = float(rows_in[~inside].sum())
    share = outside / float(rows_in.sum())
    if not 0 < share <= 1 - MOST_INSIDE:
        return []
    return [
        Finding(
            "scores-out-of-range",
            "scores-out-of-range",
            severity.of_rows(share),
            "score",
            f"Nearly all scores lie from 0 to 1, but {rows(outside)} ({percent(share)}) do not, so the scores are "
            "not taken as probabilities.",
            Recommendation(
                "Look at these rows: a wrong column, a raw margin or a sentinel value such as −1 is likely."
            ),
            impact=share,
        )
    ]


def _by_score(study: Study, fact: Cells) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    table = study.profiles["current"][fact]
    last = len(fact.keys) - 1
    said = np.array([text(v) for v in table.levels[len(fact.by) + 1]] or [""])[table.codes[:, len(fact.by) + 1]]
    key = fact.keys[last]
    counts = table.sums[:, measure_index(fact, 0)]
    codes = table.codes[:, last]
    if isinstance(key, Binned):
        keep = codes != MISSING
        bins = np.unique(codes[keep])
        score = key.grid.edges(bins)[0]
    else:
        known = np.array([v is not None and not isinstance(v, str) for v in table.levels[last]] or [False])
        keep = known[codes]
        bins = np.unique(codes[keep])
        score = np.array([float(table.levels[last][c] or 0.0) for c in bins.tolist()])
    place = np.searchsorted(bins, codes)

    def per_bin(which: str) -> np.ndarray:
        chosen = keep & (said == which)
        return np.bincount(place[chosen], weights=counts[chosen], minlength=len(bins)).astype(float)

    return per_bin("1"), per_bin("0"), score
