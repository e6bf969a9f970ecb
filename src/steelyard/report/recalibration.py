"""Would other probabilities be better?"""

from __future__ import annotations

from collections.abc import Sequence

from steelyard.records import Estimate, Recalibration, Uncertainty
from steelyard.report.performance import cell
from steelyard.report.section import Block, Column, Grid, Section, grid
from steelyard.report.text import visible

METHODS = {
    "temperature": "Temperature",
    "platt": "Logistic line (Platt)",
    "beta": "Beta map",
    "isotonic": "Isotonic steps",
}
LOSSES = {"log_loss": "Log loss", "brier": "Brier score", "calibration_error": "Calibration error"}


def recalibration(found: Uncertainty) -> Section | None:
    """Before and after, on rows that did not fit the maps."""
    chosen = [r for r in found.recalibrations if r.chosen]
    if not chosen:
        return None
    verified = [r for r in chosen if r.verified]
    lead = "No other probabilities would certainly be better on rows that did not make them."
    if verified:
        lead = f"{_better(verified[0])} on rows that did not fit the map."
    blocks: list[Block] = [_effects(r) for r in chosen]
    blocks += [_compared(r.subject, found.recalibrations) for r in chosen]
    return Section("recalibration", "Would other probabilities be better?", lead, tuple(blocks), "Recalibration")


def _better(found: Recalibration) -> str:
    effect = found.effects[0]
    told = f"With {METHODS[found.method][:1].lower()}{METHODS[found.method][1:]}{_of(found.subject)}"
    if not all(isinstance(o, Estimate) for o in (effect.before, effect.after, effect.change)):
        return f"{told} the log loss falls"
    before, after, change = cell(effect.before), cell(effect.after), cell(effect.change, sign=True)
    return f"{told} the log loss falls from {before.value} to {after.value} ({change.value}, {change.interval})"


def _of(subject: str) -> str:
    return f" of {visible(subject)}" if subject else ""


def _effects(found: Recalibration) -> Grid:
    columns = [
        Column("Measure", "label"),
        Column("Before", "estimate"),
        Column("After", "estimate"),
        Column("Change", "estimate", drawn=True, sign=True),
    ]
    rows = [(LOSSES.get(e.measure, e.measure), e.before, e.after, e.change) for e in found.effects]
    title = f"{METHODS[found.method]}{_of(found.subject)}: before and after"
    note = "Cross-fitted: each row is judged by a map that was fitted without it. Less is better."
    return grid(title, columns, rows, middle=0.0, note=note)


def _compared(subject: str, recalibrations: Sequence[Recalibration]) -> Grid:
    columns = [Column("Method", "label"), Column("Log loss", "estimate"), Column("Change", "estimate", True, True)]
    rows = [
        (f"{METHODS[r.method]}{' (taken)' * r.chosen}", effect.after, effect.change)
        for r in recalibrations
        if r.subject == subject and (effect := r.effect("log_loss")) is not None
    ]
    note = "Taken is the simplest whose log loss is within a standard error of the best."
    return grid(f"Methods{_of(subject)}", columns, rows, middle=0.0, note=note, brief=4)
