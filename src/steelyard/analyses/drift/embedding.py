"""Did vectors move: embeddings that are columns of the data, or made of sampled texts and images by a callable."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from steelyard.analyses.drift.points import ABLE, AUC_TOLERANCE, as_estimate, as_measures, discrepancy, moved
from steelyard.analyses.drift.sampled import FEWEST, Units, beside, has_both, in_both, sampled, units_of
from steelyard.analyses.study import Study
from steelyard.analyses.words import shown
from steelyard.data.derive import Embed, as_vectors, derived_name, directions
from steelyard.facts import Fact, Sample
from steelyard.records import Drift
from steelyard.stats.clouds import frechet_beyond_chance
from steelyard.stats.discriminate import Flags, folds_of, separation, unseen_scores
from steelyard.stats.logistic import Dense, Floats

ROWS = 3_000
"""Rows of each data set whose vectors are looked at."""
MOST_AXES = 64
"""Directions of vectors that a classifier is given."""
MOST_SQUARE = 9.0
"""Squares of standard deviations beyond which a point is as far as it can be: outliers must not decide."""


def about(study: Study) -> Iterator[Fact]:
    """Samples of the vectors."""
    for columns in _placed(study).values():
        yield Sample((*columns, *beside(study)), ROWS)


def drifts(study: Study) -> list[Drift]:
    """The drift of each column of vectors, by their place along the main directions of the reference."""
    found = []
    for column, columns in _placed(study).items():
        rows = sampled(study, Sample((*columns, *beside(study)), ROWS))
        if rows is not None:
            points = np.stack([rows.numbers(c) for c in columns], axis=1)
            found.append(cloud_drift(column, points, rows.second, units_of(study, rows), study))
    return [drift for drift in found if drift is not None]


def embedded_drift(
    column: str, values: list[object], second: Flags, units: Units, study: Study, embed: Embed
) -> Drift | None:
    """The drift of the vectors that `embed` makes of sampled values; None where it makes none that can be compared.

    Raises:
        DataError: `embed` does not return one vector of numbers for each value.
    """
    return cloud_drift(derived_name(column, "embedding"), as_vectors(embed, values), second, units, study)


def cloud_drift(column: str, points: Floats, second: Flags, units: Units, study: Study) -> Drift | None:
    """The drift of a column of vectors: told apart by a classifier, by their distance, their means and covariances.

    Rows with a missing number are left out; None where too few are left, or nothing varies.
    """
    known = np.asarray(np.isfinite(points).all(axis=1))
    units = units.of(known, second)
    points, second = points[known], second[known]
    if min(int(second.sum()), int((~second).sum())) < FEWEST:
        return None
    axes = main_axes(points)
    if not axes.shape[1]:
        return None
    fold = folds_of(second, study.seed, units.clusters)
    told = separation(unseen_scores(_design(axes), second, fold), second, study.level, units.clusters)
    distance = as_estimate(told, len(second), study.level, "on a sample of rows; an AUC of 0.5 is no difference")
    now, then = axes[second], axes[~second]
    measures = {
        **as_measures(discrepancy(points, second, units.clusters, study.level, study.seed)),
        "frechet": frechet_beyond_chance(now, then, study.seed),
    }
    return Drift(
        column,
        "feature",
        distance,
        moved(distance),
        measures,
        told.p,
        test=f"classifier two-sample test, {units.name} independent",
        tolerance=AUC_TOLERANCE,
        sentence=f"a classifier {ABLE[moved(distance)]} current vectors from those of the reference (ROC-AUC "
        f"{shown(distance, share=False)}, 0.5 is chance)",
    )


def main_axes(points: Floats) -> Floats:
    """Points along the widest directions of both data sets together, in standard deviations of the widest."""
    centred = points - points.mean(axis=0)
    if centred.shape[1] > MOST_AXES:
        _, _, directions = np.linalg.svd(centred, full_matrices=False)
        centred = centred @ directions[:MOST_AXES].T
    spread = centred.std(axis=0)
    kept = spread > 1e-9 * max(float(spread.max(initial=0.0)), 1e-300)
    return np.asarray(centred[:, kept] / spread.max(initial=0.0)) if kept.any() else centred[:, :0]


def _design(axes: Floats) -> Dense:
    """Each axis in its own standard deviations, and its square, which tells a change of spread."""
    scaled = axes / axes.std(axis=0)
    squares = np.minimum(scaled**2, MOST_SQUARE)
    return Dense(np.concatenate([scaled, squares - squares.mean(axis=0)], axis=1))


def _placed(study: Study) -> dict[str, tuple[str, ...]]:
    """Columns of vectors with those of their directions that both data sets have."""
    if not has_both(study):
        return {}
    known = directions(study.looks["reference"].frame.columns)
    shared = {base: tuple(c for c in columns if in_both(study, c)) for base, columns in known.items()}
    return {base: columns for base, columns in shared.items() if columns}
