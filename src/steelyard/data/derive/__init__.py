"""Columns that are derived from texts, images and vectors."""

from steelyard.data.derive.deriving import Frozen, derive, derived, freeze, with_derived
from steelyard.data.derive.embedding import Embed, as_vectors
from steelyard.data.derive.naming import derived_name, directions, is_direction

__all__ = [
    "Embed",
    "Frozen",
    "as_vectors",
    "derive",
    "derived",
    "derived_name",
    "directions",
    "freeze",
    "is_direction",
    "with_derived",
]
