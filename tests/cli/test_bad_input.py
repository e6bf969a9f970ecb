"""Every bad input a person may bring: what is wrong, where, and what to do; exit code 2, no traceback."""

import errno
import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest

ROLES = ("--label", "y", "--score", "p")


def test_a_misspelt_column(refused, data):
    assert refused("evaluate", data, "--label", "Y") == (
        "rows.csv has no column 'Y', which was given as label. Did you mean 'y'?"
    )
    assert refused("evaluate", data, *ROLES, "--slice", "plann").endswith("given as slice. Did you mean 'plan'?")
    assert "There are: 'y', 'p', 'd'" in refused("evaluate", data, "--label", "zzz")


def test_no_label(refused, write, frame):
    name = write("a.csv", frame.select("p", "plan"))
    assert "No column looks like the label (the truth)" in refused("evaluate", name)


def test_nothing_to_measure(refused, write, frame):
    message = refused("evaluate", write("a.csv", frame.select("y", "w")))
    assert "say --prediction or --score. Columns without a role: 'w'." in message


def test_label_and_score_swapped(refused, data):
    assert refused("evaluate", data, "--label", "p", "--score", "y").endswith("Swap them: --label y --score p")


def test_scores_in_percent(steelyard, write, frame):
    done = steelyard("evaluate", write("a.csv", frame.with_columns(pl.col("p") * 100).drop("d")), *ROLES)
    assert done.code == 0
    assert "it looks like percent. Divide it by 100" in " ".join(done.out.split())


@pytest.mark.parametrize(("zero", "one"), [("no", "yes"), ("False", "True"), ("0.0", "1.0")])
def test_labels_as_text_booleans_and_floats(steelyard, write, frame, zero, one):
    rows = frame.drop("d").with_columns(y=pl.Series([one if v else zero for v in frame["y"]]))
    done = steelyard("evaluate", write("a.csv", rows), *ROLES)
    assert done.code == 0
    assert "binary classification" in done.out


def test_no_predicted_class_is_a_label(refused, write):
    name = write("a.csv", "y,d\ncat,1\ndog,0\ncat,1\n")
    message = refused("evaluate", name, "--label", "y", "--prediction", "d")
    assert message == (
        "No value of 'd' (prediction) is a value of 'y' (label): 0, 1 against 'cat', 'dog'. Write both the same way."
    )


def test_a_predicted_class_that_the_labels_lack(steelyard, write):
    done = steelyard("evaluate", write("a.csv", "y,d\n" + "cat,cat\ndog,dog\ncat,emu\n" * 9), "--prediction", "d")
    assert done.code == 0
    assert "has values the label lacks: 'emu'" in " ".join(done.out.split())


def test_one_class_only(steelyard, write, frame):
    done = steelyard("evaluate", write("a.csv", frame.filter(y=1)), *ROLES)
    assert done.code == 0
    assert "one value only, 1; most metrics need two classes" in " ".join(done.out.split())


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ("y", "Column 'y' (label) is missing in all 300 rows. "),
        ("p", "Column 'p' (score) is missing in all 300 rows. "),
    ],
)
def test_all_missing(refused, write, frame, column, message):
    name = write("a.csv", frame.drop("d").with_columns(pl.lit(None).alias(column)))
    assert message in refused("evaluate", name, *ROLES)


def test_nan_inf_and_null(steelyard, write, frame):
    odd = pl.Series(["NaN", "inf", "NULL", "-inf", "", "0.5"] * 50)
    done = steelyard("evaluate", write("a.csv", frame.drop("d").with_columns(p=odd)), *ROLES, "--json")
    assert done.code == 0
    assert '"infinite": 100' in done.out
    assert "is infinite in 100 of 300 rows" in done.out


def test_one_row(steelyard, write, frame):
    done = steelyard("evaluate", write("a.csv", frame.head(1)), *ROLES, "--check", "accuracy >= 0.9")
    assert done.code == 3


EMPTY = {
    "no bytes": ("", "a.csv is empty: it has no bytes to read"),
    "blank lines": ("\n\n\n", "a.csv is empty: it has only blank lines"),
    "a header": ("y,p\n", "a.csv has columns but no rows. There is nothing to evaluate"),
}


@pytest.mark.parametrize("case", EMPTY)
def test_an_empty_file(refused, write, case):
    text, message = EMPTY[case]
    assert message in refused("evaluate", write("a.csv", text))


def test_a_column_twice(refused, write):
    message = refused("evaluate", write("a.csv", "y,p,p\n1,0.5,0.4\n"))
    assert message == (
        "The header of a.csv has more than one column named 'p'. Column names must differ: rename or drop one."
    )


