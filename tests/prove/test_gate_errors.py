"""A gate of many checks is wrong no more often than it promises: neither false failures nor false passes."""

import math

import numpy as np
import pytest

from steelyard.analyses.checks import Check, run_checks
from steelyard.analyses.study import Study
from steelyard.data import Roles
from steelyard.metrics import Problem
from steelyard.records import Estimate, Reading, Slice, Verdict
from steelyard.stats import intervals

pytestmark = pytest.mark.prove

GATES, CHECKS, ROWS, BOUND = 4000, 20, 2000, 0.8


def gate(truths, rng):
    """Verdicts on the recall of many sites, each true share known."""
    sites = [Slice.of({"site": str(i)}) for i in range(len(truths))]
    readings = []
    for where, k in zip(sites, rng.binomial(ROWS, truths).tolist(), strict=True):
        low, high = intervals.wilson(k / ROWS, ROWS, 0.95)
        se = math.sqrt(k * (ROWS - k) / ROWS**3)
        readings.append(Reading("recall", Estimate(k / ROWS, low, high, 0.95, ROWS, "wilson", se=se), where))
    study = Study(Problem("binary", classes=("0", "1")), Roles(), (), readings=tuple(readings))
    checks = [Check("recall", min=BOUND, slice=where) for where in sites]
    return [result.verdict for result in run_checks(checks, study)]


def at_most(count, share):
    return count / GATES <= share + 3 * math.sqrt(share * (1 - share) / GATES)


def test_false_failures_do_not_grow_with_the_list():
    rng = np.random.default_rng(1)
    failed = sum(Verdict.FAIL in gate(np.full(CHECKS, BOUND), rng) for _ in range(GATES))
    assert at_most(failed, 0.05)
    assert at_most(failed, 0.025)  # only the bad side counts
    assert failed > 0


def test_a_bad_check_hardly_ever_slips_through_a_long_list():
    rng = np.random.default_rng(2)
    truths = np.full(CHECKS, 0.95)
    truths[7] = BOUND
    passed = sum(set(gate(truths, rng)) == {Verdict.PASS} for _ in range(GATES))
    assert at_most(passed, 0.025)
    assert passed > 0


def test_a_check_that_is_far_off_fails_in_a_long_list():
    rng = np.random.default_rng(3)
    truths = np.full(CHECKS, 0.95)
    truths[7] = BOUND - 0.05
    failed = sum(gate(truths, rng)[7] is Verdict.FAIL for _ in range(400))
    assert failed > 390
