"""How texts are written: what is one value to a reader and several to a machine."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import cache

LOOK_ALIKES = str.maketrans(
    "АВЕКМНОРСТУХавеорсухіјѕԁһԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧοαν",
    "ABEKMHOPCTYXaeeopcyxijsdhqwABEZHIKMNOPTYXoav",
)
"""Cyrillic and Greek letters that look like Latin ones (Unicode's confusables, the everyday part)."""
PLACEHOLDERS = frozenset(
    {
        *("", "-", "--", ".", "..", "?", "??", "#n/a", "#ref!", "#value!", "(none)", "(null)", "<na>", "n.a.", "n/a"),
        *("na", "nan", "nil", "no data", "none", "not applicable", "not available", "null", "missing", "tbd"),
        *("undefined", "unk", "unknown", "xxx"),
    }
)
"""Texts that people write where there is none, folded."""
TRUE, FALSE = frozenset({"true", "yes", "y", "t", "1", "on"}), frozenset({"false", "no", "n", "f", "0", "off"})
NUMBER = re.compile(r"[-+−]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
DECIMAL_COMMA = re.compile(r"[-+−]?\d+,\d+")
THOUSANDS = re.compile(r"[-+−]?\d{1,3}([,' ]\d{3})+(\.\d+)?")
THOUSANDS_POINT = re.compile(r"[-+−]?\d{1,3}(\.\d{3})+(,\d+)")
_GAPS = re.compile(r"\s+")
LONG = 5
RARER = 0.05
"""How rare a slip of the pen is beside the right spelling."""
MOST = 2_000


@cache
def folded(value: str) -> str:
    """A text without what a reader does not see: case, outer and double white space, look-alike letters, width."""
    plain = unicodedata.normalize("NFKC", value)
    plain = "".join(c for c in plain if unicodedata.category(c) != "Cf")
    if any(c.isascii() and c.isalpha() for c in plain):
        plain = plain.translate(LOOK_ALIKES)
    return _GAPS.sub(" ", plain).strip().casefold()


def difference(values: Iterable[str]) -> str:
    """In what spellings of one folded value differ."""
    known = list(values)
    if len({v.strip() for v in known}) == 1:
        return "white space around them"
    if len({_GAPS.sub(" ", v).strip() for v in known}) == 1:
        return "white space"
    if len({_GAPS.sub(" ", v).strip().casefold() for v in known}) == 1:
        return "upper and lower case"
    return "letters that look alike or Unicode forms"


def is_placeholder(value: str) -> bool:
    """Whether a text is one that people write where there is none."""
    return folded(value) in PLACEHOLDERS


def truth_of(value: str) -> bool | None:
    """The truth value that a text spells, None where it is none."""
    key = folded(value)
    return True if key in TRUE else False if key in FALSE else None


def slips(counts: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """Rare spellings one letter away from a much commoner one: (rare, common).

    Only words of at least five letters: codes and numbers that differ in one character are different things.
    """
    words = {v: n for v, n in counts.items() if len(v) >= LONG and all(c.isalpha() or c in " '-" for c in v)}
    if len(words) > MOST:
        return
    by_part: dict[str, list[str]] = {}
    for value in words:
        for part in {value.casefold(), *_shorter(value.casefold())}:
            by_part.setdefault(part, []).append(value)
    found: dict[str, str] = {}
    for group in by_part.values():
        for rare in group:
            for common in group:
                near = words[rare] <= RARER * words[common] and _one_apart(rare.casefold(), common.casefold())
                if near and words[common] > words.get(found.get(rare, ""), 0):
                    found[rare] = common
    yield from sorted(found.items())


def _shorter(value: str) -> Iterator[str]:
    return (value[:i] + value[i + 1 :] for i in range(len(value)))


def _one_apart(a: str, b: str) -> bool:
    """Whether one letter is replaced, left out, added, or two neighbours are swapped."""
    if a == b or abs(len(a) - len(b)) > 1:
        return False
    start = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    rest_a, rest_b = a[start:], b[start:]
    swapped = len(rest_a) > 1 and len(rest_b) > 1 and (rest_a[1] + rest_a[0] + rest_a[2:]) == rest_b
    return swapped or rest_a[1:] == rest_b[1:] or rest_a[1:] == rest_b or rest_a == rest_b[1:]