def test_mixed_encodings(steelyard, write, frame):
    text = frame.with_columns(plan=pl.Series(["Zürich", "Paris"] * 150)).write_csv()
    mixed = text.encode("cp1252").replace("Zürich".encode("cp1252"), "Zürich".encode(), 20)
    done = steelyard("evaluate", write("a.csv", mixed), *ROLES, "--slice", "plan")
    assert done.code == 0
    assert "plan = Zürich" in done.out
    assert "a.csv is not UTF-8" in done.out


def test_a_truncated_parquet(refused, frame, tmp_path):
    frame.write_parquet(tmp_path / "a.parquet")
    whole = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "a.parquet").write_bytes(whole[: len(whole) // 2])
    message = refused("evaluate", "a.parquet")
    assert "a.parquet is cut short" in message
    assert "Copy or write it again" in message


def test_broken_rows(refused, write, frame):
    lines = frame.write_csv().splitlines()
    message = refused("evaluate", write("a.csv", "\n".join([*lines[:37], "1,0.4,1,a,F,1.0,3,extra", *lines[38:]])))
    assert message.startswith("a.csv, line 38: 8 fields, but the header has 7")
    message = refused("evaluate", write("a.csv", "\n".join([*lines[:37], "1,oops,1,a,F,1.0,3", *lines[38:]])), *ROLES)
    assert "'p' was given as score, which must be numbers, but it holds text (e.g. 'oops')" in message


def test_mixed_time_zones(steelyard, write, frame):
    zones = ["2026-01-01T10:00:00Z", "2026-01-01T10:00:00+02:00", "2026-01-01T10:00:00-05:00"]
    rows = frame.with_columns(at=pl.Series(zones * 100))
    done = steelyard("evaluate", write("a.csv", rows), *ROLES, "--time", "at", "--json")
    assert done.code == 0
    assert '"low": "2026-01-01T08:00:00"' in done.out
    assert "given as time, but it holds text" in steelyard("evaluate", "a.csv", *ROLES, "--time", "plan").err


def test_ten_thousand_categories(steelyard, write, frame):
    rows = pl.concat([frame] * 34).with_columns(c=pl.int_range(300 * 34) % 10_000)
    rows = rows.with_columns(c=pl.format("v{}", "c"))
    done = steelyard("evaluate", write("a.csv", rows), *ROLES, "--slice", "c")
    assert done.code == 0
    assert "c has 10,000 values in the current data; only the 50 with most rows" in " ".join(done.out.split())


def test_three_thousand_columns(steelyard, write, frame, tmp_path):
    values = np.random.default_rng(1).normal(size=(40, 3_000)).round(2)
    numbers = pl.DataFrame(values, schema=[f"f{i}" for i in range(3_000)])
    name = write("a.csv", pl.concat([frame.head(40), numbers], how="horizontal"))
    done = steelyard("evaluate", name, *ROLES, "-o", "a.html", "-q")
    assert done.code == 0
    assert (tmp_path / "a.html").stat().st_size < 2_500_000


def test_a_directory(refused, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "notes.md").write_text("x")
    assert "directory 'folder' has no file that can be read; it holds 'notes.md'" in refused("evaluate", "folder")


def test_no_file(refused, data):
    assert "There is no file 'row.csv'. In '.': Did you mean 'rows.csv'?" in refused("evaluate", "row.csv")
    assert "No file matches '*.parquet'" in refused("evaluate", "*.parquet")


def test_no_permission_to_read(refused, data, monkeypatch):
    original = Path.open

    def forbidden(self, *args, **kwargs):
        if self.name == data:
            raise PermissionError(errno.EACCES, "Permission denied", str(self))
        return original(self, *args, **kwargs)

    monkeypatch.setattr(Path, "open", forbidden)
    assert refused("evaluate", data) == (
        "rows.csv may not be read by this user: permission denied. Change its permissions."
    )


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_no_permission_for_real(refused, data, tmp_path):
    (tmp_path / data).chmod(0)
    assert "may not be read by this user" in refused("evaluate", data)


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("nowhere/a.html", "Make the directory 'nowhere' first"),
        ("a.docx", "a report ends in .html, .json, .md"),
        ("report", "it has no suffix"),
        ("a.pdf", "open it in a browser and print it to PDF"),
        ("folder.html", "It is a directory: add a file name"),
    ],
)
def test_a_bad_place_is_told_before_any_work(refused, tmp_path, place, message):
    (tmp_path / "folder.html").mkdir()
    assert message in refused("evaluate", "there-is-no-such-file.csv", "-o", place)


