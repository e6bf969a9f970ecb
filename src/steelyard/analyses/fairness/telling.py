"""What a parity says, in plain words."""

from __future__ import annotations

from steelyard.analyses.fairness.criteria import Measure
from steelyard.analyses.words import NBSP, half_width, number, percent, points, rows
from steelyard.records import Estimate, Parity, Slice, Undefined, Verdict

VERDICTS = {
    Verdict.PASS: "no violation",
    Verdict.FAIL: "violation",
    Verdict.INCONCLUSIVE: "can't tell",
}
"""How a verdict is called where groups are compared."""
TITLES = {
    "prevalence": "The share of positive labels",
    "selection_rate": "The share selected",
    "recall": "Recall (the share of positives found)",
    "false_positive_rate": "The false positive rate",
    "false_negative_rate": "The share of positives missed",
    "precision": "Precision (the share of flagged rows that are positive)",
    "npv": "The negative predictive value",
    "false_omission_rate": "The false omission rate",
    "accuracy": "Accuracy",
    "miss_share": "The share of errors that are misses",
    "equalized_odds": "Recall, or the false positive rate,",
    "mean_calibration": "The mean score less the rate of positives",
    "mean_score_positives": "The mean score of positives",
    "mean_score_negatives": "The mean score of negatives",
    "roc_auc": "ROC AUC",
    "bias": "The mean error",
    "mae": "The mean absolute error",
    "mean_prediction": "The mean prediction",
    "exposure": "The mean exposure of an item",
}

SHORT = {
    "selection_rate": "Selected",
    "recall": "Recall",
    "precision": "Precision",
    "npv": "Negative predictive value",
    "miss_share": "Misses of errors",
    "mean_calibration": "Score less rate",
    "mean_score_positives": "Score of positives",
    "mean_score_negatives": "Score of negatives",
}
"""The same at the head of a column, where it is shorter."""


def told(parity: Parity, measure: Measure) -> str:
    """One sentence: what differs, between whom, how much, how sure."""
    by = listed_attributes(parity.attribute)
    if isinstance(parity.worst, Undefined):
        return f"{title(parity)} cannot be compared by {by}: {parity.worst.reason}."
    share = measure.kind == "share"
    gap, limit = gap_text(parity.worst, share), amount(parity.tolerance, share)
    between = _between(parity, share)
    match parity.verdict:
        case Verdict.FAIL:
            largest = f"The largest gap is {gap}; up to {limit} count as none"
            return f"{title(parity)} differs by {by}: {between}. {largest}."
        case Verdict.PASS:
            return f"{title(parity)} is alike by {by} within {limit}: the largest gap is {gap}{_small(parity)}."
        case _:
            return (
                f"Whether {lower(title(parity))} differs by {by} by more than {limit} cannot be told: the largest "
                f"gap is {gap}{_small(parity)}.{_needed(parity)}"
            )


def title(parity: Parity) -> str:
    """What the measure is, with the class it is about; of equalised odds the one of the two that differs more."""
    name, _, subject = parity.measure.partition("[")
    if name == "equalized_odds" and parity.same_gap:
        name = parity.same_gap
    called = TITLES.get(name, name.replace("_at_", "@").replace("_", " "))
    return f"{called} of {subject.removesuffix(']')}" if subject else called


def header(parity: Parity) -> str:
    """What the measure is, at the head of a column."""
    name, _, subject = parity.measure.partition("[")
    called = SHORT.get(name, title(parity).removeprefix("The "))
    called = called[:1].upper() + called[1:]
    return f"{called} of {subject.removesuffix(']')}" if subject and name in SHORT else called


def lower(text: str) -> str:
    """A title inside a sentence."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def listed_attributes(attribute: tuple[str, ...]) -> str:
    """An attribute, or the intersection of several."""
    return " × ".join(attribute)


def group_name(where: Slice, attribute: tuple[str, ...] = ()) -> str:
    """A group as a reader names it: its values alone, in the order of the attribute's columns."""
    values = where.as_dict()
    return " · ".join(values[c] for c in attribute or where.columns if c in values) or "all rows"


def pair_names(parity: Parity) -> tuple[str, str]:
    """The two groups of the largest gap, the one with the larger value first."""
    high, low = parity.worst_pair
    return group_name(high, parity.attribute), group_name(low, parity.attribute)


def gap_text(gap: Estimate, share: bool) -> str:
    """A gap with its interval: "13 points (9 to 17)"."""
    half = half_width(gap)
    if share:
        low, high = (points(end, half).removesuffix(f"{NBSP}points") for end in (gap.low, gap.high))
        return f"{points(gap.value, half)} ({low} to {high})"
    return f"{number(gap.value, half)} ({number(gap.low, half)} to {number(gap.high, half)})"


def amount(value: float, share: bool) -> str:
    """A tolerance."""
    return points(value, value) if share else number(value)


def _between(parity: Parity, share: bool) -> str:
    where = dict.fromkeys(parity.worst_pair)
    found = {g.where: g.outcome for g in parity.groups}
    values = [found.get(w) for w in where]
    known = [v for v in values if isinstance(v, Estimate)]
    if len(known) < len(where) or not parity.groups:
        return "it is higher for {} than for {}".format(*pair_names(parity))
    written = percent if share else number
    return " and ".join(
        f"{written(v.value, half_width(v))} for {group_name(w, parity.attribute)}"
        for w, v in zip(where, known, strict=True)
    )


def _small(parity: Parity) -> str:
    return ", between {} and {}".format(*pair_names(parity))


def _needed(parity: Parity) -> str:
    if parity.rows_needed is None:
        return ""
    return f" About {rows(parity.rows_needed)} would settle it if the gap stayed as it is."
