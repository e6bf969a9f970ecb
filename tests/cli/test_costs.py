"""--cost and [costs] on the command line."""

import json

import numpy as np
import polars as pl
import pytest


@pytest.fixture
def file(tmp_path):
    rng = np.random.default_rng(0)
    p = rng.beta(1, 2, 1_500).round(2)
    path = tmp_path / "loans.csv"
    pl.DataFrame({"y": (rng.random(1_500) < p).astype(int), "p": p, "amount": rng.uniform(10, 90, 1_500)}).write_csv(
        path
    )
    return path


ROLES = ("--label", "y", "--score", "p", "--threshold", "0.5", "--no-columns")


def test_costs_are_told(steelyard, file):
    done = steelyard("evaluate", file, *ROLES, "--cost", "fn=-300", "--cost", "fp=-25", "--cost", "currency=EUR")
    assert done.code == 0, done.err
    assert "EUR" in done.out
    assert "Cost and value" in done.out


def test_costs_are_in_the_json(steelyard, file):
    done = steelyard("evaluate", file, *ROLES, "--cost", "fn=-amount", "--cost", "fp=-25", "--json")
    money = json.loads(done.out)["money"]
    assert money["currency"] == "points"
    assert [option["name"] for option in money["options"]][:2] == ["deployed", "best threshold"]


def test_costs_of_a_file_give_way_to_those_of_the_command(steelyard, file, tmp_path):
    (tmp_path / "steelyard.toml").write_text('[costs]\nfp = -25\nfn = -300\ncurrency = "EUR"\n', encoding="utf-8")
    done = steelyard("evaluate", file, *ROLES, "--json")
    assert json.loads(done.out)["money"]["currency"] == "EUR"
    done = steelyard("evaluate", file, *ROLES, "--json", "--cost", "fp=-1", "--cost", "fn=-2")
    assert json.loads(done.out)["money"]["currency"] == "points"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["fn=300", "fp=-25"], "fn = 300 means that a miss earns 300"),
        (["fn"], "must be NAME=VALUE"),
        (["volum=3"], "There is no cost 'volum'. Did you mean 'volume'"),
        (["fn=-amout", "fp=-1"], "costs name 'amout', which is no column. Did you mean 'amount'"),
        (["over=-1", "under=-2"], "the task is binary. Give tp, fp, fn and tn"),
    ],
    ids=range(5),
)
def test_costs_that_cannot_be(refused, file, words, said):
    options = [part for word in words for part in ("--cost", word)]
    assert said in refused("evaluate", file, *ROLES, *options)
