"""Pre-registration: which bounds stood since when, and what data had been judged when one was moved.

A bound that is chosen after the data was seen proves nothing. So a lock file beside `steelyard.toml` keeps a history:
each check's bound with the time it was registered, each change of it, and each data set that was judged. Its entries
form a chain of hashes, so that one that is edited, put in or taken out later shows. (Whoever rewrites the whole file
can still make a new chain; version control shows that.)
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from steelyard.analyses.checks import Check
from steelyard.analyses.checks.check import said

Entry = Mapping[str, Any]
Terms = Mapping[str, float]
MEMBERS: dict[str, dict[str, type]] = {
    "registered": {"check": str, "terms": dict},
    "changed": {"check": str, "terms": dict},
    "removed": {"check": str},
    "judged": {"data": str, "checks": list},
}
"""Kinds of entries, and what each says beside its time."""
BEGINNING = hashlib.sha256(b"steelyard.lock 1").hexdigest()


@dataclass(frozen=True)
class Standing:
    """What happened last to the bound of a check.

    Attributes:
        check: its id.
        kind: "registered", "changed" or "removed".
        at: when, an ISO time in UTC.
        before, now: its terms before and after.
        seen: data sets that had been judged by then: by this check, or for a new check by any.
        again: whether the data set that is judged now is one of them.
    """

    check: str
    kind: str
    at: str
    before: Terms
    now: Terms
    seen: int
    again: bool

    @property
    def sentence(self) -> str:
        """In words: "changed from ≥ 0.8 to ≥ 0.75 on 2026-11-22, after 2 data sets had been judged"."""
        levels = self.before.get("level") != self.now.get("level")
        match self.kind:
            case "changed":
                what = f"changed from {_told(self.before, levels)} to {_told(self.now, levels)}"
            case "removed":
                what = f"removed (it was {_told(self.before)})"
            case _:
                what = f"registered as {_told(self.now)}"
        return f"{what} on {self.at[:10]}, {self._when()}"

    def _when(self) -> str:
        if not self.seen:
            return "before any data was judged"
        sets = "1 data set" if self.seen == 1 else f"{self.seen:,} data sets"
        this = f", {'this one' if self.seen == 1 else 'this one among them'}" if self.again else ""
        return f"after {sets} had been judged{this}"


@dataclass(frozen=True)
class Registry:
    """The history of a gate, oldest first; entries are never changed, only added."""

    entries: tuple[Entry, ...] = ()

    @property
    def head(self) -> str:
        """Hash of the last entry: it stands for the whole history."""
        return str(self.entries[-1]["hash"]) if self.entries else BEGINNING

    @property
    def terms(self) -> dict[str, Terms]:
        """The bounds that stand, by check."""
        standing: dict[str, Terms] = {}
        for entry in self.entries:
            if entry["kind"] == "removed":
                standing.pop(entry["check"], None)
            elif entry["kind"] != "judged":
                standing[entry["check"]] = entry["terms"]
        return standing

    @property
    def data(self) -> tuple[str, ...]:
        """The data sets that were judged, each once."""
        return tuple(dict.fromkeys(e["data"] for e in self.entries if e["kind"] == "judged"))

    def with_checks(self, checks: Sequence[Check], level: float, at: dt.datetime) -> Registry:
        """Register new checks, changed bounds and removed checks."""
        wanted = {name: terms(check, level) for name, check in named(checks)}
        known, grown = self.terms, self
        for name, now in wanted.items():
            if name not in known:
                grown = grown._and("registered", at, check=name, terms=now)
            elif dict(known[name]) != now:
                grown = grown._and("changed", at, check=name, terms=now)
        for name in known:
            if name not in wanted:
                grown = grown._and("removed", at, check=name)
        return grown

    def with_data(self, data: str, at: dt.datetime) -> Registry:
        """Note that a data set is judged by the checks that stand; once for each bound."""
        standing = self.terms
        fresh = set(standing)
        for entry in self.entries:
            if entry["kind"] == "judged" and entry["data"] == data:
                fresh -= set(entry["checks"])
            elif entry["kind"] in ("registered", "changed"):
                fresh.add(entry["check"])
        judged = [name for name in standing if name in fresh]
        return self._and("judged", at, data=data, checks=judged) if judged else self

    def standings(self, data: str | None = None) -> dict[str, Standing]:
        """What happened last to each check, removed ones included; `again` says whether `data` had been seen."""
        found: dict[str, Standing] = {}
        by_check: defaultdict[str, set[str]] = defaultdict(set)
        by_any: set[str] = set()
        for entry in self.entries:
            if entry["kind"] == "judged":
                by_any.add(entry["data"])
                for name in entry["checks"]:
                    by_check[name].add(entry["data"])
                continue
            name, kind = entry["check"], entry["kind"]
            seen = by_any if kind == "registered" else by_check[name]
            before = found[name].now if name in found else {}
            now = entry.get("terms", {})
            found[name] = Standing(name, kind, entry["at"], before, now, len(seen), data in seen)
        return found

    def _and(self, kind: str, at: dt.datetime, **members: Any) -> Registry:
        entry = {"kind": kind, "at": moment(at), **members}
        return Registry((*self.entries, {**entry, "hash": link(self.head, entry)}))


def moment(at: dt.datetime) -> str:
    """A time as it is registered: ISO, in UTC, to the second."""
    return at.astimezone(dt.UTC).isoformat(timespec="seconds")


def named(checks: Sequence[Check]) -> Iterator[tuple[str, Check]]:
    """Checks with names that tell them apart: their ids, numbered where several share one."""
    seen: Counter[str] = Counter()
    for check in checks:
        seen[check.id] += 1
        yield (check.id if seen[check.id] == 1 else f"{check.id} ({seen[check.id]})"), check


def terms(check: Check, level: float) -> dict[str, float]:
    """What may not be moved after data was seen: the bounds, and the level of the intervals."""
    sides = {"min": check.min, "max": check.max, "margin": check.margin, "level": level}
    return {name: value for name, value in sides.items() if value is not None}


def link(previous: str, entry: Entry) -> str:
    """Hash of an entry and all before it."""
    said = json.dumps(entry, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(f"{previous}\n{said}".encode("utf-8", "surrogatepass")).hexdigest()


def _told(given: Terms, level: bool = False) -> str:
    margin = given.get("margin")
    bound = said(given.get("min"), given.get("max")) if margin is None else f"at most {margin:g} worse"
    return f"{bound} at {100 * given['level']:g} %" if level and "level" in given else bound
