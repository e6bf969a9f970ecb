"""What does the model achieve, against an answer that needs no model?"""

from __future__ import annotations

from collections.abc import Callable

from steelyard.analyses.curves.cells import decided, scored
from steelyard.analyses.losses import MAIN, chosen
from steelyard.analyses.study import Study
from steelyard.analyses.testing import outside
from steelyard.analyses.words import half_width, number, percent, rows, shown
from steelyard.records import Estimate, Finding, Recommendation, Severity, Undefined

LOOK = Recommendation("Decide which errors cost most, and set a check on the metric that counts them.")
MORE = Recommendation("Label more rows before it is judged: the interval reaches from guessing to a good model.")
IMPACT = 1.0
ROOM = 0.2
"""An interval that holds chance and reaches further than this share of the way to perfection leaves it open."""


def skill(estimate: Estimate, chance: float) -> bool | None:
    """Whether a metric whose best is 1 shows skill; None where the rows cannot tell."""
    if estimate.low > chance:
        return True
    return None if estimate.high > chance + ROOM * (1 - chance) else False


def against(skilled: bool | None, baseline: str) -> str:
    """ "is not better than chance", or that it cannot be told."""
    return f"cannot be told from {baseline} yet" if skilled is None else f"is not better than {baseline}"


def overall(study: Study) -> list[Finding]:
    """The headline."""
    make = _TASKS.get(study.problem.task)
    found = make(study) if make is not None else None
    return [found or _unknown(study)]


def _unknown(study: Study) -> Finding:
    """Nothing could be measured."""
    if any(r.data == "estimated" for r in study.readings):
        return Finding(
            id="overall",
            kind="overall",
            severity=Severity.INFO,
            subject="data",
            sentence="No row has both a label and an answer, so how good the model is can only be estimated.",
            recommendation=Recommendation("Label a random sample of the rows, and evaluate again when labels come."),
            impact=IMPACT,
        )
    reasons = dict.fromkeys(
        outcome.reason for m in chosen(study, MAIN) if isinstance(outcome := study.outcome(m.name), Undefined)
    )
    return Finding(
        id="overall",
        kind="overall",
        severity=Severity.MEDIUM,
        subject="data",
        sentence=f"How good the model is cannot be told: {next(iter(reasons), 'no metric could be read')}.",
        recommendation=Recommendation("Give rows with labels and predictions, of every class, and evaluate again."),
        detail="; ".join(reasons) or "No metric of the task has a value.",
        impact=IMPACT,
    )


def _finding(
    metric: str, estimate: Estimate, skilled: bool | None, sentence: str, detail: str, nothing: str
) -> Finding:
    if skilled:
        return Finding(
            "overall",
            "overall",
            Severity.INFO,
            metric,
            sentence,
            LOOK,
            detail,
            estimate=estimate,
            impact=IMPACT,
        )
    if skilled is None:
        return Finding(
            "overall", "overall", Severity.MEDIUM, metric, sentence, MORE, detail, estimate=estimate, impact=IMPACT
        )
    advice = Recommendation(
        f"Do not use it as it is: {nothing}. Check that scores belong to these rows and labels, and the direction of "
        "the score; then the features.",
    )
    return Finding(
        "overall",
        "overall",
        Severity.HIGH,
        metric,
        sentence,
        advice,
        detail,
        estimate=estimate,
        impact=IMPACT,
    )


def _binary(study: Study) -> Finding | None:
    auc, one = study.estimate("roc_auc"), scored(study, "current")
    if auc is None or one is None:
        return _binary_decided(study)
    view = one.view
    prevalence = float(view.p.sum() / (view.p + view.q).sum())
    ap = study.estimate("average_precision")
    base = f"{rows(auc.n)}, {percent(prevalence)} of them positive"
    detail = f"ROC AUC {shown(auc)} against 0.5 for chance"
    if ap is not None:
        detail += f"; average precision {shown(ap)} against {number(prevalence, 0.001)} for chance"
    detail += f"; {_against_majority(study)}."
    if auc.high < 0.5:
        sentence = (
            f"The model ranks worse than chance: ROC AUC is {shown(auc)} on {base}. "
            "Scores or labels are probably turned round."
        )
        return _finding(
            "roc_auc", auc, False, sentence, detail, "turned round, the scores would rank better than now"
        )
    skilled = skill(auc, 0.5)
    if not skilled:
        sentence = f"The model {against(skilled, 'chance')}: ROC AUC is {shown(auc)}, and 0.5 is guessing; {base}."
        return _finding("roc_auc", auc, skilled, sentence, detail, "a guess would do as well")
    better = ""
    if ap is not None and prevalence > 0:
        times = f"{ap.value / prevalence:.1f}"
        better = f" Average precision is {number(ap.value, half_width(ap))}, {times} times that of chance."
    sentence = (
        f"The model ranks a random positive above a random negative {percent(auc.value)} of the time "
        f"(ROC AUC {shown(auc)}; 50{percent(0)[1:]} is guessing) on {base}.{better}"
    )
    return _finding("roc_auc", auc, True, sentence, detail, "")


