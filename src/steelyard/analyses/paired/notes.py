"""Methods and limits of a comparison, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from steelyard.analyses.paired.contest import MOST_PAIRED, Contest


def notes(contest: Contest, without: str, fold: str | None, margin: float | None) -> Iterator[str]:
    """What holds for this comparison; `without` says why there is no ensemble, "" where there is one."""
    yield (
        "All models are compared on the rows that each of them has an answer for; differences are paired by row, so "
        "that rows which are hard for all do not widen the interval."
    )
    yield (
        "Differences of shares (accuracy, recall …) have Tango's score interval and McNemar's mid-p-value; those of "
        "means a t interval (Hall's where skewed) of the row by row differences; all others the delta method on the "
        "joint counts."
    )
    if contest.clusters is not None:
        yield (
            f"Rows of one {contest.clusters.column} count as dependent: standard errors come from leaving out each "
            f"of {contest.clusters.groups} groups of clusters in turn."
        )
    elif contest.units is not None:
        yield (
            f"Metrics without a gradient are paired by leaving out each of {contest.units.groups} groups of rows in "
            "turn, and read on all rows only."
        )
    if contest.crowded:
        yield (
            f"More than {MOST_PAIRED} models: each is held against {contest.entrants[0].name}; rankings rest on "
            "leaving out groups of rows in turn."
        )
    if len(contest.entrants) > 2:
        yield "p-values of a metric are adjusted for all pairs of models (Holm)."
        yield (
            "The set that may be best holds the truly best model in at least the stated share of samples (multiple "
            "comparisons with the best, Hsu 1984)."
        )
    if len(contest.slices) > 1:
        yield "False discoveries among slices are held to 10 % (Benjamini–Hochberg)."
    if fold is not None:
        yield (
            f"Models differ from fold to fold of {fold}, and the folds' training sets overlap: a plain t-test over "
            "folds claims differences far too often. The corrected resampled t-test (Nadeau & Bengio 2003) is shown."
        )
    if margin is not None:
        yield f"Differences within ± {margin:g} count as alike."
    if without:
        yield f"There is no ensemble: {without}."
