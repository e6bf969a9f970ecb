"""Where and how a numeric prediction errs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from steelyard.records import Curve
from steelyard.report.figures.figure import Figure, points_table
from steelyard.report.figures.spec import (
    CURRENT,
    Spec,
    axis,
    by_data,
    chart,
    diagonal,
    hover,
    level_line,
    line,
    points,
    tips,
)

HISTOGRAM = {"left": "residual from", "right": "to", "n": "rows"}
QUANTILES = {"share": "share of rows", "value": "residual at most"}
PREDICTION = {
    "predicted": "predicted",
    "bias": "bias",
    "bias_low": "bias low",
    "bias_high": "bias high",
    "mae": "MAE",
    "n": "rows",
}
HORIZON = {
    "horizon": "horizon",
    "mae": "MAE",
    "mae_low": "MAE low",
    "mae_high": "MAE high",
    "rmse": "RMSE",
    "n": "rows",
}
COVERAGE = {"nominal": "promised", "observed": "observed", "low": "low", "high": "high", "n": "rows"}


def residual_histogram(curves: Sequence[Curve]) -> Figure:
    """Return how the residuals are spread."""
    current = _current(curves)
    rows = points(current, HISTOGRAM)
    bars: Spec = {
        "mark": {"type": "bar", "color": CURRENT, "binSpacing": 0.5},
        "encoding": {
            "x": {
                "field": "left",
                "type": "quantitative",
                "bin": {"binned": True},
                "title": "actual − predicted",
            },
            "x2": {"field": "right"},
            "y": {"field": "n", "type": "quantitative", "title": "rows"},
            "tooltip": tips(HISTOGRAM, rows),
        },
    }
    caption = "How far the prediction was off. Mass to the right of zero: predicted too low."
    spec = chart(rows, [bars, *level_line(0, "x")], f"Residuals. {caption}")
    return Figure("residual_histogram", "Residuals", caption, points_table(current, HISTOGRAM), spec)


def residual_quantiles(curves: Sequence[Curve]) -> Figure:
    """Return the quantiles of the residuals."""
    caption = "The residual that a share of the rows does not exceed; a fair model crosses zero at 50 %."
    return _lines(
        "residual_quantiles",
        "Residual quantiles",
        caption,
        curves,
        QUANTILES,
        level_line(0, "y"),
        percent_x=True,
    )


def error_by_prediction(curves: Sequence[Curve]) -> Figure:
    """Return the bias by the predicted value."""
    caption = "Mean bias of groups of equal size by prediction. The band is the interval; zero is fair."
    return _lines("error_by_prediction", "Bias by prediction", caption, curves, PREDICTION, level_line(0, "y"))


def error_by_horizon(curves: Sequence[Curve]) -> Figure:
    """Return the error by how far ahead the forecast looked."""
    caption = "Mean absolute error by steps ahead. The band is the interval."
    return _lines("error_by_horizon", "Error by horizon", caption, curves, HORIZON, [])


def quantile_coverage(curves: Sequence[Curve]) -> Figure:
    """Return how often the actual value lay below each predicted quantile."""
    caption = "How often the actual value lay below a predicted quantile. On the diagonal the promise is kept."
    return _lines("quantile_coverage", "Coverage of quantiles", caption, curves, COVERAGE, [diagonal()], unit=True)


def _lines(
    kind: str,
    title: str,
    caption: str,
    curves: Sequence[Curve],
    names: dict[str, str],
    below: list[Spec],
    unit: bool = False,
    percent_x: bool = False,
) -> Figure:
    across, up, *_ = names
    rows = points(curves, names)
    more: dict[str, Any] = {"axis": {"format": ".0%"}} if percent_x else {}
    x, y = axis(across, names[across], unit, **more), axis(up, names[up], unit)
    low, high = ("low", "high") if "low" in names else (f"{up}_low", f"{up}_high")
    style = by_data(rows)
    layers: list[Spec] = []
    if low in names:
        layers.append(
            {
                "mark": {"type": "area", "opacity": 0.18},
                "encoding": {
                    "x": x,
                    "y": {**y, "field": low},
                    "y2": {"field": high},
                    "color": style["color"],
                },
            }
        )
    tooltip = tips(names, rows, ("share",) if percent_x else ())
    layers += [line(x, y, style), hover(x, y, style, tooltip, shown=len(rows) <= 40)]
    spec = chart(rows, [*below, *layers], f"{title}. {caption}")
    return Figure(kind, title, caption, points_table(curves, names, ("share",) if percent_x else ()), spec)


def _current(curves: Sequence[Curve]) -> list[Curve]:
    return [c for c in curves if c.data == "current"] or list(curves)
