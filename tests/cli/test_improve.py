"""`steelyard improve`: proposals on the terminal and in files, a policy, and rows decided by it."""

import json

import numpy as np
import polars as pl
import pytest

ROLES = ("--label", "y", "--score", "p", "--sensitive", "sex")
ODDS = ("--fairness", "equalized_odds", "--tolerance", "0.08")


@pytest.fixture
def people(tmp_path):
    """Rows of people whose scores are too low for women, in the folder the command runs in."""
    rng = np.random.default_rng(0)
    size = 6_000
    sex = np.where(rng.uniform(size=size) < 0.5, "F", "M")
    logit = rng.normal(0, 1.5, size)
    y = (rng.uniform(size=size) < 1 / (1 + np.exp(-logit))).astype(int)
    p = np.round(1 / (1 + np.exp(-(logit - 1.2 * (sex == "F")))), 2)
    pl.DataFrame({"id": np.arange(size), "sex": sex, "y": y, "p": p}).write_parquet(tmp_path / "people.parquet")
    return "people.parquet"


def test_the_terminal_says_what_to_do_and_what_it_costs_whom(steelyard, people):
    done = steelyard("improve", people, *ROLES, *ODDS)
    assert done.code == 0
    told = " ".join(done.out.split())
    assert "Decide positively from" in told
    assert "On rows that did not choose it, the gap in equalised odds by sex falls from" in told
    assert "Who gains and who loses" in told
    assert "disparate treatment" in told


def test_json_and_nothing_else(steelyard, people):
    done = steelyard("improve", people, *ROLES, *ODDS, "--json")
    found = json.loads(done.out)
    assert found["schema"] == "steelyard.improvement"
    assert found["proposals"][0]["frontier"]
    assert found["proposals"][0]["chosen"] is not None
    assert done.err == ""


def test_reports_and_the_policy_are_written(steelyard, people, tmp_path):
    done = steelyard("improve", people, *ROLES, *ODDS, "-o", "r.html", "-o", "r.md", "--policy", "policy.json", "-q")
    assert (done.code, done.out) == (0, "")
    assert {p.name for p in tmp_path.iterdir()} == {"people.parquet", "r.html", "r.md", "policy.json"}
    policy = json.loads((tmp_path / "policy.json").read_text())
    assert policy["score"] == "p"
    assert "Accuracy against the gap" in (tmp_path / "r.html").read_text()


@pytest.mark.parametrize("name", ["decided.csv", "decided.parquet"])
def test_a_policy_is_applied_to_rows(steelyard, people, tmp_path, name):
    steelyard("improve", people, *ROLES, *ODDS, "--policy", "policy.json", "-q")
    done = steelyard("improve", "--apply", "policy.json", people, "--id", "id", "-o", name)
    assert done.code == 0, done.err
    assert "6,000 rows:" in done.out
    read = pl.read_csv if name.endswith("csv") else pl.read_parquet
    decided = read(tmp_path / name)
    recall = decided.filter(pl.col("y") == 1).group_by("sex").agg(pl.col("decision").mean())["decision"]
    assert abs(recall[0] - recall[1]) < 0.1
    assert decided.columns[-1] == "decision"


def test_costs_and_a_chosen_proposal(steelyard, people, tmp_path):
    words = (*ROLES, *ODDS, "--cost", "fn=-20", "--cost", "fp=-5", "--policy", "policy.json")
    done = steelyard("improve", people, *words, "--proposal", "fairness:equalized_odds:sex:fixed_thresholds", "-q")
    assert done.code == 0, done.err
    policy = json.loads((tmp_path / "policy.json").read_text())
    assert all(len(group["thresholds"]) == 1 for group in policy["groups"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--fairness", "odds"), "There is no fairness criterion 'odds'"),
        (("--policy", "no/policy.json"), "name a file in a folder that exists"),
        (("--policy", "people.parquet"), "is the data"),
        (("--policy", "p.json", "--proposal", "x", *ODDS), "No proposal 'x' has a policy"),
        (("-o", "r.txt"), "r.txt"),
    ],
)
def test_slips_end_in_one_message(refused, people, words, said):
    assert said in refused("improve", people, *ROLES, *words)


def test_slips_in_applying(refused, people, tmp_path):
    (tmp_path / "policy.json").write_text('{"kind": "threshold", "threshold": 0.5}')
    apply = ("improve", "--apply", "policy.json", people)
    assert "give one file" in refused(*apply)
    assert "Which column is the score?" in refused(*apply, "-o", "d.csv")
    assert "No column 'q'" in refused(*apply, "--score", "q", "-o", "d.csv")
    assert ".parquet or .csv, not '.txt'" in refused(*apply, "--score", "p", "-o", "d.txt")
    assert "is the data" in refused(*apply, "--score", "p", "-o", people)
    assert "cannot be read" in refused("improve", "--apply", "none.json", people, "-o", "d.csv")
