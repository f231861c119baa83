"""Adding bundles to a collection: what is accepted, what is refused, and where the pictures are stored."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import struct
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from imagedb_site.add import AddReport, add, open_bundle, settings
from imagedb_site.add.names import free_name, safe_name
from imagedb_site.build import build
from imagedb_site.config import BuildConfig
from imagedb_site.errors import SourceError, UsageError
from imagedb_site.library import Library
from imagedb_site.reader import open_site
from imagedb_site.sources import ADDITIONS_FILE, PICTURE_SUFFIXES, gather, load_additions

GOLDEN = Path(__file__).parents[1] / "golden"
BUNDLE = GOLDEN / "bundle-tiny.zip"
PACK = GOLDEN / "pack-tiny"
sys.path.insert(0, str(GOLDEN))

import make_bundle_tiny as golden  # noqa: E402

Change = Callable[[dict[str, Any], dict[str, bytes]], None]


def draw(path: Path, colour: tuple[int, int, int]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (40, 30), colour).save(path)


@pytest.fixture
def config(tmp_path: Path) -> BuildConfig:
    """A collection of class folders, not built yet."""
    pictures = tmp_path / "pictures"
    draw(pictures / "001.cat" / "a.png", (1, 2, 3))
    draw(pictures / "001.cat" / "b.png", (9, 2, 3))
    draw(pictures / "002.dog" / "c.png", (1, 90, 3))
    return BuildConfig(pictures, tmp_path / "dist", model=str(PACK), workers=1)


def made(tmp_path: Path, change: Change, **settings: Any) -> Path:
    """The golden bundle with changes, which are written without any checks."""
    with zipfile.ZipFile(BUNDLE) as bundle:
        files = {name: bundle.read(name) for name in bundle.namelist()}
    index = json.loads(files.pop("bundle.json"))
    change(index, files)
    path = tmp_path / "changed.zip"
    with zipfile.ZipFile(path, "w", **settings) as bundle:
        bundle.writestr("bundle.json", json.dumps(index))
        for name, content in files.items():
            bundle.writestr(name, content)
    return path


def test_the_golden_bundle_is_read() -> None:
    expected = json.loads((GOLDEN / "bundle-tiny.json").read_text(encoding="utf-8"))
    with open_bundle(BUNDLE) as bundle:
        assert [picture.name for picture in bundle.pictures] == expected["names"]
        assert len(bundle.pictures) == 3
        assert bundle.pictures[0].fields == expected["first"]
        first, second, third = (picture.embedding for picture in bundle.pictures)
        assert first is not None and second is not None and third is None
        assert first.tolist() == expected["embedding"]
        for picture, content in zip(bundle.pictures, map(golden.picture, range(3)), strict=True):
            stream = io.BytesIO()
            bundle.extract(picture, stream)
            assert stream.getvalue() == content


def test_what_a_killed_run_left_is_removed_even_if_all_is_known(config: BuildConfig) -> None:
    add(BUNDLE, config)
    left = config.pictures / ".imagedb-add-abc"
    left.mkdir()
    (left / "lock").touch()
    (left / "0.png").touch()
    assert add(BUNDLE, config).added == []
    assert not [path for path in config.pictures.iterdir() if path.name.startswith(".")]


def test_a_bundle_becomes_part_of_the_collection(config: BuildConfig) -> None:
    build(config)
    report = add(BUNDLE, config)
    assert report.added == [f"added/{name}" for name in golden.NAMES]
    assert (report.taken_over, report.embedded, report.problems) == (2, 1, [])
    assert sorted(path.name for path in config.pictures.iterdir()) == [
        "001.cat",
        "002.dog",
        "added",
        ADDITIONS_FILE,
    ]
    # The next build has nothing to decode, and publishes captions, tags and embeddings.
    again = build(config)
    assert (again.derived, again.count, again.problems) == (0, 6, [])
    with open_site(config.output) as site:
        documents = {d["path"]: d["fields"] for d in map(site.document, range(site.count))}
        lighthouse = documents["added/Leuchtturm am Abend.png"]
        assert lighthouse["title"] == "A lighthouse at dusk"
        assert lighthouse["tags"] == ["sea", "été"]
        # The folder of additions is not a class and does not change the others.
        assert "label" not in lighthouse
        assert documents["001.cat/a.png"]["label"] == "cat"
        assert site.manifest.count == 6
    with Library.open(config.library_folder / "library.db") as library, open_bundle(BUNDLE) as b:
        assert b.encoder_hash is not None
        stored = library.embeddings(b.encoder_hash, [b.pictures[0].sha256])
        assert np.array_equal(stored[0], b.pictures[0].embedding)


def test_adding_again_only_updates_captions(config: BuildConfig, tmp_path: Path) -> None:
    add(BUNDLE, config)
    report = add(BUNDLE, config)
    assert report.added == []
    assert report.known == [(name, f"added/{name}") for name in golden.NAMES]

    def edited(index: dict[str, Any], files: dict[str, bytes]) -> None:
        index["pictures"][0]["fields"] = {"title": "Another title"}

    report = add(made(tmp_path, edited), config)
    assert (report.added, report.updated) == ([], ["added/Leuchtturm am Abend.png"])
    stored = load_additions(config.pictures).pictures["added/Leuchtturm am Abend.png"]
    assert stored.fields == {"title": "Another title"}


def test_pictures_already_in_the_collection_are_skipped_and_reported(config: BuildConfig) -> None:
    (config.pictures / "001.cat" / "same.png").write_bytes(golden.picture(0))
    report = add(BUNDLE, config)
    assert report.known == [("Leuchtturm am Abend.png", "001.cat/same.png")]
    assert len(report.added) == 2
    assert any("Already in the collection" in line for line in report.lines())


def test_embeddings_of_another_encoder_are_computed_again(
    config: BuildConfig, tmp_path: Path
) -> None:
    build(config)

    def other(index: dict[str, Any], files: dict[str, bytes]) -> None:
        index["model"]["encoder_hash"] = "0" * 16

    report = add(made(tmp_path, other), config)
    assert (report.taken_over, report.embedded) == (0, 3)
    assert build(config).derived == 0


def test_all_embeddings_can_be_computed_again(config: BuildConfig) -> None:
    build(config)
    report = add(BUNDLE, config, embed_again=True)
    assert (report.taken_over, report.embedded) == (0, 3)


def test_a_picture_that_cannot_be_decoded_is_left_out(config: BuildConfig, tmp_path: Path) -> None:
    def broken(index: dict[str, Any], files: dict[str, bytes]) -> None:
        first = index["pictures"][0]
        content = b"\x89PNG\r\n\x1a\n but no more"
        del files[first["file"]]
        digest = hashlib.sha256(content).hexdigest()
        first |= {"sha256": digest, "bytes": len(content), "file": f"pictures/{digest}.png"}
        files[first["file"]] = content

    path = made(tmp_path, broken)
    for prepare in (lambda: None, lambda: build(config)):
        prepare()
        report: AddReport = add(path, config, "more")
        assert [problem.key for problem in report.problems] == ["Leuchtturm am Abend.png"]
        assert not (config.pictures / "more" / "Leuchtturm am Abend.png").exists()
    assert set(load_additions(config.pictures).pictures) == {
        f"more/{name}" for name in golden.NAMES[1:]
    }


def hostile_cases() -> dict[str, tuple[Change, str]]:
    def first(**change: Any) -> Change:
        return lambda index, files: index["pictures"][0].update(change)

    def outside(index: dict[str, Any], files: dict[str, bytes]) -> None:
        files["../../evil.png"] = b"x"

    def unnamed(index: dict[str, Any], files: dict[str, bytes]) -> None:
        files[f"pictures/{'0' * 64}.png"] = b"x"

    def swapped(index: dict[str, Any], files: dict[str, bytes]) -> None:
        name = index["pictures"][0]["file"]
        files[name] = files[name][:-1] + b"?"

    def shorter(index: dict[str, Any], files: dict[str, bytes]) -> None:
        name = index["pictures"][0]["file"]
        files[name] = files[name][:-1]

    long = struct.pack("<16f", *[1.0] * 16)
    nan = struct.pack("<16f", *[float("nan")] * 16)
    encode = base64.b64encode
    return {
        "path": (first(file="../../x.png"), "not the path of a picture"),
        "member": (outside, "does not belong"),
        "unnamed": (unnamed, "not in its index"),
        "hash": (swapped, "not the picture that was exported"),
        "size": (shorter, "another size"),
        "bytes": (first(bytes=-1), "valid name or size"),
        "field": (first(fields={"rowid": "x"}), "not one of its fields"),
        "value": (first(fields={"tags": "x"}), "not a list of tags"),
        "short": (first(embedding="AAAA"), "bytes instead of 64"),
        "long": (first(embedding=encode(long).decode()), "the length 1"),
        "nan": (first(embedding=encode(nan).decode()), "the length 1"),
        "base64": (first(embedding="§" * 8), "an embedding is not"),
        "version": (lambda i, f: i.update(version=9), "has version 9"),
        "format": (lambda i, f: i.update(format="x"), "unknown format"),
        "name": (
            lambda i, f: i["fields"].append({"name": "fts", "label": "x", "type": "text"}),
            "not a valid field name",
        ),
        "dim": (lambda i, f: i["model"].update(dim=10**9), "model.dim"),
        "pictures": (lambda i, f: i.update(pictures={}), "not a list of at most"),
        "model": (lambda i, f: i.update(model=7), "index is damaged"),
    }


@pytest.mark.parametrize("case", hostile_cases())
def test_a_hostile_bundle_is_refused_and_leaves_nothing(
    case: str, config: BuildConfig, tmp_path: Path
) -> None:
    change, reason = hostile_cases()[case]
    with pytest.raises(SourceError, match=reason):
        add(made(tmp_path, change), config)
    assert sorted(path.name for path in config.pictures.iterdir()) == ["001.cat", "002.dog"]
    assert not (tmp_path / "evil.png").exists()


def test_compressed_pictures_are_refused(config: BuildConfig, tmp_path: Path) -> None:
    path = made(tmp_path, lambda i, f: None, compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(SourceError, match="compressed"):
        add(path, config)


def test_a_huge_index_is_refused(
    config: BuildConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imagedb_site.add.bundle.MAX_INDEX", 100)
    with pytest.raises(SourceError, match="index is too large"):
        add(BUNDLE, config)


@pytest.mark.parametrize("content", [b"", b"no zip", BUNDLE.read_bytes()[:900]])
def test_a_file_that_is_not_a_zip_is_refused(
    content: bytes, config: BuildConfig, tmp_path: Path
) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(content)
    with pytest.raises(SourceError, match="not a ZIP file"):
        add(path, config)


@pytest.mark.parametrize("into", ["..", "../elsewhere", "/tmp", ".hidden", "a/.b"])
def test_the_folder_is_inside_the_collection(into: str, config: BuildConfig) -> None:
    with pytest.raises(UsageError):
        add(BUNDLE, config, into)


def test_hostile_names_are_made_safe() -> None:
    def name(text: str) -> str:
        return safe_name(text, ".jpg", PICTURE_SUFFIXES)

    assert name("../../etc/passwd") == "passwd.jpg"
    assert name("..\\..\\boot.INI") == "boot.INI.jpg"
    assert name(".htaccess") == "htaccess.jpg"
    assert name("con.png") == "picture_con.png"
    assert name("a\x00b\u202e.png") == "a_b_.png"
    assert name("...") == "picture.jpg"
    assert name("IMG 1.JPEG") == "IMG 1.JPEG"
    assert name("3.04\u202fPM\u00ad \ue000.png") == "3.04\u202fPM\u00ad \ue000.png"
    assert name("caf\ufffdE9\udce9.png") == "caf_E9_.png"
    assert name("NUL.old.png") == "picture_NUL.old.png"
    assert len(name("ü" * 5000 + ".png").encode()) < 200
    assert free_name("a.png", "12345678", {"a.png"}) == "a-12345678.png"


def test_tables_take_precedence_over_captions_and_keep_their_field_types(
    config: BuildConfig, tmp_path: Path
) -> None:
    from imagedb_site.sources import load_sidecar

    add(BUNDLE, config, ".")
    table = tmp_path / "table.csv"
    names = golden.NAMES
    rows = [f'"{names[0]}",Mine,x', "001.cat/a.png,Cat,y", "001.cat/b.png,Cat,y"]
    table.write_text("file,title,tags\n" + "\n".join(rows) + "\n", encoding="utf-8")
    gathered = gather(config.pictures, [load_sidecar(table)])
    fields = {record.key: record.fields for record in gathered.records()}
    assert fields[names[0]]["title"] == "Mine"
    assert fields[names[1]]["title"] == "A cat, 猫"
    assert gathered.problems == []


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{",
        '{"format": 1}',
        '{"format": "imagedb-additions", "version": 2}',
        '{"format": "imagedb-additions", "version": 1, "fields": [], "pictures":'
        ' {"a.png": {"sha256": "0", "fields": {"title": "of no field"}}}}',
        '{"format": "imagedb-additions", "version": 1, "pictures": {}, "fields":'
        ' [{"name": "a", "label": "A", "type": "text"}, {"name": "a", "label": "B", "type": "tags"}]}',
    ],
)
def test_a_damaged_table_stops_the_build(text: str, config: BuildConfig) -> None:
    (config.pictures / ADDITIONS_FILE).write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match=ADDITIONS_FILE):
        gather(config.pictures)


def test_settings_are_those_of_the_last_build(config: BuildConfig) -> None:
    with pytest.raises(UsageError, match="no library"):
        settings(None, {"output": config.output})
    build(BuildConfig(config.pictures, config.output, model=str(PACK), view_size=400, workers=1))
    found = settings(None, {"output": config.output, "model": None})
    assert (found.pictures, found.model, found.view_size) == (config.pictures, str(PACK), 400)
