"""What is believed about arms, held against closed forms and draws."""

import math

import numpy as np
import pytest
from scipy import special, stats

from steelyard.stats import posteriors
from steelyard.stats.lift import Arm


def better(a1, b1, a0, b0):
    """P(Beta(a1, b1) > Beta(a0, b0)), Evan Miller's closed form for whole a1."""
    i = np.arange(a1)
    return float(
        np.sum(
            np.exp(
                special.betaln(a0 + i, b1 + b0) - np.log(b1 + i) - special.betaln(1 + i, b1) - special.betaln(a0, b0)
            )
        )
    )


@pytest.mark.parametrize(
    ("k1", "n1", "k0", "n0"), [(120, 1000, 100, 1000), (3, 20, 0, 15), (5000, 90000, 4900, 91000)]
)
def test_two_proportions_in_closed_form(k1, n1, k0, n0):
    arms = [posteriors.proportion(k, n) for k, n in ((k1, n1), (k0, n0))]
    known = better(k1 + 1, n1 - k1 + 1, k0 + 1, n0 - k0 + 1)
    found = posteriors.standing(arms)
    assert found.best == pytest.approx([known, 1 - known], abs=1e-7)
    assert posteriors.difference(*arms, 0.95).above == pytest.approx(known, abs=1e-6)
    assert posteriors.relative(*arms, 0.95).above == pytest.approx(known, abs=1e-6)


def test_expected_loss_in_closed_form():
    """E max(0, b − a) = P'·E b − P″·E a, with one success more in the arm whose mean it is (Stucchio 2015)."""
    a1, b1, a0, b0 = 121, 881, 101, 901
    gain = a1 / (a1 + b1) * better(a1 + 1, b1, a0, b0) - a0 / (a0 + b0) * better(a1, b1, a0 + 1, b0)
    found = posteriors.standing([posteriors.proportion(120, 1000), posteriors.proportion(100, 1000)])
    assert found.loss[1] == pytest.approx(gain, abs=1e-9)
    assert found.loss[0] == pytest.approx(gain - (a1 / (a1 + b1) - a0 / (a0 + b0)), abs=1e-9)


def test_two_means_in_closed_form():
    treatment, control = Arm(400, 10.3, 9.0), Arm(500, 10.0, 8.0)
    arms = [posteriors.mean(treatment), posteriors.mean(control)]
    sd = math.sqrt(9 / 400 + 8 / 500)
    found = posteriors.difference(*arms, 0.9)
    assert (found.low, found.high) == pytest.approx(stats.norm(0.3, sd).interval(0.9), abs=1e-6)
    assert (found.value, found.above) == pytest.approx((0.3, stats.norm.cdf(0.3 / sd)), abs=1e-6)
    stand = posteriors.standing(arms)
    loss = sd * stats.norm.pdf(0.3 / sd) - 0.3 * stats.norm.sf(0.3 / sd)
    assert stand.loss == pytest.approx([loss, loss + 0.3], abs=1e-8)


def test_a_prior_draws_the_mean_to_it():
    arm = Arm(100, 10.0, 25.0)
    drawn = posteriors.mean(arm, prior=(8.0, 0.5))
    assert drawn.mean == pytest.approx((10 / 0.25 + 8 / 0.25) / (1 / 0.25 + 1 / 0.25))
    assert posteriors.mean(arm).mean == 10.0
    assert posteriors.proportion(0, 10, prior=(2, 8)).mean == pytest.approx(0.1)


def test_relative_lift_against_draws():
    arms = [posteriors.proportion(120, 1000), posteriors.proportion(100, 1000)]
    rng = np.random.default_rng(0)
    ratio = arms[0].draw(rng, 400_000) / arms[1].draw(rng, 400_000) - 1
    found = posteriors.relative(*arms, 0.95)
    assert (found.low, found.value, found.high) == pytest.approx(np.quantile(ratio, [0.025, 0.5, 0.975]), abs=4e-3)


@pytest.mark.parametrize("higher", [True, False])
def test_several_arms_against_draws(higher):
    counts = [(100, 1000), (110, 1000), (30, 200), (1200, 10_000)]
    arms = [posteriors.proportion(k, n) for k, n in counts]
    rng = np.random.default_rng(1)
    draws = np.column_stack([arm.draw(rng, 400_000) for arm in arms])
    signed = draws if higher else -draws
    found = posteriors.standing(arms, higher)
    assert found.best == pytest.approx(np.bincount(signed.argmax(axis=1), minlength=4) / len(draws), abs=3e-3)
    assert found.loss == pytest.approx(signed.max(axis=1).mean() - signed.mean(axis=0), abs=2e-4)
    assert found.best.sum() == pytest.approx(1.0)


def test_many_arms_are_drawn_and_the_draws_repeat():
    arms = [posteriors.proportion(100 + i, 1000) for i in range(60)]
    first, again = posteriors.standing(arms, seed=3), posteriors.standing(arms, seed=3)
    assert np.array_equal(first.best, again.best)
    assert first.best.argmax() == 59
    few = [posteriors.proportion(100 + i, 1000) for i in range(20)]
    integrated = posteriors.standing(few)
    assert integrated.best.argmax() == 19
    assert posteriors.standing(arms[:1]).best == pytest.approx([1.0])


@pytest.mark.parametrize(
    "asked",
    [
        lambda: posteriors.proportion(3, 2),
        lambda: posteriors.proportion(1, 2, prior=(0, 1)),
        lambda: posteriors.mean(Arm(5, 1.0, 0.0)),
        lambda: posteriors.mean(Arm(5, 1.0, 1.0), prior=(0.0, 0.0)),
        lambda: posteriors.standing([]),
        lambda: posteriors.relative(posteriors.mean(Arm(5, 1.0, 1.0)), posteriors.mean(Arm(5, 0.1, 1.0)), 0.95),
    ],
)
def test_what_has_no_answer(asked):
    with pytest.raises(ValueError, match="needs"):
        asked()
