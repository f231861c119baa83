"""docs/FORMAT.md and the golden site say the same; the document alone is enough to read it.

Nothing of the project decodes anything here: `struct`, `zlib` and `json`, as somebody would who has only
the document.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SITE = ROOT / "tests" / "golden" / "site-tiny"
TEXT = (ROOT / "docs" / "FORMAT.md").read_text(encoding="utf-8")
SIZES = {
    "i8": "b",
    "u8": "B",
    "i16": "h",
    "u16": "H",
    "i32": "i",
    "u32": "I",
    "f32": "f",
    "f64": "d",
}


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    return json.loads((SITE / "manifest.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    return json.loads((SITE.parent / "site-tiny.json").read_text(encoding="utf-8"))


def canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def fetch(entry: dict[str, Any]) -> bytes:
    stored = (SITE / entry["path"]).read_bytes()
    assert len(stored) == entry["bytes"]
    assert hashlib.sha256(stored).hexdigest() == entry["sha256"]
    assert entry["sha256"][:16] in entry["path"]
    raw = zlib.decompress(stored, 31) if stored[:2] == b"\x1f\x8b" else stored
    assert len(raw) == entry["raw_bytes"]
    return raw


def container(entry: dict[str, Any], kind: str) -> tuple[dict[str, Any], dict[str, list]]:
    data = fetch(entry)
    assert data[:4] == b"IDB1"
    (length,) = struct.unpack_from("<I", data, 4)
    assert (8 + length) % 16 == 0
    header = json.loads(data[8 : 8 + length])
    assert data[8 : 8 + length].rstrip(b" ") == canonical(header)
    assert header["kind"] == kind
    sections, end = {}, 0
    for name, section in sorted(header["sections"].items(), key=lambda item: item[1]["offset"]):
        assert section["offset"] % 16 == 0 and section["offset"] >= end
        code = f"<{section['length']}{SIZES[section['dtype']]}"
        sections[name] = list(struct.unpack_from(code, data, 8 + length + section["offset"]))
        end = section["offset"] + struct.calcsize(code)
    assert 8 + length + end == len(data)
    return header, sections


def table(heading: str) -> list[str]:
    """The names in the first column of the first table below a heading."""
    part = TEXT.split(heading, 1)[1]
    rows = re.search(r"\|---.*\n((?:\|.*\n)+)", part)
    assert rows is not None
    cells = [line.split("|")[1] for line in rows[1].splitlines()]
    return [name for cell in cells for name in re.findall(r"`([a-z_]+)`", cell)]


def test_the_manifest_has_the_documented_keys(manifest: dict[str, Any]) -> None:
    assert sorted(table("### 2.1 manifest.json")) == sorted(manifest)


def test_typescript_reads_the_same_keys(manifest: dict[str, Any]) -> None:
    source = (ROOT / "web_assets/src/format/manifest.ts").read_text(encoding="utf-8")
    body = re.search(r"export interface Manifest \{\n(.*?)\n\}", source, re.DOTALL)
    assert body is not None
    assert sorted(re.findall(r"^  ([a-z_]+)\??:", body[1], re.MULTILINE)) == sorted(manifest)


def test_documented_objects_have_their_keys(manifest: dict[str, Any]) -> None:
    collection = re.search(r"\| `collection` \| `\{(.*?), \"attribution\"", TEXT)
    assert collection is not None
    named = re.findall(r'"([a-z]+)"', collection[1])
    assert sorted([*named, "attribution"]) == sorted(manifest["collection"])
    definition = re.search(r'^`\{("name", "label".*)\}`', TEXT, re.MULTILINE)
    assert definition is not None
    required = re.findall(r'"([a-z]+)"(?!\?)', definition[1])
    for field in manifest["fields"]:
        assert sorted(set(field) - {"unit"}) == sorted(required)


def test_json_is_canonical(manifest: dict[str, Any]) -> None:
    assert (SITE / "manifest.json").read_bytes() == canonical(manifest)
    for entry in manifest["documents"]["files"]:
        assert fetch(entry) == canonical(json.loads(fetch(entry)))


def test_gzip_members_have_no_time_and_no_name(manifest: dict[str, Any]) -> None:
    stored = [path.read_bytes() for path in (SITE / "data").iterdir()]
    packed = [data for data in stored if data[:2] == b"\x1f\x8b"]
    assert len(packed) > 5
    for data in packed:
        assert data[2:8] == b"\x08\x00\x00\x00\x00\x00"


def test_ids_and_the_collection_hash(manifest: dict[str, Any], expected: dict[str, Any]) -> None:
    header, sections = container(manifest["ids"], "ids")
    text = bytes(sections["ids"]).hex()
    ids = [text[start : start + 16] for start in range(0, len(text), 16)]
    assert ids == expected["ids"] and header["count"] == len(ids)
    lines = "".join(f"{image_id}\n" for image_id in ids)
    assert hashlib.sha256(lines.encode()).hexdigest() == manifest["collection"]["hash"]


def test_rows_and_thumbnails(manifest: dict[str, Any], expected: dict[str, Any]) -> None:
    row, block = 0, manifest["rows"]["block"]
    for index, entry in enumerate(manifest["rows"]["files"]):
        header, sections = container(entry, "rows")
        assert header["first"] == index * block == row
        for at in range(header["count"]):
            want = expected["rows"][row]
            assert sections["width"][at] == want["width"]
            holder = bytes(sections["placeholder"][32 * at : 32 * at + 32])
            assert holder[1 : 1 + holder[0]].hex() == want["placeholder"]
            assert not any(holder[1 + holder[0] :])
            length = sections["length"][at]
            assert (length == 0) == (want["thumbnail_sha256"] is None)
            if length:
                name = bytes(sections["pack"][8 * at : 8 * at + 8]).hex()
                file = SITE / f"thumbs/{name}.{manifest['thumbnails']['extension']}"
                picture = file.read_bytes()[sections["offset"][at] :][:length]
                assert hashlib.sha256(picture).hexdigest() == want["thumbnail_sha256"]
            row += 1
    assert row == manifest["collection"]["count"]


def test_columns(manifest: dict[str, Any], expected: dict[str, Any]) -> None:
    missing = {"u8": 2**8 - 1, "u16": 2**16 - 1, "u32": 2**32 - 1, "i32": -(2**31)}
    checked = set()
    for field in manifest["fields"]:
        if field["column"] is None:
            continue
        header, sections = container(field["column"], "column")
        if field["type"] in ("number", "date"):
            dtype = header["sections"]["values"]["dtype"]
            values = [
                None if value != value or value == missing.get(dtype) else value
                for value in sections["values"]
            ]
        elif field["type"] == "tags":
            bounds = sections["offsets"]
            names = [header["values"][code] for code in sections["codes"]]
            values = [names[a:b] for a, b in itertools.pairwise(bounds)]
        else:
            dtype = header["sections"]["codes"]["dtype"]
            values = [
                None if code == missing[dtype] else header["values"][code]
                for code in sections["codes"]
            ]
        assert values == expected["columns"][field["name"]]
        checked.add(field["type"])
    assert checked == {"number", "date", "tags", "category", "boolean"}


def test_vectors(manifest: dict[str, Any], expected: dict[str, Any]) -> None:
    vectors = manifest["vectors"]
    header, sections = container(vectors["file"], "vectors")
    dim, padded = vectors["dim"], header["padded_dim"]
    codes = sections["codes"]
    for case in expected["vectors"]["queries"]:
        query = case["query"]
        base = sum(q * m for q, m in zip(query, sections["mean"], strict=True))
        for hit in case["results"]:
            group, r = divmod(hit["row"], 4)
            total = base
            for d in range(dim):
                code = codes[group * 4 * padded + d // 16 * 64 + r * 16 + d % 16]
                total += query[d] * sections["scale"][d] * code
            assert total == pytest.approx(hit["similarity"], abs=1e-6)


def test_catalog(manifest: dict[str, Any], expected: dict[str, Any]) -> None:
    import apsw

    data = fetch(manifest["catalog"]["file"])
    assert data[:16] == b"SQLite format 3\0"
    assert struct.unpack_from(">H", data, 16) == (4096,)
    database = apsw.Connection(":memory:")
    database.deserialize("main", data)
    (sql,) = database.execute("SELECT sql FROM sqlite_schema WHERE name = 'fts'").fetchone()
    assert manifest["catalog"]["tokenize"] in TEXT and manifest["catalog"]["tokenize"] in sql
    assert "content=''" in sql and "columnsize=1" in sql and "detail=full" in sql
    assert database.execute("PRAGMA freelist_count").fetchone() == (0,)
    for case in expected["fts"]:
        rows = database.execute(
            "SELECT rowid - 1 FROM fts WHERE fts MATCH ? ORDER BY rank, rowid", (case["fts"],)
        )
        assert [row for (row,) in rows] == [hit["row"] for hit in case["results"]]


def test_every_file_is_named_and_counted(manifest: dict[str, Any]) -> None:
    files = {p.relative_to(SITE).as_posix(): p for p in SITE.rglob("*") if p.is_file()}
    total = sum(p.stat().st_size for name, p in files.items() if name != "manifest.json")
    assert manifest["bytes"] == total
    for name, path in files.items():
        if name != "manifest.json":
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            assert re.search(r"[./]([0-9a-f]{16})\.[a-z]+$", name)[1] == digest[:16]
