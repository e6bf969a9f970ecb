"""A policy: how scores become decisions, as a small JSON file that anything can apply. Needs NumPy alone."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.improve.deciding import AnyRule, Calibrated, decided, parse_rule
from steelyard.improve.draws import draws
from steelyard.improve.grouping import floats
from steelyard.records.errors import ConfigError, DataError, OutputError, SourceError

SCHEMA = "steelyard.policy/1"
_NAME, _VERSION = SCHEMA.split("/")
_SHOWN = 5

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Policy:
    """How scores become decisions (or calibrated scores).

    Kinds: "threshold", "group_thresholds" (each group has thresholds, of which each is used with a chance of its
    own), "reject_option" (scores near the threshold are decided by group), "abstention" (scores between two bounds
    are left to people) and "calibration" (a map of scores). The file says itself what becomes of rows of a group it
    does not know (`otherwise`) and which scores it may be given (`range`); a missing or infinite score is left to
    people (−1).

    Example:
        >>> policy = Policy.from_dict({"kind": "group_thresholds", "by": [{"column": "sex"}], "groups": [
        ...     {"group": {"sex": "F"}, "thresholds": [{"from": 0.4, "chance": 1.0}]},
        ...     {"group": {"sex": "M"}, "thresholds": [{"from": 0.6, "chance": 1.0}]}]})
        >>> policy.apply([0.5, 0.5, None], ["F", "M", "F"]).tolist()
        [1, 0, -1]
    """

    values: Mapping[str, Any]

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Policy:
        """Make a policy from plain values.

        Raises:
            ConfigError: they are no policy, or one of a newer schema.
        """
        if not isinstance(values, Mapping):
            raise ConfigError(f"A policy must be a mapping with a kind, not {values!r}.")
        made = cls({"schema": SCHEMA, **values})
        made._require_schema()
        _ = made.rule, made.range
        return made

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Policy:
        """Read a policy from a JSON file.

        Raises:
            SourceError: the file cannot be read.
            ConfigError: it is no policy, or one of a newer schema.
        """
        try:
            body = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise SourceError(f"The policy {str(path)!r} cannot be read: {_why(error)}.") from error
        try:
            values = json.loads(body)
        except ValueError as error:
            raise ConfigError(f"{str(path)!r} is not JSON ({error}). Write it with `steelyard improve`.") from error
        return cls.from_dict(values)

    def to_dict(self) -> dict[str, Any]:
        """Return the policy as plain values."""
        return dict(self.values)

    def to_json(self) -> str:
        """Return what `save` writes."""
        return json.dumps(self.values, indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the policy as JSON, beside and then renamed, so that nothing half-written is ever seen.

        Raises:
            OutputError: the file cannot be written.
        """
        target = Path(path)
        beside = target.with_name(f".{target.name}.{os.getpid()}.tmp")
        try:
            beside.write_text(self.to_json(), encoding="utf-8")
            beside.replace(target)
        except OSError as error:
            beside.unlink(missing_ok=True)
            raise OutputError(f"The policy cannot be written to {str(path)!r}: {_why(error)}.") from error
        return target

    @property
    def kind(self) -> str:
        """ "threshold", "group_thresholds", "reject_option", "abstention" or "calibration"."""
        return str(self.values["kind"])

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that tell the group; () where it does not matter."""
        return () if self.rule.groups is None else self.rule.groups.names

    @property
    def random(self) -> bool:
        """Whether chance decides some rows."""
        return self.rule.random

    @cached_property
    def rule(self) -> AnyRule:
        """What it does."""
        return parse_rule(self.values, "The policy")

    @cached_property
    def range(self) -> tuple[float, float]:
        """Smallest and largest score it may be given."""
        match self.values.get("range"):
            case None:
                return -np.inf, np.inf
            case [int() | float() as low, int() | float() as high] if low < high:
                return float(low), float(high)
            case given:
                raise ConfigError(f'The policy: "range" must be the smallest and the largest score, not {given!r}.')

    def apply(self, scores: Any, group: Any = None, seed: int | None = None, *, ids: Any = None) -> NDArray[Any]:
        """Decide rows, or calibrate their scores.

        Args:
            scores: one a row; a list, an array, or a series of any library.
            group: the group of each row, where the policy decides by group; for several columns a mapping of column
                to values, or a data frame.
            seed: where chance decides, of its draws.
            ids: what identifies each row, where chance decides: the same id is always decided alike, with the same
                `seed` or without one.

        Returns:
            1, 0 or −1 (people must look) by row; of a "calibration" the calibrated scores, NaN where one is missing.

        Raises:
            DataError: a score lies outside the range, a group is not known and nothing is said of others, or
                lengths differ.
            ConfigError: chance decides and neither ids nor a seed are given.
        """
        chances = self.chances(scores, group)
        if isinstance(self.rule, Calibrated):
            return chances
        if not self.random:
            return decided(chances, None)
        return decided(chances, lambda rows: draws(rows, ids, seed))

    def chances(self, scores: Any, group: Any = None) -> Floats:
        """The chance of a positive decision of each row, NaN where people must look; shape (rows,).

        Raises:
            DataError: as `apply`.
        """
        numbers = floats(scores, "scores")
        self._require_range(numbers)
        rule = self.rule
        places = np.full(len(numbers), -1, dtype=np.int64)
        if rule.groups is not None:
            places = rule.groups.places(group, len(numbers))
            if not rule.otherwise and (places < 0).any():
                self._refuse_strangers(group, places)
        found = np.full(len(numbers), np.nan)
        known = ~np.isnan(numbers)
        found[known] = rule.read(numbers[known], places[known])
        return found

    def _require_schema(self) -> None:
        name, _, version = str(self.values["schema"]).partition("/")
        if name != _NAME or not version.isdigit():
            raise ConfigError(f"This is not a policy: its schema is {self.values['schema']!r}, not {SCHEMA!r}.")
        if int(version) > int(_VERSION):
            raise ConfigError(
                f"The policy was written with schema {version}; this version reads up to {_VERSION}. "
                "Upgrade Steelyard."
            )

    def _require_range(self, numbers: Floats) -> None:
        low, high = self.range
        with np.errstate(invalid="ignore"):
            outside = numbers[(numbers < low) | (numbers > high)]
        if len(outside):
            raise DataError(
                f"{len(outside):,} of {len(numbers):,} scores lie outside {low:g} to {high:g}, e.g. {outside[0]:g}. "
                "The policy was made for scores of that range: give the same score that it was made from."
            )

    def _refuse_strangers(self, group: Any, places: NDArray[np.int64]) -> None:
        groups = self.rule.groups
        if groups is None:
            return
        unknown = groups.strangers(group, places)
        shown = ", ".join(repr(name) for name in unknown[:_SHOWN]) + (" …" if len(unknown) > _SHOWN else "")
        known = ", ".join(repr(" & ".join(values)) for values in groups.known[:_SHOWN])
        raise DataError(
            f"{int((places < 0).sum()):,} rows are of groups that the policy does not know ({shown}); it knows "
            f'{known}{" …" if len(groups.known) > _SHOWN else ""}. Write "otherwise" into it to say how they are '
            "decided."
        )


def _why(error: OSError | UnicodeDecodeError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