def test_the_data_is_never_overwritten(refused, frame, tmp_path):
    frame.write_ndjson(tmp_path / "rows.json")
    before = (tmp_path / "rows.json").read_bytes()
    message = refused("evaluate", "rows.json", *ROLES, "-o", "./rows.json")
    assert "is the data; the report would replace it" in message
    assert (tmp_path / "rows.json").read_bytes() == before


@pytest.mark.parametrize(
    ("error", "step"), [(errno.ENOSPC, "Free "), (errno.EROFS, "Ask for the right"), (errno.EIO, "mend the cause")]
)
def test_a_full_disk_leaves_nothing_half_written(steelyard, data, tmp_path, monkeypatch, error, step):
    (tmp_path / "a.html").write_text("the report of yesterday")

    def full(_):
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(os, "fsync", full)
    done = steelyard("evaluate", data, *ROLES, "-o", "a.html", "-o", "b.json")
    assert done.code == 2
    assert "Key numbers" in done.out  # the work is not lost
    assert done.err.startswith(f"Error: 'a.html' cannot be written: {os.strerror(error)}. ")
    assert step in done.err
    assert {p.name for p in tmp_path.iterdir()} == {"rows.csv", "a.html"}
    assert (tmp_path / "a.html").read_text() == "the report of yesterday"


OPTIONS = {
    ("--task", "binry"): "There is no task 'binry'. Did you mean 'binary'?",
    ("--metric", "rocauc"): "There is no metric 'rocauc'. Did you mean 'roc_auc'",
    ("--metric", "mae"): "'mae' is a metric of forecasting, regression, not of binary.",
    ("--check", "rocauc > 0.5"): "names the metric 'rocauc', which is not measured. Did you mean 'roc_auc'",
    ("--check", "roc_auc 0.5"): "'roc_auc 0.5' is not a check. Write one as",
    ("--positive", "maybe"): "The positive value 'maybe' is not among the labels: 0, 1. Say which one",
    ("--level", "95"): "must be from 0.5 to below 1, not 95.0",
    ("--config", "none.toml"): "none.toml cannot be read: No such file or directory.",
    ("--quantile", "9=p"): "--quantile '9=p' must be SHARE=COLUMN",
    ("--weight", "p"): "'p' was given as score and as weight",
    ("--sql", "SELECT 1"): "A query is SQL for a database, but the source is a file",
    ("--reference", "past.csv"): "There is no file 'past.csv'",
    ("--score", "plan"): "'plan' was given",
}


@pytest.mark.parametrize("words", OPTIONS)
def test_a_bad_option(refused, data, words):
    roles = ("--label", "y") if words[0] == "--score" else ROLES
    assert OPTIONS[words] in refused("evaluate", data, *roles, *words)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["evaluate"], "Missing argument 'FILE…'"),
        (["evaluat", "a.csv"], "No such command 'evaluat'. Did you mean 'evaluate'?"),
        (["evaluate", "a.csv", "--lable", "y"], "No such option: --lable"),
        (["evaluate", "a.csv", "--threshold", "high"], "Invalid value for '--threshold'"),
    ],
)
def test_words_the_command_line_does_not_know(steelyard, words, message):
    done = steelyard(*words)
    assert done.code == 2
    assert message in done.err
    assert "Traceback" not in done.err


def test_debug_shows_the_traceback(steelyard, data):
    done = steelyard("evaluate", data, "--label", "Y", "--debug")
    assert done.code == 2
    assert "Traceback (most recent call last)" in done.err
    assert done.err.endswith("Did you mean 'y'?\n")


def test_a_fault_of_ours_is_told_without_a_traceback(steelyard, data, monkeypatch):
    from steelyard.evaluation import preparing

    monkeypatch.setattr(preparing, "peek", lambda table: 1 / 0)
    done = steelyard("evaluate", data)
    assert done.code == 2
    assert done.err == (
        "Error: something went wrong inside Steelyard (ZeroDivisionError: division by zero). "
        "Run again with --debug and report what it prints.\n"
    )


def test_ctrl_c_is_quiet(steelyard, data, monkeypatch):
    from steelyard.evaluation import preparing

    def interrupted(table):
        raise KeyboardInterrupt

    monkeypatch.setattr(preparing, "peek", interrupted)
    done = steelyard("evaluate", data, "-o", "a.html")
    assert (done.code, done.out, done.err) == (130, "", "")
    assert not Path("a.html").exists()
