"""What is given up for what is gained: quality against gap, with intervals both ways."""

from __future__ import annotations

from typing import Any

from steelyard.records import Estimate, Proposal, Step
from steelyard.report import numerals
from steelyard.report.figures.figure import Figure, Table
from steelyard.report.figures.spec import CURRENT, FAINT, REFERENCE, Spec, axis, chart, hover, line, rounded, tip
from steelyard.report.text import visible

CHOSEN, TRIED, DEPLOYED = "proposed", "tried", "as it is"
FORM = ".1%"


def frontier(proposal: Proposal, quality: str, shares: bool) -> Figure:
    """Return the frontier of a proposal.

    Args:
        proposal: with its frontier.
        quality: what is kept high, for people.
        shares: whether it is a share of rows.
    """
    steps = [(CHOSEN if i == proposal.chosen else TRIED, step) for i, step in enumerate(proposal.frontier)]
    told = [*([(DEPLOYED, proposal.deployed)] if proposal.deployed is not None else []), *steps]
    rows = [_point(kind, step) for kind, step in told if _both(step)]
    form: dict[str, Any] = {"axis": {"format": ".1~%"}}
    x = axis("gap", f"gap in {proposal.gap}", **form)
    y = axis("quality", quality.lower(), **(form if shares else {}))
    caption = (
        "Each point is a bound on the gap that was tried on rows that did not learn from it; bars are intervals. "
        "Left is fairer, up is better. The square is how it is decided now; "
        + ("the large point is what is proposed." if proposal.chosen is not None else "nothing is proposed.")
    )
    title = f"{quality} against the gap in {proposal.gap}"
    table = Table(("", "Asked for", "Gap", quality), tuple(_line(k, s, shares) for k, s in told), len(told))
    if not rows:
        return Figure("frontier", title, caption, table)
    spec = chart(rows, _layers(x, y, shares), f"{title}. {caption}")
    return Figure("frontier", title, caption, table, spec)


def _layers(x: Spec, y: Spec, shares: bool) -> list[Spec]:
    colour = {
        "color": {
            "field": "kind",
            "type": "nominal",
            "scale": {"domain": [DEPLOYED, TRIED, CHOSEN], "range": [REFERENCE, FAINT, CURRENT]},
            "legend": {"title": None, "orient": "top"},
        }
    }
    form = FORM if shares else ".3~g"
    path = line(x, y, {}, color=FAINT, strokeWidth=1.5)
    path["transform"] = [{"filter": f"datum.kind !== '{DEPLOYED}'"}]
    bars: list[Spec] = [
        {
            "mark": {"type": "rule", "opacity": 0.6},
            "encoding": {"x": x, "y": {"field": "quality_low"} | _number, "y2": {"field": "quality_high"}, **colour},
        },
        {
            "mark": {"type": "rule", "opacity": 0.6},
            "encoding": {"y": y, "x": {"field": "gap_low"} | _number, "x2": {"field": "gap_high"}, **colour},
        },
    ]
    shape = {
        "field": "kind",
        "type": "nominal",
        "scale": {"domain": [DEPLOYED, TRIED, CHOSEN], "range": ["square", "circle", "circle"]},
        "legend": {"title": None, "orient": "top"},
    }
    size = {"condition": {"test": f"datum.kind === '{TRIED}'", "value": 35}, "value": 110}
    marks: Spec = {
        "mark": {"type": "point", "filled": True, "opacity": 1},
        "encoding": {"x": x, "y": y, **colour, "shape": shape, "size": size},
    }
    tips = [
        {"field": "kind", "type": "nominal", "title": "decided"},
        tip("bound", "largest gap asked for", FORM),
        tip("gap", "gap", FORM),
        tip("gap_low", "gap, from", FORM),
        tip("gap_high", "gap, to", FORM),
        tip("quality", "quality", form),
        tip("quality_low", "quality, from", form),
        tip("quality_high", "quality, to", form),
    ]
    return [path, *bars, marks, hover(x, y, colour, tips)]


_number: Spec = {"type": "quantitative"}


def _both(step: Step) -> bool:
    return isinstance(step.gap, Estimate) and isinstance(step.quality, Estimate)


def _point(kind: str, step: Step) -> dict[str, Any]:
    point: dict[str, Any] = {"kind": kind, "bound": rounded(step.bound) if kind != DEPLOYED else None}
    for name, one in (("gap", step.gap), ("quality", step.quality)):
        if isinstance(one, Estimate):
            point |= {name: _fine(one.value), f"{name}_low": _fine(one.low), f"{name}_high": _fine(one.high)}
    return point


def _fine(value: float) -> float:
    """Six digits: neighbouring steps of a frontier differ little."""
    return float(f"{value:.6g}")


def _line(kind: str, step: Step, shares: bool) -> tuple[str, str, str, str]:
    asked = "–" if kind == DEPLOYED else numerals.percent(step.bound)
    return kind, asked, _told(step.gap, True), _told(step.quality, shares)


def _told(outcome: object, share: bool) -> str:
    if not isinstance(outcome, Estimate):
        return visible(getattr(outcome, "reason", "–"))
    if not share:
        return f"{numerals.value(outcome)} ({numerals.interval(outcome)})"
    value, low, high = (
        f"{100 * v:.2f}".replace("-", numerals.MINUS) for v in (outcome.value, outcome.low, outcome.high)
    )
    return f"{value}{numerals.NBSP}% ({low} to {high})"
