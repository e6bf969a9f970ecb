import bz2
import gzip
import lzma
from datetime import datetime

import polars as pl
import pyarrow as pa
import pytest

from steelyard.data import Kind, peek, read, reading
from steelyard.data.sources import delimited, sample
from steelyard.records import ColumnError, EmptyDataError, SourceError

PLAIN = "y,p,who\n1,0.5,Ann\n0,0.25,Bob\n"


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".txt"])
def test_separators_are_found(write, rows, separator, suffix):
    frame = rows(write("a" + suffix, PLAIN.replace(",", separator)))
    assert frame.to_dict(as_series=False) == {"y": [1, 0], "p": [0.5, 0.25], "who": ["Ann", "Bob"]}


@pytest.mark.parametrize(
    ("suffix", "pack"),
    [
        (".gz", gzip.compress),
        (".bz2", bz2.compress),
        (".xz", lzma.compress),
        (".zst", lambda b: bytes(pa.compress(b, "zstd"))),
    ],
)
def test_compressed(write, rows, suffix, pack):
    assert rows(write("a.csv" + suffix, pack(PLAIN.encode()))).height == 2


def test_cut_short_gzip_says_so(write):
    path = write("a.csv.gz", gzip.compress(PLAIN.encode() * 50)[:-20])
    with pytest.raises(SourceError, match=r"a\.csv\.gz cannot be unpacked as gzip.*cut short"):
        read(path)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_encodings(write, rows, encoding):
    text = "name,n\n" + "".join(f"José {i},{i}\n" for i in range(40))
    frame = rows(write("a.csv", text.encode(encoding)))
    assert frame["name"][0] == "José 0"
    assert frame["n"].to_list() == list(range(40))


def test_latin_1_is_read_with_a_warning(write, rows):
    table = read(write("a.csv", "name,n\nJosé,1\n".encode("cp1252")))
    assert table.warnings == (
        "a.csv is not UTF-8: byte 0xe9 at position 10. Such bytes were read as Windows-1252; if letters look "
        "wrong, save the file as UTF-8.",
    )
    assert rows(table)["name"].to_list() == ["José"]


def test_mixed_encodings_keep_the_utf_8_parts(write, rows):
    frame = rows(write("a.csv", "name,n\nJosé,1\n".encode() + "Zoë,2\n".encode("cp1252")))
    assert frame["name"].to_list() == ["José", "Zoë"]


