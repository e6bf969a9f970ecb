import io
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import fsspec
import polars as pl
import pytest

from steelyard.data import read
from steelyard.data.sources.remote import without_secrets
from steelyard.records import MissingPackageError, SourceError


def test_memory(rows):
    with fsspec.open("memory://bucket/a.csv", "w") as file:
        file.write("y;p\n1;0,5\n")
    table = read("memory://bucket/a.csv")
    assert table.description == "memory://bucket/a.csv"
    assert rows(table).to_dict(as_series=False) == {"y": [1], "p": [0.5]}


def test_memory_parquet(rows):
    with fsspec.open("memory://bucket/a.parquet", "wb") as file:
        pl.DataFrame({"y": [1]}).write_parquet(file)
    assert rows("memory://bucket/a.parquet").height == 1


def test_missing():
    with pytest.raises(SourceError, match=r"memory://bucket/none\.csv cannot be read: "):
        read("memory://bucket/none.csv")


def test_fsspec_is_asked_for(monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(MissingPackageError, match=r'pip install "steelyard\[cloud\]"'):
        read("memory://bucket/a.csv")


def test_secrets_are_not_shown():
    shown = without_secrets("https://me:pw@host/a.parquet?X-Signature=abc")
    assert shown == "https://host/a.parquet"


@pytest.fixture
def web():
    buffer = io.BytesIO()
    pl.DataFrame({"y": [1, 0]}).write_parquet(buffer)
    files = {"/a.parquet": buffer.getvalue(), "/a.csv": b"y,p\n1,2\n"}

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self):
            self._answer(body=False)

        def do_GET(self):
            self._answer(body=True)

        def _answer(self, body):
            content = files.get(self.path.partition("?")[0])
            if content is None:
                self.send_error(404)
                return
            first, last = 0, len(content) - 1
            if wanted := self.headers.get("Range"):
                a, _, b = wanted.removeprefix("bytes=").partition("-")
                first, last = (int(a), min(last, int(b or last))) if a else (max(0, last + 1 - int(b)), last)
            part = content[first : last + 1]
            self.send_response(206 if wanted else 200)
            self.send_header("Content-Length", str(len(part)))
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(content)}")
            self.send_header("Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT")
            self.end_headers()
            if body:
                self.wfile.write(part)

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_parquet_over_http(web, rows):
    assert read(f"{web}/a.parquet").rows == 2
    assert rows(f"{web}/a.parquet")["y"].to_list() == [1, 0]


def test_text_over_http(web, rows):
    assert rows(f"{web}/a.csv?x=1").to_dict(as_series=False) == {"y": [1], "p": [2]}


@pytest.mark.parametrize("name", ["none.parquet", "none.csv"])
def test_missing_over_http(web, name):
    with pytest.raises(SourceError, match=rf"{name} cannot be read.*credentials") as caught:
        read(f"{web}/{name}?token=secret")
    assert "secret" not in str(caught.value)
