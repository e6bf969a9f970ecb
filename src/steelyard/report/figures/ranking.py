"""Quality over the number of answers looked at."""

from __future__ import annotations

from collections.abc import Sequence

from steelyard.records import Curve
from steelyard.report.figures.figure import Figure, points_table
from steelyard.report.figures.spec import Spec, chart, points, tips

TOP_K = {"k": "k", "accuracy": "accuracy", "low": "low", "high": "high"}
AT_K = {
    "k": "k",
    "ndcg": "nDCG",
    "ndcg_low": "nDCG low",
    "ndcg_high": "nDCG high",
    "precision": "precision",
    "recall": "recall",
    "hit_rate": "hit rate",
}
DRAWN_AT_K = ("ndcg", "precision", "recall", "hit_rate")


def top_k(curves: Sequence[Curve]) -> Figure:
    """Return how often the right class is among the k best."""
    current = [c for c in curves if c.data == "current"] or list(curves)
    rows = points(current, TOP_K)
    caption = "How often the right class is among the k highest-scored ones, with intervals."
    layers = [_band("low", "high"), _dots("accuracy", "var(--c1)", tips(TOP_K, rows), "accuracy")]
    spec = chart(rows, layers, f"Top-k accuracy. {caption}")
    return Figure("top_k", "Top-k accuracy", caption, points_table(current, TOP_K), spec)


def ranking_at_k(curves: Sequence[Curve]) -> Figure:
    """Return nDCG, precision, recall and hit rate by the length of the list."""
    current = [c for c in curves if c.data == "current"] or list(curves)
    rows = points(current, AT_K)
    names = [n for n in DRAWN_AT_K if rows and n in rows[0]]
    titles = [AT_K[n] for n in names]
    legend = {"title": None, "orient": "top"}
    shapes = {"domain": titles, "range": ["circle", "square", "triangle-up", "diamond"][: len(titles)]}
    colours = {"domain": titles, "range": [f"var(--c{i + 1})" for i in range(len(titles))]}
    label = " : ".join([*(f"datum.key === '{n}' ? '{AT_K[n]}'" for n in names), "''"])
    fold = [{"fold": names}, {"calculate": label, "as": "measure"}]
    colour = {"field": "measure", "type": "nominal", "scale": colours, "legend": legend}
    shape = {"field": "measure", "type": "nominal", "scale": shapes, "legend": legend}
    y: Spec = {"field": "value", "type": "quantitative", "title": "value", "scale": {"domain": [0, 1]}}
    lines: list[Spec] = [
        {"transform": fold, "mark": {"type": "line"}, "encoding": {"x": _k(), "y": y, "color": colour}},
        {
            "transform": fold,
            "mark": {"type": "point", "filled": True, "size": 60},
            "encoding": {"x": _k(), "y": y, "color": colour, "shape": shape, "tooltip": tips(AT_K, rows)},
        },
    ]
    caption = "What a reader of the first k results gets, averaged over queries. The band is the interval of nDCG."
    spec = chart(rows, [_band("ndcg_low", "ndcg_high"), *lines], f"Ranking by length of the list. {caption}")
    return Figure("ranking_at_k", "Quality by length of the list", caption, points_table(current, AT_K), spec)


def _k() -> Spec:
    return {"field": "k", "type": "ordinal", "title": "k", "axis": {"labelAngle": 0}}


def _band(low: str, high: str) -> Spec:
    y: Spec = {"field": low, "type": "quantitative", "scale": {"zero": False}, "title": ""}
    return {
        "mark": {"type": "rule", "strokeWidth": 6, "opacity": 0.25, "color": "var(--c1)"},
        "encoding": {"x": _k(), "y": y, "y2": {"field": high}},
    }


def _dots(field: str, colour: str, tooltip: list[Spec], title: str) -> Spec:
    return {
        "mark": {"type": "line", "color": colour, "point": {"filled": True, "size": 60, "color": colour}},
        "encoding": {
            "x": _k(),
            "y": {"field": field, "type": "quantitative", "title": title, "scale": {"zero": False}},
            "tooltip": tooltip,
        },
    }
