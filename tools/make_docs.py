"""Write the generated pages of the documentation: metrics, commands, JSON, engines, coverage.

Run as `python tools/make_docs.py` (fast pages) or `python tools/make_docs.py coverage` (simulates, a minute).
The tests hold the committed pages equal to what this writes.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from steelyard.facts import GAPS
from steelyard.metrics import MetricDoc, catalogue

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
BETTER = {"higher": "higher is better", "lower": "lower is better", "target": "no side is better"}
TASKS = {
    "binary": "Binary classification",
    "multiclass": "Multiclass classification",
    "multilabel": "Multilabel classification",
    "regression": "Regression",
    "forecasting": "Forecasting",
    "ranking": "Ranking and recommendation",
}


def metrics_page() -> str:
    """Every metric: meaning, formula, range, when it misleads, what to do next."""
    parts = [
        "# Metrics",
        "",
        "Each of these comes with an interval, on every slice. The same words are in `steelyard explain-metric NAME` "
        "and behind each number of the report. This page is made from the metrics' own docstrings.",
        "",
    ]
    for task, title in TASKS.items():
        docs = catalogue(task)
        links = ", ".join(f"[`{doc.name}`](#{doc.name})" for doc in docs)
        parts += [f"**{title}**: {links}", ""]
    for doc in sorted(catalogue(), key=lambda d: d.name):
        parts += _metric(doc)
    return "\n".join(parts).rstrip() + "\n"


def _metric(doc: MetricDoc) -> list[str]:
    lines = [
        f"## {doc.name} {{ #{doc.name} }}",
        "",
        f"**{doc.title}** · {', '.join(doc.tasks)} · {BETTER[doc.direction]}",
        "",
    ]
    lines += [_plain(doc.meaning), ""]
    for heading, text in (
        ("Formula", f"`{doc.formula}`" if doc.formula else ""),
        ("Range", _plain(doc.range)),
        ("When it misleads", _plain(doc.misleads)),
        ("What to do next", _plain(doc.next)),
        ("Source", _plain(doc.source)),
    ):
        if text:
            lines.append(f"- **{heading}**: {text}")
    return [*lines, ""]


def _plain(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*").replace("_", "\\_")


def commands_page() -> str:
    """The command line, from the commands' own help."""
    import typer

    from steelyard.cli.app import app

    command: Any = typer.main.get_command(app)
    parts = [
        "# Commands",
        "",
        "Exit codes: 0 pass (or no checks), 1 a check fails, 2 the input or the command cannot be used, "
        "3 a check is inconclusive. This page is made from the commands themselves.",
        "",
    ]
    for name, sub in command.commands.items():
        parts += [f"## steelyard {name}", "", sub.help or "", "", "| option | meaning |", "|---|---|"]
        for parameter in sub.params:
            is_option = parameter.param_type_name == "option"
            names = ", ".join(parameter.opts) if is_option else parameter.metavar or parameter.name.upper()
            parts.append(f"| `{names}` | {(getattr(parameter, 'help', '') or '').replace('|', '/')} |")
        parts.append("")
    return "\n".join(parts).rstrip() + "\n"


