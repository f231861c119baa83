"""Packs: written deterministically, and refused with the name of the invalid part."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from imagedb_site.cache import cache_name
from imagedb_site.container import canonical_json, read_container
from imagedb_site.errors import PackError
from imagedb_site.models import list_packs, resolve
from imagedb_site.packs import load_pack
from imagedb_site.packs.codes import dequantize_rows, quantize_rows
from imagedb_site.packs.writer import (
    ImageTower,
    TextTower,
    Tokens,
    Vocabulary,
    write_pack,
    write_token_shards,
)

TINY = Path(__file__).parents[1] / "golden" / "pack-tiny"


@pytest.fixture
def tiny(tmp_path):
    folder = tmp_path / "pack"
    shutil.copytree(TINY, folder)
    return folder


def edit(folder: Path, **changes: object) -> None:
    manifest = json.loads((folder / "pack.json").read_text())
    manifest.update(changes)
    (folder / "pack.json").write_bytes(canonical_json(manifest))


def write(folder: Path, **changes: object) -> dict:
    rows = np.random.default_rng(1).standard_normal((10, 4)).astype(np.float32)
    given = {
        "name": "x",
        "description": "",
        "dim": 3,
        "image": ImageTower(b"image", {}),
        "text": TextTower(b"text", 8),
        "tokens": Tokens(rows, {"model": {"type": "BPE"}}, ["a"], "bpe"),
        "temperature": 0.1,
        "licence": {"id": "MIT", "note": "", "commercial": True},
        "card": "card",
    }
    return write_pack(folder, **{**given, **changes})


def test_a_whole_pack_loads():
    pack = load_pack(TINY)
    assert pack.dim == 16
    assert pack.id.startswith("tiny-")
    assert pack.read("card.md").startswith(b"# tiny")
    assert pack.total_bytes == sum(len(pack.read(file)) for file in pack.files)


def test_a_changed_file_is_named(tiny):
    data = bytearray((tiny / "text.onnx").read_bytes())
    data[100] ^= 1
    (tiny / "text.onnx").write_bytes(data)
    with pytest.raises(PackError, match=r"“text\.onnx” .* damaged") as caught:
        load_pack(tiny)
    assert caught.value.hint


def test_a_missing_file_is_named(tiny):
    (tiny / "tokens.0001.bin").unlink()
    with pytest.raises(PackError, match=r"lacks its file “tokens\.0001\.bin”"):
        load_pack(tiny)


def test_another_version_is_named(tiny):
    edit(tiny, version=2)
    with pytest.raises(PackError, match="format version 2, but this program reads version 1"):
        load_pack(tiny)


def test_an_encoder_hash_that_does_not_fit_is_refused(tiny):
    edit(tiny, encoder_hash="0" * 16)
    with pytest.raises(PackError, match="encoder_hash"):
        load_pack(tiny)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "something"}, "does not describe a model pack"),
        ({"dim": "16"}, "no valid “dim”"),
        ({"dim": True}, "no valid “dim”"),
        ({"text": None}, "no valid “text”"),
        ({"id": 3}, "no valid “id”"),
        ({"card": "other.md"}, "no hash for its file “other.md”"),
        ({"tokens": {}}, "incomplete"),
        ({"files": {"../x": {"bytes": 1, "sha256": "0"}}}, "unsafe file name"),
        ({"files": {"a/b": {"bytes": 1, "sha256": "0"}}}, "unsafe file name"),
        ({"files": {"card.md": {"bytes": "1", "sha256": "0"}}}, "incomplete"),
    ],
)
def test_a_wrong_manifest_is_refused(tiny, changes, message):
    edit(tiny, **changes)
    with pytest.raises(PackError, match=message):
        load_pack(tiny)


@pytest.mark.parametrize("text", ["", "[]", "null", "{", "[" * 100_000])
def test_a_manifest_that_is_not_a_json_object_is_refused(tiny, text):
    (tiny / "pack.json").write_text(text)
    with pytest.raises(PackError):
        load_pack(tiny)


def test_a_folder_without_manifest_and_an_unknown_name_are_refused(tmp_path):
    with pytest.raises(PackError, match=r"no pack\.json"):
        load_pack(tmp_path)
    with pytest.raises(PackError, match="no model pack “nothing-like-it”"):
        resolve("nothing-like-it")


def test_packs_in_the_cache_are_found_by_name_and_id(tmp_path, monkeypatch):
    monkeypatch.setenv("IMAGEDB_SITE_CACHE", str(tmp_path))
    folder = tmp_path / "packs" / cache_name("Some-Model:some_tag")
    shutil.copytree(TINY, folder)
    (tmp_path / "packs" / "no-pack").mkdir()
    assert resolve("Some-Model:some_tag").path == folder
    assert resolve("tiny").path == folder
    assert resolve(load_pack(TINY).id).path == folder
    assert [pack.name for pack in list_packs() if pack.path == folder] == ["tiny"]


@pytest.mark.parametrize("name", ["", ".", "..", "../..", "/", "a/../../b"])
def test_a_cache_name_never_leaves_the_cache(name):
    assert "/" not in cache_name(name)
    assert not cache_name(name).startswith(".")


def test_the_same_input_gives_the_same_bytes(tmp_path):
    assert write(tmp_path / "a") == write(tmp_path / "b")
    files = sorted((tmp_path / "a").iterdir())
    assert len(files) > 4 and len(files) == len(list((tmp_path / "b").iterdir()))
    for file in files:
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()


def test_what_the_id_and_the_encoder_hash_depend_on(tmp_path):
    first = write(tmp_path / "p")
    card = write(tmp_path / "p", card="another card")
    assert card["id"] == first["id"]
    text = write(tmp_path / "p", text=TextTower(b"other text", 8))
    assert text["id"] != first["id"]
    assert text["encoder_hash"] == first["encoder_hash"]
    size = write(tmp_path / "p", image=ImageTower(b"image", {"size": [1, 1]}))
    assert size["encoder_hash"] != first["encoder_hash"]


def test_another_folder_is_never_replaced(tmp_path):
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "precious.txt").write_text("mine")
    with pytest.raises(PackError, match="not a model pack"):
        write(tmp_path / "p")
    assert (tmp_path / "p" / "precious.txt").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["p"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"temperature": 0.0}, "positive"),
        ({"temperature": float("nan")}, "positive"),
        ({"licence": {"id": "MIT"}}, "licence"),
        ({"vocabulary": Vocabulary(["a"], np.zeros((1, 4), np.float32))}, "vocabulary"),
        (
            {"tokens": Tokens(np.full((2, 2), np.nan, np.float32), {"model": {}}, [], "x")},
            "finite",
        ),
        ({"tokens": Tokens(np.zeros((1, 4), np.float32), {"model": {}}, ["a", "b"], "x")}, "rows"),
        ({"tokens": Tokens(np.zeros((2, 3), np.float32), {"model": {}}, [], "x", "int4")}, "even"),
        ({"tokens": Tokens(np.zeros((2, 2), np.float32), {}, [], "x")}, "no “model”"),
    ],
)
def test_parts_that_do_not_fit_are_refused(tmp_path, changes, message):
    with pytest.raises(PackError, match=message):
        write(tmp_path / "p", **changes)
    assert not (tmp_path / "p").exists()


@pytest.mark.parametrize(("precision", "bound"), [("int8", 0.006), ("int4", 0.11)])
def test_rows_survive_quantisation(precision, bound):
    rows = np.random.default_rng(2).standard_normal((50, 32)).astype(np.float32)
    rows[3] = 0
    scale, codes = quantize_rows(rows, precision)
    back = dequantize_rows(scale, codes, 32, precision)
    error = np.sqrt(np.square(back - rows).mean())
    assert error < bound
    assert not back[3].any()
    assert scale.min() > 0


def test_shards_cover_the_table_once():
    rows = np.random.default_rng(3).standard_normal((1000, 8)).astype(np.float32)
    shards, per_shard = write_token_shards(rows, "int8")
    parts = [read_container(shard, "tokens") for shard in shards]
    assert [header["first"] for header, _ in parts] == list(range(0, 1000, per_shard))
    back = np.concatenate(
        [dequantize_rows(found["scale"], found["codes"], 8, "int8") for _, found in parts]
    )
    assert np.abs(back - rows).max() < 0.02
    assert len(write_token_shards(np.zeros((300_000, 8), np.float32), "int4")[0]) <= 512
