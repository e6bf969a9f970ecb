"""Building blocks of Vega-Lite specifications, and the points that go into them.

Colours are CSS variables of the page (`--c1` the current data, `--c2` the reference …), so a chart follows
light, dark and paper without being drawn again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from steelyard.records import Curve
from steelyard.report.figures.figure import DATA_NAMES, spread
from steelyard.report.text import visible

Spec = dict[str, Any]
MOST_POINTS = 800
MOST_POINTS_A_CURVE = 150
MOST_SUBJECTS = 20
HEIGHT = 270
CURRENT, REFERENCE, FAINT = "var(--c1)", "var(--c2)", "var(--faint)"
CURRENT_NAME, REFERENCE_NAME = DATA_NAMES["current"], DATA_NAMES["reference"]


def points(curves: Sequence[Curve], wanted: Iterable[str]) -> list[dict[str, Any]]:
    """Return the points of curves as records, with `data` and `subject` where there are several of them."""
    wanted = list(wanted)
    each = max(8, min(MOST_POINTS_A_CURVE, MOST_POINTS // max(len(curves), 1)))
    several_data, several_subjects = len({c.data for c in curves}) > 1, len({c.subject for c in curves}) > 1
    found = []
    for curve in curves:
        rows = curve.rows()
        for i in spread(len(rows), each):
            point: dict[str, Any] = {name: rounded(rows[i].get(name)) for name in wanted if name in curve.columns}
            if several_data:
                point["data"] = DATA_NAMES.get(curve.data, visible(curve.data))
            if several_subjects:
                point["subject"] = visible(curve.subject)
            found.append(point)
    return found


def rounded(value: float | str | None) -> float | str | None:
    """Keep four digits of a number; a number that is not finite has no place in a chart."""
    if value is None or isinstance(value, str):
        return visible(value) if value is not None else None
    return float(f"{value:.4g}") if math.isfinite(value) else None


def axis(field: str, title: str, unit: bool = False, **more: Any) -> Spec:
    """Return a quantitative axis; `unit` for one from 0 to 1."""
    scale = {"scale": {"domain": [0, 1], "nice": False}} if unit else {"scale": {"zero": False}}
    return {"field": field, "type": "quantitative", "title": title} | scale | more


def tip(field: str, title: str, form: str = ".3~g") -> Spec:
    """Return a tooltip line of a number."""
    return {"field": field, "type": "quantitative", "title": title, "format": form}


def tips(names: Mapping[str, str], rows: Sequence[Mapping[str, Any]], shares: Sequence[str] = ()) -> list[Spec]:
    """Return the tooltip lines of the fields that the points have; the data set and class come first."""
    first = rows[0] if rows else {}
    lines: list[Spec] = []
    if "subject" in first:
        lines.append({"field": "subject", "type": "nominal", "title": "class"})
    if "data" in first:
        lines.append({"field": "data", "type": "nominal", "title": "data"})
    return lines + [tip(f, t, ".1%" if f in shares else ".3~g") for f, t in names.items() if f in first]


def by_data(rows: Sequence[Mapping[str, Any]]) -> Spec:
    """Return colour and dash by data set, with a legend; one colour where there is one data set."""
    if not rows or "data" not in rows[0]:
        return {"color": {"value": CURRENT}}
    scale = {"domain": [CURRENT_NAME, REFERENCE_NAME], "range": [CURRENT, REFERENCE]}
    dash = {"domain": [CURRENT_NAME, REFERENCE_NAME], "range": [[1, 0], [6, 4]]}
    legend = {"title": None, "orient": "top", "symbolType": "stroke"}
    return {
        "color": {"field": "data", "type": "nominal", "scale": scale, "legend": legend},
        "strokeDash": {"field": "data", "type": "nominal", "scale": dash, "legend": legend},
    }


def line(x: Spec, y: Spec, style: Spec, **mark: Any) -> Spec:
    """Return a line that keeps the order of its points."""
    return {"mark": {"type": "line", "order": False, **mark}, "encoding": {"x": x, "y": y, **style}}


def hover(x: Spec, y: Spec, style: Spec, tooltip: Sequence[Spec], shown: bool = False) -> Spec:
    """Return points that show themselves and their tooltip when the pointer comes near."""
    near = {
        "name": "near",
        "select": {"type": "point", "on": "pointerover", "nearest": True, "clear": "pointerout"},
    }
    encoding: Spec = {"x": x, "y": y, "tooltip": list(tooltip)}
    if "color" in style:
        encoding["color"] = style["color"]
    if not shown:
        encoding["opacity"] = {"condition": {"param": "near", "empty": False, "value": 1}, "value": 0}
    return {"mark": {"type": "point", "filled": True, "size": 55}, "params": [near], "encoding": encoding}


def diagonal() -> Spec:
    """Return the faint line from 0, 0 to 1, 1."""
    return {
        "data": {"values": [{"a": 0, "b": 0}, {"a": 1, "b": 1}]},
        "mark": {"type": "line", "color": FAINT, "strokeWidth": 1, "strokeDash": [2, 3]},
        "encoding": {
            "x": {"field": "a", "type": "quantitative"},
            "y": {"field": "b", "type": "quantitative"},
        },
    }


def level_line(value: float, channel: str = "y", label: str = "") -> list[Spec]:
    """Return a faint line at a value of x or y, with a label at its end."""
    data = {"values": [{"at": value, "label": label}]}
    at = {"field": "at", "type": "quantitative"}
    rule: Spec = {
        "data": data,
        "mark": {"type": "rule", "color": FAINT, "strokeDash": [2, 3]},
        "encoding": {channel: at},
    }
    if not label:
        return [rule]
    place = (
        {"align": "right", "x": "width", "dx": -4, "dy": -6} if channel == "y" else {"align": "left", "y": 8, "dx": 4}
    )
    text = {
        "data": data,
        "mark": {"type": "text", "color": "var(--muted)", "fontSize": 11, **place},
        "encoding": {channel: at, "text": {"field": "label", "type": "nominal"}},
    }
    return [rule, text]


def chart(rows: Sequence[Mapping[str, Any]], layers: Sequence[Spec], description: str, **more: Any) -> Spec:
    """Return a layered chart as wide as its place; with classes, one is chosen and the others stay faint."""
    spec: Spec = {
        "description": description,
        "width": "container",
        "height": HEIGHT,
        "data": {"values": list(rows)},
        "layer": list(layers),
    }
    return spec | more


def chosen(rows: Sequence[Mapping[str, Any]], layers: Sequence[Spec], behind: Spec) -> tuple[list[Spec], Spec]:
    """Return layers that show one chosen class before all classes in grey, and the choice itself."""
    subjects = list(dict.fromkeys(r["subject"] for r in rows if "subject" in r))
    if not subjects:
        return list(layers), {}
    pick = {
        "name": "chosen",
        "value": subjects[0],
        "bind": {"input": "select", "options": subjects, "name": "Class"},
    }
    only = [{"filter": "datum.subject === chosen"}]
    return [behind, *({**layer, "transform": only} for layer in layers)], {"params": [pick]}


def grey_lines(x: Spec, y: Spec) -> Spec:
    """Return the lines of all classes, faint."""
    detail = {"detail": [{"field": name, "type": "nominal"} for name in ("subject", "data")]}
    return line(x, y, detail, color=FAINT, strokeWidth=1, opacity=0.45)


def deployed_threshold(curves: Sequence[Curve]) -> float | None:
    """Return the deployed threshold that the curve's notes tell, where it is a number within 0 … 1."""
    for curve in curves:
        text = visible(curve.notes.get("threshold", ""))
        if text.replace(".", "", 1).isdigit() and 0 <= float(text) <= 1:
            return float(text)
    return None
