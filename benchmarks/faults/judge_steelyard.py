"""What Steelyard says of pairs: its findings in their order, those for information left out."""

import json
import sys
from pathlib import Path

from world import ROLES

import steelyard as sy

STANDING = ("weak-slice", "calibration", "threshold", "imbalance", "accuracy-paradox", "no-problem", "too-few-rows")
"""Kinds that speak of the current data alone."""


def flags(folder: Path) -> list[dict[str, str]]:
    """Judge one pair."""
    window = json.loads((folder / "case.json").read_text())["window"]
    try:
        found = sy.compare(folder / "reference.parquet", folder / "current.parquet", ROLES, window=window).findings
    except sy.SteelyardError as error:
        return [{"kind": "error", "about": str(error), "compares": "yes"}]
    return [
        {
            "kind": finding.kind,
            "about": f"{finding.id} {finding.subject} {finding.slice} {finding.sentence}",
            "severity": str(finding.severity),
            "compares": "no" if finding.standing or finding.kind in STANDING else "yes",
        }
        for finding in found
        if finding.severity != "info"
    ]


print(json.dumps({name: flags(Path(sys.argv[1]) / name) for name in sys.argv[2:]}))
