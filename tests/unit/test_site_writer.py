"""A whole site: the same input gives the same bytes, unchanged files are linked, no other files exist."""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import json
import re
import tempfile
from pathlib import Path

import numpy as np
import pytest
from plain_site import PlainSite
from site_samples import FIELDS, golden_input, make_web, sample_input, small_disk, tree

from imagedb_site.errors import FormatError, ImageDBError, StorageError
from imagedb_site.records import FieldSpec
from imagedb_site.site import (
    ArrayEmbeddings,
    Attribution,
    FolderTarget,
    SiteSettings,
    term_table,
    write_site,
)


@pytest.fixture
def web(tmp_path: Path) -> Path:
    return make_web(tmp_path / "web")


def test_the_same_input_gives_the_same_bytes(tmp_path: Path, web: Path) -> None:
    write_site(golden_input(web), tmp_path / "one")
    write_site(golden_input(web), tmp_path / "two", previous=tmp_path / "one")
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


def test_the_manifest_counts_every_file(tmp_path: Path, web: Path) -> None:
    report = write_site(golden_input(web), tmp_path / "site")
    files = tree(tmp_path / "site")
    sizes = {path: len(data) for path, data in files.items()}
    manifest = json.loads(files["manifest.json"])
    assert manifest["bytes"] == sum(sizes.values()) - sizes["manifest.json"]
    assert report.bytes == sum(sizes.values())
    assert report.files == len(files)
    assert report.hash == manifest["collection"]["hash"]


def test_names_carry_the_hash_of_the_content(tmp_path: Path, web: Path) -> None:
    write_site(golden_input(web), tmp_path / "site")
    seen = 0
    for path, data in tree(tmp_path / "site").items():
        if path.split("/")[0] in ("data", "thumbs", "views", "originals", "model"):
            (name,) = re.findall(r"(?:^|[./])([0-9a-f]{16})\.[a-z0-9]+$", path)
            assert hashlib.sha256(data).hexdigest().startswith(name), path
            seen += 1
    assert seen > 40


def test_unchanged_files_are_hard_links(tmp_path: Path) -> None:
    first = sample_input(20)
    write_site(first, tmp_path / "one")
    changed = dataclasses.replace(first, title="Another title")
    report = write_site(changed, tmp_path / "two", previous=tmp_path / "one")
    assert report.reused == report.files - 1
    thumb = next((tmp_path / "one" / "thumbs").iterdir())
    assert thumb.samefile(tmp_path / "two" / "thumbs" / thumb.name)


def test_a_damaged_file_of_the_previous_site_is_written_again(tmp_path: Path) -> None:
    site = sample_input(20)
    write_site(site, tmp_path / "one")
    thumb = next((tmp_path / "one" / "thumbs").iterdir())
    whole = thumb.read_bytes()
    thumb.write_bytes(bytes(len(whole)))
    write_site(site, tmp_path / "two", previous=tmp_path / "one")
    assert (tmp_path / "two" / "thumbs" / thumb.name).read_bytes() == whole
    PlainSite(tmp_path / "two").check()


def test_unchanged_data_is_not_compressed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_site(sample_input(300), tmp_path / "one")

    def never(data: object) -> bytes:
        raise AssertionError("compressed again")

    monkeypatch.setattr("imagedb_site.site.storage.gzip_bytes", never)
    write_site(sample_input(300), tmp_path / "two", previous=tmp_path / "one")
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


