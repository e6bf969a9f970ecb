"""What a plug-in may bring: a metric, metrics that depend on the problem, and a source."""

import polars as pl

import steelyard as sy
from steelyard.data import Source
from steelyard.data.border import as_table
from steelyard.metrics.expression import from_expression


@sy.metric(title="Apples", direction="higher")
def apples(c: sy.Confusion):
    """Ripe apples that were picked, per apple.

    Formula: tp / n
    Range: 0 to 1.
    """
    return c.tp / c.total


def ages(problem):
    """One metric where there is a column `age`."""
    return [from_expression("apple_age", "mean(age)")] if "age" in problem.columns else []


def read_basket(source, query):
    rows = [[float(v) for v in row.split()] for row in source.removeprefix("basket:").split("/")]
    return as_table(pl.LazyFrame(rows, schema=["y", "p", "age"], orient="row"), "a basket")


METRICS = [apples, ages]
SOURCE = Source("baskets", lambda source: str(source).startswith("basket:"), read_basket, "basket:1 0.9 3/0 0.1 2")
