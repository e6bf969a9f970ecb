import polars as pl
import pyarrow as pa
import pyarrow.feather
import pytest

from steelyard.data import Kind, peek, read, reading
from steelyard.data.sources import digest
from steelyard.records import EmptyDataError, SourceError

FRAME = pl.DataFrame({"y": [1, 0, 1], "p": [0.5, float("nan"), 0.25], "s": ["a", None, "b"]})
SEEN = {"y": [1, 0, 1], "p": [0.5, None, 0.25], "s": ["a", None, "b"]}


@pytest.mark.parametrize("suffix", [".parquet", ".arrow", ".feather", ".arrows", ".unknown"])
def test_formats(tmp_path, rows, suffix):
    path = tmp_path / f"a{suffix}"
    if suffix in (".parquet", ".unknown"):
        FRAME.write_parquet(path)
    elif suffix == ".arrows":
        FRAME.write_ipc_stream(path)
    else:
        FRAME.write_ipc(path)
    table = read(path)
    assert table.rows == 3
    assert table.engine == "polars"
    assert rows(table).to_dict(as_series=False) == SEEN


def test_feather_of_pyarrow(tmp_path, rows):
    pyarrow.feather.write_feather(pa.table(SEEN), str(tmp_path / "a.feather"), compression="lz4")
    assert rows(tmp_path / "a.feather").to_dict(as_series=False) == SEEN


def test_parquet_under_another_name(tmp_path, rows):
    FRAME.write_parquet(tmp_path / "a.csv")
    assert rows(tmp_path / "a.csv").height == 3


def test_hive_partitions(tmp_path, rows):
    for day, region in (("2024-01-01", "north"), ("2024-01-02", "south")):
        folder = tmp_path / "table" / f"day={day}" / f"region={region}"
        folder.mkdir(parents=True)
        FRAME.write_parquet(folder / "part-0.parquet")
    (tmp_path / "table" / "_SUCCESS").touch()
    table = read(tmp_path / "table")
    assert table.rows == 6
    assert table.kinds["day"] is Kind.TIME
    assert rows(table)["region"].to_list() == ["north"] * 3 + ["south"] * 3
    assert table.description == "2 files, table"


def test_delta(tmp_path, rows):
    FRAME.write_delta(tmp_path / "d")
    FRAME.write_delta(tmp_path / "d", mode="append")
    assert read(tmp_path / "d").rows == 6
    assert rows(tmp_path / "d").height == 6


def test_broken_delta(tmp_path):
    (tmp_path / "d" / "_delta_log").mkdir(parents=True)
    with pytest.raises(SourceError, match="d cannot be read as a Delta table"):
        read(tmp_path / "d")


def test_truncated_parquet(tmp_path, write):
    FRAME.write_parquet(tmp_path / "a.parquet")
    path = write("cut.parquet", (tmp_path / "a.parquet").read_bytes()[:-30])
    with pytest.raises(SourceError, match=r"cut\.parquet is cut short: a Parquet file ends with b'PAR1'"):
        read(path)


def test_damaged_footer(write):
    with pytest.raises(SourceError, match=r"a\.parquet is a damaged Parquet file"):
        read(write("a.parquet", b"PAR1" + b"\xff" * 40 + (32).to_bytes(4, "little") + b"PAR1"))


def test_damaged_pages_name_the_file_when_read(tmp_path):
    frame = pl.DataFrame({"x": list(range(10_000))})
    for name in ("good", "bad"):
        frame.write_parquet(tmp_path / f"{name}.parquet", compression="zstd", statistics=False)
    content = bytearray((tmp_path / "bad.parquet").read_bytes())
    content[30:3_000] = b"\x55" * 2_970
    (tmp_path / "bad.parquet").write_bytes(content)
    table = read([tmp_path / "good.parquet", tmp_path / "bad.parquet"])
    with pytest.raises(SourceError, match=r"bad\.parquet is a damaged Parquet file"), reading(table):
        table.frame.collect()


def test_csv_named_parquet(write):
    with pytest.raises(SourceError, match=r"not a Parquet file: it begins with b'y,p\\n'.*rename it"):
        read(write("a.parquet", "y,p\n1,2\n"))


def test_empty_parquet(write):
    with pytest.raises(EmptyDataError, match=r"a\.parquet is empty"):
        read(write("a.parquet", b""))


def test_damaged_arrow(write):
    with pytest.raises(SourceError, match=r"a\.arrow cannot be read as Arrow IPC"):
        read(write("a.arrow", b"ARROW1\0\0broken"))


def test_parquet_without_rows(tmp_path):
    FRAME.clear().write_parquet(tmp_path / "a.parquet")
    table = read(tmp_path / "a.parquet")
    assert table.rows == 0
    assert peek(table).complete


def test_digest_is_of_content_not_names_or_order(tmp_path):
    FRAME.write_parquet(tmp_path / "a.parquet")
    FRAME.head(1).write_parquet(tmp_path / "b.parquet")
    a, b = tmp_path / "a.parquet", tmp_path / "b.parquet"
    assert read([a, b]).digest == read([b, a]).digest != read(a).digest


def test_digest_of_large_files_says_it_is_sampled(tmp_path, monkeypatch):
    monkeypatch.setattr(digest, "WHOLE", 10)
    FRAME.write_parquet(tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet").digest.startswith("sha256-sampled:")
