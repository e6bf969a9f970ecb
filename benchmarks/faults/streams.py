"""Streams of daily windows with a known change or none, judged by our limits and by the rules of the usual tools.

`python benchmarks/faults/streams.py` prints the table of `docs/over-time.md`. The rules of NannyML (mean ± three
standard deviations of the reference's chunks) and of Evidently's presets (a p-value below 0.05, a distance of at
least 0.1) are small implementations of what their documentation says; neither package is needed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from steelyard.analyses.windows.chart import Baseline, baseline_of, chart
from steelyard.analyses.windows.levels import levels
from steelyard.analyses.windows.timeline import Timeline
from steelyard.analyses.windows.track import Track, of_estimates
from steelyard.facts import Window
from steelyard.records import Estimate

Floats = NDArray[np.float64]
DAYS = 365
ROWS = 2_000
RATE = 0.2
"""Share of errors without a change."""


@dataclass(frozen=True)
class World:
    """How days differ when nothing changed.

    Attributes:
        name: in words.
        days: standard deviation of the day's level, in standard errors of one day.
        weekly: amplitude of the weekly cycle, in the same unit.
        alike: correlation of neighbouring days' levels.
    """

    name: str
    days: float = 0.0
    weekly: float = 0.0
    alike: float = 0.0


WORLDS = (
    World("rows independent"),
    World("days differ", days=1.5),
    World("days differ, weekly cycle", days=1.0, weekly=3.0),
)
NEIGHBOURS = World("neighbouring days alike", days=1.5, alike=0.5)


def sigma(world: World) -> float:
    """Standard deviation of a day's rate about its level: sampling error and days together."""
    return math.sqrt(RATE * (1 - RATE) / ROWS) * math.hypot(1.0, world.days)


def errors(world: World, days: int, rng: np.random.Generator, shift: float = 0.0, at: int = 0) -> NDArray[np.int64]:
    """Errors among `ROWS` of each day; from day `at` on the rate is up by `shift` sigmas."""
    unit = math.sqrt(RATE * (1 - RATE) / ROWS)
    level = rng.normal(size=days + 50)
    for day in range(1, len(level)):
        level[day] = world.alike * level[day - 1] + math.sqrt(1 - world.alike**2) * level[day]
    cycle = world.weekly * np.sin(2 * np.pi * np.arange(days) / 7)
    moved = shift * sigma(world) * (np.arange(days) >= at)
    rate = np.clip(RATE + unit * (world.days * level[50:] + cycle) + moved, 0.001, 0.999)
    return rng.binomial(ROWS, rate)


def line_of(baseline: int, days: int) -> Timeline:
    """A timeline of so many whole reference windows, and the current ones after them."""
    n = baseline + days
    current = np.arange(n) >= baseline
    return Timeline(
        Window("day", "1d"),
        np.arange(n),
        current,
        np.full(n, ROWS),
        np.zeros(n, dtype=bool),
        ~current,
        current,
        f"{baseline} windows of the reference",
        {},
    )


def track_of(counts: NDArray[np.int64], line: Timeline) -> Track:
    """The share of errors as evaluations track it."""
    outcomes = []
    for k in counts.tolist():
        p = k / ROWS
        outcomes.append(Estimate(p, p, p, 0.95, ROWS, "wilson", float(ROWS), math.sqrt(p * (1 - p) / ROWS)))
    return of_estimates("error", "metric", outcomes, line.baseline)


def ours(counts: NDArray[np.int64], baseline: int, run_length: float) -> NDArray[np.bool_]:
    """Alarms of the current days by our chart."""
    line = line_of(baseline, len(counts) - baseline)
    track = track_of(counts, line)
    base = baseline_of(track, line)
    assert isinstance(base, Baseline), base
    return chart(track, line, base, run_length, levels(track, line, base, 0.05).correlation).alarms[baseline:]


