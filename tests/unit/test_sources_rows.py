"""Tables whose rows are the collection: keys, types, packed files, and what is left out of bad ones."""

from __future__ import annotations

import gzip
import json
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest

from imagedb_site.errors import SourceError, UsageError
from imagedb_site.sources import open_kind
from imagedb_site.sources.row_source import RowSource
from imagedb_site.sources.rows_table import open_table

ROWS = [
    {"id": f"r{at}", "title": f"The title of row {at}", "year": 1900 + at, "tags": ["a", f"t{at % 3}"]}
    for at in range(40)
]  # fmt: skip


def zstandard(data: bytes) -> bytes:
    pyarrow = pytest.importorskip("pyarrow")
    return bytes(pyarrow.compress(data, codec="zstd", asbytes=True))


PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".xz": lzma.compress,
    ".zst": zstandard,
}


def as_lines(rows: object = ROWS) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()  # type: ignore[attr-defined]


def as_csv() -> bytes:
    lines = [f"{row['id']},{row['title']},{row['year']},{';'.join(row['tags'])}\n" for row in ROWS]  # type: ignore[arg-type]
    return ("id,title,year,tags\n" + "".join(lines)).encode()


def as_parquet() -> bytes:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    sink = pyarrow.BufferOutputStream()
    parquet.write_table(pyarrow.Table.from_pylist(ROWS), sink)
    return bytes(sink.getvalue())


KINDS: dict[str, Callable[[], bytes]] = {
    ".jsonl": as_lines,
    ".json": lambda: json.dumps(ROWS).encode(),
    ".csv": as_csv,
    ".tsv": lambda: as_csv().replace(b",", b"\t"),
    ".parquet": as_parquet,
}


def keys(source: RowSource) -> list[str]:
    found = [record.key for record in source.records()]
    assert len(found) == len(source)
    return found


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_and_packing_gives_the_same(tmp_path, kind, packing):
    path = tmp_path / f"t{kind}{packing}"
    path.write_bytes(PACKINGS[packing](KINDS[kind]()))
    source = open_table(path)
    assert source.name == "table"
    assert (source.problems, source.notes, len(source)) == ([], [], 40)
    types = {spec.name: spec.type for spec in source.fields}
    assert types == {"meta_id": "text", "title": "text", "year": "number", "tags": "tags"}
    records = list(source.records())
    assert [record.key for record in records] == [row["id"] for row in ROWS]
    assert records[4].fields == {
        "meta_id": "r4", "title": "The title of row 4", "year": 1904, "tags": ["a", "t1"],
    }  # fmt: skip
    assert records[4].picture is None
    assert list(source.records()) == records


