"""Metadata to download: JSON lines and CSV hold exactly what is published (docs/FORMAT.md 2.14)."""

from __future__ import annotations

import csv
import dataclasses
import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest
from plain_site import PlainSite
from site_samples import GOLDEN, edit_manifest, golden_input, sample_input, tree

from imagedb_site.config import BuildConfig
from imagedb_site.errors import FormatError
from imagedb_site.flat_documents import cell_of, flat_columns
from imagedb_site.reader import open_site, verify_site
from imagedb_site.records import FieldSpec
from imagedb_site.site import write_site
from imagedb_site.site_build import offered_downloads

BOTH = ("jsonl", "csv")


def write(folder: Path, **settings: Any) -> PlainSite:
    write_site(sample_input(**{"downloads": BOTH, **settings}), folder)
    return PlainSite(folder)


def test_the_golden_downloads_are_the_documents() -> None:
    site = PlainSite(GOLDEN / "site-tiny")
    lines = site.downloads()["jsonl"]
    documents = site.documents()
    assert len(lines) == len(documents) > 20
    for line, document in zip(lines, documents, strict=True):
        known = {name: value for name, value in line.items() if value is not None}
        pictures = {
            "view": document.get("view", {}).get("path"),
            "original": document.get("original"),
        }
        thumbnail = known.pop("thumbnail", None)
        assert thumbnail is None or (site.folder / thumbnail).is_file()
        sizes = {name: document[name] for name in ("width", "height") if document[name]}
        wanted = {**pictures, **sizes, **document["fields"]}
        wanted |= {"id": document["id"], "path": document["path"]}
        remote = document.get("remote", {})
        wanted |= {"image_url": remote.get("image"), "thumbnail_url": remote.get("thumbnail")}
        assert known == {name: value for name, value in wanted.items() if value is not None}


def test_csv_says_the_same_as_json_lines() -> None:
    found = PlainSite(GOLDEN / "site-tiny").downloads()
    assert len(found["csv"]) == len(found["jsonl"])
    for cells, line in zip(found["csv"], found["jsonl"], strict=True):
        for name, cell in cells.items():
            value = cell_of(line.get(name))
            assert cell == ("" if value is None else str(value))
    assert any(cells["title"].startswith("猫") for cells in found["csv"])


def test_a_large_collection_is_split_and_parts_of_json_lines_can_be_joined(tmp_path: Path) -> None:
    site = write(tmp_path / "site", count=11, download_rows=4)
    index = site.json(site.manifest["downloads"]["index"])
    assert [part["rows"] for part in index["jsonl"]] == [4, 4, 3]
    joined = b"".join((site.folder / part["path"]).read_bytes() for part in index["jsonl"])
    lines = gzip.decompress(joined).decode().splitlines()
    assert [json.loads(line)["id"] for line in lines] == [row["id"] for row in site.rows()]
    for part in index["csv"]:
        text = gzip.decompress((site.folder / part["path"]).read_bytes()).decode()
        assert next(csv.reader(io.StringIO(text)))[:2] == ["id", "path"]


def test_one_edited_value_changes_one_part_of_each_format(tmp_path: Path) -> None:
    settings = {"count": 12, "download_rows": 4}
    write(tmp_path / "before", **settings)
    write(tmp_path / "after", **settings, fields={5: {"name": "another"}})
    before, after = (
        {path for path in tree(tmp_path / name) if path.startswith("downloads/")}
        for name in ("before", "after")
    )
    assert len(before) == len(after) == 6
    assert sorted(path.split(".")[0] for path in after - before) == ["downloads/metadata-00001"] * 2


@pytest.mark.parametrize("formats", [(), ("jsonl",), ("csv",)])
def test_only_the_formats_that_were_asked_for(tmp_path: Path, formats: tuple[str, ...]) -> None:
    site = write(tmp_path / "site", downloads=formats)
    site.check()
    assert list(site.downloads()) == list(formats)
    described = {"croissant.json", "datapackage.json"} & tree(site.folder).keys()
    assert len(described) == (2 if formats else 0)
    with open_site(site.folder) as opened:
        verify_site(opened)


