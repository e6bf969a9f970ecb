"""Measure time and memory, beside only reading the data and beside the usual tools.

    python benchmarks/run.py                      # all parts, 100,000 and 1,000,000 rows
    python benchmarks/run.py --only read --rows 10000000
    python benchmarks/run.py --only peers --python evidently=/path/to/its/python

Every line is a process of its own, imports and start included; lines of a part take turns. The tables go to
standard output, and with --output beside them as Markdown and JSON.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import machine
import parts
import process

import report

HALVES = ("reference", "current")
PARTS = ("start", "read", "evaluate", "diagnose", "slices", "fairness", "peers")


def main() -> None:
    """Measure what the command line asks for."""
    given = _arguments()
    here = machine.describe()
    found: list[report.Measured] = []
    with tempfile.TemporaryDirectory() as scratch:
        for part in _parts(given, Path(scratch)):
            part = _chosen(part, given.lines)
            print(f"{part.title} …", file=sys.stderr, flush=True)
            commands = [line.command for line in part.lines]
            found.append(report.Measured(part, process.repeat(commands, given.repeat)))
    text = report.markdown(here, found)
    print(text)
    if given.output is not None:
        given.output.mkdir(parents=True, exist_ok=True)
        (given.output / "benchmarks.md").write_text(text, encoding="utf-8")
        (given.output / "benchmarks.json").write_text(report.as_json(here, found), encoding="utf-8")


def _arguments() -> argparse.Namespace:
    lines = (__doc__ or "").splitlines()
    parser = argparse.ArgumentParser(description=lines[0])
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="parts to measure")
    parser.add_argument(
        "--rows", nargs="+", type=_count, default=[100_000, 1_000_000], help="rows to read and evaluate"
    )
    parser.add_argument("--peer-rows", type=_count, default=100_000, help="rows for the usual tools")
    parser.add_argument("--lines", nargs="+", default=[], metavar="WORD", help="only lines whose name holds a word")
    parser.add_argument("--repeat", "--runs", type=int, default=3, help="runs of each process; medians are shown")
    parser.add_argument("--python", action="append", default=[], metavar="TOOL=PYTHON", help="a tool's own Python")
    parser.add_argument("--data", type=Path, help="folder to keep the data in; else it is made anew each time")
    parser.add_argument(
        "--output", type=Path, default=Path("build"), help="folder for benchmarks.md and benchmarks.json"
    )
    return parser.parse_args()


def _chosen(part: parts.Part, words: list[str]) -> parts.Part:
    """Return the part with the lines asked for; the first stays, as the others are held against it."""
    kept = [line for i, line in enumerate(part.lines) if not i or not words or any(w in line.name for w in words)]
    return replace(part, lines=kept)


def _count(text: str) -> int:
    """Whole rows, also written 1e6."""
    return int(float(text))


def _parts(given: argparse.Namespace, scratch: Path) -> Iterator[parts.Part]:
    folder, python = given.data or scratch, parts.pythons(given.python)
    if "start" in given.only:
        yield parts.start()
    for rows in given.rows:
        if "read" in given.only:
            yield parts.read(rows, _data(rows, folder))
        if "evaluate" in given.only:
            yield parts.evaluate(rows, _data(rows, folder), scratch)
        if "diagnose" in given.only:
            halves = [_data(rows, folder, half) for half in HALVES]
            yield parts.diagnose(rows, _data(rows, folder), halves)
        if "slices" in given.only:
            yield parts.slices(rows, _data(rows, folder), python, beside=rows <= given.peer_rows)
        if "fairness" in given.only:
            yield parts.fairness(rows, _data(rows, folder), python)
    if "peers" in given.only:
        rows = given.peer_rows
        yield parts.peers(rows, _data(rows, folder), scratch, python)


def _data(rows: int, folder: Path, half: str | None = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{half or 'predictions'}_{rows}.parquet"
    if not path.exists():
        # A process of its own: memory that this one held would count as its children's.
        making = path.with_suffix(".part")
        maker = Path(__file__).with_name("make_data.py")
        only = [] if half is None else ["--only", half]
        subprocess.run([sys.executable, str(maker), str(rows), str(making), *only], check=True)
        making.rename(path)
    return path


if __name__ == "__main__":
    main()
