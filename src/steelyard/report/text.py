"""Text from data, safe to look at: what could move a cursor, flip a line or flood a page is spelled out."""

from __future__ import annotations

import unicodedata

NAME_LIMIT = 100
SENTENCE_LIMIT = 1_000
_SPACES = {"\n": " ", "\r": " ", "\t": " ", "\u2028": " ", "\u2029": " ", "\x0b": " ", "\x0c": " "}
# Emoji are joined by U+200D; the other format characters reorder or hide text.
_HARMLESS_FORMAT = {"\u200d", "\u00ad"}


def visible(text: object, limit: int = NAME_LIMIT) -> str:
    """Return one line of at most `limit` characters in which control and direction characters can be seen."""
    raw = str(text)
    cut = raw if len(raw) <= limit else f"{raw[: limit - 1]}…"
    return "".join(_seen(c) for c in cut)


def sentence(text: object) -> str:
    """Return running text, cut only when it is absurdly long."""
    return visible(text, SENTENCE_LIMIT)


def _seen(character: str) -> str:
    if character in _SPACES:
        return _SPACES[character]
    category = unicodedata.category(character)
    if category in ("Cc", "Cs", "Cn", "Co") or (category == "Cf" and character not in _HARMLESS_FORMAT):
        return f"\\u{ord(character):04x}"
    return character
