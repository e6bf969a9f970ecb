"""What Evidently says of pairs: the tests that its presets make of the reference, and that fail."""

import json
import sys
import warnings
from pathlib import Path

import pandas as pd
from evidently import BinaryClassification, DataDefinition, Dataset, Report
from evidently.presets import ClassificationPreset, DataDriftPreset, DataSummaryPreset

warnings.filterwarnings("ignore")
KIND = BinaryClassification(
    target="employed", prediction_labels="prediction", prediction_probas="probability", pos_label=1
)


def flags(folder: Path) -> list[dict[str, str]]:
    """Judge one pair."""
    reference, current = (pd.read_parquet(folder / f"{name}.parquet") for name in ("reference", "current"))
    found: list[dict[str, str]] = []
    for preset, classified in (
        (DataDriftPreset(), False),
        (DataSummaryPreset(), False),
        (ClassificationPreset(), True),
    ):
        try:
            definition = DataDefinition(classification=[KIND]) if classified else None
            made = [Dataset.from_pandas(_readable(f, classified), definition) for f in (current, reference)]
            result = Report([preset], include_tests=True).run(*made).dict()
        except Exception as error:  # noqa: BLE001 - a judge that cannot read a pair says so
            found.append({"kind": "error", "about": f"{type(preset).__name__}: {error}"[:300]})
            continue
        found += [
            {"kind": str(test.get("name")), "about": f"{test.get('name')} {test.get('description')}"}
            for test in result.get("tests", [])
            if "FAIL" in str(test.get("status")).upper()
        ]
    return found


def _readable(frame: pd.DataFrame, classified: bool) -> pd.DataFrame:
    frame = frame.drop(columns=["id"])
    frame["day"] = pd.to_datetime(frame["day"])
    if classified:
        frame = frame[["employed", "prediction", "probability"]].dropna()
        return frame.astype({"employed": "int64", "prediction": "int64"})
    return frame


print(json.dumps({name: flags(Path(sys.argv[1]) / name) for name in sys.argv[2:]}))
