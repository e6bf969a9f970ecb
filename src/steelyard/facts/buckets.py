"""Buckets: which of a few groups a cluster falls into, the same on every engine."""

from __future__ import annotations

import narwhals.stable.v2 as nw

from steelyard.facts.expression import finite
from steelyard.facts.vocabulary import Bucket

LARGE_PRIME = 2**31 - 1
MULTIPLIER = 48271


def bucket_steps(key: Bucket, whole: bool, name: str) -> list[nw.Expr]:
    """Steps that make the bucket `name` of a numeric cluster; missing ones count as cluster 0.

    A multiplicative congruential hash that fits 64 bits on every engine. The first remainder may be negative
    or not, as the engine likes; adding the prime makes the second one the same everywhere, and nothing overflows.

    Args:
        key: the bucket.
        whole: whether the column is of an integer type; of other numbers the whole part counts.
        name: name of the new column.
    """
    cluster, mixed = nw.col(key.column), nw.col(name)
    number = cluster if whole else finite(cluster.cast(nw.Float64())).clip(-(2.0**53), 2.0**53).floor()
    twice = (mixed + LARGE_PRIME) % LARGE_PRIME * MULTIPLIER % LARGE_PRIME * MULTIPLIER % LARGE_PRIME
    return [
        number.alias(name),
        nw.when(mixed.is_null()).then(nw.lit(0)).otherwise(mixed).alias(name),
        (mixed % LARGE_PRIME).cast(nw.Int64()).alias(name),
        (twice % key.groups).cast(nw.Int64()).alias(name),
    ]
