"""The questions that everyone asks of an experiment first."""

from __future__ import annotations

from collections.abc import Sequence

from steelyard.analyses.experiment.arms import Arms
from steelyard.analyses.experiment.heterogeneity import DISCOVERY
from steelyard.analyses.experiment.setup import Setup
from steelyard.analyses.experiment.verdicts import change_of
from steelyard.analyses.words import listed, rows
from steelyard.records import Answer, Estimate, Verdict
from steelyard.records.experiment import ArmEffect, Decision, Heterogeneity, IntegrityCheck

MOST = 3


def answers_of(
    setup: Setup,
    arms: Arms,
    checks: Sequence[IntegrityCheck],
    effects: Sequence[ArmEffect],
    slices: Sequence[Heterogeneity],
    decision: Decision,
) -> tuple[Answer, ...]:
    """Can it be trusted? Did it work? How much? For whom? What next?"""
    return (
        Answer("Can it be trusted?", _trust(checks)),
        Answer("Did it work?", _worked(setup, effects, checks)),
        Answer("How much?", _size(setup, effects)),
        Answer("For whom?", _whom(setup, slices)),
        Answer("What next?", _next(decision)),
    )


def _trust(checks: Sequence[IntegrityCheck]) -> str:
    failed = [c for c in checks if c.verdict is Verdict.FAIL]
    noted = [c for c in checks if c.verdict is Verdict.INCONCLUSIVE]
    if failed:
        return f"No: {failed[0].sentence}"
    if noted:
        more = f" {rows(len(noted) - 1, 'further thing')} to know below." if len(noted) > 1 else ""
        return f"Nothing speaks against it, but: {noted[0].sentence}{more}"
    return f"Yes: {rows(len(checks), 'check')} of its integrity passed."


def _worked(setup: Setup, effects: Sequence[ArmEffect], checks: Sequence[IntegrityCheck]) -> str:
    if any(c.verdict is Verdict.FAIL for c in checks):
        return "That cannot be told from an experiment that is not valid."
    primary = _primary(setup, effects)
    by = {verdict: [e for e in primary if e.verdict is verdict] for verdict in Verdict}
    told = []
    if by[Verdict.PASS]:
        told.append(f"better: {_named(by[Verdict.PASS])}")
    if by[Verdict.FAIL]:
        told.append(f"worse: {_named(by[Verdict.FAIL])}")
    if by[Verdict.INCONCLUSIVE]:
        told.append(f"no difference shown: {_named(by[Verdict.INCONCLUSIVE])}")
    if not told:
        return "There is no primary metric to tell it by."
    start = "Yes" if by[Verdict.PASS] and not by[Verdict.FAIL] else "No" if by[Verdict.FAIL] else "It is not shown"
    return f"{start}; {'; '.join(told)}."


def _size(setup: Setup, effects: Sequence[ArmEffect]) -> str:
    metrics = {m.name: m for m in setup.metrics}
    known = [e for e in _primary(setup, effects) if isinstance(e.difference, Estimate)]
    ordered = sorted(known, key=lambda e: e.p if e.p is not None else 1.0)
    told = [f"{e.metric} in {e.arm} {change_of(metrics[e.metric], e)}" for e in ordered[:MOST]]
    if not told:
        return "No primary effect has a value."
    more = f"; {rows(len(ordered) - MOST, 'further effect')} below" if len(ordered) > MOST else ""
    return f"{'; '.join(told)}{more}."


def _whom(setup: Setup, slices: Sequence[Heterogeneity]) -> str:
    if not setup.slices:
        return "No column to tell it by was named: slices=…, or --slice."
    apart = [h for h in slices if h.adjusted_p is not None and h.adjusted_p < DISCOVERY]
    if apart:
        return " ".join(h.sentence for h in sorted(apart, key=lambda h: h.adjusted_p or 0.0)[:MOST])
    columns = dict.fromkeys(" and ".join(h.columns) for h in slices)
    return (
        f"Nothing shows that effects differ by {listed(list(columns), 6)}."
        if columns
        else "There were no slices to tell."
    )


def _next(decision: Decision) -> str:
    if decision.word == "not valid":
        return "Find and mend what makes it invalid, then run it again; do not mend the numbers."
    return decision.sentence


def _primary(setup: Setup, effects: Sequence[ArmEffect]) -> list[ArmEffect]:
    names = {m.name for m in setup.primary}
    return [e for e in effects if e.metric in names]


def _named(effects: Sequence[ArmEffect]) -> str:
    return listed([f"{e.metric} in {e.arm}" for e in effects])