def test_bytes_undefined_in_windows_1252(write, rows):
    assert rows(write("a.csv", b"name,n\nx\x81,1\n"))["name"].to_list() == ["x\x81"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(write, rows, end):
    frame = rows(write("a.csv", PLAIN.replace("\n", end)))
    assert frame.to_dict(as_series=False) == {"y": [1, 0], "p": [0.5, 0.25], "who": ["Ann", "Bob"]}


def test_emoji_names_and_windows_line_ends(write, rows):
    assert rows(write("a.csv", "🎯,prédiction 1\r\n1,0\r\n")).columns == ["🎯", "prédiction 1"]


def test_missing_values(write, rows):
    words = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None"]
    frame = rows(write("a.csv", "x,t\n1.5,a\n" + "".join(f"{w},{w}\n" for w in words)))
    assert frame["x"].to_list() == [1.5] + [None] * 8
    assert frame["t"].to_list() == ["a"] + [None] * 8


def test_infinities_stay(write, rows):
    assert rows(write("a.csv", "x\n1\ninf\n-inf\n"))["x"].to_list() == [1, float("inf"), float("-inf")]


def test_decimal_comma(write, rows):
    assert rows(write("a.csv", "y;p\n1;0,5\n0;0,25\n"))["p"].to_list() == [0.5, 0.25]


def test_space_after_the_separator(write, rows):
    frame = rows(write("a.csv", 'y, p, who\n1, 0.5, "Ann, B."\n'))
    assert frame.to_dict(as_series=False) == {"y": [1], "p": [0.5], "who": ["Ann, B."]}


def test_blank_lines_are_no_rows(write, rows):
    assert rows(write("a.csv", "\ny,p\n1,2\n\n0,3\n\n\n"))["y"].to_list() == [1, 0]


def test_excels_separator_hint(write, rows):
    assert rows(write("a.csv", "sep=;\ny;p\n1;2\n")).to_dict(as_series=False) == {"y": [1], "p": [2]}


def test_quoted_line_breaks(write, rows):
    assert rows(write("a.csv", 'y,t\n1,"two\nlines"\n'))["t"].to_list() == ["two\nlines"]


def test_index_column_of_pandas_gets_a_name(write, rows):
    assert rows(write("a.csv", ",y\n0,1\n")).columns == ["column_1", "y"]


def test_late_fractions_and_text_do_not_break(write, rows):
    frame = rows(write("a.csv", "x,t\n" + "1,2\n" * 12_000 + "1.5,two\n"))
    assert frame.schema == {"x": pl.Float64, "t": pl.String}


def test_a_long_file_is_sampled_all_over(write, rows, monkeypatch):
    monkeypatch.setattr(sample, "WHOLE", 1000)
    monkeypatch.setattr(sample, "FIRST", 1000)
    monkeypatch.setattr(sample, "SLICE", 500)
    path = write("a.csv", "x,t\n" + "1,2\n" * 1_000 + "1.5,2\n" * 1_000)
    assert rows(path)["x"].sum() == 2_500


def test_a_type_that_changes_unseen_names_the_line(write, monkeypatch):
    monkeypatch.setattr(sample, "WHOLE", 1000)
    monkeypatch.setattr(sample, "FIRST", 1000)
    monkeypatch.setattr(sample, "SLICE", 100)
    table = read(write("a.csv", "x,t\n" + "1,2\n" * 720 + "oops,2\n" + "1,2\n" * 3_000))
    expected = r"a\.csv, line 722, column 'x': 'oops' is not a number.*missing value is written as nothing or as NA"
    with pytest.raises(SourceError, match=expected), reading(table):
        table.frame.collect()


def test_too_many_fields_names_line_and_numbers(write):
    with pytest.raises(SourceError) as caught:
        read(write("broken.csv", "a,b\n1,2\n3,4,5\n6,7\n"))
    assert str(caught.value) == (
        "broken.csv, line 3: 3 fields, but the header has 2: '3,4,5'. "
        "Put quotes around values that contain ',', or remove the line."
    )


def test_too_many_fields_far_down_shows_when_it_is_read(write, monkeypatch):
    monkeypatch.setattr(delimited, "LOOK", 10)
    path = write("a.csv", "a,b\n" + "1,2\n" * 100_000 + "3,4,5\n")
    # Older Polars reads to the end at once, so that `read` itself may find it.
    with pytest.raises(SourceError, match="line 100002: 3 fields"):
        _collected(read(path))


def _collected(table):
    with reading(table):
        return table.frame.collect()


def test_other_failures_pass_unchanged(write):
    table = read(write("a.csv", PLAIN))
    with pytest.raises(pl.exceptions.ColumnNotFoundError), reading(table):
        table.frame.to_native().select("nope").collect()


@pytest.mark.parametrize("content", ["", "\n\n  \n"])
def test_empty(write, content):
    with pytest.raises(EmptyDataError, match=r"a\.csv is empty"):
        read(write("a.csv", content))


def test_header_only(write):
    table = read(write("a.csv", "y,p\n"))
    assert table.columns == ("y", "p")
    assert peek(table).frame.height == 0


def test_duplicate_names(write):
    with pytest.raises(ColumnError, match=r"header of a\.csv has more than one column named 'y'"):
        read(write("a.csv", "y,p,y\n1,2,3\n"))


def test_binary_content_named_csv(write):
    with pytest.raises(SourceError, match="not text"):
        read(write("a.csv", b"ab\0\1\2\3cdefghijklmnopqrstuvw\n"))


def test_a_header_of_numbers_is_doubted(write):
    (warning,) = read(write("a.csv", "1,0.5\n0,0.3\n")).warnings
    assert "only numbers (1, 0.5 …)" in warning


def test_three_thousand_columns(write):
    names = [f"c{i}" for i in range(3_000)]
    table = read(write("a.csv", ",".join(names) + "\n" + (",".join(["1.5"] * 3_000) + "\n") * 30))
    assert len(table.columns) == 3_000
    assert peek(table).frame.shape == (30, 3_000)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["2024-01-01", "2024-01-02"], [datetime(2024, 1, 1), datetime(2024, 1, 2)]),
        (["2024-01-01T00:00:00Z", "2024-01-01 05:00:00+05:00"], [datetime(2024, 1, 1)] * 2),
        (
            ["2024-01-01T01:30:00.5-0130", "2024-01-01 03:00"],
            [datetime(2024, 1, 1, 3, 0, 0, 500_000), datetime(2024, 1, 1, 3)],
        ),
        (["31/12/2024", "01/02/2024"], [datetime(2024, 12, 31), datetime(2024, 2, 1)]),
        (
            ["12/31/2024 10:00", "01/02/2024 11:30"],
            [datetime(2024, 12, 31, 10), datetime(2024, 1, 2, 11, 30)],
        ),
        (["31.12.2024", ""], [datetime(2024, 12, 31), None]),
    ],
)
def test_times(write, rows, values, expected):
    table = read(write("a.csv", "t,x\n" + "".join(f"{v},1\n" for v in values)))
    assert table.kinds["t"] is Kind.TIME
    assert rows(table)["t"].to_list() == expected


@pytest.mark.parametrize("values", [["01/02/2024", "03/04/2024"], ["2024-01-01", "soon"], ["10:00:00", "11:00"]])
def test_what_may_not_be_a_time_stays_text(write, rows, values):
    frame = rows(write("a.csv", "t,x\n" + "".join(f"{v},1\n" for v in values)))
    assert frame["t"].to_list() == values


def test_rows_are_unknown_and_content_has_a_digest(write):
    one, two = read(write("a.csv", PLAIN)), read(write("b.csv", PLAIN))
    assert one.rows is None
    assert one.digest == two.digest
    assert one.digest.startswith("sha256:")
    assert one.description == "a.csv"
