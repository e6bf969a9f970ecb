"""A report that is no evaluation: an experiment, a comparison, a proposal. Faces show it by its sections."""

from __future__ import annotations

from dataclasses import dataclass

from steelyard.report.first_screen import AnswerLine, Badge
from steelyard.report.method import Method
from steelyard.report.section import Section


@dataclass(frozen=True)
class Document:
    """All that a face shows; nothing in it is markup.

    Attributes:
        kind: what it is, for people: "experiment".
        subject: what it is about.
        badge: the decision as a sign and a word.
        answer: the decision in one sentence.
        answers: the questions everyone asks first, with their answers.
        about: size, date and so on, a few words each.
        sections: the parts.
        method: how the numbers were made; `method.method_of` makes it.
        level: nominal coverage of the intervals, in words ("95 %").
    """

    kind: str
    subject: str
    badge: Badge
    answer: str
    answers: tuple[AnswerLine, ...]
    about: tuple[str, ...]
    sections: tuple[Section, ...]
    method: Method
    level: str = ""
