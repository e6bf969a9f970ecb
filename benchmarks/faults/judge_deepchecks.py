"""What Deepchecks says of pairs: the conditions of its full suite that do not pass, failures before warnings."""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from deepchecks.tabular import Dataset, Suite
from deepchecks.tabular.checks import WeakSegmentsPerformance
from deepchecks.tabular.suites import data_integrity, model_evaluation, train_test_validation

warnings.filterwarnings("ignore")
SEGMENT_ROWS = 1_500
STANDING = ("Conflicting Labels", "Feature-Feature", "Identifier Label", "Weak Segments", "Date Train-Test Leakage")
"""Checks whose conditions speak of one data set alone, or of the days that all our pairs share."""
CATEGORIES = ["sex", "race", "education", "marital_status", "citizenship", "disability", "military", "age_group"]


def flags(folder: Path) -> list[dict[str, str]]:
    """Judge one pair."""
    reference, current = (pd.read_parquet(folder / f"{name}.parquet") for name in ("reference", "current"))
    found: list[tuple[int, dict[str, str]]] = []
    made = [_dataset(frame) for frame in (reference, current)]
    answers = {"y_pred_train": _answers(made[0]), "y_pred_test": _answers(made[1])}
    chances = {"y_proba_train": _chances(made[0]), "y_proba_test": _chances(made[1])}
    for suite, given in (
        (data_integrity(), lambda s: s.run(made[1])),
        (train_test_validation(), lambda s: s.run(*made)),
        (_quick(model_evaluation()), lambda s: s.run(*made, **answers, **chances)),
    ):
        try:
            results = given(suite).results
        except Exception as error:  # noqa: BLE001 - a judge that cannot read a pair says so
            found.append((1, {"kind": "error", "about": f"{suite.name}: {error}"[:300]}))
            continue
        for result in results:
            for condition in getattr(result, "conditions_results", None) or []:
                if not condition.is_pass():
                    rank = 0 if condition.category.value == "FAIL" else 1
                    name = result.get_header()
                    compares = "no" if name.startswith(STANDING) else "yes"
                    about = f"{name}: {condition.name} {condition.details}"
                    found.append((rank, {"kind": name, "about": about, "compares": compares}))
    return [flag for _, flag in sorted(found, key=lambda pair: pair[0])]


def _quick(suite: Suite) -> Suite:
    """The suite with weak segments sought in a sample: on all rows that one check takes more than a minute."""
    slow = [i for i, check in suite.checks.items() if isinstance(check, WeakSegmentsPerformance)]
    for i in slow:
        suite.remove(i)
    found = WeakSegmentsPerformance(n_samples=SEGMENT_ROWS).add_condition_segments_relative_performance_greater_than()
    return suite.add(found)


def _dataset(frame: pd.DataFrame) -> Dataset:
    frame = frame.dropna(subset=["employed", "prediction", "probability"])
    frame = frame.assign(day=pd.to_datetime(frame["day"]), employed=frame["employed"].astype(int))
    there = [c for c in CATEGORIES if c in frame]
    features = [c for c in frame if c not in ("id", "day", "employed", "prediction", "probability")]
    return Dataset(
        frame, label="employed", features=features, cat_features=there, index_name="id", datetime_name="day"
    )


def _answers(data: Dataset) -> np.ndarray:
    return data.data["prediction"].astype(int).to_numpy()


def _chances(data: Dataset) -> np.ndarray:
    p = data.data["probability"].to_numpy()
    return np.column_stack([1 - p, p])


print(json.dumps({name: flags(Path(sys.argv[1]) / name) for name in sys.argv[2:]}))
