"""Run a program as a process of its own, and measure all it cost: imports and start included."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

LIMIT = 600


@dataclass(frozen=True)
class Cost:
    """What one run cost, or the medians of several.

    Attributes:
        cpu: user and system seconds, of all threads.
        user: those of them outside the kernel; the rest is mostly memory being handed out.
        wall: seconds on the clock.
        peak: largest resident memory, MiB.
        said: what the program printed last, if that was a JSON object; of several runs, the medians of its numbers.
        all_cpu: CPU seconds of every run, to show how far they are apart.
        runs: how many runs this is the median of.
    """

    cpu: float
    user: float
    wall: float
    peak: float
    said: dict[str, Any] = field(default_factory=dict)
    runs: int = 1
    all_cpu: tuple[float, ...] = ()


class FailedError(Exception):
    """A program that did not end well; the message is the end of what it wrote to standard error."""


def run(command: Sequence[str]) -> Cost:
    """Run a command once.

    Raises:
        FailedError: it cannot be started, ends with an error, or is not done after `LIMIT` seconds.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        began = time.perf_counter()
        try:
            child = subprocess.Popen(command, stdout=out, stderr=err)
        except OSError as error:
            raise FailedError(str(error)) from error
        limit = threading.Timer(LIMIT, child.kill)
        limit.start()
        _, status, usage = os.wait4(child.pid, 0)
        limit.cancel()
        wall = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode and wall >= LIMIT:
            raise FailedError(f"not done after {LIMIT} s")
        out.seek(0)
        err.seek(0)
        if child.returncode:
            lines = err.read().decode(errors="replace").strip().splitlines()
            raise FailedError(lines[-1] if lines else f"exit code {child.returncode}")
        return Cost(usage.ru_utime + usage.ru_stime, usage.ru_utime, wall, usage.ru_maxrss / 1024, _said(out.read()))


def repeat(commands: Sequence[Sequence[str]], times: int) -> list[Cost | FailedError]:
    """Run several commands in turn, so many times, and take the medians; what failed once is not run again.

    In turn, so that a busy moment of the machine falls on all of them.
    """
    found: list[list[Cost]] = [[] for _ in commands]
    failed: dict[int, FailedError] = {}
    for _ in range(times):
        for i, command in enumerate(commands):
            if i in failed:
                continue
            try:
                found[i].append(run(command))
            except FailedError as error:
                failed[i] = error
    return [failed.get(i) or _median(costs) for i, costs in enumerate(found)]


def _median(costs: Sequence[Cost]) -> Cost:
    middle = {name: statistics.median(getattr(c, name) for c in costs) for name in ("cpu", "user", "wall", "peak")}
    said = {name: _middle([c.said[name] for c in costs if name in c.said]) for name in costs[-1].said}
    return Cost(**middle, said=said, runs=len(costs), all_cpu=tuple(c.cpu for c in costs))


def _middle(values: Sequence[Any]) -> Any:
    return statistics.median(values) if all(isinstance(v, int | float) for v in values) else values[-1]


def _said(output: bytes) -> dict[str, Any]:
    lines = output.decode(errors="replace").strip().splitlines()
    try:
        last = json.loads(lines[-1]) if lines else {}
    except ValueError:
        return {}
    return last if isinstance(last, dict) else {}
