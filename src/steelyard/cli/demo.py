"""`steelyard demo`: the main job on real data that comes with the package."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def demo(
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the report goes.")] = Path("report.html"),
    debug: Annotated[bool, typer.Option(help="Show the traceback of an error.")] = False,
) -> None:
    """Evaluate a real model: who has work in Massachusetts, 2016–2018 against 2015 (US Census, ACS)."""
    from steelyard.cli.options import Output
    from steelyard.cli.running import show

    places = Output((output,), json=False, quiet=False)
    places.require_places()
    from steelyard import datasets
    from steelyard.data import Roles
    from steelyard.evaluation import evaluate

    evaluation = evaluate(
        datasets.path("acs_employment/current.parquet"),
        Roles(
            label="employed",
            prediction="prediction",
            score="probability",
            slices=("sex", "race", "age_group", "disability", ("sex", "age_group")),
            sensitive=("sex", "race"),
            id="id",
        ),
        reference=datasets.path("acs_employment/reference.parquet"),
        costs={"fn": -300, "fp": -25, "currency": "EUR"},
        checks=["roc_auc >= 0.88", "recall >= 0.8 [sex = female]", "recall across sex <= 0.05", "brier <= 0.15"],
    )
    show(evaluation, places)
