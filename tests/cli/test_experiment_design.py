"""`steelyard experiment design`: what it prints, writes and refuses."""

import json

import numpy as np
import polars as pl
import pytest

ASKED = ("experiment", "design", "--baseline", "0.12", "--mde", "5%")


def test_terminal_and_files(steelyard, tmp_path):
    done = steelyard(*ASKED, "--traffic", "20000/day", "--power", "0.8", "-o", "plan.html", "-o", "plan.md")
    assert done.code == 0
    for words in ("94,072 units", "5 days", "What to run", "What else could be done", "Written:"):
        assert words in done.out, words
    assert "94,072" in (tmp_path / "plan.md").read_text()


def test_json_only(steelyard):
    told = json.loads(steelyard(*ASKED, "--looks", "4", "--json").out)
    assert told["schema"] == "steelyard.design"
    assert len(told["looks"]) == 4
    assert told["solved"] == "units"


@pytest.mark.parametrize(("units", "code"), [("50000", 1), ("100000", 0)])
def test_exit_code_tells_whether_the_units_are_enough(steelyard, units, code):
    assert steelyard(*ASKED, "--units", units, "-q").code == code


def test_from_a_file(steelyard, write):
    rng = np.random.default_rng(0)
    rows = pl.DataFrame({"revenue": rng.exponential(20, 500), "sessions": rng.poisson(3, 500) + 1})
    name = write("before.csv", rows)
    told = json.loads(
        steelyard("experiment", "design", name, "--metric", "revenue / sessions", "--mde", "5%", "--json").out
    )
    assert told["metric_kind"] == "ratio"
    assert told["baseline"] == pytest.approx(rows["revenue"].sum() / rows["sessions"].sum(), rel=1e-6)


def test_refused(refused, write):
    assert "between 0 and 1" in refused("experiment", "design", "--baseline", "1.2", "--mde", "5%")
    assert "traffic" in refused(*ASKED, "--traffic=-5")
    assert "Say what is to be found" in refused("experiment", "design", "--baseline", "0.1")
    name = write("before.csv", pl.DataFrame({"revenue": [1.0, 2.0, 4.0]}))
    assert "revenu" in refused("experiment", "design", name, "--metric", "revenu", "--mde", "5%")
    assert "ends in .html" in refused("experiment", "design", name, "--metric", "revenue", "--mde", "1", "-o", name)
