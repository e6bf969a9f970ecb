"""What a planned experiment finds, by how large the effect is and how long it runs."""

from __future__ import annotations

from steelyard.evaluation.design import Design
from steelyard.records import Curve
from steelyard.report import numerals
from steelyard.report.figures.figure import Figure, points_table
from steelyard.report.figures.spec import CURRENT, Spec, axis, chart, hover, level_line, line, points, rounded, tips

NAMES = {"effect": "effect", "relative": "share of the baseline", "power": "chance to find it"}


def power_curve(design: Design) -> Figure:
    """Return the power curve of a design, with the planned effect and the wanted power marked."""
    relative = "relative" in design.curve.columns
    across = "relative" if relative else "effect"
    title = "effect, as a share of the baseline" if relative else "effect"
    at = design.relative if relative else design.effect
    names = {name: words for name, words in NAMES.items() if name in design.curve.columns}
    rows = points([design.curve], names)
    style: Spec = {"color": {"value": CURRENT}}
    x = axis(across, title, axis={"format": "+.2~%"} if relative else {})
    y = axis("power", NAMES["power"], unit=True, axis={"format": ".0%"})
    shares = ("power", "relative") if relative else ("power",)
    layers = [
        *level_line(design.wanted_power, "y", "wanted"),
        *(level_line(float(rounded(at) or 0.0), "x", "planned") if at is not None else []),
        line(x, y, style),
        hover(x, y, style, tips(names, rows, shares)),
    ]
    if design.test == "difference":
        caption = "The chance that this plan finds an effect, by how large it truly is."
    else:
        caption = "The chance that this plan shows what it should, by the difference that truly is there."
    return Figure(
        "power",
        "Chance to find an effect",
        caption,
        points_table([design.curve], names, shares),
        chart(rows, layers, caption),
    )


def smallest_effects(design: Design) -> Figure:
    """Return the smallest effect (or margin) that is found, by days, with the planned one marked."""
    relative = bool(design.baseline)
    known = [found for found in design.durations if found.effect is not None]
    curve = Curve(
        "smallest_effect",
        {
            "days": [float(found.days) for found in known],
            "units": [float(found.units) for found in known],
            "effect": [found.relative if relative else found.effect for found in known],
        },
    )
    what = "effect" if design.test == "difference" else "margin"
    title = f"smallest {what}" + (", as a share of the baseline" if relative else "")
    names = {"days": "days", "units": "units", "effect": title}
    rows = points([curve], names)
    style: Spec = {"color": {"value": CURRENT}}
    x = axis("days", "days", scale={"zero": True})
    y = axis("effect", title, scale={"zero": True}, axis={"format": ".2~%"} if relative else {})
    planned = design.effect if design.test == "difference" else design.margin
    at = abs(planned / design.baseline if design.baseline else planned)
    shares = ("effect",) if relative else ()
    layers = [
        *level_line(float(rounded(at) or 0.0), "y", "planned"),
        line(x, y, style, point=True),
        hover(x, y, style, tips(names, rows, shares)),
    ]
    chance = numerals.percent(design.wanted_power)
    caption = f"The smallest {what} that is found with a chance of {chance}, by how long the experiment runs."
    spec = chart(rows, layers, caption)
    return Figure(
        "smallest_effect", f"Smallest {what} by duration", caption, points_table([curve], names, shares), spec
    )