def test_damaged_compressed_data_is_written_again(tmp_path: Path) -> None:
    write_site(sample_input(300), tmp_path / "one")
    catalog = next((tmp_path / "one" / "data").glob("terms.*"))
    data = bytearray(catalog.read_bytes())
    data[len(data) // 2] ^= 1
    catalog.write_bytes(data)
    write_site(sample_input(300), tmp_path / "two", previous=tmp_path / "one")
    PlainSite(tmp_path / "two").check()


def test_large_collections_get_packs_of_look_alikes(tmp_path: Path) -> None:
    site = sample_input(60, pack_above=50, pack_bytes=2000, cover_rows=0)
    write_site(site, tmp_path / "site")
    published = PlainSite(tmp_path / "site")
    published.check()
    assert published.manifest["thumbnails"]["extension"] == "bin"
    packs = list((tmp_path / "site" / "thumbs").iterdir())
    assert 3 < len(packs) < 15
    assert all(pack.stat().st_size <= 2000 for pack in packs)
    for number, row in enumerate(published.rows()):
        assert published.thumbnail(row) == site.thumbnail(number)


def test_neighbours_in_a_pack_look_alike(tmp_path: Path) -> None:
    """Rows of four distinct clusters, in mixed order, are sorted by cluster."""
    site = sample_input(64, dim=16, pack_above=10, pack_bytes=1500, cover_rows=0)
    assert isinstance(site.embeddings, ArrayEmbeddings)
    cluster = np.arange(64) % 4
    embeddings = (np.eye(16)[cluster] + 0.05 * site.embeddings.values).astype(np.float32)
    write_site(dataclasses.replace(site, embeddings=ArrayEmbeddings(embeddings)), tmp_path / "site")
    published = PlainSite(tmp_path / "site")
    packs: dict[str, set[int]] = {}
    for number, row in enumerate(published.rows()):
        packs.setdefault(row["pack"], set()).add(int(cluster[number]))
    mixed = sum(len(clusters) > 1 for clusters in packs.values())
    assert len(packs) >= 8
    assert mixed <= 3


def test_a_site_of_words_only(tmp_path: Path) -> None:
    site = dataclasses.replace(sample_input(5, dim=None), thumbnail=lambda row: None)
    write_site(site, tmp_path / "site")
    published = PlainSite(tmp_path / "site")
    published.check()
    assert published.manifest["vectors"] is None
    assert published.words() == [("picture", 5)]


def test_originals(tmp_path: Path) -> None:
    picture = tmp_path / "a.jpg"
    picture.write_bytes(b"the original")
    base = sample_input(2)
    for mode in ("none", "copy", "link"):
        site = dataclasses.replace(
            base,
            original=lambda row: picture if row == 0 else b"stripped",
            settings=SiteSettings(pages=False, originals=mode),
        )
        write_site(site, tmp_path / mode)
        published = PlainSite(tmp_path / mode)
        published.check()
        paths = [document.get("original") for document in published.documents()]
        if mode == "none":
            assert paths == [None, None]
            continue
        assert (tmp_path / mode / paths[0]).read_bytes() == b"the original"
        assert (tmp_path / mode / paths[0]).samefile(picture) == (mode == "link")
        assert (tmp_path / mode / paths[1]).read_bytes() == b"stripped"


def test_an_original_that_could_run_scripts_loses_its_extension(tmp_path: Path) -> None:
    base = sample_input(1)
    row = dataclasses.replace(base.rows[0], key="evil.SVG")
    site = dataclasses.replace(
        base,
        rows=[row],
        original=lambda row: b"<svg onload='alert(1)'/>",
        settings=SiteSettings(pages=False, originals="copy"),
    )
    write_site(site, tmp_path / "site")
    assert PlainSite(tmp_path / "site").documents()[0]["original"].endswith(".bin")


def test_values_that_do_not_fit_are_left_out_and_reported(tmp_path: Path) -> None:
    fields = [
        *FIELDS,
        FieldSpec("size", "Size", "number", column=True),
        FieldSpec("link", "Link", "url"),
        FieldSpec("good", "Good", "boolean", column=True),
    ]
    values = {
        0: {"taken": "yesterday", "size": 3, "link": "https://example.org/", "good": True},
        1: {"taken": "2021-02", "size": float("nan"), "link": "javascript:alert(1)"},
        2: {"size": True, "tags": [], "good": False, "unknown": "x"},
    }
    site = dataclasses.replace(sample_input(3, fields=values), fields=fields)
    report = write_site(site, tmp_path / "site")
    assert [(problem.key, problem.reason.split("”")[0][1:]) for problem in report.problems] == [
        ("folder/0.jpg", "taken"),
        ("folder/1.jpg", "size"),
        ("folder/1.jpg", "link"),
        ("folder/2.jpg", "size"),
    ]
    published = PlainSite(tmp_path / "site")
    published.check()
    assert published.columns()["size"] == [3, None, None]
    assert published.columns()["good"] == ["true", None, "false"]
    assert published.columns()["taken"][1] == [1612137600, 28 * 86_400]
    assert published.documents()[1]["fields"] == {"name": "picture 1", "taken": "2021-02"}
    assert published.documents()[2]["fields"] == {"name": "picture 2", "good": False}


def test_lone_surrogates_do_no_harm(tmp_path: Path, web: Path) -> None:
    """JSON tables may hold lone surrogates and file names undecodable bytes."""
    bad = "caf\udce9 \ud83d <x>"
    base = sample_input(2, pages=True, web=web)
    fields = [
        *FIELDS,
        FieldSpec("place", bad, "category", fts=True, column=True, unit=bad),
        FieldSpec("link", "Link", "url"),
    ]
    values = {"name": bad, "tags": [bad, "b"], "place": bad, "link": "https://example.org/" + bad}
    site = dataclasses.replace(
        base,
        title=bad,
        description=bad,
        attribution=[Attribution(bad, bad, bad)],
        fields=fields,
        rows=[dataclasses.replace(row, key=row.key + bad, fields=values) for row in base.rows],
        settings=dataclasses.replace(base.settings, examples=[bad]),
    )
    write_site(site, tmp_path / "site")
    published = PlainSite(tmp_path / "site")
    published.check()
    good = "caf\ufffd \ufffd <x>"
    assert published.manifest["collection"]["title"] == good
    assert published.columns()["place"] == [good, good]
    assert published.documents()[0]["path"] == "folder/0.jpg" + good
    assert ("caf", 2) in published.words()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda site: {"rows": []}, "at least one record"),
        (lambda site: {"rows": [site.rows[0]] * 7}, "same id"),
        (lambda site: {"embeddings": ArrayEmbeddings(np.ones((3, 8), np.float32))}, "do not fit"),
        (
            lambda site: {"embeddings": ArrayEmbeddings(np.full((7, 8), np.nan, np.float32))},
            "not finite",
        ),
        (lambda site: {"fields": [FieldSpec("Bad Name", "x", "text")]}, "cannot be a field"),
        (lambda site: {"fields": [*FIELDS, FIELDS[0]]}, "two fields"),
        (
            lambda site: {"fields": [FieldSpec("x", "X", "category", separator="::")]},
            "separator",
        ),
        (lambda site: {"fields": [FieldSpec("x", "X", "number", separator="/")]}, "separator"),
        (lambda site: {"fields": [FieldSpec("rank", "x", "text", fts=True)]}, "cannot be called"),
        (lambda site: {"fields": [FieldSpec("x", "x", "text")]}, "at least one field"),
    ],
)
def test_input_the_format_cannot_hold(tmp_path: Path, change, message: str) -> None:
    site = sample_input()
    with pytest.raises(FormatError, match=message):
        write_site(dataclasses.replace(site, **change(site)), tmp_path / "site")
    assert not (tmp_path / "site" / "manifest.json").exists()


