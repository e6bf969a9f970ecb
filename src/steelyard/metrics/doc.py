"""What a metric means, read from its own docstring."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass

SECTIONS = ("Formula", "Range", "Misleads", "Next", "Source")
_HEADING = re.compile(rf"^({'|'.join(SECTIONS)}):\s*(.*)$")


@dataclass(frozen=True, slots=True)
class MetricDoc:
    """A metric in words.

    Attributes:
        name: as used everywhere, e.g. "roc_auc".
        title: for people, e.g. "ROC AUC".
        meaning: what the number says.
        formula, range, misleads, next, source: the sections of the docstring; "" where it has none.
        direction: "higher", "lower" (better) or "target" (no better side).
        tasks: the tasks it is defined for.
    """

    name: str
    title: str
    meaning: str
    formula: str
    range: str
    misleads: str
    next: str
    source: str
    direction: str
    tasks: tuple[str, ...]


def sections(docstring: str | None) -> dict[str, str]:
    """Split a docstring into its meaning (key "") and its named sections, each folded to one paragraph."""
    found: dict[str, list[str]] = {"": []}
    current = ""
    for line in inspect.cleandoc(docstring or "").splitlines():
        heading = _HEADING.match(line.strip())
        if heading:
            current = heading.group(1)
            found[current] = [heading.group(2)]
        else:
            found[current].append(line.strip())
    return {name: " ".join(part for part in lines if part).strip() for name, lines in found.items()}
