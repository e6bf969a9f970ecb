"""Records say what they are."""

from __future__ import annotations

import pytest

from steelyard.records import ColumnError, Estimate, Slice, Verdict, nearest


def test_an_estimate_shows_its_interval_and_method():
    one = Estimate(0.8123, 0.8061, 0.8184, 0.95, 41_230, "delong, logit")
    assert repr(one) == "Estimate(0.8123, 0.8061 … 0.8184, n = 41,230, delong, logit)"
    assert str(one) == "0.8123 (0.8061 … 0.8184)"


def test_a_slice_is_the_same_however_it_is_written():
    assert Slice.of({"b": 1, "a": "x"}) == Slice.of({"a": "x", "b": "1"})
    assert str(Slice.of({"a": "x"})) == "a = x"
    assert not Slice()


@pytest.mark.parametrize(
    ("verdicts", "worst"),
    [
        ([], None),
        ([Verdict.PASS], Verdict.PASS),
        ([Verdict.PASS, Verdict.INCONCLUSIVE], Verdict.INCONCLUSIVE),
        ([Verdict.INCONCLUSIVE, Verdict.FAIL, Verdict.PASS], Verdict.FAIL),
    ],
)
def test_the_worst_verdict(verdicts, worst):
    assert Verdict.worst(verdicts) is worst


def test_near_names_are_offered_whatever_their_case():
    assert nearest("ROC_auc", ["roc_auc", "recall"]) == "Did you mean 'roc_auc'?"
    assert nearest("zzz", []) == "There are none."


def test_a_column_error_reads_as_its_message():
    assert str(ColumnError("no column 'a'")) == "no column 'a'"