def test_the_key_is_the_first_known_column_with_other_values_in_each_row(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("id,Image Name,md5\n1,a.png,x\n1,b.png,y\n2,c.png,z\n")
    source = open_table(path)
    assert keys(source) == ["a.png", "b.png", "c.png"]
    [note] = source.notes
    assert '"id"' in note and "--key" in note
    assert source.problems == []


def test_without_such_a_column_rows_have_their_numbers(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("id,title\n1,a\n,b\n")
    assert keys(open_table(path)) == ["2", "3"]
    path.write_text("title\na\nb\n")
    assert keys(open_table(path)) == ["2", "3"]


def test_rows_without_a_key_and_repeated_keys_are_listed_and_left_out(tmp_path):
    path = tmp_path / "t.jsonl"
    rows = [
        {"n": 1},
        {"n": 2.0},
        {"n": 1, "t": "again"},
        {"t": "none"},
        {"n": ["l"]},
        {"n": "x" * 2000},
    ]
    path.write_bytes(as_lines(rows))  # fmt: skip
    source = open_table(path, key="n")
    assert keys(source) == ["1", "2"]
    reasons = [f"{problem.key}: {problem.reason}" for problem in source.problems]
    assert len(reasons) == 4
    assert any("row 3 of t.jsonl has the key of an earlier row" in reason for reason in reasons)
    assert sum("has no key" in reason for reason in reasons) == 3


def test_many_repeated_keys_are_counted(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_bytes(as_lines([{"n": at % 5} for at in range(100)]))
    source = open_table(path, key="n")
    assert keys(source) == ["0", "1", "2", "3", "4"]
    assert len(source.problems) == 21
    assert source.problems[-1].reason == "75 more rows that have the key of another row"


def test_a_missing_key_column_and_a_folder_are_errors(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("id,title\n1,a\n")
    with pytest.raises(SourceError, match='no column "nr"') as caught:
        open_table(path, key="nr")
    assert "id, title" in str(caught.value.hint)
    with pytest.raises(SourceError, match="is a folder"):
        open_table(tmp_path)
    with pytest.raises(UsageError, match="no option key"):
        open_kind("danbooru", path, key="id")


def test_bad_lines_are_named_and_skipped(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_bytes(b'{"id": 1}\n{"id": 2\n[3]\n\n{"id": 4, "t": "caf\xe9"}\nnull\n')
    source = open_table(path)
    assert keys(source) == ["1", "4"]
    assert [record.fields.get("t") for record in source.records()] == [None, "café"]
    reasons = " ".join(problem.reason for problem in source.problems)
    for row in (
        "row 2 is not JSON",
        "row 3 is not a JSON object",
        "row 6 is not",
        "row 5 has bytes",
    ):
        assert row in reasons


@pytest.mark.parametrize("packing", [".gz", ".xz", ".zst"])
@pytest.mark.parametrize("kind", [".jsonl", ".csv", ".json"])
def test_a_cut_file_gives_the_rows_before_the_cut(tmp_path, kind, packing):
    rows = [{"id": at, "t": f"row {at * at * 7919}"} for at in range(20_000)]
    whole = as_lines(rows)
    if kind == ".csv":
        whole = b"id,t\n" + b"".join(f"{row['id']},{row['t']}\n".encode() for row in rows)
    if kind == ".json":
        whole = json.dumps(rows).encode()
    data = PACKINGS[packing](whole)
    path = tmp_path / f"t{kind}{packing}"
    path.write_bytes(data[: len(data) * 3 // 4])
    source = open_table(path)
    found = list(source.records())
    assert 1_000 < len(found) < 20_000
    assert [dict(record.fields) for record in found] == [
        {"meta_id": row["id"], "t": row["t"]} for row in rows[: len(found)]
    ]
    assert any("it ends too early" in problem.reason for problem in source.problems)


def test_a_broken_list_gives_the_items_before_the_fault(tmp_path):
    path = tmp_path / "t.json"
    path.write_text('[{"id": 1}, {"id": 2}, oops')
    source = open_table(path)
    assert keys(source) == ["1", "2"]
    assert "is not JSON" in source.problems[0].reason
    path.write_text("oops")
    with pytest.raises(SourceError, match="is not JSON"):
        open_table(path)


def test_wrong_types_are_listed_cell_by_cell(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("id,year\n" + "".join(f"{at},{1900 + at}\n" for at in range(50)) + "x,soon\n")
    source = open_table(path)
    assert {spec.name: spec.type for spec in source.fields}["year"] == "number"
    assert len(source) == 51
    assert any('"soon" is not a number' in problem.reason for problem in source.problems)


def test_private_columns_and_the_limit(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("id,lat,lon\n" + "".join(f"{at},{at}.5,{at}.25\n" for at in range(9)))
    source = open_table(path, limit=4)
    assert keys(source) == ["0", "1", "2", "3"]
    assert source.private == {"lat", "lon"}


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_bytes(as_lines())
    source = open_table(path)
    path.write_bytes(as_lines(ROWS[:3]))
    with pytest.raises(SourceError, match="was changed"):
        list(source.records())


def test_without_rows_there_is_no_collection(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("id,title\n")
    with pytest.raises(SourceError, match="no row that can be used"):
        open_table(path)


def test_zstandard_needs_an_unpacker(tmp_path, monkeypatch):
    import builtins

    path = tmp_path / "t.jsonl.zst"
    path.write_bytes(zstandard(as_lines()))
    real = builtins.__import__

    def without(name: str, *args: object, **more: object) -> object:
        if name.startswith(("pyarrow", "compression")):
            raise ImportError(name)
        return real(name, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without)
    monkeypatch.setattr("importlib.import_module", lambda name: without(name))
    with pytest.raises(SourceError, match="unpack Zstandard") as caught:
        open_table(Path(path))
    assert "parquet" in str(caught.value.hint)
