"""Guess what is being predicted, and which class counts as positive."""

from __future__ import annotations

from collections.abc import Mapping

from steelyard.data import names
from steelyard.data.classes import class_counts, class_name, share
from steelyard.data.guess_columns import Columns
from steelyard.data.guess_scores import class_scores
from steelyard.data.roles import Roles, Task, Value
from steelyard.data.table import Kind

CODED_CLASSES = 20


def guess_task(columns: Columns, roles: Roles) -> tuple[Task, str]:
    """Return the task and why; `roles` has the label, and prediction and score where there are any."""
    if len(roles.labels) > 1:
        return "multilabel", "from several label columns"
    if roles.query:
        return "ranking", "from the query role"
    if roles.horizon or (roles.series and roles.time):
        return "forecasting", "from the horizon, or series and time"
    if roles.quantiles:
        return "regression", "from the quantiles"
    return _of_label(columns, roles, roles.labels[0])


def guess_positive(counts: Mapping[Value, int]) -> tuple[Value, str]:
    """Return the positive class of two, and why."""
    texts = {class_name(value).casefold(): value for value in counts}
    if set(texts) == {"1", "2"}:
        return _rarer(counts)
    for text in names.POSITIVE:
        if text in texts:
            return texts[text], "as the usual positive value"
    if len(texts) == 1 and (opposite := _opposite(next(iter(counts)))) is not None:
        return opposite, "as the opposite of the only value there is"
    others = [value for text, value in texts.items() if text not in names.NEGATIVE]
    if len(others) == 1 and len(texts) == 2:
        return others[0], "as the opposite of the usual negative value"
    return _rarer(counts)


def _opposite(only: Value) -> Value | None:
    """The usual positive value beside a usual negative one: days without any positive keep their polarity."""
    if isinstance(only, bool):
        return True
    if isinstance(only, str):
        found = names.OPPOSITE.get(only.casefold())
        return found if found is None or only.islower() else found.upper() if only.isupper() else found.title()
    return 1 if only in (0, -1) else None


def _rarer(counts: Mapping[Value, int]) -> tuple[Value, str]:
    rare = min(counts, key=lambda value: (counts[value], -list(counts).index(value)))
    return rare, f"as the rarer class, {share(counts, rare):.0%} of the labels"


def _of_label(columns: Columns, roles: Roles, label: str) -> tuple[Task, str]:
    if columns.kinds[label] is Kind.BOOLEAN:
        return "binary", "from true and false in the label"
    counts = class_counts(columns.frame[label])
    if columns.kinds[label] is Kind.TEXT:
        return ("binary" if len(counts) <= 2 else "multiclass"), f"from {len(counts):,} text values in the label"
    if len(counts) <= 2 and all(isinstance(value, int) for value in counts):
        many = "the one value" if len(counts) == 1 else f"{len(counts)} values"
        return "binary", f"from {many} in the label"
    if _are_codes(columns, roles, counts):
        return "multiclass", f"from {len(counts)} whole numbers in the label"
    return "regression", "from the numbers in the label"


def _are_codes(columns: Columns, roles: Roles, counts: Mapping[Value, int]) -> bool:
    if not all(isinstance(value, int) for value in counts) or len(counts) > CODED_CLASSES:
        return False
    if roles.score is not None or len(class_scores(columns, counts)) > 1:
        return True
    if len(roles.predictions) != 1 or roles.predictions[0] not in columns.frame.columns:
        return not roles.predictions
    predicted = class_counts(columns.frame[roles.predictions[0]])
    low, high = min(map(float, counts)), max(map(float, counts))
    return all(isinstance(value, int) and low <= value <= high for value in predicted)
