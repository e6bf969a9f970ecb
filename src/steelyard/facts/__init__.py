"""Facts: counts and sums per cell that add up, and the engine that gets them from any data."""

from steelyard.facts.engine import measure
from steelyard.facts.expression import compile_expression, names_in, quote
from steelyard.facts.gaps import GAPS, Gap, lacks
from steelyard.facts.grids import CutGrid, Grid, IntegerGrid, LogitGrid, RootGrid
from steelyard.facts.levels import text
from steelyard.facts.profile import Profile
from steelyard.facts.table import FactTable, measure_index
from steelyard.facts.vocabulary import (
    Among,
    Binned,
    Bucket,
    Category,
    Cells,
    Count,
    Distinct,
    Fact,
    Histogram,
    Key,
    Measure,
    Moments,
    RowHash,
    Sample,
    Values,
    Window,
    columns_in,
    shape,
)

__all__ = [
    "GAPS",
    "Among",
    "Binned",
    "Bucket",
    "Category",
    "Cells",
    "Count",
    "CutGrid",
    "Distinct",
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
    "RowHash",
    "Sample",
    "Values",
    "Window",
    "columns_in",
    "compile_expression",
    "lacks",
    "measure",
    "measure_index",
    "names_in",
    "quote",
    "shape",
    "text",
]
