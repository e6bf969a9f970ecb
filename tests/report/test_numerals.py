"""Numbers, scales and text from data."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from steelyard.records import Estimate
from steelyard.report import numerals
from steelyard.report.numerals import NBSP
from steelyard.report.scale import Scale
from steelyard.report.text import visible

numbers = st.floats(allow_nan=True, allow_infinity=True)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.8123, "0.812"),
        (0.0, "0.00"),
        (1.0, "1.00"),
        (12.345, "12.3"),
        (1234.5, "1,234"),
        (0.01234, "0.0123"),
        (-0.5, "−0.500"),
        (float("inf"), "∞"),
        (float("-inf"), "−∞"),
        (float("nan"), "–"),
        (None, "–"),
        (3.2e-9, f"3.20{NBSP}×{NBSP}10⁻⁹"),
        (1.2e15, f"1.20{NBSP}×{NBSP}10¹⁵"),
        (123_456_789.0, "123,456,789"),
    ],
)
def test_number(value: float | None, text: str) -> None:
    assert numerals.number(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, f"0{NBSP}%"),
        (1.0, f"100{NBSP}%"),
        (0.31, f"31{NBSP}%"),
        (0.0512, f"5.1{NBSP}%"),
        (0.00004, f"< 0.01{NBSP}%"),
        (0.9999, f"> 99.9{NBSP}%"),
        (0.0996, f"10{NBSP}%"),
        (float("nan"), "–"),
        (-0.04, f"−4.0{NBSP}%"),
        (0.005, f"0.50{NBSP}%"),
    ],
)
def test_percent(share: float, text: str) -> None:
    assert numerals.percent(share) == text


def test_the_interval_sets_the_decimals() -> None:
    sharp = Estimate(0.99871, 0.99841, 0.99901, 0.95, 10**6, "wilson")
    assert (numerals.value(sharp), numerals.interval(sharp)) == ("0.9987", "0.9984 to 0.9990")
    blunt = Estimate(0.58123, 0.38, 0.78, 0.95, 20, "wilson")
    assert (numerals.value(blunt), numerals.interval(blunt)) == ("0.58", "0.38 to 0.78")
    moved = Estimate(-0.031, -0.0383, -0.0237, 0.95, 10, "mover")
    assert (numerals.value(moved, True), numerals.interval(moved, True)) == ("−0.031", "−0.038 to −0.024")


def test_an_end_beside_zero_stays_beside_it() -> None:
    near = Estimate(-0.004, -0.0082, 0.0002, 0.95, 10, "mover")
    assert numerals.interval(near, sign=True) == "−0.0082 to +0.0002"


def test_p_value() -> None:
    assert numerals.p_value(3e-12) == "< 0.0001"
    assert numerals.p_value(0.0312) == "0.0312"


def test_aligned_points_stand_below_each_other() -> None:
    padded = numerals.aligned(["1,234", "0.812", "12.3", "–", f"1.2{NBSP}×{NBSP}10⁵"])
    assert padded[:3] == ["1,234\u2008\u2007\u2007\u2007", "0.812", "12.3\u2007\u2007"]
    assert padded[3:] == ["–", f"1.2{NBSP}×{NBSP}10⁵"]


@given(numbers, numbers, numbers)
@example(value=1.1e297, low=0.0, high=-1.7976931348519896e308)  # the distance overflows
def test_any_number_can_be_written(value: float, low: float, high: float) -> None:
    estimate = Estimate(value, low, high, 0.95, 1, "x")
    if math.isfinite(value):
        assert numerals.value(estimate)
        assert numerals.interval(estimate, sign=True)
    assert numerals.percent(value)
    assert numerals.count(value)


@given(st.lists(numbers, max_size=6))
def test_a_scale_holds_its_values(values: list[float]) -> None:
    scale = Scale.around(values)
    finite = [v for v in values if abs(v) < 1e300]
    if not finite:
        assert scale is None
        return
    assert scale is not None
    room = 1e-6 * (scale.high - scale.low)
    assert scale.low - room <= min(finite)
    assert max(finite) <= scale.high + room
    assert all(0 <= scale.at(v) <= 1 for v in values)
    assert 2 <= len(scale.ticks) <= 12
    assert all(scale.label(t) for t in scale.ticks)


def test_ticks_are_round() -> None:
    scale = Scale.around([0.742, 0.885])
    assert scale is not None
    assert [scale.label(t) for t in scale.ticks] == ["0.70", "0.75", "0.80", "0.85", "0.90"]


@pytest.mark.parametrize(
    ("raw", "seen"),
    [
        ("a\x1b[31m", "a\\u001b[31m"),
        ("\u202eexe", "\\u202eexe"),
        ("a\nb\tc", "a b c"),
        ("😀👩\u200d🔬", "😀👩\u200d🔬"),
        ("\x00", "\\u0000"),
        ("é東", "é東"),
        ("x" * 200, "x" * 99 + "…"),
        ("\ufeff", "\\ufeff"),
        ("\ud800", "\\ud800"),
    ],
)
def test_visible(raw: str, seen: str) -> None:
    assert visible(raw) == seen


@given(st.text())
def test_visible_text_is_one_line_without_controls(raw: str) -> None:
    assert all(c.isprintable() or c == "\u200d" or c == "\u00ad" or c.isspace() for c in visible(raw))
    assert "\n" not in visible(raw)
