"""Make the workload: predictions of a binary classifier, with a drifted half and a segment where the model fails.

    python benchmarks/make_data.py 1000000 predictions.parquet
    python benchmarks/make_data.py 1000000 reference.parquet --only reference

| columns | what |
|---|---|
| ts | moment, 90 days, ascending |
| period | "reference" for the first half, "current" for the second |
| label, score, pred | truth (about 20 % positive), probability, decision at 0.5 |
| n_0 … n_4, ln_0 … ln_4, ht_0 … ht_4 | normal, lognormal and heavy-tailed numbers, 2 % missing |
| i_0 … i_4 | whole numbers: counts, an id-like one, a grade, an age; 2 % missing |
| c3, c8, c25, c80, c200 | categories, so many values each, unevenly spread |
| sex, age_band | two groups, five groups |

In the current half n_1 is shifted, ln_2 stretched, i_0 more frequent and c8 spread otherwise; where c25 is one of
three values and age_band one of the two oldest, the score knows nothing of the label. Everything is seeded.
"""

from __future__ import annotations

import argparse
from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from workload import CARDINALITY, NUMBERS

SEED = 7
CHUNK = 250_000
DAY = 86_400_000_000
START = 1_767_225_600_000_000
HALVES = ("reference", "current")
AGES = ("18-24", "25-34", "35-49", "50-64", "65+")


def chunks(rows: int, halves: Collection[str] = HALVES) -> Iterator[pa.Table]:
    """Yield the rows of some of the halves, chunk by chunk."""
    half = rows // 2
    for current in (name == "current" for name in HALVES if name in halves):
        size = rows - half if current else half
        for number, start in enumerate(range(0, size, CHUNK)):
            stop = min(start + CHUNK, size)
            rng = np.random.default_rng([SEED, current, number])
            begin = START + current * 45 * DAY
            span = [begin + 45 * DAY * at // max(size, 1) for at in (start, stop)]
            yield _chunk(rng, stop - start, span, current)


def write(rows: int, path: Path, halves: Collection[str] = HALVES) -> None:
    """Write so many rows, or half of them, to a Parquet file."""
    writer = None
    for table in chunks(rows, halves):
        if writer is None:
            coded = [f.name for f in table.schema if pa.types.is_dictionary(f.type)]
            few = ["label", "pred", "i_0", "i_1", "i_3", "i_4"]
            writer = pq.ParquetWriter(path, table.schema, use_dictionary=[*coded, *few])
        writer.write_table(table, row_group_size=CHUNK)
    if writer is not None:
        writer.close()


def _numbers(rng: np.random.Generator, n: int, current: bool) -> dict[str, np.ndarray]:
    made = {f"n_{i}": rng.normal(i, 1 + 0.5 * i, n) for i in range(5)}
    made |= {f"ln_{i}": rng.lognormal(i * 0.8, 0.4 + 0.25 * i, n) for i in range(5)}
    made["ht_0"] = rng.standard_t(2, n)
    made["ht_1"] = rng.standard_t(1.5, n) * 10
    made["ht_2"] = rng.pareto(1.8, n) + 1
    made["ht_3"] = np.where(rng.random(n) < 0.05, 100, 1) * rng.laplace(0, 1, n)
    made["ht_4"] = rng.standard_cauchy(n)
    made["i_0"] = rng.poisson(5.2 if current else 4.0, n).astype(np.int32)
    made["i_1"] = rng.geometric(0.1, n).astype(np.int32)
    made["i_2"] = rng.integers(0, 1_000_000, n, dtype=np.int32)
    made["i_3"] = rng.integers(0, 11, n, dtype=np.int32)
    made["i_4"] = np.clip(rng.normal(45, 15, n), 18, 99).astype(np.int32)
    if current:
        made["n_1"] += 0.75
        made["ln_2"] *= 1.5
    return made


def _categories(rng: np.random.Generator, n: int, current: bool) -> dict[str, np.ndarray]:
    made = {}
    for name, count in CARDINALITY.items():
        share = np.arange(1, count + 1) ** -0.8
        share /= share.sum()
        if current and name == "c8":
            share = (np.roll(share, 1) + share) / 2
        made[name] = rng.choice(count, n, p=share).astype(np.int16)
    return made


def _logit(x: dict[str, np.ndarray], c: dict[str, np.ndarray], sex: np.ndarray) -> np.ndarray:
    return (
        -2.02
        + 0.9 * x["n_0"]
        + (x["n_1"] - 1) / 3
        - 0.3 * (x["n_2"] - 2)
        + 0.75 * np.log(x["ln_0"])
        + 0.08 * (x["i_0"] - 4)
        + 0.35 * (c["c3"] == 1)
        - 0.4 * (c["c8"] == 2)
        + 0.25 * sex
        + 0.6 * np.tanh(x["ht_0"] / 2)
    )


def _chunk(rng: np.random.Generator, n: int, span: list[int], current: bool) -> pa.Table:
    numbers, categories = _numbers(rng, n, current), _categories(rng, n, current)
    sex = (rng.random(n) < 0.46).astype(np.int8)
    age = np.digitize(numbers["i_4"], [25, 35, 50, 65]).astype(np.int8)
    logit = _logit(numbers, categories, sex)
    label = (rng.random(n) < 1 / (1 + np.exp(-logit))).astype(np.int8)
    seen = logit * 0.95 + rng.normal(0, 0.5, n)
    if current:
        blind = np.isin(categories["c25"], [2, 3, 4]) & (age >= 3)
        seen = np.where(blind, rng.permutation(seen), seen)
    score = 1 / (1 + np.exp(-seen))

    def coded(codes: np.ndarray, names: list[str]) -> pa.DictionaryArray:
        return pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(names))

    columns = {
        "ts": pa.array(np.sort(rng.integers(span[0], max(span[1], span[0] + 1), n)), pa.timestamp("us")),
        "period": coded(np.full(n, int(current), np.int8), ["reference", "current"]),
        "label": pa.array(label),
        "score": pa.array(score),
        "pred": pa.array((score >= 0.5).astype(np.int8)),
        **{name: pa.array(numbers[name], mask=rng.random(n) < 0.02) for name in NUMBERS},
        **{name: coded(categories[name], [f"{name}_{i}" for i in range(k)]) for name, k in CARDINALITY.items()},
        "sex": coded(sex, ["F", "M"]),
        "age_band": coded(age, list(AGES)),
    }
    return pa.table(columns)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("rows", type=int)
    parser.add_argument("path", type=Path)
    parser.add_argument("--only", choices=HALVES, help="write this half of the rows alone")
    given = parser.parse_args()
    write(given.rows, given.path, HALVES if given.only is None else (given.only,))
