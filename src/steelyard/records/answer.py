"""A question that everyone asks first, and its answer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """One line of the first screen.

    Attributes:
        question: "Is it worse?", "How much?", "Why?", "Where?" or "What to do first?".
        answer: in words, with interval where it is a number.
        finding: id of the finding it rests on, "" where there is none.
    """

    question: str
    answer: str
    finding: str = ""
