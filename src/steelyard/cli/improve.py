"""`steelyard improve`: what could be done better with the same model, and a policy that can be applied."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from steelyard.cli import options
from steelyard.cli.options import CONFIG, Names, Output, source, takes
from steelyard.cli.output import printing
from steelyard.cli.running import run
from steelyard.records import ConfigError, OutputError

if TYPE_CHECKING:
    from steelyard.data import Roles


@takes(roles=options.roles, output=options.output)
def improve(
    data: Annotated[
        list[str],
        typer.Argument(metavar="FILE…", help="Files, globs, folders, URLs; - reads standard input."),
    ],
    roles: Roles,
    output: Output,
    fairness: Annotated[
        Names,
        typer.Option(
            help="Make groups fare alike: demographic_parity, equal_opportunity, equalized_odds, "
            "false_positive_rate, calibration. Repeatable."
        ),
    ] = None,
    attribute: Annotated[
        str | None,
        typer.Option(help="Column that tells the groups; A,B is the intersection. Else every --sensitive."),
    ] = None,
    best_threshold: Annotated[
        bool, typer.Option("--best-threshold", help="Look for a threshold that is worth more, and for a review band.")
    ] = False,
    recalibrate: Annotated[bool, typer.Option("--recalibrate", help="Look for better probabilities.")] = False,
    cost: Annotated[
        Names, typer.Option(help="What a decision earns, NAME=VALUE: fn=-300, fp=-25, currency=EUR. Repeatable.")
    ] = None,
    objective: Annotated[
        str | None,
        typer.Option(help="What decisions by group keep high: accuracy, balanced_accuracy or value."),
    ] = None,
    tolerance: Annotated[
        float | None, typer.Option(help="Gaps between groups up to here count as none (0.1: ten points).")
    ] = None,
    policy: Annotated[
        Path | None, typer.Option(help="Write the first policy with a certain gain there, as JSON.")
    ] = None,
    proposal: Annotated[
        str | None, typer.Option(help="Write the policy of this proposal instead, by its id.")
    ] = None,
    apply: Annotated[
        Path | None,
        typer.Option(help="Apply this policy to FILE: -o writes the rows with a column `decision` (.parquet, .csv)."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Of the folds (0); of the draws where a policy is applied.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="Roles and costs; ./steelyard.toml is taken where it exists.")
    ] = None,
    level: Annotated[float | None, typer.Option(help="Nominal coverage of the intervals (0.95).")] = None,
    sql: Annotated[str | None, typer.Option(help="Query to read from a database URL.")] = None,
) -> None:
    """Propose fairer groups, better thresholds and probabilities, each proved on rows that did not choose it."""
    if apply is not None:
        _apply(apply, data, roles, output, seed, sql)
        return
    output.require_places(data)
    _require_policy_place(policy, data)
    from steelyard.analyses.costs import costs_of
    from steelyard.evaluation import Improvement, propose

    chosen = CONFIG if config is None and Path(CONFIG).is_file() else config
    more = {} if tolerance is None else {"tolerance": tolerance}
    costs = costs_of(cost) if cost else None

    def make() -> Improvement:
        made = propose(
            source(data),
            roles,
            fairness=fairness,
            attribute=attribute,
            costs=costs,
            threshold=best_threshold,
            recalibrate=recalibrate,
            objective=objective,
            config=chosen,
            level=level,
            seed=seed or 0,
            sql=sql,
            **more,
        )
        if proposal is not None:
            made.policy(proposal)  # a slip of the name is told before anything is shown
        kept.append(made)
        return made

    kept: list[Improvement] = []
    done = run(make, data, {"config": chosen}, output)
    if policy is not None:
        kept[0].policy(proposal).save(policy)
    raise done


def _require_policy_place(policy: Path | None, inputs: list[str]) -> None:
    if policy is None:
        return
    if policy.is_dir() or not policy.parent.is_dir():
        raise OutputError(f"The policy cannot be written to {str(policy)!r}: name a file in a folder that exists.")
    if policy.exists() and any(Path(name).exists() and policy.samefile(name) for name in inputs):
        raise ConfigError(f"{str(policy)!r} is the data; the policy would replace it. Choose another name.")


def _apply(path: Path, data: list[str], roles: Roles, output: Output, seed: int | None, sql: str | None) -> None:
    from steelyard.evaluation.deciding import decide, write_rows
    from steelyard.improve.policy import Policy

    if len(output.files) != 1:
        raise ConfigError(
            "--apply writes the decided rows: give one file for them, -o decided.parquet or -o decided.csv."
        )
    target = output.files[0]
    if any(Path(name).exists() and target.exists() and target.samefile(name) for name in data):
        raise ConfigError(f"{str(target)!r} is the data; the decided rows would replace it. Choose another name.")
    score = roles.scores[0] if roles.scores else None
    decided = decide(source(data), Policy.read(path), score=score, ids=roles.id, seed=seed, sql=sql)
    write_rows(decided.frame, target)
    if not output.silent:
        with printing():
            typer.echo(f"{decided.sentence} Written: {target.resolve()}")
