"""Value by threshold, value by share flagged, and decision curves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from steelyard.records import Curve, Money
from steelyard.report.figures.figure import Figure, points_table
from steelyard.report.figures.spec import (
    CURRENT,
    REFERENCE,
    Spec,
    axis,
    chart,
    hover,
    level_line,
    line,
    points,
    rounded,
    tips,
)
from steelyard.report.text import visible

VALUE = {
    "threshold": "threshold",
    "flagged": "share flagged",
    "value": "value",
    "low": "band from",
    "high": "band to",
}
DECISION = {
    "threshold": "threshold probability",
    "model": "net benefit",
    "model_low": "from",
    "model_high": "to",
    "everyone": "flag everyone",
}
BAND: Mapping[str, Any] = {"type": "area", "color": CURRENT, "opacity": 0.16, "order": False, "clip": True}


def money_figures(money: Money) -> tuple[Figure, ...]:
    """Return the charts of a study of money, those that it has curves for."""
    made: list[Figure] = []
    for curve in money.curves:
        if curve.kind == "value":
            made += [_by_threshold(curve, money), _by_share(curve, money)]
        elif curve.kind == "decision":
            made.append(_decision(curve))
    return tuple(made)


def _by_threshold(curve: Curve, money: Money) -> Figure:
    known = _finite(curve)
    caption = (
        f"What a {visible(money.unit)} is worth by the threshold it is decided at. The band holds the whole curve at "
        "once; the best threshold is chosen on these very rows, so its height here flatters it a little."
    )
    unit = all(0 <= float(t or 0) <= 1 for t in known.columns["threshold"])
    marks = [("deployed", curve.notes.get("threshold")), ("best", curve.notes.get("best"))]
    rules = [spec for label, at in marks if (x := _number(at)) is not None for spec in level_line(x, "x", label)]
    return _value(known, "value_by_threshold", "Value by threshold", "threshold", unit, caption, rules, money)


def _by_share(curve: Curve, money: Money) -> Figure:
    caption = f"What a {visible(money.unit)} is worth by how many rows can be flagged, the highest scores first."
    return _value(curve, "value_by_share", "Value by capacity", "flagged", True, caption, [], money)


def _value(
    curve: Curve, kind: str, title: str, across: str, unit: bool, caption: str, rules: list[Spec], money: Money
) -> Figure:
    rows = points([curve], VALUE)
    form = {"axis": {"format": ".0%"}} if across == "flagged" else {}
    x = axis(across, VALUE[across], unit=unit, **form)
    y = axis("value", f"value, {visible(money.currency)} a {visible(money.unit)}")
    band: Spec = {"mark": dict(BAND), "encoding": {"x": x, "y": y | {"field": "low"}, "y2": {"field": "high"}}}
    style: Spec = {"color": {"value": CURRENT}}
    layers = [*rules, band, line(x, y, style), hover(x, y, style, tips(VALUE, rows, ("flagged",)))]
    return Figure(kind, title, caption, points_table([curve], VALUE, ("flagged",)), chart(rows, layers, f"{title}."))


def _decision(curve: Curve) -> Figure:
    rows = points([curve], DECISION)
    x = axis("threshold", DECISION["threshold"], unit=True)
    y = axis("model", DECISION["model"])
    top = max((float(v) for v in curve.columns["model_high"] if isinstance(v, float)), default=1.0)
    # Flagging everyone falls without end; below a third of the height nothing tells.
    y["scale"] = {"domain": [rounded(-top / 3), rounded(top * 1.05)]}
    style: Spec = {"color": {"value": CURRENT}}
    band: Spec = {
        "mark": dict(BAND),
        "encoding": {"x": x, "y": y | {"field": "model_low"}, "y2": {"field": "model_high"}},
    }
    everyone = line(x, y | {"field": "everyone"}, {"color": {"value": REFERENCE}}, strokeDash=[6, 4], clip=True)
    costs = _number(curve.notes.get("costs"))
    layers = [
        *level_line(0.0, "y", "flag no one"),
        *(level_line(costs, "x", "by the costs") if costs is not None else []),
        band,
        everyone,
        line(x, y, style, clip=True),
        hover(x, y, style, tips(DECISION, rows)),
    ]
    caption = (
        "Hits less false alarms, weighed by the probability from which on flagging is held to be worth it (Vickers "
        "and Elkin 2006). Dashed: flagging everyone. Where the line is highest, deciding by the model is best; "
        "intervals are for each point."
    )
    return Figure(
        "decision", "Decision curve", caption, points_table([curve], DECISION), chart(rows, layers, caption)
    )


def _finite(curve: Curve) -> Curve:
    """The points that have a threshold."""
    kept = [i for i, t in enumerate(curve.columns["threshold"]) if t is not None]
    columns = {name: [values[i] for i in kept] for name, values in curve.columns.items()}
    return Curve(curve.kind, columns, curve.data, curve.subject, curve.notes)


def _number(said: str | None) -> float | None:
    try:
        value = float(said) if said is not None else None
    except ValueError:
        return None
    return value if value is not None and abs(value) < float("inf") else None
