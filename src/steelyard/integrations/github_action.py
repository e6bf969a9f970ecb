"""What `action.yml` runs: check, tell the summary of the job, keep one comment of the pull request up to date.

`python -m steelyard.integrations.github_action check` reads its inputs from the environment and does not fail itself:
it leaves exit code and verdict as outputs, so that the comment is written first. `… comment` writes it by `gh api`.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from steelyard.integrations.github import refused
from steelyard.records import ConfigError, SteelyardError

VERDICTS = {0: "pass", 1: "fail", 3: "inconclusive"}
STEELYARD = (sys.executable, "-c", "from steelyard.cli import main; main()")
OPTIONS = {"--reference": "REFERENCE", "--champion": "CHAMPION", "--config": "CONFIG", "--name": "NAME"}
"""Options that have a line of an input each, and the variables the inputs are in."""


def words(environment: Mapping[str, str]) -> list[str]:
    """The words after `steelyard check`, from the inputs of the action.

    Raises:
        ConfigError: the further options have a quote that is never closed.
    """
    found = [
        word for option, name in OPTIONS.items() for line in _lines(environment, name) for word in (option, line)
    ]
    try:
        found += shlex.split(environment.get("ARGS", ""))
    except ValueError as error:
        raise ConfigError(f"The input args cannot be read: {error} in {environment['ARGS']!r}.") from error
    return [*found, "--comment", environment["COMMENT_FILE"], "--", *_lines(environment, "DATA")]


def check(environment: Mapping[str, str]) -> None:
    """Check, and leave the comment, the summary of the job, the exit code and the verdict."""
    file = Path(environment["COMMENT_FILE"])
    file.unlink(missing_ok=True)
    try:
        given = [*STEELYARD, "check", *words(environment)]
        done = subprocess.run(given, stderr=subprocess.PIPE, text=True, check=False)  # noqa: S603
        code, said = done.returncode, done.stderr
    except ConfigError as error:
        code, said = 2, f"Error: {error}\n"
    sys.stderr.write(said)
    if not file.exists():
        file.write_text(refused(said, environment.get("NAME", "")), encoding="utf-8")
    _append(environment["GITHUB_STEP_SUMMARY"], file.read_text(encoding="utf-8"))
    _append(environment["GITHUB_OUTPUT"], f"code={code}\nverdict={VERDICTS.get(code, 'error')}\n")


def post(body: str, repository: str, number: str) -> str:
    """Write a comment to a pull request, over the one of the same gate where there is one; return its address.

    Args:
        body: the comment; its first line is the marker of its gate.
        repository: "owner/name".
        number: of the pull request.

    Raises:
        ConfigError: `gh` is not there, or GitHub refuses.
    """
    mine = f".[] | select(.body | startswith({json.dumps(body.partition(chr(10))[0])})) | .id"
    comments = f"repos/{repository}/issues/{number}/comments"
    found = _gh("--paginate", f"{comments}?per_page=100", "--jq", mine).split()
    where = ("PATCH", f"repos/{repository}/issues/comments/{found[0]}") if found else ("POST", comments)
    sent = json.dumps({"body": body})
    return _gh("--method", *where, "--input", "-", "--jq", ".html_url", given=sent).strip()


def _gh(*said: str, given: str = "") -> str:
    try:
        done = subprocess.run(["gh", "api", *said], input=given, capture_output=True, text=True, check=True)  # noqa: S603, S607
    except FileNotFoundError as error:
        raise ConfigError("The command gh is not there, and comments are written with it. Install it.") from error
    except subprocess.CalledProcessError as error:
        raise ConfigError(
            f"GitHub refused the comment: {error.stderr.strip()} The token needs the right pull-requests: write, "
            "which runs for pull requests from forks do not have."
        ) from error
    return done.stdout


def _lines(environment: Mapping[str, str], name: str) -> list[str]:
    return [line.strip() for line in environment.get(name, "").splitlines() if line.strip()]


def _append(path: str, text: str) -> None:
    with Path(path).open("a", encoding="utf-8") as file:
        file.write(text)


def main(environment: Mapping[str, str], step: str) -> None:
    """Run a step of the action."""
    if step == "check":
        check(environment)
        return
    body = Path(environment["COMMENT_FILE"]).read_text(encoding="utf-8")
    sys.stdout.write(f"{post(body, environment['GITHUB_REPOSITORY'], environment['PULL_REQUEST'])}\n")


if __name__ == "__main__":
    try:
        main(os.environ, sys.argv[1])
    except SteelyardError as error:
        sys.exit(str(error))
