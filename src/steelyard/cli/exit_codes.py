"""What the process says to the shell."""

from __future__ import annotations

from steelyard.records import Verdict

USAGE = 2
BY_VERDICT = {None: 0, Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.INCONCLUSIVE: 3}
