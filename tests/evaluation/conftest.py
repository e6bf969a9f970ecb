"""One seeded table of predictions for each task."""

import numpy as np
import polars as pl
import pytest

ROWS = 400


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


@pytest.fixture(scope="session")
def binary():
    """A label that follows its probability, with slices, weights and clusters."""
    rng = np.random.default_rng(1)
    p = rng.beta(1.5, 3, ROWS)
    return pl.DataFrame(
        {
            "y": (rng.random(ROWS) < p).astype(int),
            "p": np.round(p, 2),
            "d": (p + rng.normal(0, 0.1, ROWS) >= 0.4).astype(int),
            "plan": rng.choice(["a", "b", "c"], ROWS),
            "sex": rng.choice(["F", "M"], ROWS),
            "age": rng.integers(18, 90, ROWS),
            "w": rng.uniform(0.5, 2, ROWS),
            "user": rng.integers(0, 60, ROWS),
        }
    )


@pytest.fixture(scope="session")
def multiclass():
    rng = np.random.default_rng(2)
    z = rng.normal(size=(ROWS, 3))
    p = softmax(2 * z)
    truth = [rng.choice(3, p=row) for row in softmax(1.5 * z)]
    names = np.array(["cat", "dog", "emu"])
    scores = {f"p_{name}": p[:, i] for i, name in enumerate(names)}
    columns = {"y": names[truth], "d": names[p.argmax(axis=1)], "plan": rng.choice(["a", "b"], ROWS)}
    return pl.DataFrame({**columns, **scores})


@pytest.fixture(scope="session")
def multilabel():
    rng = np.random.default_rng(3)
    p = rng.beta(1, 2, (ROWS, 3))
    y = (rng.random((ROWS, 3)) < p).astype(int)
    return pl.DataFrame(
        {f"y_{i}": y[:, i] for i in range(3)}
        | {f"p_{i}": p[:, i] for i in range(3)}
        | {f"d_{i}": (p[:, i] >= 0.5).astype(int) for i in range(3)}
    )


@pytest.fixture(scope="session")
def regression():
    rng = np.random.default_rng(4)
    y = rng.gamma(3, 20, ROWS)
    hat = y * rng.lognormal(0, 0.2, ROWS)
    return pl.DataFrame(
        {
            "y": y,
            "hat": hat,
            "q10": hat * 0.75,
            "q90": hat * 1.3,
            "w": rng.uniform(0.5, 2, ROWS),
            "region": rng.choice(["n", "s"], ROWS),
        }
    )


@pytest.fixture(scope="session")
def forecasting():
    rng = np.random.default_rng(5)
    days = pl.date_range(pl.date(2026, 1, 1), pl.date(2026, 2, 19), eager=True)
    frames = []
    for shop in ("east", "west"):
        y = 100 + np.cumsum(rng.normal(0, 3, len(days)))
        frames.append(
            pl.DataFrame({"day": days, "shop": shop, "step": 1, "y": y, "hat": y + rng.normal(0, 2, len(days))})
        )
    return pl.concat(frames).with_columns(pl.col("step").cast(pl.Int64))


@pytest.fixture(scope="session")
def ranking():
    rng = np.random.default_rng(6)
    lists, items = 60, 12
    relevance = rng.choice([0, 0, 0, 1, 2], (lists, items))
    return pl.DataFrame(
        {
            "qid": np.repeat([f"q{i}" for i in range(lists)], items),
            "rel": relevance.ravel(),
            "s": (relevance + rng.normal(0, 1, (lists, items))).ravel(),
            "market": np.repeat(rng.choice(["de", "fr"], lists), items),
        }
    )
