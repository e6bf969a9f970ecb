"""The columns that are still free to be guessed, and what their names and values say."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import polars as pl

from steelyard.data import names
from steelyard.data.classes import is_fraction
from steelyard.data.peek import Peek
from steelyard.data.table import Kind, Table

MEASURED = (Kind.NUMBER, Kind.BOOLEAN, Kind.TEXT)
SLICES = 5
SLICE_VALUES = 50
SLICE_NUMBERS = 20
TEXTS_LOOKED_AT = 2_000
FEWEST_TEXTS = 20
WORDS = 5
"""Words of the median text from which on a column is free text rather than names, addresses or identifiers."""


class Columns:
    """Free columns of a table, with a sample of their values."""

    def __init__(self, table: Table, peek: Peek, used: set[str]) -> None:
        self.kinds = table.kinds
        self.frame = peek.frame
        self.complete = peek.complete
        self._used = set(used)

    def free(self) -> list[str]:
        """Columns without a role yet."""
        return [name for name in self.kinds if name not in self._used]

    def use(self, value: object) -> None:
        """Take the columns a role was given out of the free ones."""
        if isinstance(value, str):
            self._used.add(value)
        elif isinstance(value, Mapping):
            self._used.update(str(v) for v in value.values())
        elif isinstance(value, (tuple, list)):
            self._used.update(str(v) for v in value)

    def named(self, wanted: Sequence[str], kinds: Sequence[Kind] = MEASURED) -> str | None:
        """Return the free column that has one of the names, the first wanted one first."""
        by_name: dict[str, str] = {}
        for name in self.free():
            if self.kinds[name] in kinds:
                by_name.setdefault(names.folded(name), name)
        return next((by_name[key] for w in wanted if (key := names.folded(w)) in by_name), None)

    def label(self) -> tuple[str, str] | None:
        """Return the column that looks like the truth, and why."""
        if name := self.named(names.LABEL):
            return name, "from its name"
        if stem := self._stem_of_prediction():
            return stem
        ending = [
            n
            for n in self._free_measured()
            if (w := names.words(n)) and w[-1] in names.LABEL_WORDS and not _predicted(n)
        ]
        return (ending[0], "from the end of its name") if len(ending) == 1 else None

    def prediction(self, label: str) -> tuple[str, str] | None:
        """Return the column that looks like the model's answer, and why."""
        if name := self.named(names.PREDICTION):
            return name, "from its name"
        answers = [n for n in self._free_measured() if _predicted(n) and not _probability(n)]
        named_so = [n for n in answers if _stem(n) == names.folded(label)]
        chosen = named_so or (answers if len(answers) == 1 else [])
        return (chosen[0], "from its name") if chosen else None

    def probability_like(self) -> str | None:
        """Return the one free column whose name says probability and whose values are one."""
        found = [n for n in self._free_measured() if _probability(n) and self.is_probability(n)]
        return found[0] if len(found) == 1 else None

    def is_probability(self, name: str) -> bool:
        """Whether a column holds fractions between 0 and 1, and not only 0 and 1."""
        if self.kinds[name] is not Kind.NUMBER:
            return False
        return is_fraction(self.frame[name].drop_nulls())

    def is_two_valued(self, name: str) -> bool:
        """Whether a column has at most two values in the sample."""
        return self.frame[name].drop_nulls().n_unique() <= 2

    def is_ranked_list(self, query: str | None) -> bool:
        """Whether `query` is an identifier that groups rows, with a score to rank them by."""
        if query is None or names.folded(query) == "query":
            return False
        repeated = self.frame[query].n_unique() < self.frame.height
        return repeated and self.named(names.SCORE, (Kind.NUMBER,)) is not None

    def fits(self, role: str, name: str) -> bool:
        """Whether the values of a column allow a role its name suggests."""
        values = self.frame[name].drop_nulls()
        if role == "id":
            return len(values) == self.frame.height == values.n_unique() > 0
        if role == "weight":
            bare = names.folded(name) in ("weight", "weights")
            thing = any(names.folded(n) in names.BODY_OR_PARCEL for n in self.kinds)
            return bool(len(values) and (values > 0).all()) and not (bare and thing)
        return True

    def only_time(self) -> str | None:
        """Return the only column of times, if there is one."""
        times = [name for name in self.free() if self.kinds[name] is Kind.TIME]
        return times[0] if len(times) == 1 else None

    def slices(self) -> tuple[str, ...]:
        """Return up to five columns of few values that are called like groups of people or business."""
        by_name = {names.folded(name): name for name in self.free()}
        wanted = [by_name[key] for w in names.SLICES if (key := names.folded(w)) in by_name]
        return tuple(name for name in wanted if self._has_few_values(name))[:SLICES]

    def texts(self, features: Sequence[str]) -> tuple[str, ...]:
        """Return the columns, free or features, that hold free text: several words, hardly ever the same."""
        return tuple(name for name in dict.fromkeys([*self.free(), *features]) if self._is_free_text(name))

    def _is_free_text(self, name: str) -> bool:
        if self.kinds[name] is not Kind.TEXT or name not in self.frame.columns:
            return False
        known = self.frame[name].drop_nulls().cast(pl.String).head(TEXTS_LOOKED_AT)
        if len(known) < FEWEST_TEXTS or known.n_unique() <= len(known) / 2:
            return False
        words = known.str.strip_chars().str.count_matches(r"\s+") + 1
        return float(words.median() or 0) >= WORDS  # type: ignore[arg-type]

    def _has_few_values(self, name: str) -> bool:
        kind, values = (
            self.kinds[name],
            self.frame[name].drop_nulls() if name in self.frame.columns else pl.Series(),
        )
        most = SLICE_VALUES if kind in (Kind.TEXT, Kind.BOOLEAN) else SLICE_NUMBERS if values.dtype == pl.Int64 else 0
        return 2 <= values.n_unique() <= most

    def _free_measured(self) -> list[str]:
        return [name for name in self.free() if self.kinds[name] in MEASURED]

    def _stem_of_prediction(self) -> tuple[str, str] | None:
        by_name = {names.folded(name): name for name in self._free_measured()}
        for name in self._free_measured():
            if _predicted(name) and (label := by_name.get(_stem(name))) and label != name:
                return label, f'because of the column "{name}"'
        return None


def _predicted(name: str) -> bool:
    found = names.words(name)
    return len(found) > 1 and (found[0] in names.PREDICTED_WORDS or found[-1] in names.PREDICTED_WORDS)


def _probability(name: str) -> bool:
    return bool(re.search(r"prob", name.casefold()))


def _stem(name: str) -> str:
    return names.folded("".join(word for word in names.words(name) if word not in names.PREDICTED_WORDS))
