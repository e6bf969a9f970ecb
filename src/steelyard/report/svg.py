"""Small figures as inline SVG: whiskers, axes, histograms; colours and sizes come from the page's CSS.

Places are percentages, so a figure is as wide as its cell. They repeat numbers that stand beside them in
text, so they are hidden from screen readers.
"""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

from steelyard.records import Estimate
from steelyard.report.scale import Scale

_EMPTY = Markup("")


def whisker(
    scale: Scale | None,
    estimate: Estimate | None,
    before: Estimate | None = None,
    middle: float | None = None,
    solid: bool = True,
) -> Markup:
    """Return an interval with its value; the reference hollow below it; a line at `middle` (all rows)."""
    if scale is None or (estimate is None and before is None):
        return _EMPTY
    parts = []
    if middle is not None:
        parts.append(f'<line class="mid" x1="{_x(scale, middle)}" x2="{_x(scale, middle)}" y1="0" y2="100%"/>')
    if before is not None:
        parts.append(_interval(scale, before, "was", "74%" if estimate else "50%"))
    if estimate is not None:
        parts.append(_interval(scale, estimate, "now" if solid else "now hollow", "36%" if before else "50%"))
    return _svg(f'<svg class="whisker" aria-hidden="true">{"".join(parts)}</svg>')


def _interval(scale: Scale, estimate: Estimate, kind: str, y: str) -> str:
    low, high, at = _x(scale, estimate.low), _x(scale, estimate.high), _x(scale, estimate.value)
    return f'<g class="{kind}"><line x1="{low}" x2="{high}" y1="{y}" y2="{y}"/><circle cx="{at}" cy="{y}" r="4"/></g>'


def step(scale: Scale | None, bar: tuple[float, float], reach: tuple[float, float], kind: str) -> Markup:
    """Return one step of a waterfall: a bar between its ends, and where it may end by its interval."""
    if scale is None:
        return _EMPTY
    start, end = (_x(scale, x) for x in bar)
    left, right = sorted(scale.at(x) for x in bar)
    low, high = (_x(scale, x) for x in reach)
    width = max(right - left, 0.004)
    return _svg(
        f'<svg class="step {kind}" aria-hidden="true"><line x1="{start}" x2="{start}" y1="0" y2="78%"/>'
        f'<rect x="{100 * left:.4g}%" width="{100 * width:.4g}%" y="22%" height="56%"/>'
        f'<line x1="{end}" x2="{end}" y1="22%" y2="100%"/>'
        f'<line class="reach" x1="{low}" x2="{high}" y1="50%" y2="50%"/></svg>'
    )


def ends(scale: Scale | None) -> Markup:
    """Return the two ends of a scale as text, for below a single whisker."""
    if scale is None:
        return _EMPTY
    low, high = scale.label(scale.ticks[0]), scale.label(scale.ticks[-1])
    return Markup('<span class="ends" aria-hidden="true"><span>{}</span><span>{}</span></span>').format(low, high)


def axis(scale: Scale | None) -> Markup:
    """Return ticks and their labels, for above a column of whiskers."""
    if scale is None:
        return _EMPTY
    ticks = scale.ticks
    parts = []
    for i, tick in enumerate(ticks):
        anchor = "start" if i == 0 else "end" if i == len(ticks) - 1 else "middle"
        x = _x(scale, tick)
        parts.append(f'<line x1="{x}" x2="{x}" y1="80%" y2="100%"/>')
        inner = ' class="inner"' if anchor == "middle" else ""
        parts.append(f'<text{inner} x="{x}" y="62%" text-anchor="{anchor}">{scale.label(tick)}</text>')
    return _svg(f'<svg class="axis" aria-hidden="true">{"".join(parts)}</svg>')


def histogram(
    bars: Iterable[tuple[float, float, float]], before: Iterable[tuple[float, float, float]] = ()
) -> Markup:
    """Return bars of shares of a 100 × 24 picture; the reference as an outline over them."""
    now = "".join(f"M{100 * a:.4g} 24V{24 - 24 * h:.3g}H{100 * b:.4g}V24Z" for a, b, h in bars if h > 0)
    was = "".join(
        f"{'L' if i else 'M'}{100 * a:.4g} {24 - 23 * h:.3g}H{100 * b:.4g}" for i, (a, b, h) in enumerate(before)
    )
    if not now and not was:
        return _EMPTY
    outline = f'<path class="was" d="{was}"/>' if was else ""
    return _svg(
        '<svg class="hist" viewBox="0 0 100 24" preserveAspectRatio="none" aria-hidden="true">'
        f'<path class="now" d="{now}"/>{outline}</svg>'
    )


def share_bar(share: float) -> Markup:
    """Return a bar for a share of the rows."""
    width = f"{100 * min(max(share, 0.0), 1.0):.3g}%"
    return _svg(
        '<svg class="share" aria-hidden="true"><rect class="rest" width="100%" height="100%"/>'
        f'<rect class="now" width="{width}" height="100%"/></svg>'
    )


def key_scale(estimate: Estimate | None, before: Estimate | None = None) -> Scale | None:
    """Return a scale with room around an interval and the reference's, for a key number."""
    given = [e for e in (estimate, before) if e is not None]
    values = [end for e in given for end in (e.low, e.value, e.high)]
    tight = Scale.around(values)
    if tight is None:
        return None
    room = (tight.high - tight.low) / 4
    return Scale.around([tight.low - room, tight.high + room], wanted=3)


def _x(scale: Scale, value: float) -> str:
    return f"{100 * scale.at(value):.4g}%"


def _svg(text: str) -> Markup:
    return Markup(text)  # noqa: S704 - made of numbers and of names in this file
