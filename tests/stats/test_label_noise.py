"""Confident learning: planted wrong labels are found, calibrated randomness is not."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from steelyard.stats.label_noise import label_noise


def world(n: int, seed: int, flipped: float, sharpness: float = 4.0) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Labels of calibrated scores, some of them flipped afterwards."""
    rng = np.random.default_rng(seed)
    p = 1 / (1 + np.exp(-sharpness * rng.normal(0, 1.5, n)))
    label = (rng.random(n) < p).astype(int)
    wrong = rng.random(n) < flipped
    return np.where(wrong, 1 - label, label), np.column_stack([1 - p, p])


def test_by_hand():
    labels = [0, 0, 0, 0, 1, 1, 1, 1]
    p = np.array([0.1, 0.2, 0.3, 0.9, 0.9, 0.8, 0.7, 0.2])
    found = label_noise(labels, np.column_stack([1 - p, p]), 0.95)
    assert found is not None
    # Thresholds: mean of 1 − p over the negatives 0.625, mean of p over the positives 0.65.
    assert found.thresholds == pytest.approx([0.625, 0.65])
    # Confident: rows 0–2 in 0, row 3 in 1; rows 4–6 in 1, row 7 in 0. A quarter of each label is doubted.
    assert found.joint == pytest.approx(np.array([[0.375, 0.125], [0.125, 0.375]]))
    assert found.share == pytest.approx(0.25)
    assert found.contradicted == 2
    assert found.excess == pytest.approx((2 - (0.1 + 0.2 + 0.3 + 0.2 + 0.1 + 0.1 + 0.2 + 0.3)) / 8)


def test_calibrated_scores_leave_nothing_unexplained():
    inside = 0
    for seed in range(60):
        found = label_noise(*world(2_000, seed, 0.0, 1.0), 0.95)
        assert found is not None
        inside += found.excess_low <= 0 <= found.excess_high
    assert inside >= 53  # 95 % of 60, three standard errors below


def test_planted_wrong_labels_are_measured():
    found = label_noise(*world(40_000, 1, 0.05), 0.95)
    assert found is not None
    assert found.excess_low > 0.03
    assert 0.04 < found.share < 0.09


def test_wrong_labels_of_one_class_only():
    labels, p = world(40_000, 2, 0.0)
    rng = np.random.default_rng(3)
    labels = np.where((labels == 1) & (rng.random(len(labels)) < 0.2), 0, labels)
    found = label_noise(labels, p, 0.95)
    assert found is not None
    assert found.joint[0, 1] > 5 * found.joint[1, 0]


def test_weights_are_rows():
    labels, p = world(500, 4, 0.1)
    weight = np.random.default_rng(5).integers(1, 4, 500)
    weighted = label_noise(labels, p, 0.9, weight)
    repeated = label_noise(np.repeat(labels, weight), np.repeat(p, weight, axis=0), 0.9)
    assert weighted is not None
    assert repeated is not None
    assert weighted.joint == pytest.approx(repeated.joint)
    assert weighted[1:8] == pytest.approx(repeated[1:8])


def test_three_classes():
    rng = np.random.default_rng(6)
    truth = rng.integers(0, 3, 9_000)
    p = np.full((9_000, 3), 0.05)
    p[np.arange(9_000), truth] = 0.9
    labels = np.where(rng.random(9_000) < 0.1, (truth + 1) % 3, truth)
    found = label_noise(labels, p, 0.95)
    assert found is not None
    assert found.low < 0.1 < found.high
    assert found.joint.sum() == pytest.approx(1)


def test_the_interval_covers_the_estimate_over_samples():
    labels, p = world(400_000, 7, 0.05)
    whole = label_noise(labels, p, 0.95)
    assert whole is not None
    covered = 0
    for part in range(100):
        rows = slice(4_000 * part, 4_000 * (part + 1))
        found = label_noise(labels[rows], p[rows], 0.95)
        assert found is not None
        covered += found.low <= whole.share <= found.high
    assert covered >= 88


def test_nothing_to_learn_from():
    assert label_noise([0, 0], [[0.9, 0.1], [0.8, 0.2]], 0.95) is None
    assert label_noise([], np.empty((0, 2)), 0.95) is None
    assert label_noise([0, 0], [[1.0], [1.0]], 0.95) is None
    with pytest.raises(ValueError, match="labels must be from 0 to 1"):
        label_noise([0, 2], [[0.5, 0.5], [0.5, 0.5]], 0.95)
    with pytest.raises(ValueError, match="needs labels"):
        label_noise([0, 1], [[0.5, 0.5]], 0.95)
