"""Hand-built evaluations with realistic numbers; run as a script to write their reports."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from steelyard.evaluation.evaluation import Evaluation
from steelyard.records import (
    Answer,
    Attribution,
    Change,
    CheckResult,
    ColumnSummary,
    Curve,
    Drift,
    Estimate,
    Event,
    Finding,
    Part,
    Point,
    Reading,
    Recommendation,
    Segment,
    Series,
    Severity,
    Slice,
    Undefined,
    Verdict,
)

CREATED = "2026-09-21T14:03:22+00:00"
VERSIONS = {"steelyard": "0.1.0", "python": "3.12.4", "polars": "1.35.1", "numpy": "2.3.1", "scipy": "1.16.0"}


def estimate(value: float, half: float, n: int, method: str = "delta") -> Estimate:
    return Estimate(value, value - half, value + half, 0.95, n, method, effective_n=float(n), se=half / 1.96)


def scored(n: int, seed: int = 7) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    risk = rng.normal(-1.6, 1.5, n)
    score = 1 / (1 + np.exp(-1.35 * risk))
    return (rng.random(n) < 1 / (1 + np.exp(-risk))).astype(float), score


def floats(values: Sequence[float] | np.ndarray) -> list[float]:
    return [float(v) for v in values]


def score_curves(y: np.ndarray, score: np.ndarray, data: str = "current", subject: str = "") -> Iterator[Curve]:
    order = np.argsort(-score)
    y, score = y[order], score[order]
    at = np.unique(np.linspace(0, len(y) - 1, 300).astype(int))
    hits, misses = np.cumsum(y), np.cumsum(1 - y)
    tp, fp = hits[at], misses[at]
    positives, negatives = hits[-1], misses[-1]
    fn, tn = positives - tp, negatives - fp
    precision, recall = tp / (tp + fp), tp / positives
    share = (at + 1) / len(y)

    def curve(kind: str, **columns: Sequence[float] | np.ndarray) -> Curve:
        return Curve(kind, {k: floats(v) for k, v in columns.items()}, data, subject, {"threshold": "0.5"})

    yield curve("roc", fpr=[0, *(fp / negatives)], tpr=[0, *recall], threshold=[np.inf, *score[at]])
    yield curve("precision_recall", recall=recall, precision=precision, threshold=score[at])
    groups = np.array_split(np.arange(len(y))[::-1], 15)
    observed = np.array([y[g].mean() for g in groups])
    size = np.array([len(g) for g in groups])
    half = 1.96 * np.sqrt(observed * (1 - observed) / size)
    predicted = np.array([score[g].mean() for g in groups])
    yield curve(
        "calibration",
        predicted=predicted,
        observed=observed,
        low=observed - half,
        high=observed + half,
        n=size,
    )
    yield curve("calibration_smooth", predicted=predicted, observed=np.maximum.accumulate(observed))
    edges = np.linspace(0, 1, 41)
    yield curve(
        "score_histogram",
        left=edges[:-1],
        right=edges[1:],
        positives=np.histogram(score[y == 1], edges)[0],
        negatives=np.histogram(score[y == 0], edges)[0],
    )
    yield curve(
        "threshold",
        threshold=score[at],
        precision=precision,
        recall=recall,
        f1=2 * tp / (2 * tp + fp + fn),
        specificity=tn / negatives,
        flagged=share,
        accuracy=(tp + tn) / len(y),
    )
    yield curve("gain", share=share, captured=recall, lift=recall / share)


def slice_readings(
    metrics: dict[str, tuple[float, float]], columns: dict[str, list[str]], rows: int
) -> Iterator[Reading]:
    rng = np.random.default_rng(3)
    for column, values in columns.items():
        sizes = rng.dirichlet(np.full(len(values), 2.0)) * rows
        for value, size in zip(values, sizes, strict=True):
            for metric, (overall, half) in metrics.items():
                spread = half * np.sqrt(rows / max(size, 1))
                at = overall + rng.normal(0, half * 3) - (half * 9 if value in ("80+", "F") else 0)
                yield Reading(metric, estimate(at, spread, int(size)), Slice.of({column: value}))


BINARY = {
    "roc_auc": (0.8123, 0.0061, "logit_delong"),
    "average_precision": (0.5871, 0.0112, "delta"),
    "accuracy": (0.8422, 0.0035, "wilson"),
    "precision": (0.6710, 0.0128, "wilson"),
    "recall": (0.4875, 0.0117, "wilson"),
    "f1": (0.5647, 0.0104, "wilson_jaccard"),
    "specificity": (0.9384, 0.0026, "wilson"),
    "balanced_accuracy": (0.7130, 0.0060, "newcombe"),
    "mcc": (0.4789, 0.0115, "fisher_z"),
    "log_loss": (0.3651, 0.0048, "delta"),
    "brier": (0.1154, 0.0019, "delta"),
    "calibration_error": (0.0312, 0.0040, "delta"),
    "prevalence": (0.2046, 0.0039, "wilson"),
    "positive_rate": (0.1487, 0.0034, "wilson"),
}


def binary(reference: bool = True) -> Evaluation:
    rows = 41_230
    readings = [Reading(name, estimate(v, h, rows, method)) for name, (v, h, method) in BINARY.items()]
    if reference:
        for name, (v, h, method) in BINARY.items():
            was = v + (0.031 if name in ("roc_auc", "average_precision", "recall", "f1") else 0.004)
            readings.append(Reading(name, estimate(was, h * 0.7, 90_000, method), data="reference"))
            readings.append(Reading(name, estimate(v - was, h * 1.2, rows, "mover"), data="difference"))
    columns = {
        "sex": ["F", "M"],
        "age_group": ["0–39", "40–59", "60–79", "80+"],
        "site": [f"site {c}" for c in "ABCDEFGH"],
    }
    sliced = {
        name: (v, h)
        for name, (v, h, _) in BINARY.items()
        if name in ("roc_auc", "recall", "precision", "f1", "brier")
    }
    readings += slice_readings(sliced, columns, rows)
    small = Slice.of({"site": "site I"})
    readings.append(Reading("roc_auc", Undefined("there is no positive among 12 rows"), small))
    readings.append(
        Reading("partial_auc", Undefined("it needs at least 20 positives below a false positive rate of 0.1"))
    )
    old = Slice.of({"age_group": "80+"})
    findings = (
        Finding(
            "fall:roc_auc",
            "fall",
            Severity.HIGH,
            "roc_auc",
            "The model ranks patients worse than on the training data: ROC AUC fell from 0.843 to 0.812.",
            Recommendation(
                "Retrain on the last six months.", "Expected to win back about two thirds of the fall.", True
            ),
            "Difference −0.031 (−0.038 to −0.024), MOVER on logit-DeLong intervals; p < 0.0001.",
            estimate=estimate(-0.031, 0.0071, rows),
            impact=0.18,
        ),
        Finding(
            "weak-slice:age_group=80+",
            "weak-slice",
            Severity.HIGH,
            "age_group = 80+",
            "Patients of 80 and over get the worst answers: 14 % of the rows, 27 % of the errors.",
            Recommendation(
                "Collect 2,000 more labels of patients of 80 and over, and use a threshold of their own.",
                "A threshold of 0.41 would raise recall from 0.35 to 0.48.",
            ),
            "recall 0.347 (0.318 to 0.377) against 0.488 overall; q = 0.0002.",
            old,
            estimate(0.347, 0.03, 5_790),
            0.27,
        ),
        Finding(
            "calibration:overconfident",
            "calibration",
            Severity.MEDIUM,
            "score",
            "High scores promise too much: of rows scored around 0.9, only 0.81 were positive.",
            Recommendation(
                "Recalibrate with isotonic regression.",
                "Debiased calibration error 0.031 → 0.006 on held-out data.",
                True,
            ),
            "Kuiper statistic 0.042, p < 0.0001.",
            estimate=estimate(0.0312, 0.004, rows),
            impact=0.06,
        ),
        Finding(
            "threshold:recall",
            "threshold",
            Severity.LOW,
            "threshold",
            "At the threshold of 0.5 the model misses half of the positives.",
            Recommendation("Decide what a missed positive costs, then choose the threshold on the threshold chart."),
        ),
        Finding(
            "quality:lab_result",
            "quality",
            Severity.INFO,
            "lab_result",
            "lab_result is missing in 31 % of the rows.",
            Recommendation("Ask site C why it stopped sending lab results in March."),
        ),
    )
    checks = (
        CheckResult(
            "roc_auc",
            "≥ 0.80",
            Verdict.PASS,
            "ROC AUC is 0.812, all of its interval above 0.80.",
            estimate(*BINARY["roc_auc"][:2], rows),
        ),
        CheckResult(
            "recall",
            "≥ 0.60",
            Verdict.FAIL,
            "Recall is 0.488 (0.476 to 0.499); it had to be at least 0.60.",
            estimate(*BINARY["recall"][:2], rows),
        ),
        CheckResult(
            "recall",
            "≥ 0.35",
            Verdict.INCONCLUSIVE,
            "Recall of age_group = 80+ is 0.347 (0.318 to 0.377), on both sides of 0.35.",
            estimate(0.347, 0.03, 5_790),
            old,
            212_000,
        ),
        CheckResult(
            "partial_auc",
            "≥ 0.5",
            Verdict.INCONCLUSIVE,
            "partial_auc is undefined: too few positives.",
            Undefined("too few positives"),
        ),
    )
    y, score = scored(20_000)
    curves = list(score_curves(y, score))
    if reference:
        y0, score0 = scored(20_000, 8)
        curves += [c for c in score_curves(y0, np.clip(score0 * 0.92, 0, 1), "reference") if c.kind != "threshold"]
    curves.append(
        Curve(
            "confusion",
            {
                "actual": ["0", "0", "1", "1"],
                "predicted": ["0", "1", "0", "1"],
                "n": [30_775.0, 2_020.0, 4_323.0, 4_112.0],
            },
        )
    )
    return Evaluation(
        subject="predictions.parquet",
        task="binary",
        roles={
            "label": "readmitted",
            "score": "p",
            "slices": ["sex", "age_group", "site"],
            "time": "discharged_at",
            "id": "encounter",
            "positive": "1",
        },
        rows={"current": rows, "reference": 90_000} if reference else {"current": rows},
        readings=tuple(readings),
        guesses=("readmitted was taken as the label, the only column named like one; set label= to change it.",),
        headline=("roc_auc", "average_precision", "recall", "precision", "brier"),
        findings=findings,
        checks=checks,
        curves=tuple(curves),
        columns=tuple(columns_of(8, rows)),
        warnings=("412 rows without a label were left out.",),
        notes=(
            "Intervals hold for rows drawn independently; no cluster column was given.",
            "Scores were counted in 1,024 logit bins; the error this makes is below 0.0001 for ROC AUC.",
            "Slices were tested together; the false discovery rate is held at 5 % (Benjamini–Hochberg).",
        ),
        digest="sha256:9f2c1f0a6c3b7b0e",
        created=CREATED,
        versions=VERSIONS,
        seed=20260921,
        settings={"threshold": 0.5, "grid": "logit-1024", "min_slice_rows": 30, "clusters": None},
    )


def columns_of(count: int, rows: int) -> Iterator[ColumnSummary]:
    rng = np.random.default_rng(5)
    sites = tuple((f"site {c}", float(rows // (i + 3))) for i, c in enumerate("ABCDEFGHIJ"))
    yield ColumnSummary(
        "readmitted", "boolean", "label", rows, 412, distinct=2, top=(("0", rows * 0.8), ("1", rows * 0.2))
    )
    yield ColumnSummary("site", "text", "slice", rows, 0, distinct=10, top=sites)
    yield ColumnSummary(
        "discharged_at", "time", "time", rows, 3, low="2026-01-01T00:00:00", high="2026-08-31T23:59:00"
    )
    for i in range(count - 3):
        counts, edges = np.histogram(rng.gamma(1 + i % 5, 10, 2_000), 30)
        bins = tuple((float(a), float(b), float(c)) for a, b, c in zip(edges[:-1], edges[1:], counts, strict=True))
        yield ColumnSummary(
            f"feature_{i:04d}",
            "number",
            "feature",
            rows,
            int(rows * 0.01 * (i % 7)),
            i % 2,
            None,
            float(10 * (1 + i % 5)),
            12.5,
            float(edges[0]),
            float(edges[-1]),
            {0.25: 5.0, 0.5: 9.8, 0.75: 20.2},
            bins,
        )


def regression() -> Evaluation:
    rng = np.random.default_rng(11)
    rows, horizons = 8_760, 14
    values = {
        "rmse": (412.7, 9.1),
        "mae": (288.4, 5.2),
        "r2": (0.871, 0.006),
        "median_absolute_error": (201.3, 4.4),
        "mape": (0.0731, 0.0014),
        "bias": (-38.2, 8.4),
        "pinball_loss": (101.2, 2.1),
    }
    residual = rng.standard_t(4, 6_000) * 280 - 38
    counts, edges = np.histogram(residual, np.linspace(-1800, 1800, 41))
    share = np.linspace(0.01, 0.99, 50)
    at = np.linspace(1_000, 9_000, 12)
    bias = (at - 5_000) / 40 - 38
    steps = np.arange(1, horizons + 1)
    mae = 180 + 18 * steps**0.8
    nominal, observed = (
        np.array([0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95]),
        np.array([0.09, 0.14, 0.29, 0.51, 0.72, 0.85, 0.905]),
    )
    curves = [
        Curve(
            "residual_histogram",
            {"left": floats(edges[:-1]), "right": floats(edges[1:]), "n": floats(counts)},
        ),
        Curve("residual_quantiles", {"share": floats(share), "value": floats(np.quantile(residual, share))}),
        Curve(
            "error_by_prediction",
            {
                "predicted": floats(at),
                "bias": floats(bias),
                "bias_low": floats(bias - 30),
                "bias_high": floats(bias + 30),
                "mae": floats(240 + at / 60),
                "n": [730.0] * 12,
            },
        ),
        Curve(
            "error_by_horizon",
            {
                "horizon": floats(steps),
                "mae": floats(mae),
                "mae_low": floats(mae - 14),
                "mae_high": floats(mae + 14),
                "rmse": floats(mae * 1.4),
                "n": [626.0] * horizons,
            },
        ),
        Curve(
            "quantile_coverage",
            {
                "nominal": floats(nominal),
                "observed": floats(observed),
                "low": floats(observed - 0.01),
                "high": floats(observed + 0.01),
                "n": [8760.0] * 7,
            },
        ),
    ]
    readings = [Reading(k, estimate(v, h, rows)) for k, (v, h) in values.items()]
    readings += slice_readings(
        {"mae": values["mae"], "bias": values["bias"]},
        {
            "region": ["North", "South", "East", "West"],
            "weekday": ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
        },
        rows,
    )
    finding = Finding(
        "bias:overall",
        "bias",
        Severity.MEDIUM,
        "bias",
        "The forecast is 38.2 MWh too low on average, and too high above 6,500 MWh.",
        Recommendation(
            "Add the lagged load of the same hour as a feature, or correct by isotonic regression.",
            "About 4 % off MAE.",
        ),
        impact=0.04,
    )
    return Evaluation(
        subject="load_forecast.csv",
        task="forecasting",
        roles={"label": "load", "prediction": "yhat", "horizon": "h"},
        rows={"current": rows},
        readings=tuple(readings),
        headline=("mae", "rmse", "r2", "bias"),
        findings=(finding,),
        checks=(
            CheckResult(
                "mae",
                "≤ 300",
                Verdict.PASS,
                "MAE is 288, all of its interval below 300.",
                estimate(288.4, 5.2, rows),
            ),
        ),
        curves=tuple(curves),
        columns=tuple(columns_of(12, rows)),
        created=CREATED,
        versions=VERSIONS,
    )


def ranking() -> Evaluation:
    rows, ks = 52_300, [1, 3, 5, 10, 20, 50]
    ndcg = np.array([0.31, 0.36, 0.39, 0.42, 0.45, 0.49])
    curve = Curve(
        "ranking_at_k",
        {
            "k": floats(ks),
            "ndcg": floats(ndcg),
            "ndcg_low": floats(ndcg - 0.012),
            "ndcg_high": floats(ndcg + 0.012),
            "precision": [0.31, 0.24, 0.19, 0.13, 0.08, 0.04],
            "recall": [0.11, 0.22, 0.30, 0.43, 0.56, 0.71],
            "hit_rate": [0.31, 0.49, 0.58, 0.69, 0.79, 0.88],
        },
    )
    values = {
        "ndcg@10": 0.42,
        "ndcg@5": 0.39,
        "mrr": 0.433,
        "map@10": 0.301,
        "precision@10": 0.13,
        "recall@10": 0.43,
        "hit_rate@10": 0.69,
        "catalogue_coverage": 0.213,
    }
    readings = [Reading(k, estimate(v, 0.012, 2_615, "queries")) for k, v in values.items()]
    return Evaluation(
        "search_log.parquet",
        "ranking",
        {"label": "clicked", "score": "score", "query": "query_id"},
        {"current": rows},
        tuple(readings),
        headline=("ndcg@10", "mrr", "recall@10"),
        curves=(curve,),
        created=CREATED,
        versions=VERSIONS,
    )


CLASSES = [
    "invoice",
    "contract",
    "letter",
    "complaint",
    "order",
    "quotation",
    "delivery note",
    "reminder",
    "application",
    "certificate",
    "newsletter",
    "other",
]


def multiclass(classes: Sequence[str] = CLASSES) -> Evaluation:
    rng = np.random.default_rng(2)
    k = len(classes)
    counts = rng.integers(0, 25, (k, k)) * (rng.random((k, k)) < 0.5) + np.diag(rng.integers(150, 900, k))
    total = int(counts.sum())
    actual = counts.sum(1)
    recall, precision = np.diag(counts) / actual, np.diag(counts) / np.maximum(counts.sum(0), 1)
    f1 = 2 * precision * recall / (precision + recall)
    per_class: dict[str, list[float | str | None]] = {"class": list(classes), "n": list(floats(actual))}
    for name, at in (("precision", precision), ("recall", recall), ("f1", f1)):
        half = 1.96 * np.sqrt(at * (1 - at) / actual)
        per_class |= {
            name: list(floats(at)),
            f"{name}_low": list(floats(at - half)),
            f"{name}_high": list(floats(np.minimum(at + half, 1))),
        }
    per_class["roc_auc"] = [None if i == 3 else 0.97 - 0.01 * i for i in range(k)]
    curves = [
        Curve(
            "confusion",
            {
                "actual": [a for a in classes for _ in classes],
                "predicted": list(classes) * k,
                "n": floats(counts.ravel()),
            },
        ),
        Curve("per_class", per_class),
        Curve(
            "top_k",
            {
                "k": [1.0, 2.0, 3.0, 5.0],
                "accuracy": [0.861, 0.924, 0.957, 0.981],
                "low": [0.853, 0.918, 0.952, 0.978],
                "high": [0.869, 0.93, 0.961, 0.984],
            },
        ),
    ]
    for i, name in enumerate(classes):
        y, score = scored(4_000, 20 + i)
        curves += [
            c for c in score_curves(y, score, subject=name) if c.kind in ("roc", "precision_recall", "calibration")
        ]
    values = {
        "accuracy": 0.861,
        "balanced_accuracy": 0.842,
        "f1_macro": 0.838,
        "f1_weighted": 0.858,
        "log_loss": 0.512,
        "cohen_kappa": 0.838,
        "top_3_accuracy": 0.957,
    }
    readings = [Reading(n, estimate(v, 0.008, total)) for n, v in values.items()]
    return Evaluation(
        "documents.csv",
        "multiclass",
        {"label": "type", "prediction": "predicted"},
        {"current": total},
        tuple(readings),
        headline=("accuracy", "f1_macro", "log_loss"),
        curves=tuple(curves),
        created=CREATED,
        versions=VERSIONS,
    )


HOSTILE = [
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "a|b`c`*d*",
    "😀 naïve 東京",
    "\u202egnp.exe",
    "\x1b[31mred\x1b[0m",
    '" onmouseover="alert(1)',
    "{{ 7*7 }} {% raw %}",
    "[bold]rich[/bold]",
    "<!-- --> ]]> &amp;",
    "x" * 5_000,
    "line\nbreak\ttab\x00nul",
    "__proto__",
    "=cmd|'/c calc'!A1",
    "javascript:alert(1)",
]


def hostile() -> Evaluation:
    base = binary()
    readings = list(base.readings)
    readings += [
        Reading("roc_auc", estimate(0.8, 0.02, 900 + i), Slice.of({text: text})) for i, text in enumerate(HOSTILE)
    ]
    readings += [Reading(text, estimate(0.5, 0.1, 10, text)) for text in HOSTILE]
    readings += [Reading("recall", Undefined(text), Slice.of({"s": text})) for text in HOSTILE]
    findings = tuple(Finding(t, t, Severity.HIGH, t, t, Recommendation(t, t), t, Slice.of({t: t})) for t in HOSTILE)
    checks = tuple(CheckResult(t, t, Verdict.FAIL, t, Undefined(t)) for t in HOSTILE)
    columns = tuple(ColumnSummary(t, t, t, 10, 1, top=tuple((u, 1.0) for u in HOSTILE)) for t in HOSTILE)
    cells = [(a, p) for a in HOSTILE for p in HOSTILE]
    curves = [
        *base.curves,
        Curve(
            "confusion",
            {"actual": [a for a, _ in cells], "predicted": [p for _, p in cells], "n": [1.0] * len(cells)},
            subject=HOSTILE[0],
        ),
    ]
    told = hostile_diagnosis()
    for text in HOSTILE:
        curves += [
            replace(c, subject=text, notes={text: text}) for c in base.curves if c.kind in ("roc", "calibration")
        ]
        curves.append(Curve(text, {text: [1.0], "s": [text]}))
    everything = {t: t for t in HOSTILE}
    return replace(
        base,
        subject=HOSTILE[0],
        roles={**everything, "nested": {"sets": {1.5, 2.5}, "inf": float("inf")}},
        readings=tuple(readings),
        findings=findings,
        checks=checks,
        columns=columns,
        curves=tuple(curves),
        guesses=tuple(HOSTILE),
        warnings=tuple(HOSTILE),
        notes=tuple(HOSTILE),
        versions=everything,
        settings=everything,
        digest=HOSTILE[1],
        headline=("roc_auc", *HOSTILE),
        **told,
    )


def hostile_diagnosis() -> dict[str, Any]:
    """Return answers, drifts, segments, series and attributions whose every text is hostile."""
    one = estimate(0.2, 0.1, 100)
    parts = tuple(Part("concept", t, replace(one, method=t), 0.1, Slice.of({t: t}), t) for t in HOSTILE)
    events = tuple(Event(t, t, t) for t in HOSTILE)
    points = tuple(Point(t, t, one if i % 2 else Undefined(t), alarm=i % 3 == 0) for i, t in enumerate(HOSTILE))
    changes = tuple(Change(t, 0.1, 0.2, 0.01) for t in HOSTILE)
    return {
        "answers": tuple(Answer(t, t, t) for t in HOSTILE),
        "drifts": tuple(
            Drift(t, "feature", one, "drifted", {t: 1.0}, 0.01, 0.02, t, 0.1, 0.5, one, t) for t in HOSTILE
        ),
        "segments": tuple(
            Segment(Slice.of({t: t}), t, 9, 0.1, one, one, one, 0.1, 0.1, 0.0, 0.0, one) for t in HOSTILE
        ),
        "series": tuple(Series(t, "drift", points, 0.1, (0.0, 0.3), 0.0, 9, t, changes, t) for t in HOSTILE[:3]),
        "attributions": (
            Attribution("roc_auc", one, one, one, parts, parts, HOSTILE[0], events, HOSTILE[1], HOSTILE[2]),
        ),
    }


def empty() -> Evaluation:
    reason = Undefined("no row has both a label and a score")
    return Evaluation(
        "nothing.csv",
        "binary",
        {},
        {"current": 0},
        (Reading("roc_auc", reason), Reading("recall", reason, Slice.of({"sex": "F"}))),
        headline=("roc_auc",),
    )


def edges() -> Evaluation:
    """Return unbounded, zero-width, huge, tiny and not finite numbers."""
    inf, nan = float("inf"), float("nan")
    made = [
        Estimate(0.5, -inf, inf, 0.95, 3, "t"),
        Estimate(0.0, 0.0, 0.0, 0.95, 1, "exact"),
        Estimate(1.0, 0.9999, 1.0, 0.95, 10**12, "wilson"),
        Estimate(1.2345e15, 1.2e15, 1.3e15, 0.95, 7, "t"),
        Estimate(3.2e-9, 1e-9, 9e-9, 0.95, 7, "t"),
        Estimate(nan, nan, nan, 0.95, 7, "t"),
        Estimate(inf, 1.0, inf, 0.95, 7, "t"),
    ]
    readings = tuple(Reading(f"m{i}", e) for i, e in enumerate(made))
    readings += tuple(Reading("m0", e, Slice.of({"g": str(i)})) for i, e in enumerate(made))
    curve = Curve("roc", {"fpr": [0.0, nan, 1.0], "tpr": [0.0, 0.5, 1.0], "threshold": [inf, 0.5, -inf]})
    column = ColumnSummary(
        "c",
        "number",
        "feature",
        3,
        3,
        0,
        0,
        nan,
        None,
        inf,
        -inf,
        {0.5: nan},
        ((0.0, 0.0, 0.0), (0.0, inf, 1.0)),
    )
    return Evaluation(
        "edges",
        "binary",
        {},
        {"current": 3},
        readings,
        headline=("m0", "m1", "m5"),
        curves=(curve, Curve("roc", {}), Curve("confusion", {"actual": [], "predicted": [], "n": []})),
        columns=(column,),
        settings={"x": nan},
        **edge_diagnosis(made),
    )


def edge_diagnosis(made: Sequence[Estimate]) -> dict[str, Any]:
    """Return what was diagnosed with numbers that are unbounded, huge, tiny or not finite."""
    inf, nan = float("inf"), float("nan")
    points = tuple(Point(f"2026-01-0{i + 1}T06:00:00+02:00", "", e, alarm=True) for i, e in enumerate(made))
    gone = tuple(Point(str(i), "", Undefined("no rows")) for i in range(3))
    return {
        "drifts": tuple(
            Drift(f"c{i}", "feature", e, "drifted", {"psi": nan}, nan, effect=e) for i, e in enumerate(made)
        ),
        "segments": tuple(Segment(Slice(), "", 0, 0.0, e, e, e, inf, nan, nan, nan, e) for e in made),
        "series": (
            Series("m0", "metric", points, nan, (-inf, inf), nan, 0, "", (Change("?", nan, inf, nan),)),
            Series("m1", "metric", points[1:2], inf, (0.0, 0.0)),
            Series("gone", "missing", gone, 0.0, (0.0, 1.0)),
            Series("nothing", "volume", ()),
        ),
        "attributions": (
            *(
                Attribution(f"m{i}", e, e, e, tuple(Part("rest", "", x, nan) for x in made))
                for i, e in enumerate(made)
            ),
            Attribution("m0", made[0], made[0], made[0], ()),
        ),
    }


def wide() -> Evaluation:
    """Return 3,000 columns and 400 slices."""
    base = binary(reference=False)
    readings = [
        Reading(m, estimate(0.8 + 0.0001 * i, 0.02, 100 + i), Slice.of({"shop": f"shop {i}"}))
        for i in range(400)
        for m in base.headline
    ]
    return replace(
        base, columns=tuple(columns_of(3_000, base.rows["current"])), readings=base.readings + tuple(readings)
    )


def windows(
    values: Sequence[float | None],
    data: str = "current",
    first: str = "2026-06-01",
    days: int = 7,
    alarms: Sequence[int] = (),
    half: float = 0.02,
) -> Iterator[Point]:
    """Yield a window for each value, undefined where it is None."""
    for i, value in enumerate(values):
        start, end = (str(date.fromisoformat(first) + timedelta(days * (i + j))) for j in (0, 1))
        outcome = Undefined("no row in this window") if value is None else estimate(value, half, 1_200)
        yield Point(start, end, outcome, data, None if data == "reference" else 1.2 * i, i in alarms)


BUDGET = "one false alarm in 500 windows over all series together; one in 8,000 windows of this one"


def followed() -> tuple[Series, ...]:
    """Return a metric that fell, the rows with days that are missing, and columns that stayed or moved."""
    rng = np.random.default_rng(17)
    calm = floats(0.845 + rng.normal(0, 0.006, 8))
    fell = floats(np.r_[0.842, 0.846, 0.84, 0.815, 0.81, 0.806, 0.811, 0.808])
    then = tuple(windows(calm, "reference", "2026-03-02"))
    now = tuple(windows(fell, alarms=(4, 5, 6, 7)))
    rows: list[float | None] = [160.0, 155.0, 0.0, 0.0, 171.0, 166.0]
    return (
        Series(
            "roc_auc",
            "metric",
            then + now,
            0.845,
            (0.82, 0.87),
            0.003,
            8,
            BUDGET,
            (Change("2026-06-22", 0.8451, 0.8102, 1e-7),),
            "Residuals from 8 windows of the reference; EWMA of weight 0.2",
        ),
        Series(
            "recall",
            "metric",
            tuple(windows([0.49, 0.48, None, None, 0.5, 0.51])),
            method="Only 0 windows of the reference: too few for limits",
        ),
        Series(
            "rows",
            "volume",
            tuple(windows(rows, days=1, alarms=(2, 3), half=20.0)),
            163.0,
            (113.0, 220.0),
            0.0,
            8,
            BUDGET,
            (Change("2026-06-03", 163.0, 2.4e-15, 1e-9), Change("2026-06-05", 2.4e-15, 168.0, 1e-9)),
            "Roots of counts",
        ),
        Series("score", "drift", tuple(windows([0.31, 0.3, 0.31])), 0.31, (0.25, 0.37), 0.0, 8, BUDGET),
        Series("Age_Group", "drift", tuple(windows([0.02, 0.0, 0.01])), 0.0, (0.0, 0.09), 0.0, 8, BUDGET),
        Series("lab_result", "missing", tuple(windows([0.02, 0.31, 0.3], alarms=(1, 2))), 0.02, (0.0, 0.05), 0.0, 8),
        Series("site", "drift", tuple(windows([None, None]))),
    )


def diagnosed() -> Evaluation:
    """Return a comparison that knows how much worse, since when, why and where."""
    base = binary()
    then, now = estimate(0.8433, 0.0043, 90_000, "logit_delong"), estimate(0.8123, 0.0061, 41_230, "logit_delong")
    old = Slice.of({"age_group": "80+"})
    parts = (
        Part(
            "concept",
            "age_group",
            estimate(-0.027, 0.006, 131_230),
            0.871,
            old,
            "rows with the same score turn out differently where age_group = 80+",
        ),
        Part("data fault", "lab_result", estimate(-0.009, 0.003, 131_230), 0.29, sentence="lab_result is missing"),
        Part(
            "mix", "", estimate(0.005, 0.002, 131_230), -0.161, sentence="there are somewhat other rows than before"
        ),
        Part("rest", "", estimate(-0.00004, 0.004, 131_230), 0.0013),
    )
    change = estimate(-0.031, 0.0071, 41_230)
    attribution = Attribution(
        "roc_auc",
        change,
        then,
        now,
        parts,
        (
            replace(parts[0], where=Slice.of({"sex": "F"})),
            replace(parts[1], effect=replace(change, low=-float("inf"))),
        ),
        "2026-06-22",
        (Event("2026-06-20", "deployment", "release 4.2"),),
        "exact Shapley values over mechanisms, by age_group",
        "ROC AUC fell from 0.843 to 0.812, mostly because rows with the same score turn out differently.",
    )
    errors = Attribution(
        "log_loss",
        estimate(-0.02, 0.006, 41_230),
        estimate(0.385, 0.004, 90_000),
        estimate(0.365, 0.005, 41_230),
        (Part("base rate", "", estimate(-0.02, 0.006, 131_230), 1.0, sentence="positives are rarer"),),
        method="kitagawa",
        sentence="Log loss got better, as positives are rarer.",
    )
    cause = replace(base.findings[0], id="cause:roc_auc", kind="cause")
    follow = [
        replace(f, id=f"follow:{i}", part_of="cause:roc_auc" if i else "follow:1", severity=severity)
        for i, (f, severity) in enumerate(
            zip(base.findings[1:] * 2, [Severity.MEDIUM] * 2 + [Severity.LOW] * 6, strict=True)
        )
    ]
    standing = replace(base.findings[1], standing=True)
    readings = [
        *base.readings,
        *(
            Reading(
                m,
                replace(estimate(BINARY[m][0] + 0.004, 0.01, 41_230), note="assuming no concept change"),
                data="estimated",
            )
            for m in ("roc_auc", "recall")
        ),
        *(
            Reading(m, estimate(BINARY[m][0] + d, 0.01, 9_000), data="backtest")
            for m, d in (("roc_auc", 0.03), ("recall", 0.0))
        ),
        Reading("brier", Undefined("no scores"), data="estimated"),
        Reading("accuracy", replace(estimate(0.84, 0.004, 41_230), note="labelled at random"), data="ppi"),
        Reading("roc_auc", estimate(0.81, 0.01, 900), Slice.of({"window": "2026-06-01"}), "backtest"),
        Reading("roc_auc", estimate(0.8, 0.01, 900), Slice.of({"window": "2026-06-01"}), "realised"),
    ]
    return replace(
        base,
        answers=(
            Answer("Is it worse?", "Yes: ROC AUC and recall got worse.", "cause:roc_auc"),
            Answer("How much?", "ROC AUC 0.843 → 0.812: −0.031 (−0.038 to −0.024)."),
            Answer("Why?", "Mostly because rows with the same score turn out differently.", "follow:3"),
            Answer("Where?", "Where age_group = 80+.", "not a finding"),
            Answer("What to do first?", "Label recent rows where age_group = 80+.", "cause:roc_auc"),
        ),
        findings=(cause, *follow, standing),
        readings=tuple(readings),
        drifts=drifts(),
        segments=segments(),
        series=followed(),
        attributions=(attribution, errors),
    )


def drifts() -> tuple[Drift, ...]:
    """Return a column of each verdict, the score, the label, and all columns together."""
    test = "window level, 8 windows of the reference"
    effect = replace(estimate(-0.012, 0.004, 131_230), note="accuracy, by the move of this column alone")
    return (
        Drift(
            "site",
            "feature",
            estimate(0.004, 0.004, 131_230),
            "stable",
            test=test,
            reliance=0.2,
            effect=replace(effect, value=-1e-6, low=-4e-4, high=4e-4),
        ),
        Drift(
            "bmi",
            "feature",
            estimate(0.11, 0.02, 131_230),
            "inconclusive",
            {"psi": 0.1},
            0.01,
            0.03,
            test,
            reliance=0.1,
        ),
        Drift(
            "age",
            "feature",
            estimate(0.41, 0.012, 131_230),
            "drifted",
            {"psi": 0.9},
            0.0,
            0.0,
            test,
            reliance=0.61,
            effect=effect,
            sentence="mean 43 to 39; more missing",
        ),
        Drift(
            "lab_result",
            "feature",
            estimate(0.63, 0.01, 131_230),
            "drifted",
            test=test,
            reliance=0.05,
            sentence="missing 2 % to 31 %",
        ),
        Drift("p", "score", estimate(0.22, 0.01, 131_230), "drifted", test=test, sentence="mean 0.31 to 0.27"),
        Drift("label", "label", estimate(0.01, 0.01, 131_230), "stable", test=test),
        Drift(
            "",
            "joint",
            replace(estimate(0.78, 0.01, 20_000), method="auc of a classifier"),
            "drifted",
            tolerance=0.55,
            sentence="age and lab_result tell them apart",
        ),
    )


def segments() -> tuple[Segment, ...]:
    """Return segments with and without a reference, one with a rule longer than a page is wide."""
    inside, rest = estimate(0.41, 0.03, 1_210), estimate(0.152, 0.004, 40_020)
    excess = estimate(0.258, 0.031, 41_230)
    first = Segment(
        Slice.of({"age": "≥ 80", "sex": "F"}),
        "age >= 80 AND sex = 'F'",
        1_210,
        0.029,
        inside,
        rest,
        excess,
        0.079,
        0.05,
        1e-9,
        1e-7,
        estimate(0.2, 0.02, 2_400),
    )
    names = ", ".join(f"'site {i}'" for i in range(60))
    second = replace(
        first, where=Slice.of({"site": "one of 60"}), rule=f"site IN ({names})", avoidable=0.02, then=None
    )
    return first, second


def diagnosed_regression() -> Evaluation:
    """Return a forecast that got better and worse, over numbered windows."""
    base = regression()
    parts = (
        Part(
            "mix",
            "region",
            estimate(31.0, 9.0, 17_000),
            1.55,
            Slice.of({"region": "North"}),
            "more rows of the North",
        ),
        Part("concept", "", estimate(-11.0, 8.0, 17_000), -0.55),
    )
    points = tuple(Point(str(i), str(i + 1), estimate(280.0 + i, 9.0, 626), alarm=i > 9) for i in range(14))
    attribution = Attribution(
        "mae", estimate(20.0, 7.5, 17_000), estimate(268.4, 5.0, 8_240), estimate(288.4, 5.2, 8_760), parts
    )
    return replace(
        base,
        rows={"current": 8_760, "reference": 8_240},
        answers=(Answer("Is it worse?", "Yes: MAE got worse."),),
        attributions=(attribution,),
        segments=(replace(segments()[0], loss=estimate(390.0, 21.0, 900), rest=estimate(277.0, 5.0, 7_860)),),
        series=(Series("mae", "metric", points, 281.0, (250.0, 290.0), 2.0, 10, BUDGET),),
    )


def long() -> Evaluation:
    """Return 1,000 drifts, 60 segments, 40 parts of one finding, and 50 series of 365 windows, one of 1,000."""
    base = binary(reference=False)
    rng = np.random.default_rng(19)
    moved = replace(drifts()[2], sentence="")
    drifted = [replace(moved, column=f"feature_{i:04d}", reliance=i / 1_000) for i in range(1_000)]
    series = [
        Series(
            f"feature_{i:04d}",
            "drift",
            tuple(windows(floats(rng.random(365)), days=1, alarms=range(i, i + 3))),
            0.5,
            (0.1, 0.9),
        )
        for i in range(50)
    ]
    metric = Series(
        "recall", "metric", tuple(windows(floats(rng.random(1_000)), days=1, alarms=(7, 501))), 0.5, (0.1, 0.9)
    )
    finding = base.findings[0]
    return replace(
        base,
        findings=(finding, *(replace(finding, id=f"part:{i}", part_of=finding.id) for i in range(40))),
        drifts=tuple(drifted),
        segments=segments() * 30,
        series=(*series, metric),
    )


ALL = {
    f.__name__: f
    for f in (
        *(binary, regression, ranking, multiclass, hostile, empty, edges, wide),
        *(diagnosed, diagnosed_regression, long),
    )
}

if __name__ == "__main__":
    from steelyard.report import write

    folder = Path(sys.argv[1])
    for name, make in ALL.items():
        for suffix in (".html", ".json", ".md"):
            write(make(), folder / f"{name}{suffix}")
            print(name, suffix, (folder / f"{name}{suffix}").stat().st_size)
