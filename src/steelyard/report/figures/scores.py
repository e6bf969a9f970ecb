"""ROC, precision–recall and gain: what ranking by the score is worth."""

from __future__ import annotations

import math
from collections.abc import Sequence

from steelyard.records import Curve, Estimate
from steelyard.report import numerals
from steelyard.report.figures.figure import Figure, points_table
from steelyard.report.figures.spec import (
    CURRENT,
    Spec,
    axis,
    by_data,
    chart,
    chosen,
    deployed_threshold,
    diagonal,
    grey_lines,
    hover,
    level_line,
    line,
    points,
    rounded,
    tips,
)

ROC = {"fpr": "false positive rate", "tpr": "true positive rate", "threshold": "threshold"}
PR = {"recall": "recall", "precision": "precision", "threshold": "threshold"}
GAIN = {"share": "share of rows taken", "captured": "share of positives found", "lift": "lift"}


def roc(curves: Sequence[Curve], known: dict[str, Estimate]) -> Figure:
    """Return the ROC curve."""
    auc = _said("The area below is", known.get("roc_auc"))
    return _curve(
        "roc",
        "ROC curve",
        curves,
        ROC,
        [diagonal()],
        f"How many positives are found for how many false alarms. The dotted diagonal is chance. {auc}",
    )


def precision_recall(curves: Sequence[Curve], known: dict[str, Estimate]) -> Figure:
    """Return the precision–recall curve with the prevalence as its floor."""
    prevalence = known.get("prevalence")
    floor = level_line(prevalence.value, "y", "prevalence") if prevalence else []
    area = _said("Average precision is", known.get("average_precision"))
    return _curve(
        "precision_recall",
        "Precision and recall",
        curves,
        PR,
        floor,
        f"What share of the flagged rows is right, for what share of the positives found. {area}",
    )


def gain(curves: Sequence[Curve], known: dict[str, Estimate]) -> Figure:
    """Return the cumulative gain; the lift is in the tooltip and the table."""
    return _curve(
        "gain",
        "Gain and lift",
        curves,
        GAIN,
        [diagonal()],
        "What share of the positives is among the highest-scored rows; lift: how many times as by chance.",
        shares=("share", "captured"),
    )


def _curve(
    kind: str,
    title: str,
    curves: Sequence[Curve],
    names: dict[str, str],
    below: list[Spec],
    caption: str,
    shares: tuple[str, ...] = (),
) -> Figure:
    across, up, *_ = names
    rows = points(curves, names)
    form = {"axis": {"format": ".0%"}} if shares else {}
    x, y = axis(across, names[across], unit=True, **form), axis(up, names[up], unit=True, **form)
    style = by_data(rows)
    drawn = [line(x, y, style), hover(x, y, style, tips(names, rows, shares))]
    drawn += _in_use(curves, across, up, x, y)
    layers, more = chosen(rows, drawn, grey_lines(x, y))
    spec = chart(rows, [*below, *layers], f"{title}. {caption}", **more)
    return Figure(kind, title, caption.strip(), points_table(curves, names, shares), spec)


def _in_use(curves: Sequence[Curve], across: str, up: str, x: Spec, y: Spec) -> list[Spec]:
    """Return a ring at the threshold in use, on the current curve of all rows."""
    curve = next((c for c in curves if c.data == "current" and not c.subject and "threshold" in c.columns), None)
    at = deployed_threshold([curve]) if curve else None
    if curve is None or at is None:
        return []
    known = [p for p in curve.rows() if isinstance(p["threshold"], int | float) and math.isfinite(p["threshold"])]
    if not known:
        return []
    nearest = min(known, key=lambda p: abs(float(p["threshold"] or 0.0) - at))
    point = {across: rounded(nearest[across]), up: rounded(nearest[up]), "label": f"threshold {at:g}"}
    places = {"x": x, "y": y}
    ring: Spec = {
        "mark": {"type": "point", "size": 90, "strokeWidth": 2, "color": CURRENT},
        "encoding": places,
    }
    words: Spec = {
        "mark": {
            "type": "text",
            "align": "left",
            "dx": 9,
            "dy": -9 if up == "precision" else 12,
            "fontSize": 11,
            "color": "var(--muted)",
        },
        "encoding": {**places, "text": {"field": "label", "type": "nominal"}},
    }
    return [{"data": {"values": [point]}, **layer} for layer in (ring, words)]


def _said(lead: str, estimate: Estimate | None) -> str:
    return f"{lead} {numerals.value(estimate)} ({numerals.interval(estimate)})." if estimate else ""
