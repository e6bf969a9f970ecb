"""The command line in this process, in an empty folder, and a file of predictions."""

from dataclasses import dataclass

import numpy as np
import polars as pl
import pytest

from steelyard.cli import main


@dataclass
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str


@pytest.fixture
def steelyard(tmp_path, monkeypatch, capsys):
    """Run the command line as the entry point does, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")

    def run(*words):
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(word) for word in words])
        said = capsys.readouterr()
        code = ended.value.code
        return Done(0 if code is None else code, said.out, said.err)

    return run


@pytest.fixture
def refused(steelyard):
    """Run a command that must end in one clear message."""

    def run(*words):
        done = steelyard(*words)
        assert done.code == 2, done
        assert done.out == "", done.out
        assert done.err.startswith("Error: "), done.err
        assert done.err.count("\n") == 1, done.err
        assert "Traceback" not in done.err
        assert "inside Steelyard" not in done.err
        return done.err.removeprefix("Error: ").rstrip("\n")

    return run


@pytest.fixture(scope="session")
def frame():
    rng = np.random.default_rng(1)
    p = rng.beta(1.5, 3, 300).round(3)
    return pl.DataFrame(
        {
            "y": (rng.random(300) < p).astype(int),
            "p": p,
            "d": (p >= 0.4).astype(int),
            "plan": rng.choice(["a", "b"], 300),
            "sex": rng.choice(["F", "M"], 300),
            "w": rng.uniform(0.5, 2, 300),
            "user": rng.integers(0, 50, 300),
        }
    )


@pytest.fixture
def data(frame, tmp_path):
    """A file of predictions, in the folder commands run in."""
    frame.write_csv(tmp_path / "rows.csv")
    return "rows.csv"


@pytest.fixture
def write(tmp_path):
    """Write a file into the folder commands run in."""

    def put(name, content):
        path = tmp_path / name
        if isinstance(content, pl.DataFrame):
            content.write_csv(path)
        elif isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content)
        return name

    return put
