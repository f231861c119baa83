"""Hostile tables: damaged files, bombs and odd values give values or one clear error message."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random

import pytest

from corpora import damaged
from imagedb_site.errors import SourceError
from imagedb_site.sources import load_sidecar

ROWS = [
    {"file": f"é/{at}.jpg", "caption": f'Some "quoted", text {at}', "tags": ["a", "b"], "n": at}
    for at in range(40)
]


def csv_text() -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(ROWS[0])
    writer.writerows([*row.values()] for row in ROWS)
    return text.getvalue()


def parquet() -> bytes:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    stream = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(ROWS), stream)
    return stream.getvalue()


LINES = "\n".join(map(json.dumps, ROWS)).encode()
FORMATS = {
    "t.csv": lambda: csv_text().encode(),
    "utf16.csv": lambda: csv_text().encode("utf-16"),
    "t.jsonl": lambda: LINES,
    "t.json": lambda: json.dumps(ROWS).encode(),
    "named.json": lambda: json.dumps({row["file"]: {"n": row["n"]} for row in ROWS}).encode(),
    "t.jsonl.gz": lambda: gzip.compress(LINES),
    "t.parquet": parquet,
}


@pytest.mark.parametrize("name", FORMATS)
def test_damaged_tables_of_every_format(tmp_path, name):
    data = FORMATS[name]()
    path = tmp_path / name
    path.write_bytes(data)
    assert len(list(load_sidecar(path).join([]).unmatched())) == len(ROWS)
    chance = random.Random(11)
    refused = 0
    for _ in range(60):
        path.write_bytes(damaged(data, chance))
        try:
            joined = load_sidecar(path).join(["é/1.jpg", "2.jpg"])
        except SourceError as error:
            refused += 1
            assert str(error).count("\n") == 0
            continue
        for at in range(2):
            joined.values(at)
        assert joined.unmatched_count() == len(list(joined.unmatched()))
    # Text is read row by row; what has no rows of its own is refused as a whole.
    assert refused or name in ("t.csv", "utf16.csv", "t.jsonl")


DEEP = 100_000
BOMBS = {
    "wide.csv": ",".join(f"v{at}" for at in range(501)) + "\n",
    "line.csv": "file,v\na.jpg," + "x" * (17 << 20) + "\n",
    "deep.jsonl": '{"file": "a.jpg", "v": ' + "[" * DEEP,
    "deep.json": '[{"file": "a.jpg", "v": ' + '{"v":' * DEEP,
    "cut.json": '{"a.jpg": {"v": 1}, "b.jpg"',
    "number.jsonl": '{"file": "a.jpg", "v": ' + "9" * 5_000 + "}",
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused(tmp_path, name):
    path = tmp_path / name
    path.write_text(BOMBS[name])
    with pytest.raises(SourceError):
        load_sidecar(path)


def test_a_compressed_file_of_zeros_is_refused(tmp_path):
    path = tmp_path / "zeros.jsonl.gz"
    with gzip.open(path, "wb") as stream:
        for _ in range(64):
            stream.write(bytes(1 << 20))
    assert path.stat().st_size < 1 << 17
    with pytest.raises(SourceError, match="line 1 is longer"):
        load_sidecar(path)


def test_odd_values(tmp_path):
    odd = [
        {"file": "a.jpg", "t": "\ud800 half a pair", "big": 1 << 62, "minus": -0.0, "flag": True},
        {"file": "a.jpg\x00", "t": "a\x00b", "big": 1 << 70, "minus": 1e308, "flag": None},
        {"file": "\udcff.jpg", "t": ["\udfff", "x"], "big": -(1 << 63), "minus": 0},
        {"file": ["a.jpg"], "t": {"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}}},
        {"file": True, "t": "x"},
        {"file": None, "t": "x"},
        {"file": "../../etc/passwd", "t": "x"},
        {},
    ]
    path = tmp_path / "t.jsonl"
    path.write_text("\n".join(map(json.dumps, odd)))
    joined = load_sidecar(path).join(["a.jpg", "passwd", "True"])
    assert joined.values(0)["t"] == ["half a pair"]
    assert joined.values(1) == joined.values(2) == {"t": ["x"]}
    assert list(joined.unmatched()) == ["a.jpg\x00", "\udcff.jpg"]