def _against_majority(study: Study) -> str:
    accuracy, found = study.estimate("accuracy"), decided(study, "current")
    if accuracy is None or found is None:
        return "no decisions"
    table = found.view.table
    larger = float(table.sum(axis=1).max() / table.sum())
    return f"accuracy {shown(accuracy)} against {percent(larger, 0.001)} for always answering the commonest class"


def _binary_decided(study: Study) -> Finding | None:
    balanced = study.estimate("balanced_accuracy")
    if balanced is None:
        return None
    skilled = skill(balanced, 0.5)
    lead = "The model decides better than chance" if skilled else f"The model {against(skilled, 'chance')}"
    sentence = (
        f"{lead}: balanced accuracy is "
        f"{shown(balanced, True)}, and 50{percent(0)[1:]} is guessing; {_against_majority(study)}."
    )
    return _finding(
        "balanced_accuracy", balanced, skilled, sentence, f"{rows(balanced.n)}.", "a guess would do as well"
    )


def _multiclass(study: Study) -> Finding | None:
    accuracy, found = study.estimate("accuracy"), decided(study, "current")
    if accuracy is None or found is None:
        return None
    by_class = found.view.table.sum(axis=1)
    larger = float(by_class.max() / by_class.sum())
    common = found.view.classes[int(by_class.argmax())]
    skilled = skill(accuracy, larger)
    balanced = study.estimate("balanced_accuracy")
    chance = 1 / max(int((by_class > 0).sum()), 1)
    if not skilled and balanced is not None and balanced.low > chance:
        skilled = True
    sentence = (
        f"The model names the right class for {shown(accuracy, True)} of {rows(accuracy.n)}; always answering "
        f"{common} would be right for {percent(larger, 0.001)}."
    )
    if not skilled:
        sentence = f"The model {against(skilled, 'a constant answer')}. {sentence}"
    detail = f"Accuracy {shown(accuracy)}"
    if balanced is not None:
        detail += f"; balanced accuracy {shown(balanced)} against {percent(chance)} for guessing"
    return _finding("accuracy", accuracy, skilled, sentence, f"{detail}.", "the commonest class is as good an answer")


def _regression(study: Study) -> Finding | None:
    r2, mae = study.estimate("r2"), study.estimate("mae")
    if mae is None:
        return _quantiles(study)
    typical = f"On average the prediction is off by {shown(mae)} ({rows(mae.n)})."
    if r2 is None:
        return Finding("overall", "overall", Severity.INFO, "mae", typical, LOOK, estimate=mae, impact=IMPACT)
    skilled = skill(r2, 0.0)
    if skilled:
        share = shown(r2, True)
        sentence = f"{typical} It removes {share} of the squared error that predicting the mean would make (R²)."
    else:
        sentence = f"The model {against(skilled, 'predicting the mean')}: R² is {shown(r2)}. {typical}"
    return _finding(
        "r2",
        r2,
        skilled,
        sentence,
        f"R² {shown(r2)}; MAE {shown(mae)}.",
        "the mean of the labels does as well",
    )


def _quantiles(study: Study) -> Finding | None:
    pinball = study.estimate("mean_pinball_loss")
    if pinball is None:
        return None
    sentence = f"The predicted quantiles have a mean pinball loss of {shown(pinball)} ({rows(pinball.n)})."
    detail = "There is no point prediction, so there is no error to compare with that of a constant."
    return _finding("mean_pinball_loss", pinball, True, sentence, detail, "")


def _ranking(study: Study) -> Finding | None:
    metric = study.metric("ndcg_at_10") or next((m for m in study.metrics if m.name.startswith("ndcg")), None)
    estimate = study.estimate(metric.name) if metric is not None else None
    if metric is None or estimate is None:
        return None
    hit = study.estimate(metric.name.replace("ndcg", "hit_rate"))
    k = metric.name.partition("_at_")[2]
    found = (
        f" {shown(hit, True)} of the queries have a relevant item among the first {k}."
        if hit is not None and k
        else ""
    )
    sentence = f"Over {rows(estimate.n, 'query')}, {metric.title} is {shown(estimate)}; 1 is the ideal order.{found}"
    detail = "No constant answer can be told from the ranked lists alone; compare with the order by popularity."
    return _finding(metric.name, estimate, outside(estimate, 0.0), sentence, detail, "no relevant item is found")


def _multilabel(study: Study) -> Finding | None:
    for name in ("f1_micro", "f1_macro", "hamming_loss", "subset_accuracy"):
        metric, estimate = study.metric(name), study.estimate(name)
        if metric is not None and estimate is not None:
            labels = len(study.problem.classes)
            sentence = f"Over {rows(labels, 'label')} and {rows(estimate.n)}, {metric.title} is {shown(estimate)}."
            skilled = metric.direction == "lower" or estimate.low > 0
            return _finding(name, estimate, skilled, sentence, "", "no label is ever right")
    return None


_TASKS: dict[str, Callable[[Study], Finding | None]] = {
    "binary": _binary,
    "multiclass": _multiclass,
    "multilabel": _multilabel,
    "regression": _regression,
    "forecasting": _regression,
    "ranking": _ranking,
}