def gaps_page() -> str:
    """What an engine cannot do, and what to do instead."""
    rows = [f"| {g.engine} | {g.fact} | {g.reason} | {g.remedy} |" for g in GAPS]
    return "\n".join(
        [
            "# What an engine cannot do",
            "",
            "Polars answers every fact. Other engines answer all but these; asking for one of them is an error that "
            "says so. This page is made from `steelyard.facts.GAPS`.",
            "",
            "| engine | fact | why | instead |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def json_page() -> str:
    """The members of the JSON, from the schemas themselves."""
    folder = ROOT / "src/steelyard/report/schema"
    schemas = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]
    schemas.sort(key=lambda s: s["properties"]["schema"]["const"] != "steelyard.evaluation")
    parts = [
        "# JSON",
        "",
        "Every command with `--json` or `-o result.json`, and `.to_json()` of every result, write one object whose "
        "`schema` and `schema_version` say what it is. The JSON Schemas (2020-12) come with the package, in "
        "`steelyard/report/schema/`; this page is made from them.",
        "",
    ]
    told: dict[str, Any] = {}
    for schema in schemas:
        name = schema["properties"]["schema"]["const"].removeprefix("steelyard.")
        parts += [f"## {name}", "", schema["description"], "", *_members(schema)]
        for part, definition in schema["$defs"].items():
            if told.get(part) != definition:
                title = f"{part} of {name}" if part in told else part
                parts += [f"### {title}", "", definition.get("description", ""), "", *_members(definition)]
                told.setdefault(part, definition)
    return "\n".join(parts).rstrip() + "\n"


def _members(definition: dict[str, Any]) -> list[str]:
    if "properties" not in definition:
        return []
    rows = [f"| `{name}` | {_type(what)} | {_cell(what)} |" for name, what in definition["properties"].items()]
    return ["| member | type | meaning |", "|---|---|---|", *rows, ""]


def _cell(what: dict[str, Any]) -> str:
    return str(what.get("description", "")).replace("|", "\\|").replace("\n", " ")


def _type(what: dict[str, Any]) -> str:
    if "const" in what:
        return f"`{json.dumps(what['const'])}`"
    if "enum" in what:
        return ", ".join(f"`{json.dumps(v)}`" for v in what["enum"])
    if "$ref" in what:
        name = what["$ref"].rsplit("/", 1)[-1]
        return f"[{name}](#{name})"
    if "anyOf" in what:
        return " or ".join(dict.fromkeys(map(_type, what["anyOf"])))
    if what.get("type") == "array" and "items" in what:
        return f"array of {_type(what['items'])}"
    kinds = what.get("type", "any")
    return " or ".join(kinds) if isinstance(kinds, list) else str(kinds)


def coverage_page() -> str:
    """Simulated coverage of the intervals, from the same function that `make prove` tests."""
    lines = [
        "# Coverage of the intervals",
        "",
        "How often the interval holds the true value, simulated; 95 % is the aim. `make prove` runs the same "
        "simulations and fails where one leaves its bound. A figure off 95 % by more than its Monte Carlo error has "
        "its reason in the test that holds it.",
        "",
        "| setting | method | n | coverage | ± |",
        "|---|---|---:|---:|---:|",
    ]
    lines += [
        f"| {row.setting} | {row.method} | {row.n:,} | {row.coverage:.3f} | {row.mc_error:.3f} |"
        for row in _proof("test_interval_coverage").coverage_table()
    ]
    lines += [
        "",
        "## Every metric, through the engine",
        "",
        "400 samples of each setting; Monte Carlo error about ± 0.011. Empty: not of that task, or never defined.",
        "",
    ]
    rows = _proof("test_metric_coverage").metric_coverage_table()
    for task in ("binary", "regression", "multiclass", "ranking"):
        lines += _pivot([row for row in rows if row.setting.startswith(task)])
    return "\n".join([*lines, ""])


def _pivot(rows: Sequence[Any]) -> list[str]:
    settings = list(dict.fromkeys(row.setting for row in rows))
    sizes = {row.setting: row.n for row in rows}
    found = {(row.metric, row.setting): row for row in rows}
    heads = [f"{s}, n = {sizes[s]:,}" for s in settings]
    lines = [f"| metric | {' | '.join(heads)} | method |", f"|---|{'---:|' * len(heads)}---|"]
    for metric in dict.fromkeys(row.metric for row in rows):
        cells = [found.get((metric, s)) for s in settings]
        shown = ["" if cell is None else f"{cell.coverage:.3f}" for cell in cells]
        method = next(cell.method for cell in cells if cell is not None)
        lines.append(f"| `{metric}` | {' | '.join(shown)} | {method} |")
    return [*lines, ""]


def _proof(name: str) -> Any:
    """A module of simulations from the tests."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "tests" / "prove" / f"{name}.py")
    if spec is None or spec.loader is None:
        raise SystemExit(f"{name} cannot be loaded.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


PAGES: dict[str, Callable[[], str]] = {
    "metrics.md": metrics_page,
    "cli.md": commands_page,
    "engines.md": gaps_page,
    "json.md": json_page,
}


def main() -> None:
    """Write the pages; with the argument "coverage" that one too."""
    pages = {**PAGES, "coverage.md": coverage_page} if "coverage" in sys.argv[1:] else PAGES
    for name, make in pages.items():
        (DOCS / name).write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    main()