def test_columns_of_pictures_are_there_if_the_site_has_pictures(tmp_path: Path) -> None:
    plain = sample_input(3, downloads=("jsonl",))
    rows = [dataclasses.replace(row, thumbnail=None, width=0, height=0) for row in plain.rows]
    site = dataclasses.replace(plain, rows=rows, thumbnail=lambda row: None, embeddings=None)
    write_site(site, tmp_path / "texts")
    [first, *_] = PlainSite(tmp_path / "texts").downloads()["jsonl"]
    assert list(first) == ["id", "path", "name", "tags", "taken"]
    packed = write(tmp_path / "packed", pack_above=2)
    assert "thumbnail" not in packed.downloads()["jsonl"][0]
    assert "thumbnail" in write(tmp_path / "single").downloads()["jsonl"][0]


def test_addresses_of_pictures_on_other_hosts_are_columns(tmp_path: Path) -> None:
    plain = sample_input(3, downloads=BOTH, dim=None)
    remote = {"image": "https://example.org/a.jpg"}
    rows = [
        dataclasses.replace(row, thumbnail=None, width=0, height=0, remote=remote if at else {})
        for at, row in enumerate(plain.rows)
    ]
    site = dataclasses.replace(
        plain, rows=rows, thumbnail=lambda row: None, origins=["https://example.org"]
    )
    write_site(site, tmp_path / "site")
    with open_site(tmp_path / "site") as opened:
        verify_site(opened)
    found = PlainSite(tmp_path / "site").downloads()
    assert list(found["jsonl"][0])[:4] == ["id", "path", "image_url", "thumbnail_url"]
    addresses = [None, "https://example.org/a.jpg", "https://example.org/a.jpg"]
    assert [line.get("image_url") for line in found["jsonl"]] == addresses
    assert [cells["image_url"] or None for cells in found["csv"]] == addresses


def test_a_field_never_takes_the_name_of_another_column() -> None:
    names = ["path", "path_", "id", "title"]
    columns = flat_columns(("id", "path"), [FieldSpec(name, name, "text") for name in names])
    assert [column.name for column in columns] == ["id", "path", "path__", "path_", "id_", "title"]
    assert [column.field for column in columns] == [None, None, *names]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert cell_of(text) == f"'{text}"
    assert cell_of([text, "b"]) == f"'{text}; b"
    assert (cell_of(-1), cell_of(True), cell_of(None)) == (-1, "true", None)


def test_verification_finds_downloads_of_other_documents(tmp_path: Path) -> None:
    """A value that is no longer published must not stay in a file to download."""
    write(tmp_path / "old", fields={1: {"name": "a secret"}})
    write(tmp_path / "new")
    old = json.loads((tmp_path / "old" / "manifest.json").read_bytes())["downloads"]
    for path, data in tree(tmp_path / "old").items():
        if path.startswith("downloads/") or path == old["index"]["path"]:
            (tmp_path / "new" / path).write_bytes(data)
    edit_manifest(tmp_path / "new", lambda manifest: manifest.update(downloads=old))
    with open_site(tmp_path / "new") as site, pytest.raises(FormatError, match="differs from"):
        verify_site(site)


@pytest.mark.parametrize(
    "change",
    [
        {"formats": ["xml"]},
        {"rows": -1},
        {"index": {"path": "../x"}},
        {"formats": "csv"},
    ],
)
def test_a_damaged_key_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    write(tmp_path / "site")
    edit_manifest(tmp_path / "site", lambda manifest: manifest["downloads"].update(change))
    with pytest.raises(FormatError, match="downloads"):
        open_site(tmp_path / "site")


def test_large_collections_have_downloads_on_request_only() -> None:
    config = BuildConfig(Path("pictures"))
    assert offered_downloads(config, 10_000) == BOTH
    assert offered_downloads(config, 10_001) == ()
    for choice, formats in (("all", BOTH), ("csv", ("csv",)), ("none", ())):
        asked = dataclasses.replace(config, downloads=choice)
        assert offered_downloads(asked, 2_000_000) == formats


def test_the_page_names_the_descriptions(tmp_path: Path) -> None:
    from site_samples import make_web

    write_site(golden_input(make_web(tmp_path / "web")), tmp_path / "with")
    page = (tmp_path / "with" / "index.html").read_text(encoding="utf-8")
    assert 'type="application/ld+json" href="croissant.json"' in page
    text = page.split('<script type="application/ld+json">')[1].split("</script>")[0]
    assert json.loads(text)["name"] == "Tiny & <golden> collection"
    write_site(golden_input(make_web(tmp_path / "web2"), downloads=()), tmp_path / "without")
    assert "ld+json" not in (tmp_path / "without" / "index.html").read_text(encoding="utf-8")
