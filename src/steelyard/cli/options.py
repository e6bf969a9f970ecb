"""Options that several commands share, each group written once."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from steelyard.records import ConfigError

if TYPE_CHECKING:
    from steelyard.data import Roles

CONFIG = "steelyard.toml"
Names = list[str] | None
Command = Callable[..., None]


def takes(**makers: Callable[..., Any]) -> Callable[[Command], Command]:
    """Give a command the options of each maker; what a maker makes of them is passed under its name.

    Args:
        makers: parameter of the command to the function whose own parameters are the options.
    """

    def decorate(command: Command) -> Command:
        own = [p for p in _parameters(command) if p.name not in makers]
        groups = {name: _parameters(maker) for name, maker in makers.items()}

        def run(**given: Any) -> None:
            made = {name: makers[name](**{p.name: given[p.name] for p in group}) for name, group in groups.items()}
            command(**{p.name: given[p.name] for p in own}, **made)

        together = [*own, *(p for group in groups.values() for p in group)]
        run.__name__, run.__doc__ = command.__name__, command.__doc__
        run.__annotations__ = {p.name: p.annotation for p in together}
        run.__signature__ = inspect.Signature(together)  # type: ignore[attr-defined]
        return run

    return decorate


def _parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    signature = inspect.signature(function)
    # What a maker returns is imported for type checkers only.
    names = {**function.__globals__, "Roles": Any, "Evaluation": Any}
    hints = get_type_hints(function, globalns=names, include_extras=True)
    return [
        p.replace(annotation=hints.get(p.name, Any), kind=inspect.Parameter.KEYWORD_ONLY)
        for p in signature.parameters.values()
    ]


def roles(
    label: Annotated[Names, typer.Option(help="Column with the truth; several for multilabel.")] = None,
    prediction: Annotated[Names, typer.Option(help="Column with the model's answer; several for multilabel.")] = None,
    score: Annotated[
        Names,
        typer.Option(help="Column with the score or probability; CLASS=COLUMN for each of several classes."),
    ] = None,
    positive: Annotated[str | None, typer.Option(help="The label value that counts as positive.")] = None,
    threshold: Annotated[float | None, typer.Option(help="Scores from here on are positive decisions.")] = None,
    task: Annotated[
        str | None,
        typer.Option(help="binary, multiclass, multilabel, regression, forecasting or ranking."),
    ] = None,
    slice_: Annotated[
        Names, typer.Option("--slice", help="Column to slice by; A,B is the intersection of two. Repeatable.")
    ] = None,
    feature: Annotated[Names, typer.Option(help="Feature column; else all without a role. Repeatable.")] = None,
    text: Annotated[Names, typer.Option(help="Column of free text. Repeatable.")] = None,
    image: Annotated[Names, typer.Option(help="Column with paths of images. Repeatable.")] = None,
    embedding: Annotated[Names, typer.Option(help="Column of vectors. Repeatable.")] = None,
    weight: Annotated[str | None, typer.Option(help="Column with row weights.")] = None,
    cluster: Annotated[
        str | None, typer.Option(help="Column whose equal values belong together (user, session).")
    ] = None,
    time: Annotated[str | None, typer.Option(help="Column with the time of the row.")] = None,
    id_: Annotated[str | None, typer.Option("--id", help="Column that identifies the row.")] = None,
    query: Annotated[str | None, typer.Option(help="Column that groups the rows of one ranked list.")] = None,
    series: Annotated[str | None, typer.Option(help="Column with the series of a forecast.")] = None,
    horizon: Annotated[str | None, typer.Option(help="Column with the steps ahead of a forecast.")] = None,
    sensitive: Annotated[Names, typer.Option(help="Attribute to audit fairness by (sex, race). Repeatable.")] = None,
    compared_with: Annotated[
        Names, typer.Option(help="Group that others are compared with, e.g. sex=male; else the largest. Repeatable.")
    ] = None,
    lower: Annotated[str | None, typer.Option(help="Column with the lower end of a predicted interval.")] = None,
    upper: Annotated[str | None, typer.Option(help="Column with its upper end.")] = None,
    prediction_set: Annotated[
        str | None, typer.Option(help="Column with the set of classes the model holds possible: a list, or a|b.")
    ] = None,
    coverage: Annotated[float | None, typer.Option(help="Share of the truth that intervals or sets promise.")] = None,
    calibrated_on: Annotated[int | None, typer.Option(help="Rows that they were calibrated on.")] = None,
    quantile: Annotated[Names, typer.Option(help="Predicted quantile, e.g. 0.9=p90. Repeatable.")] = None,
) -> Roles:
    """What the columns mean."""
    from steelyard.data import Roles

    return Roles(
        label=_one_or_several(label),
        prediction=_one_or_several(prediction),
        score=_scores(score),
        positive=positive,
        threshold=threshold,
        task=task_of(task),
        slices=tuple(_slice(s) for s in slice_ or ()),
        features=feature,
        text=tuple(text or ()),
        image=tuple(image or ()),
        embedding=tuple(embedding or ()),
        weight=weight,
        cluster=cluster,
        time=time,
        id=id_,
        query=query,
        series=series,
        horizon=horizon,
        sensitive=tuple(sensitive or ()),
        compared_with=dict(_group(g) for g in compared_with or ()),
        lower=lower,
        upper=upper,
        prediction_set=prediction_set,
        coverage=coverage,
        calibrated_on=calibrated_on,
        quantiles=dict(_quantile(q) for q in quantile or ()),
    )


def settings(
    metric: Annotated[Names, typer.Option(help="Measure only this metric. Repeatable.")] = None,
    check: Annotated[
        Names,
        typer.Option(
            help='Hold a metric against a bound: "roc_auc >= 0.8", "recall >= 0.7 [sex = F]", '
            '"f1 >= reference - 0.02", "recall across sex <= 0.1". Repeatable.'
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(help="Roles, own metrics and checks; ./steelyard.toml is taken where it exists."),
    ] = None,
    labels: Annotated[
        Names, typer.Option(help="Labels of the data in files of their own, joined by id. Repeatable.")
    ] = None,
    on: Annotated[Names, typer.Option(help="Column that labels are joined by. Repeatable.")] = None,
    window: Annotated[
        str | None, typer.Option(help="Also follow everything over windows of time: 1d, 6h, 1w, 1mo.")
    ] = None,
    events: Annotated[
        Path | None, typer.Option(help="CSV of what happened (time, kind, title), to date causes against.")
    ] = None,
    depth: Annotated[int, typer.Option(help="Features that a segment may combine: 2, or 3 (longer).")] = 2,
    level: Annotated[float | None, typer.Option(help="Nominal coverage of the intervals (0.95).")] = None,
    columns: Annotated[bool, typer.Option(help="Look at every column: overview, quality, drift, segments.")] = True,
    min_cell: Annotated[
        int | None,
        typer.Option(help="Show no groups of fewer rows, for publishing (11 for health data)."),
    ] = None,
    champion: Annotated[
        Names,
        typer.Option(help="Another model on the same rows: a file joined by id, or prediction=COLUMN, score=COLUMN."),
    ] = None,
    cost: Annotated[
        Names,
        typer.Option(help="What decisions are worth: fn=-300, fp=-25, currency=EUR, volume=2000000. Repeatable."),
    ] = None,
) -> Mapping[str, Any]:
    """How to evaluate, as keywords of `steelyard.evaluate`."""
    found = config is None and Path(CONFIG).is_file()
    return {
        "metrics": metric,
        "checks": check or (),
        "config": CONFIG if found else config,
        "labels": source(labels) if labels else None,
        "on": on,
        "depth": depth,
        "window": window,
        "events": events or (),
        "level": level,
        "columns": columns,
        "min_cell": min_cell,
        "champion": champion_of(champion),
        "costs": _costs(cost),
    }


@dataclass(frozen=True)
class Output:
    """Where the result goes."""

    files: tuple[Path, ...]
    json: bool
    quiet: bool

    @property
    def silent(self) -> bool:
        """Whether nothing but the result may be printed."""
        return self.json or self.quiet

    def require_places(self, inputs: Sequence[str] = ()) -> None:
        """Refuse, before any work is done, to write where nothing can be written, or over the data."""
        require_places(self.files, inputs)


def output(
    output: Annotated[
        list[Path] | None,
        typer.Option("--output", "-o", help="Write the report: .html, .json or .md. Repeatable."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the JSON and nothing else.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
    debug: Annotated[bool, typer.Option(help="Show the traceback of an error.")] = False,
) -> Output:
    """Where the result goes; `debug` is read by the application, where errors become words."""
    return Output(tuple(output or ()), json, quiet)


def require_places(outputs: Sequence[Path], inputs: Sequence[str] = ()) -> None:
    """Refuse, before any work is done, to write where nothing can be written, or over the data.

    Raises:
        OutputError: a report cannot be written there.
        ConfigError: it would replace the data.
    """
    if not outputs:
        return
    from steelyard.report.files import require_place

    for path in outputs:
        require_place(path)
        if path.exists() and any(Path(name).exists() and path.samefile(name) for name in inputs):
            raise ConfigError(f"{str(path)!r} is the data; the report would replace it. Choose another name.")


def source(given: Sequence[str]) -> str | list[str]:
    """One source, or several as a list."""
    return given[0] if len(given) == 1 else list(given)


def task_of(given: str | None) -> Any:
    """A task by its name.

    Raises:
        ConfigError: there is none of that name.
    """
    from steelyard.data import TASKS
    from steelyard.records import nearest

    if given is None or given in TASKS:
        return given
    raise ConfigError(f"There is no task {given!r}. {nearest(given, TASKS)}")


def _one_or_several(given: Names) -> str | list[str] | None:
    return None if not given else given[0] if len(given) == 1 else given


def _scores(given: Names) -> str | list[str] | dict[str, str] | None:
    if given and all("=" in g for g in given):
        return {name: column for name, _, column in (g.partition("=") for g in given)}
    return _one_or_several(given)


def _slice(given: str) -> str | tuple[str, ...]:
    parts = tuple(p.strip() for p in given.split(","))
    return parts if len(parts) > 1 else given


def _group(given: str) -> tuple[str, str]:
    column, equals, group = given.partition("=")
    if not (column and equals and group):
        raise ConfigError(f"--compared-with {given!r} must be COLUMN=GROUP, e.g. sex=male.")
    return column, group


def champion_of(given: Names) -> Any:
    """A source, or the columns of another model in the same data."""
    if given and all(item.partition("=")[0] in ("prediction", "score") and "=" in item for item in given):
        return dict(item.split("=", 1) for item in given)
    return source(given) if given else None


def _costs(given: Names) -> Mapping[str, Any] | None:
    if not given:
        return None
    from steelyard.analyses.costs import costs_of

    return costs_of(given)


def _quantile(given: str) -> tuple[float, str]:
    share, equals, column = given.partition("=")
    try:
        if equals and 0 < float(share) < 1:
            return float(share), column
    except ValueError:
        pass
    raise ConfigError(f"--quantile {given!r} must be SHARE=COLUMN with a share between 0 and 1, e.g. 0.9=p90.")