def test_a_full_disk_is_a_storage_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.write_bytes

    def full(self: Path, data: bytes) -> int:
        if "thumbs" in self.parts and len(list(self.parent.iterdir())) > 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(self, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(StorageError, match="disk is full") as caught:
        write_site(sample_input(), tmp_path / "site")
    assert caught.value.hint is not None
    assert not (tmp_path / "site" / "manifest.json").exists()


def test_no_room_for_temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(StorageError, match="nowhere"):
        write_site(sample_input(), tmp_path / "one")
    with small_disk(tmp_path / "disk", "48k") as disk:
        monkeypatch.setattr(tempfile, "tempdir", str(disk))
        monkeypatch.setattr(term_table, "_CACHE", 1 << 10)
        monkeypatch.setattr(term_table, "_HASH", 1 << 12)
        with pytest.raises(StorageError, match="full-text index") as caught:
            write_site(sample_input(3000, dim=None), tmp_path / "two")
        assert "TMPDIR" in str(caught.value.hint)
        assert list(disk.iterdir()) == []
    assert not (tmp_path / "two" / "manifest.json").exists()


def test_only_into_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(StorageError, match="not empty"):
        FolderTarget(tmp_path)


def test_a_missing_web_build_is_reported(tmp_path: Path) -> None:
    site = dataclasses.replace(
        sample_input(), settings=SiteSettings(pages=True, web=tmp_path / "nowhere")
    )
    with pytest.raises(ImageDBError, match="web application is missing") as caught:
        write_site(site, tmp_path / "site")
    assert "make web" in str(caught.value.hint)
