"""Facts: counts and sums per cell that add up, and the engine that gets them from any data."""

from steelyard.facts.engine import measure
from steelyard.facts.expression import compile_expression, names_in, quote
from steelyard.facts.gaps import GAPS, Gap
from steelyard.facts.grids import CutGrid, Grid, IntegerGrid, LogitGrid, RootGrid
from steelyard.facts.profile import Profile
from steelyard.facts.table import FactTable, measure_index, text
from steelyard.facts.vocabulary import (
    Binned,
    Bucket,
    Category,
    Cells,
    Count,
    Fact,
    Histogram,
    Key,
    Measure,
    Moments,
    Values,
    shape,
)

__all__ = [
    "GAPS",
    "Binned",
    "Bucket",
    "Category",
    "Cells",
    "Count",
    "CutGrid",
    "Fact",
    "FactTable",
    "Gap",
    "Grid",
    "Histogram",
    "IntegerGrid",
    "Key",
    "LogitGrid",
    "Measure",
    "Moments",
    "Profile",
    "RootGrid",
    "Values",
    "compile_expression",
    "measure",
    "measure_index",
    "names_in",
    "quote",
    "shape",
    "text",
]
