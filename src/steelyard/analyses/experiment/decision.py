"""What to do: ship, don't ship, keep running, or mend the experiment first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from steelyard.analyses.experiment.arms import Arms
from steelyard.analyses.experiment.metric import Metric
from steelyard.analyses.experiment.setup import Setup
from steelyard.analyses.experiment.verdicts import OUT_OF_REACH, change_of, margin_of
from steelyard.analyses.words import listed, number, rows
from steelyard.records import Estimate, Verdict
from steelyard.records.experiment import ArmEffect, Decision, IntegrityCheck


@dataclass(frozen=True)
class _Standing:
    """One arm: the primary effects and the guardrails."""

    arm: str
    primary: tuple[ArmEffect, ...]
    guardrails: tuple[ArmEffect, ...]

    @property
    def harms(self) -> tuple[ArmEffect, ...]:
        return tuple(e for e in (*self.guardrails, *self.primary) if e.verdict is Verdict.FAIL)

    @property
    def gains(self) -> tuple[ArmEffect, ...]:
        return tuple(e for e in self.primary if e.verdict is Verdict.PASS)

    @property
    def unsettled(self) -> tuple[ArmEffect, ...]:
        return tuple(e for e in self.guardrails if e.verdict is Verdict.INCONCLUSIVE)

    @property
    def ships(self) -> bool:
        gained = bool(self.gains) or (not self.primary and bool(self.guardrails))
        return gained and not self.harms and not self.unsettled


def decide(
    setup: Setup,
    arms: Arms,
    checks: Sequence[IntegrityCheck],
    effects: Sequence[ArmEffect],
    days: float | None = None,
) -> Decision:
    """The decision over all arms, by rule: every guardrail kept, one primary metric better and none worse.

    Args:
        setup: the experiment.
        arms: its arms.
        checks: what was found of its integrity; one failure makes it invalid.
        effects: of every arm on every metric.
        days: how long units have come in; None where that is not known.
    """
    failed = [c for c in checks if c.verdict is Verdict.FAIL]
    if failed:
        reasons = tuple(c.sentence for c in failed)
        more = f" {rows(len(failed) - 1, 'further check')} failed too." if len(failed) > 1 else ""
        said = f"Not valid: no number of this experiment should be believed. {failed[0].sentence}{more}"
        return Decision("not valid", Verdict.FAIL, said, reasons=reasons)
    standings = [_standing(setup, arm, effects) for arm in arms.treated]
    shipping = [s for s in standings if s.ships]
    if shipping:
        return _ship(setup, max(shipping, key=lambda s: _size(setup, s)), len(shipping))
    open_ = [s for s in standings if not s.harms]
    if not open_:
        return _harm(setup, standings)
    best = max(open_, key=lambda s: _evidence(setup, s))
    if setup.looks.finished(float(arms.units)) and not best.gains:
        return _not_shown(setup, best, arms)
    return _go_on(setup, best, arms, days)


def _standing(setup: Setup, arm: str, effects: Sequence[ArmEffect]) -> _Standing:
    roles = {m.name: m.role for m in setup.metrics}
    own = [e for e in effects if e.arm == arm]
    return _Standing(
        arm,
        tuple(e for e in own if roles[e.metric] == "primary"),
        tuple(e for e in own if roles[e.metric] == "guardrail"),
    )


def _metric(setup: Setup, effect: ArmEffect) -> Metric:
    return next(m for m in setup.metrics if m.name == effect.metric)


def _size(setup: Setup, standing: _Standing) -> float:
    """How much better the first primary metric is, in its own direction."""
    for effect in standing.primary:
        if isinstance(effect.difference, Estimate):
            sign = 1.0 if _metric(setup, effect).better == "higher" else -1.0
            return sign * effect.difference.value
    return float("-inf")


def _evidence(setup: Setup, standing: _Standing) -> float:
    """How sure it is that the first primary metric is better; the largest effect of many is often the wildest."""
    for effect in standing.primary:
        if effect.p is not None:
            return (1.0 - effect.p) * (1.0 if _size(setup, standing) > 0 else -1.0)
    return float("-inf")


def _ship(setup: Setup, standing: _Standing, several: int) -> Decision:
    told = [f"{e.metric} {change_of(_metric(setup, e), e)}" for e in standing.gains]
    gains = listed([*told, *([_kept(setup, standing)] if standing.guardrails else [])])
    others = f" {rows(several - 1, 'other arm')} would pass too; this one gains most." if several > 1 else ""
    worth = _worth(setup, standing)
    money = "" if worth is None else f" That is worth {_money(worth)} a unit."
    return Decision(
        "ship",
        Verdict.PASS,
        f"Ship {standing.arm}: {gains}.{money}{others}",
        standing.arm,
        tuple(e.sentence for e in (*standing.primary, *standing.guardrails)),
        worth=worth,
    )


def _kept(setup: Setup, standing: _Standing) -> str:
    told = []
    for effect in standing.guardrails:
        margin = margin_of(_metric(setup, effect))
        told.append(
            f"{effect.metric} within its margin of {margin}" if margin else f"no harm found to {effect.metric}"
        )
    return listed(told)


def _harm(setup: Setup, standings: Sequence[_Standing]) -> Decision:
    worst = standings[0]
    harm = worst.harms[0]
    metric = _metric(setup, harm)
    beyond = f", worse by more than its margin of {margin_of(metric)}" if margin_of(metric) else ", worse"
    who = (
        f"Don't ship {worst.arm}"
        if len(standings) == 1
        else f"Don't ship any of {rows(len(standings), 'arm')}: {worst.arm}"
    )
    joint = ":" if len(standings) == 1 else " has"
    return Decision(
        "don't ship",
        Verdict.FAIL,
        f"{who}{joint} {harm.metric} {change_of(metric, harm)}{beyond}.",
        worst.arm if len(standings) == 1 else "",
        tuple(e.sentence for s in standings for e in s.harms)[:10],
        worth=_worth(setup, worst),
    )


def _not_shown(setup: Setup, best: _Standing, arms: Arms) -> Decision:
    told = listed([_named(setup, e) for e in best.primary]) or "no primary metric"
    return Decision(
        "don't ship",
        Verdict.FAIL,
        f"Don't ship: the planned {setup.looks.planned:,.0f} units are there, and no gain is shown ({told}). How "
        "many "
        "would show a smaller one, its design tells.",
        best.arm,
        tuple(e.sentence for e in (*best.primary, *best.guardrails)),
        worth=_worth(setup, best),
    )


def _go_on(setup: Setup, best: _Standing, arms: Arms, days: float | None) -> Decision:
    open_ = best.unsettled if best.gains else best.primary
    wanted = [e.rows_needed for e in open_ if e.rows_needed is not None]
    told = listed([_named(setup, e) for e in open_]) or "no primary metric was given"
    pair = sum(a.units for a in arms.all if a.control or a.name == best.arm)
    more = (max(wanted) if best.gains else min(wanted)) - pair if wanted else None
    scale = arms.units / pair if pair else 1.0
    needed = None if more is None or more <= 0 or more > OUT_OF_REACH * pair else round(more * scale)
    waiting = None if needed is None or not days else needed / (arms.units / days)
    why = "a guardrail is not settled" if best.gains else "nothing is shown yet"
    said = f"Keep running: {why} ({told})."
    if needed is not None:
        span = "" if waiting is None else f", {_days(waiting)} at the traffic so far"
        said += f" If it stayed there, about {rows(needed, 'more unit')}{span} would show it."
    elif wanted:
        said += (
            f" At the effect seen it would take more than {OUT_OF_REACH:.0f} times as many units: stop, unless so "
            "small "
            "an effect matters."
        )
    caution = (
        (
            "This is the analysis for one look at the end. Looking again when there are more units raises the "
            "chance of "
            'a false alarm; say looks="any", or plan the looks, before you go on.',
        )
        if setup.looks.mode == "fixed"
        else ()
    )
    return Decision(
        "keep running",
        Verdict.INCONCLUSIVE,
        said,
        best.arm,
        (*(e.sentence for e in (*best.primary, *best.guardrails)), *caution),
        needed,
        waiting,
        _worth(setup, best),
    )


def _named(setup: Setup, effect: ArmEffect) -> str:
    change = change_of(_metric(setup, effect), effect)
    if isinstance(effect.difference, Estimate):
        return f"{effect.metric} {change} in {effect.arm}"
    return f"{effect.metric} cannot be compared: {change}"


def _worth(setup: Setup, standing: _Standing) -> Estimate | None:
    """Money a unit, of all primary metrics that say what they are worth; of one metric with its interval."""
    for effect in standing.primary:
        worth = _metric(setup, effect).worth
        if worth is not None and isinstance(effect.difference, Estimate):
            d = effect.difference
            ends = sorted((d.low * worth, d.high * worth))
            se = None if d.se is None else abs(worth) * d.se
            return replace(d, value=d.value * worth, low=ends[0], high=ends[1], se=se)
    return None


def _money(worth: Estimate) -> str:
    half = (worth.high - worth.low) / 2.0
    return f"{number(worth.value, half, True)} ({number(worth.low, half, True)} to {number(worth.high, half, True)})"


def _days(days: float) -> str:
    whole = max(round(days), 1)
    return f"{whole:,} {'day' if whole == 1 else 'days'}"
