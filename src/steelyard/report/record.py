"""Results as plain values and as JSON, by the schemas in `schema/`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from steelyard.evaluation.evaluation import Evaluation
from steelyard.evaluation.result import Result
from steelyard.records import (
    Attribution,
    CheckResult,
    ColumnSummary,
    Curve,
    Drift,
    Finding,
    Part,
    Reading,
    Segment,
    Series,
)
from steelyard.report.plain import outcome, plain

SCHEMA = "steelyard.evaluation"
SCHEMA_VERSION = 1
_DATA_ORDER = ("current", "reference", "champion", "gain", "estimated", "ppi", "backtest", "realised", "difference")


def to_json(result: Result) -> str:
    """Return a result as strictly valid JSON, the same text for the same result."""
    return json.dumps(to_dict(result), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def to_dict(result: Result) -> dict[str, Any]:
    """Return a result as plain dicts, lists, strings, numbers, booleans and None."""
    if isinstance(result, Evaluation):
        return _evaluation(result)
    verdict = result.verdict
    head = {
        "schema": f"steelyard.{result.kind}",
        "schema_version": SCHEMA_VERSION,
        "verdict": verdict.value if verdict else None,
    }
    told: dict[str, Any] = plain(result)
    return head | told


def _evaluation(evaluation: Evaluation) -> dict[str, Any]:
    readings = ordered(evaluation.readings)
    verdict = evaluation.verdict
    return {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "subject": plain(evaluation.subject),
        "task": evaluation.task,
        "created": evaluation.created,
        "verdict": verdict.value if verdict else None,
        "rows": plain(evaluation.rows),
        "headline": plain(evaluation.headline),
        "answers": [plain(asdict(a)) for a in evaluation.answers],
        "findings": [_finding(f) for f in evaluation.findings],
        "checks": [_check(c) for c in evaluation.checks],
        "estimates": [_reading(r) | {"data": r.data} for r in readings if r.data != "difference"],
        "differences": [_reading(r) for r in readings if r.data == "difference"],
        "drifts": [_drift(d) for d in evaluation.drifts],
        "segments": [_segment(s) for s in evaluation.segments],
        "series": [_series(s) for s in evaluation.series],
        "attributions": [_attribution(a) for a in evaluation.attributions],
        "fairness": plain(evaluation.fairness),
        "money": plain(evaluation.money),
        "uncertainty": plain(evaluation.uncertainty),
        "curves": [_curve(c) for c in evaluation.curves],
        "columns": [_column(c) for c in evaluation.columns],
        "roles": plain(evaluation.roles),
        "guesses": plain(evaluation.guesses),
        "warnings": plain(evaluation.warnings),
        "notes": plain(evaluation.notes),
        "level": evaluation.level,
        "seed": evaluation.seed,
        "digest": plain(evaluation.digest),
        "versions": plain(evaluation.versions),
        "settings": plain(evaluation.settings),
    }


def ordered(readings: Iterable[Reading]) -> list[Reading]:
    """Sort by metric as first met, then data set, then slice: all rows first."""
    readings = list(readings)
    metrics = {name: i for i, name in enumerate(dict.fromkeys(r.metric for r in readings))}
    data = {name: i for i, name in enumerate(_DATA_ORDER)}
    return sorted(readings, key=lambda r: (metrics[r.metric], data.get(r.data, len(data)), r.slice))


def _reading(reading: Reading) -> dict[str, Any]:
    return {
        "metric": plain(reading.metric),
        "slice": plain(reading.slice.as_dict()),
        **outcome(reading.outcome),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    entry = {
        "id": finding.id,
        "kind": finding.kind,
        "severity": finding.severity,
        "subject": finding.subject,
        "sentence": finding.sentence,
        "detail": finding.detail,
        "recommendation": str(finding.recommendation),
        "verified": finding.recommendation.verified,
        "slice": finding.slice.as_dict(),
        "impact": finding.impact,
        "part_of": finding.part_of,
        "standing": finding.standing,
    }
    estimate = {"estimate": outcome(finding.estimate)} if finding.estimate else {}
    return {**plain(entry), **estimate}


def _drift(drift: Drift) -> dict[str, Any]:
    entry = {
        "column": drift.column,
        "what": drift.what,
        "verdict": drift.verdict,
        "tolerance": drift.tolerance,
        "measures": drift.measures,
        "p": drift.p,
        "q": drift.q,
        "test": drift.test,
        "reliance": drift.reliance,
        "sentence": drift.sentence,
    }
    effect = {"effect": outcome(drift.effect)} if drift.effect else {}
    return {**plain(entry), "distance": outcome(drift.distance), **effect}


def _segment(segment: Segment) -> dict[str, Any]:
    entry = {
        "slice": segment.where.as_dict(),
        "rule": segment.rule,
        "rows": segment.rows,
        "share": segment.share,
        "of_errors": segment.of_errors,
        "avoidable": segment.avoidable,
        "p": segment.p,
        "q": segment.q,
    }
    then = {"then": outcome(segment.then)} if segment.then else {}
    estimates = {name: outcome(getattr(segment, name)) for name in ("loss", "rest", "excess")}
    return {**plain(entry), **estimates, **then}


def _series(series: Series) -> dict[str, Any]:
    points = [
        {
            "start": plain(point.start),
            "end": plain(point.end),
            "data": point.data,
            "outcome": outcome(point.outcome),
            "statistic": plain(point.statistic),
            "alarm": point.alarm,
        }
        for point in series.points
    ]
    entry = {
        "subject": series.subject,
        "kind": series.kind,
        "centre": series.centre,
        "limits": series.limits,
        "between": series.between,
        "baseline": series.baseline,
        "budget": series.budget,
        "changes": [asdict(change) for change in series.changes],
        "method": series.method,
    }
    return {**plain(entry), "points": points}


def _attribution(attribution: Attribution) -> dict[str, Any]:
    entry = {
        "metric": attribution.metric,
        "since": attribution.since,
        "events": [asdict(event) for event in attribution.events],
        "method": attribution.method,
        "sentence": attribution.sentence,
    }
    estimates = {name: outcome(getattr(attribution, name)) for name in ("change", "then", "now")}
    parts = {name: [_part(part) for part in getattr(attribution, name)] for name in ("parts", "details")}
    return {**plain(entry), **estimates, **parts}


def _part(part: Part) -> dict[str, Any]:
    entry = {
        "mechanism": part.mechanism,
        "subject": part.subject,
        "slice": part.where.as_dict(),
        "share": part.share,
        "sentence": part.sentence,
    }
    return {**plain(entry), "effect": outcome(part.effect)}


def _check(check: CheckResult) -> dict[str, Any]:
    entry = {
        "metric": check.metric,
        "slice": check.slice.as_dict(),
        "bound": check.bound,
        "verdict": check.verdict,
        "sentence": check.sentence,
        "rows_needed": check.rows_needed,
        "name": check.name,
        "min": check.low,
        "max": check.high,
        "relative_to": check.relative_to,
        "across": check.across,
        "p": check.p,
        "p_adjusted": check.p_adjusted,
        "next": check.next,
        "notes": check.notes,
    }
    return {**plain(entry), **outcome(check.outcome)}


def _curve(curve: Curve) -> dict[str, Any]:
    return {
        "kind": plain(curve.kind),
        "data": curve.data,
        "subject": plain(curve.subject),
        "columns": plain(curve.columns),
        "notes": plain(curve.notes),
    }


def _column(column: ColumnSummary) -> dict[str, Any]:
    return {
        "name": plain(column.name),
        "kind": column.kind,
        "role": plain(column.role),
        "data": column.data,
        "rows": plain(column.rows),
        "missing": plain(column.missing),
        "infinite": plain(column.infinite),
        "distinct": plain(column.distinct),
        "mean": plain(column.mean),
        "sd": plain(column.sd),
        "low": plain(column.low),
        "high": plain(column.high),
        "quantiles": [[plain(share), plain(value)] for share, value in sorted(column.quantiles.items())],
        "histogram": plain(column.histogram),
        "top": plain(column.top),
    }
