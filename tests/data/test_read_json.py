import gzip
import json
from datetime import datetime

import pytest

from steelyard.data import read, reading
from steelyard.data.sources import sample
from steelyard.records import EmptyDataError, SourceError

RECORDS = [{"y": 1, "p": 0.5}, {"y": 0, "p": 1}]
EXPECTED = {"y": [1, 0], "p": [0.5, 1.0]}
LINES = "".join(json.dumps(record) + "\n" for record in RECORDS)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", LINES),
        ("a.ndjson", LINES.replace("\n", "\r\n\n")),
        ("a.jsonl", "\ufeff" + LINES),
        ("a.json", json.dumps(RECORDS)),
        ("a.json", "\ufeff" + json.dumps(RECORDS, indent=2)),
        ("a.json", json.dumps({"records": RECORDS})),
        ("a.json", json.dumps({"y": [1, 0], "p": [0.5, 1]})),
        ("a.json", json.dumps({"y": {"0": 1, "1": 0}, "p": {"0": 0.5, "1": 1}})),
        ("a.json", json.dumps({"columns": ["y", "p"], "index": [0, 1], "data": [[1, 0.5], [0, 1]]})),
        ("a.json", LINES),
        ("unknown", LINES),
        ("unknown", json.dumps(RECORDS)),
        ("odd[1].jsonl", LINES),
    ],
)
def test_shapes(write, rows, name, content):
    assert rows(write(name, content)).to_dict(as_series=False) == EXPECTED


def test_compressed(write, rows):
    assert rows(write("a.jsonl.gz", gzip.compress(LINES.encode()))).to_dict(as_series=False) == EXPECTED


@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_nan_and_infinity_as_python_writes_them(write, rows, name):
    records = [{"x": float("nan"), "s": "NaN, really"}, {"x": float("inf"), "s": None}, {"x": 1, "s": "b"}]
    content = json.dumps(records) if name == "a.json" else "".join(json.dumps(r) + "\n" for r in records)
    assert rows(write(name, content)).to_dict(as_series=False) == {
        "x": [None, float("inf"), 1.0],
        "s": ["NaN, really", None, "b"],
    }


def test_keys_that_come_late_or_mixed(write, rows):
    frame = rows(write("a.jsonl", '{"a": 1}\n{"a": 2.5, "b": "x"}\n{"b": 3}\n'))
    assert frame.to_dict(as_series=False) == {"a": [1.0, 2.5, None], "b": [None, "x", "3"]}


def test_times_and_zones(write, rows):
    frame = rows(write("a.jsonl", '{"t": "2024-01-01T00:00:00Z"}\n{"t": "2024-01-01T02:00:00+02:00"}\n'))
    assert frame["t"].to_list() == [datetime(2024, 1, 1)] * 2


def test_broken_line(write):
    with pytest.raises(SourceError) as caught:
        read(write("a.jsonl", '{"a": 1}\n{"a": 2,}\n{"a": 3}\n'))
    message = str(caught.value)
    assert message.startswith("a.jsonl, line 2: not JSON (")
    assert message.endswith("'{\"a\": 2,}'. Correct or remove the line; each line is one record.")


def test_line_that_is_no_record(write):
    with pytest.raises(SourceError, match=r"a\.jsonl, line 2: '5' is not a record"):
        read(write("a.jsonl", '{"a": NaN}\n5\n'))


def test_a_type_that_changes_unseen(write, monkeypatch):
    monkeypatch.setattr(sample, "WHOLE", 1000)
    monkeypatch.setattr(sample, "FIRST", 1000)
    monkeypatch.setattr(sample, "SLICE", 100)
    table = read(write("a.jsonl", '{"a": 1}\n' * 500 + '{"a": "x"}\n' + '{"a": 1}\n' * 3_000))
    with (
        pytest.raises(SourceError, match=r"a\.jsonl.*of another type.*same way in every record"),
        reading(table),
    ):
        table.frame.collect()


def test_cut_short_document(write):
    with pytest.raises(SourceError, match=r"a\.json, line 1, column \d+: not JSON .*cut short"):
        read(write("a.json", '[{"a": 1}, {"a": '))


@pytest.mark.parametrize("content", ['{"a": 1}', "[1, 2]", '"text"', "{}"])
def test_not_a_table(write, content):
    with pytest.raises(SourceError, match=r"is JSON, but not a table. Write it as an array of records"):
        read(write("a.json", content))


def test_empty(write):
    with pytest.raises(EmptyDataError, match=r"a\.jsonl is empty"):
        read(write("a.jsonl", "\n \n"))
