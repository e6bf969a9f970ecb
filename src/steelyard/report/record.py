"""The evaluation as plain values and as JSON, by the schema in `schema/evaluation-v1.json`.

JSON has no infinity and no NaN. An end of an interval that is unbounded is `null`; so is a point of a
curve that is infinite or missing (the first threshold of a ROC curve is +∞: nothing is flagged). An
estimate whose value is not finite becomes an `undefined` one. A setting that is not finite is `null`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict
from enum import Enum
from typing import Any

from steelyard.evaluation.evaluation import Evaluation
from steelyard.records import (
    Attribution,
    CheckResult,
    ColumnSummary,
    Curve,
    Drift,
    Estimate,
    Finding,
    Outcome,
    Part,
    Reading,
    Segment,
    Series,
)

SCHEMA = "steelyard.evaluation"
SCHEMA_VERSION = 1
_DATA_ORDER = ("current", "reference", "estimated", "ppi", "backtest", "realised", "difference")


def to_json(evaluation: Evaluation) -> str:
    """Return the evaluation as strictly valid JSON, the same text for the same evaluation."""
    return json.dumps(to_dict(evaluation), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def to_dict(evaluation: Evaluation) -> dict[str, Any]:
    """Return the evaluation as plain dicts, lists, strings, numbers, booleans and None."""
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


def plain(value: object) -> Any:
    """Turn a value into what JSON can hold: sets sorted, numbers finite, anything unknown as its text."""
    if type(value) is tuple or type(value) is list:  # the common case, first
        return [plain(v) for v in value]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(plain(str(k))): plain(v) for k, v in value.items()}
    if isinstance(value, AbstractSet):
        return [plain(v) for v in sorted(value, key=str)]
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [plain(v) for v in value]
    if hasattr(value, "tolist"):  # a NumPy scalar or array
        return plain(value.tolist())
    return plain(str(value))


def _outcome(outcome: Outcome) -> dict[str, Any]:
    if not isinstance(outcome, Estimate):
        return {"undefined": plain(outcome.reason)}
    if not math.isfinite(outcome.value):
        return {"undefined": "the value is not a finite number"}
    entry = {
        "value": plain(outcome.value),
        "low": plain(outcome.low),
        "high": plain(outcome.high),
        "level": outcome.level,
        "n": plain(outcome.n),
        "method": plain(outcome.method),
    }
    optional = {
        "effective_n": plain(outcome.effective_n),
        "se": plain(outcome.se),
        "discretisation": plain(outcome.discretisation) or None,
        "note": plain(outcome.note) or None,
    }
    return entry | {name: value for name, value in optional.items() if value is not None}


def _reading(reading: Reading) -> dict[str, Any]:
    return {
        "metric": plain(reading.metric),
        "slice": plain(reading.slice.as_dict()),
        **_outcome(reading.outcome),
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
    estimate = {"estimate": _outcome(finding.estimate)} if finding.estimate else {}
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
    effect = {"effect": _outcome(drift.effect)} if drift.effect else {}
    return {**plain(entry), "distance": _outcome(drift.distance), **effect}


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
    then = {"then": _outcome(segment.then)} if segment.then else {}
    estimates = {name: _outcome(getattr(segment, name)) for name in ("loss", "rest", "excess")}
    return {**plain(entry), **estimates, **then}


def _series(series: Series) -> dict[str, Any]:
    points = [
        {
            "start": plain(point.start),
            "end": plain(point.end),
            "data": point.data,
            "outcome": _outcome(point.outcome),
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
    estimates = {name: _outcome(getattr(attribution, name)) for name in ("change", "then", "now")}
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
    return {**plain(entry), "effect": _outcome(part.effect)}


def _check(check: CheckResult) -> dict[str, Any]:
    entry = {
        "metric": check.metric,
        "slice": check.slice.as_dict(),
        "bound": check.bound,
        "verdict": check.verdict,
        "sentence": check.sentence,
        "rows_needed": check.rows_needed,
    }
    return {**plain(entry), **_outcome(check.outcome)}


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
