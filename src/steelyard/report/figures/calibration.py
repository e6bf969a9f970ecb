"""Calibration, the scores themselves, and what each threshold would do."""

from __future__ import annotations

from collections.abc import Sequence

from steelyard.records import Curve
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
    tips,
)

CALIBRATION = {
    "predicted": "mean score",
    "observed": "share of positives",
    "low": "low",
    "high": "high",
    "n": "rows",
}
SCORES = {"left": "score from", "right": "to", "positives": "positives", "negatives": "negatives"}
THRESHOLD = {
    "threshold": "threshold",
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "flagged": "share flagged",
    "specificity": "specificity",
    "accuracy": "accuracy",
}
DRAWN_BY_THRESHOLD = ("precision", "recall", "f1", "flagged")


def calibration(curves: Sequence[Curve], smooth: Sequence[Curve]) -> Figure:
    """Return groups of equal size with their intervals, and the monotone fit through them."""
    rows = points(curves, CALIBRATION)
    x, y = axis("predicted", "mean score", unit=True), axis("observed", "share of positives", unit=True)
    style = by_data(rows)
    colour = {"color": style["color"]}
    whiskers: Spec = {
        "mark": {"type": "rule", "strokeWidth": 1.5},
        "encoding": {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}, **colour},
    }
    drawn = [whiskers, hover(x, y, colour, tips(CALIBRATION, rows), shown=True)]
    if smooth:
        fit = {
            "data": {"values": points(smooth, ("predicted", "observed"))},
            **line(x, y, style, strokeWidth=1.5),
        }
        layers, more = [fit, *drawn], Spec()
    else:
        layers, more = chosen(rows, [line(x, y, style, strokeWidth=1.5), *drawn], grey_lines(x, y))
    caption = (
        "Rows in groups of equal size by score: a point on the diagonal keeps its promise; below it, the "
        "score promises too much. Bars are the interval of each group"
        + ("; the line is the isotonic fit." if smooth else ".")
    )
    spec = chart(rows, [diagonal(), *layers], f"Calibration. {caption}", **more)
    return Figure("calibration", "Calibration", caption, points_table(curves, CALIBRATION), spec)


def score_histogram(curves: Sequence[Curve]) -> Figure:
    """Return the scores of positives upwards and of negatives downwards, each as a share of its own."""
    current = [c for c in curves if c.data == "current" and not c.subject] or list(curves)[:1]
    rows = points(current, SCORES)
    for kind in ("positives", "negatives"):
        total = sum(r.get(kind) or 0 for r in rows) or 1
        for r in rows:
            r[f"{kind}_share"] = float(f"{(r.get(kind) or 0) / total * (1 if kind == 'positives' else -1):.5g}")
    x: Spec = {
        "field": "left",
        "type": "quantitative",
        "title": "score",
        "scale": {"domain": [0, 1], "nice": False},
    }
    bars: list[Spec] = [
        {
            "mark": {"type": "bar", "color": colour, "binSpacing": 0.5},
            "encoding": {
                "x": {**x, "bin": {"binned": True}},
                "x2": {"field": "right"},
                "y": {
                    "field": f"{kind}_share",
                    "type": "quantitative",
                    "title": "negatives ↓   share   positives ↑",
                    "axis": {"labelExpr": "format(abs(datum.value), '.0%')"},
                },
                "tooltip": tips(SCORES, rows),
            },
        }
        for kind, colour in (("positives", CURRENT), ("negatives", "var(--c3)"))
    ]
    caption = "The scores of positives (up) and of negatives (down), each as a share of its own rows."
    threshold = deployed_threshold(current)
    if threshold is not None:
        bars += level_line(threshold, "x", "threshold")
    spec = chart(rows, bars, f"Distribution of scores. {caption}")
    return Figure("score_histogram", "Distribution of scores", caption, points_table(current, SCORES), spec)


def threshold(curves: Sequence[Curve]) -> Figure:
    """Return precision, recall, F1 and the share flagged over the threshold."""
    current = [c for c in curves if c.data == "current"] or list(curves)
    rows = points(current, THRESHOLD)
    names = [n for n in DRAWN_BY_THRESHOLD if rows and n in rows[0]]
    titles = [THRESHOLD[n] for n in names]
    x = axis("threshold", "threshold", unit=True)
    y = {"field": "value", "type": "quantitative", "title": "value", "scale": {"domain": [0, 1]}}
    legend = {"title": None, "orient": "top"}
    colours = {"domain": titles, "range": [f"var(--c{i + 1})" for i in range(len(titles))]}
    dashes = {"domain": titles, "range": [[1, 0], [6, 3], [2, 2], [8, 3, 2, 3]][: len(titles)]}
    label = " : ".join([*(f"datum.key === '{n}' ? '{THRESHOLD[n]}'" for n in names), "''"])
    lines = line(
        x,
        y,
        {
            "color": {"field": "measure", "type": "nominal", "scale": colours, "legend": legend},
            "strokeDash": {"field": "measure", "type": "nominal", "scale": dashes, "legend": legend},
        },
    )
    lines["transform"] = [{"fold": names}, {"calculate": label, "as": "measure"}]
    near = {"type": "point", "on": "pointerover", "nearest": True, "encodings": ["x"], "clear": "pointerout"}
    rule: Spec = {
        "mark": {"type": "rule", "color": "var(--muted)"},
        "params": [{"name": "near", "select": near}],
        "encoding": {
            "x": x,
            "opacity": {"condition": {"param": "near", "empty": False, "value": 1}, "value": 0},
            "tooltip": tips(THRESHOLD, rows),
        },
    }
    deployed = deployed_threshold(current)
    marks = level_line(deployed, "x", f"in use: {deployed:g}") if deployed is not None else []
    caption = "What each threshold would do. Move along the chart to read all values at once."
    table = points_table(current, THRESHOLD, shares=("flagged",))
    spec = chart(rows, [*marks, lines, rule], f"Thresholds. {caption}")
    return Figure("threshold", "Thresholds", caption, table, spec)
