import sqlite3
import sys
import zipfile
from pathlib import Path

import polars as pl
import pytest

from steelyard.data import read
from steelyard.records import ConfigError, EmptyDataError, SourceError


class Stdin:
    def __init__(self, path: Path) -> None:
        self.buffer = path.open("rb")


def test_glob_list_directory_and_file_url(write, rows):
    one, two = write("d/a1.csv", "y,p\n1,0.5\n"), write("d/a2.csv", "y,p\n0,1\n")
    for source in (
        str(one.parent / "a*.csv"),
        [one, str(two)],
        one.parent,
        f"file://{one.parent}",
        [one.parent],
    ):
        assert rows(source).to_dict(as_series=False) == {"y": [1, 0], "p": [0.5, 1.0]}
    assert read(str(one.parent / "a*.csv")).description == "2 files, a*.csv"


def test_a_name_with_brackets_is_a_file_first(write, rows):
    assert rows(str(write("a[1].csv", "y\n1\n"))).height == 1


def test_home_directory(write, rows, monkeypatch):
    path = write("a.csv", "y\n1\n")
    monkeypatch.setenv("HOME", str(path.parent))
    assert rows("~/a.csv").height == 1


def test_formats_mix(write, rows, tmp_path):
    pl.DataFrame({"y": [1], "p": [0.5]}).write_parquet(tmp_path / "a.parquet")
    assert rows([tmp_path / "a.parquet", write("b.csv", "p,y\n1,0\n")])["p"].to_list() == [0.5, 1.0]


def test_missing_columns_are_warned_of(write, rows):
    table = read([write("a.csv", "y,p\n1,0.5\n"), write("b.csv", "y\n0\n")])
    assert table.warnings == ("b.csv has no column 'p', which other files have; its rows are missing there.",)
    assert rows(table)["p"].to_list() == [0.5, None]


def test_different_types_are_refused(write):
    with pytest.raises(SourceError, match=r"column 'p' is Float64 in a\.csv, but String in b\.csv"):
        read([write("a.csv", "y,p\n1,0.5\n"), write("b.csv", "y,p\n1,high\n")])


def test_parquet_files_of_two_schemas(tmp_path, rows):
    pl.DataFrame({"y": [1], "p": [1]}).write_parquet(tmp_path / "a.parquet")
    pl.DataFrame({"y": [1], "p": [0.5]}).write_parquet(tmp_path / "b.parquet")
    table = read(tmp_path)
    assert table.rows == 2
    assert rows(table)["p"].to_list() == [1.0, 0.5]


def test_missing_file_suggests_the_nearest(write):
    path = write("predictions.csv", "y\n1\n")
    with pytest.raises(SourceError, match=r"There is no file .*predictons\.csv'.*Did you mean 'predictions\.csv'\?"):
        read(path.with_name("predictons.csv"))


def test_missing_directory(tmp_path):
    with pytest.raises(SourceError, match="There is no file"):
        read(tmp_path / "no" / "such" / "a.csv")


def test_file_used_as_directory(write):
    with pytest.raises(SourceError, match="is a file, not a directory"):
        read(write("a.csv", "y\n1\n") / "b.csv")


def test_glob_without_match(write):
    path = write("a.csv", "y\n1\n")
    with pytest.raises(SourceError, match=r"No file matches .*There are: 'a\.csv'\."):
        read(str(path.parent / "*.parquet"))


def test_directory_without_data(write):
    path = write("d/notes.docx", "x")
    with pytest.raises(
        SourceError, match=r"directory 'd' has no file that can be read; it holds 'notes\.docx'.*\.parquet"
    ):
        read(path.parent)


def test_a_list_of_addresses():
    with pytest.raises(SourceError, match=r"is in a list.*use a glob"):
        read(["s3://bucket/a.parquet", "s3://bucket/b.parquet"])


def test_empty_list():
    with pytest.raises(SourceError, match="empty list"):
        read([])


def test_no_permission(write, monkeypatch):
    path = write("a.csv", "y\n1\n")

    def refuse(self, *args, **kwargs):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(SourceError, match=r"a\.csv may not be read by this user: permission denied"):
        read(path)


def test_unknown_format_lists_what_can_be_read(write):
    with pytest.raises(SourceError, match=r"a\.xyz is of no format.*\.parquet.*\.gz"):
        read(write("a.xyz", "hello world\n"))


def test_formats_we_name_but_do_not_read(write, tmp_path):
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as file:
        file.writestr("x", "y")
    with pytest.raises(SourceError, match=r"a\.xlsx is a zip archive or an Excel workbook"):
        read(tmp_path / "a.xlsx")
    with pytest.raises(SourceError, match="pickle, which can run code"):
        read(write("a.pkl", b"\x80\x04\x95abc"))
    connection = sqlite3.connect(tmp_path / "a.db")
    connection.execute("create table t (a)")
    connection.close()
    with pytest.raises(SourceError, match=r"SQLite database. Give it by its address, \"sqlite:///"):
        read(tmp_path / "a.db")


def test_query_belongs_to_databases(write):
    with pytest.raises(ConfigError, match="SQL for a database"):
        read(write("a.csv", "y\n1\n"), query="select 1")


@pytest.mark.parametrize("content", ["y,p\n1,2\n", '{"y": 1, "p": 2}\n'])
def test_standard_input(write, rows, monkeypatch, content):
    stdin = Stdin(write("in", content))
    monkeypatch.setattr(sys, "stdin", stdin)
    table = read("-")
    stdin.buffer.close()
    assert table.description == "standard input"
    assert rows(table).to_dict(as_series=False) == {"y": [1], "p": [2]}


def test_empty_standard_input(write, monkeypatch):
    stdin = Stdin(write("in", ""))
    monkeypatch.setattr(sys, "stdin", stdin)
    with pytest.raises(EmptyDataError, match="Standard input is empty"):
        read("-")
    stdin.buffer.close()