def ours_changes(counts: NDArray[np.int64], baseline: int, chance: float) -> list[int]:
    """Days, counted from the first current one, at which we say that a new level began."""
    line = line_of(baseline, len(counts) - baseline)
    track = track_of(counts, line)
    base = baseline_of(track, line)
    starts = {start: i for i, start in enumerate(line.starts)}
    found = levels(track, line, base if isinstance(base, Baseline) else None, chance)
    return [starts[c.at] - baseline for c in found.changes]


def nannyml(counts: NDArray[np.int64], baseline: int) -> NDArray[np.bool_]:
    """NannyML's default thresholds: mean ± 3 standard deviations of the reference's chunks."""
    rate = counts / ROWS
    reference, current = rate[:baseline], rate[baseline:]
    return np.abs(current - reference.mean()) > 3 * reference.std()


def evidently_p(counts: NDArray[np.int64], baseline: int) -> NDArray[np.bool_]:
    """A test of each day against all reference rows, drift where p < 0.05 (Evidently's rule to 1,000 rows)."""
    k, n = counts[:baseline].sum(), baseline * ROWS
    pooled = (k + counts[baseline:]) / (n + ROWS)
    z = (counts[baseline:] / ROWS - k / n) / np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / ROWS))
    return 2 * stats.norm.sf(np.abs(z)) < 0.05


def evidently_distance(counts: NDArray[np.int64], baseline: int) -> NDArray[np.bool_]:
    """A Jensen–Shannon distance of each day to the reference of at least 0.1 (Evidently's rule above 1,000 rows)."""
    q = counts[:baseline].sum() / (baseline * ROWS)
    p = counts[baseline:] / ROWS
    return np.sqrt(np.maximum(_js(p, q), 0.0)) >= 0.1


def _js(p: Floats, q: float) -> Floats:
    middle = (p + q) / 2
    return (_kl(p, middle) + _kl(np.full_like(p, q), middle)) / 2


def _kl(p: Floats, m: Floats) -> Floats:
    return p * np.log(p / m) + (1 - p) * np.log((1 - p) / (1 - m))


Rule = Callable[[NDArray[np.int64], int], NDArray[np.bool_]]
RULES: dict[str, Rule] = {
    "Steelyard, chart": lambda counts, baseline: ours(counts, baseline, 500.0),
    "mean ± 3 sd (NannyML)": nannyml,
    "p < 0.05 (Evidently)": evidently_p,
    "distance ≥ 0.1 (Evidently)": evidently_distance,
}
SHIFTS = (0.5, 1.0, 2.0, 4.0)


def false_alarms(rule: Rule, world: World, baseline: int, years: int, seed: int = 0) -> float:
    """Alarms in a stable year, on average."""
    rng = np.random.default_rng(seed)
    return float(np.mean([rule(errors(world, baseline + DAYS, rng), baseline).sum() for _ in range(years)]))


def delay(rule: Rule, world: World, baseline: int, shift: float, years: int, seed: int = 1) -> tuple[float, float]:
    """Median days from a change to the first alarm after it, and the share of years that saw one within 100 days."""
    rng = np.random.default_rng(seed)
    waits = []
    for _ in range(years):
        after = rule(errors(world, baseline + 150, rng, shift, baseline + 50), baseline)[50:]
        waits.append(int(np.argmax(after)) + 1 if after.any() else 10_000)
    found = np.array(waits)
    return float(np.median(found)), float(np.mean(found <= 100))


def table(years: int = 100, baseline: int = 60) -> Iterator[str]:
    """The comparison, in Markdown."""
    yield "| rule | world | false alarms a year | " + " | ".join(f"{s:g} σ" for s in SHIFTS) + " |"
    yield "|---|---|---:|" + "---:|" * len(SHIFTS)
    for world in WORLDS:
        for name, rule in RULES.items():
            waits = [delay(rule, world, baseline, shift, years) for shift in SHIFTS]
            told = " | ".join(f"{w:,.0f}" if w < 10_000 else "–" for w, _ in waits)
            yield f"| {name} | {world.name} | {false_alarms(rule, world, baseline, years):.1f} | {told} |"


if __name__ == "__main__":
    print("\n".join(table()))
