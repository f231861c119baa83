"""docs/FORMAT.md and the golden sites agree, and the document alone is enough to read them.

`plain_site` decodes with `struct`, `zlib` and `json`, as somebody would who has only the document.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from plain_site import PlainSite

ROOT = Path(__file__).resolve().parent.parent.parent
GOLDEN = ROOT / "tests" / "golden"
TEXT = (ROOT / "docs" / "FORMAT.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module", params=["site-tiny", "site-grown"])
def site(request: pytest.FixtureRequest) -> PlainSite:
    return PlainSite(GOLDEN / request.param)


@pytest.fixture(scope="module")
def expected(site: PlainSite) -> dict[str, Any]:
    return json.loads((GOLDEN / f"{site.folder.name}.json").read_text(encoding="utf-8"))


def table(heading: str) -> list[str]:
    """The names in the first column of the first table below a heading."""
    part = TEXT.split(heading, 1)[1]
    rows = re.search(r"\|---.*\n((?:\|.*\n)+)", part)
    assert rows is not None
    cells = [line.split("|")[1] for line in rows[1].splitlines()]
    return [name for cell in cells for name in re.findall(r"`([a-z_]+)`", cell)]


def documented(pattern: str) -> list[str]:
    """The keys of an object as the document writes it; those with a question mark are optional."""
    found = re.search(pattern, TEXT, re.MULTILINE)
    assert found is not None
    return re.findall(r'"([a-z_]+)"(?!\?)', found[1])


def test_the_manifest_has_the_documented_keys(site: PlainSite) -> None:
    # Only some sites have these keys.
    assert sorted(table("### 2.1 manifest.json")) == sorted(
        {*site.manifest, "home", "map", "objects", "portable"}
    )
    assert site.manifest["version"] == 2


def test_typescript_reads_the_same_keys(site: PlainSite) -> None:
    source = (ROOT / "web_assets/src/format/manifest.ts").read_text(encoding="utf-8")
    body = re.search(r"export interface Manifest \{\n(.*?)\n\}", source, re.DOTALL)
    assert body is not None
    keys = re.findall(r"^  ([a-z_]+)\??:", body[1], re.MULTILINE)
    assert sorted(keys) == sorted({*site.manifest, "home", "map", "objects"})


def test_documented_objects_have_their_keys(site: PlainSite) -> None:
    collection = documented(r'\| `collection` \| `\{(.*?), "attribution"')
    assert sorted([*collection, "attribution"]) == sorted(site.manifest["collection"])
    required = documented(r'A field definition is `\{("name".*)\}`')
    for field in site.manifest["fields"]:
        assert sorted(set(field) - {"unit", "separator"}) == sorted(required)
    vectors = {*VECTORS, *documented(r"\*\*The tier flat\*\* has the keys `(.*?)`")}
    assert sorted(vectors) == sorted(site.manifest["vectors"].keys() - {"coarse"})
    for key in ("rows", "ids", "documents", "thumbnails"):
        keys = documented(rf"\| `{key}` \| `\{{(.*?)\}}`")
        named = set(keys) - {"webp", "bin"}
        assert sorted(named) == sorted(site.manifest[key])


VECTORS = set(documented(r'^`\{("tier": "flat" or "cells".*), …\}`')) - {"flat", "cells"}
"""What both tiers have."""


def test_the_tier_cells_has_the_documented_keys() -> None:
    found = PlainSite(GOLDEN / "site-cells").manifest["vectors"]
    part = TEXT.split("**The tier cells.**", 1)[1]
    names = re.findall(r"^\| `([a-z_]+)` \|", part.split("Each row", 1)[0], re.MULTILINE)
    assert sorted({*VECTORS, *names, "texts"}) == sorted(found)
    for key in ("cells", "sample", "row_cells"):
        keys = set(documented(rf"\| `{key}` \| `\{{(.*?)\}}`"))
        # The golden site has pictures, so its vector files say how to draw their rows.
        assert keys | ({"drawn"} if key == "cells" else set()) == set(found[key])


def test_everything_agrees(site: PlainSite) -> None:
    site.check()


def test_gzip_members_have_no_time_and_no_name(site: PlainSite) -> None:
    stored = [path.read_bytes() for path in (site.folder / "data").iterdir()]
    packed = [data for data in stored if data[:2] == b"\x1f\x8b"]
    assert len(packed) > 5
    for data in packed:
        assert data[2:8] == b"\x08\x00\x00\x00\x00\x00"


def test_the_golden_sites_have_what_readers_must_handle() -> None:
    tiny, grown = PlainSite(GOLDEN / "site-tiny"), PlainSite(GOLDEN / "site-grown")
    assert tiny.manifest["order"] is None and grown.manifest["order"] is not None
    assert tiny.manifest["thumbnails"]["extension"] == "webp"
    assert grown.manifest["thumbnails"]["extension"] == "bin"
    packs = {row["pack"] for row in grown.rows() if row["length"]}
    assert 3 < len(packs) < grown.count / 2
    for site in (tiny, grown):
        for key in ("rows", "documents", "vectors"):
            assert site.manifest[key]["files"]["count"] > 1
        assert site.manifest["ids"]["digits"] == 1
        root, _ = site.container(site.manifest["ids"]["files"]["index"], "index")
        assert root["level"] == 1 and root["fanout"] == 4


def test_rows_and_thumbnails(site: PlainSite, expected: dict[str, Any]) -> None:
    rows = site.rows()
    assert [row["id"] for row in rows] == expected["ids"]
    assert len(rows) == len(expected["rows"]) > 20
    for row, want in zip(rows, expected["rows"], strict=True):
        assert (row["width"], row["height"]) == (want["width"], want["height"])
        assert row["placeholder"] == want["placeholder"]
        picture = site.thumbnail(row)
        digest = None if picture is None else hashlib.sha256(picture).hexdigest()
        assert digest == want["thumbnail_sha256"]


def test_the_default_order(site: PlainSite, expected: dict[str, Any]) -> None:
    assert site.order() == expected["order"]
    taken = site.columns()["taken"]
    known = [taken[row] for row in site.order() if taken[row] is not None]
    assert known == sorted(known, reverse=True) and len(known) > 10
    assert all(taken[row] is None for row in site.order()[len(known) :])


def test_documents(site: PlainSite, expected: dict[str, Any]) -> None:
    documents = site.documents()
    found = [{"path": made["path"], "fields": made["fields"]} for made in documents]
    assert found == expected["documents"]


def test_columns(site: PlainSite, expected: dict[str, Any]) -> None:
    assert site.columns() == expected["columns"]
    named = {field["name"] for field in site.manifest["fields"] if field["column"]}
    assert named == set(expected["columns"])
    kinds = {field["type"] for field in site.manifest["fields"] if field["column"]}
    assert kinds == {"number", "date", "tags", "category", "boolean"}


def test_coarse_codes(site: PlainSite, expected: dict[str, Any]) -> None:
    coarse = site.manifest["vectors"].get("coarse")
    if coarse is None:
        assert "coarse" not in expected
        return
    mean, scale = site.quantizer()
    header, parts = site.container(coarse["file"], "coarse")
    dim, dims, row_bytes = header["dim"], header["dims"], header["row_bytes"]
    query = [m + s * c for m, s, c in zip(mean, scale, site.codes()[0], strict=True)]
    found = []
    for entry in site.list(coarse["files"]):
        _, arrays = site.container(entry, "coarse-codes")
        for start in range(0, len(arrays["codes"]), row_bytes):
            left = int.from_bytes(bytes(arrays["codes"][start : start + row_bytes]), "little")
            similarity = sum(q * m for q, m in zip(query, mean, strict=True))
            for d in range(dims):
                bits = parts["bits"][d]
                value = parts["steps"][d] * (2 * (left & (2**bits - 1)) - 2**bits + 1)
                left >>= bits
                row = parts["matrix"][d * dim : (d + 1) * dim]
                similarity += (
                    value * parts["scale"][d] * sum(q * m for q, m in zip(query, row, strict=True))
                )
            assert left == 0
            found.append(similarity)
    assert found == pytest.approx(expected["coarse"], abs=0.02)


def test_vectors(site: PlainSite, expected: dict[str, Any]) -> None:
    codes, (mean, scale) = site.codes(), site.quantizer()
    assert codes == expected["vectors"]["codes"]
    for case in expected["vectors"]["queries"]:
        query = case["query"]
        base = sum(q * m for q, m in zip(query, mean, strict=True))
        for hit in case["results"]:
            parts = zip(query, scale, codes[hit["row"]], strict=True)
            similarity = base + sum(q * s * code for q, s, code in parts)
            assert similarity == pytest.approx(hit["similarity"], abs=1e-6)


def test_catalog(site: PlainSite) -> None:
    import apsw

    from imagedb_site.text import fts_text

    catalog = site.manifest["catalog"]
    names = catalog["columns"]
    columns = ", ".join(f'"{name}"' for name in names)
    marks = ", ".join("?" for _ in names)
    tokenize = catalog["tokenize"].replace("'", "''")
    assert catalog["tokenize"] in TEXT
    database = apsw.Connection(":memory:")
    database.execute(f"CREATE VIRTUAL TABLE fts USING fts5({columns}, tokenize='{tokenize}')")
    for document in site.documents():
        texts = [fts_text(document["fields"].get(name)) for name in names]
        database.execute(f"INSERT INTO fts VALUES ({marks})", texts)
    database.execute("CREATE VIRTUAL TABLE v USING fts5vocab(fts, instance)")
    expected: dict[str, dict[int, list[tuple[int, int]]]] = {}
    lengths = [0] * site.count
    for term, row, column, position in database.execute("SELECT * FROM v"):
        places = expected.setdefault(term, {}).setdefault(row - 1, [])
        places.append((names.index(column), position))
        lengths[row - 1] += 1
    assert site.catalog() == expected
    assert len(expected) > 20
    assert site.lengths() == lengths


def test_words(site: PlainSite, expected: dict[str, Any]) -> None:
    assert [list(item) for item in site.words()] == expected["words"]
    assert len(expected["words"]) > 20
