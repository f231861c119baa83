"""Hostile model packs: each is refused with a PackError or works; none reads other files or runs for ever."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hostile import packs
from imagedb_site.encoders.encoder import Encoder
from imagedb_site.errors import PackError
from imagedb_site.packs import load_pack


def use(folder: Path) -> None:
    """Everything a program asks of a pack."""
    encoder = Encoder(load_pack(folder), threads=1)
    _ = encoder.vocabulary
    encoder.encode_texts(["constructor of a red cat", "a" * 60 + "!"])
    encoder.encode_queries(["cat 🐈", ""])
    with Image.open(packs.TINY / "noise.png") as image:
        encoder.encode_images([image.convert("RGB")])


def refused(folder: Path) -> str:
    """Uses a pack; gives the message if it is refused. Fails if it takes long."""
    begun = time.monotonic()
    try:
        use(folder)
    except PackError as error:
        return str(error)
    finally:
        assert time.monotonic() - begun < 20
    return ""


def test_an_unchanged_copy_works(tmp_path: Path) -> None:
    use(packs.write(tmp_path / "pack", lambda folder, manifest: None))


@pytest.mark.parametrize("name", [name for name, _ in packs.towers()])
def test_towers(tmp_path: Path, name: str) -> None:
    message = refused(packs.write(tmp_path / "pack", dict(packs.towers())[name]))
    assert message and "\n" not in message
    if name.startswith("external"):
        assert "weights are in another file" in message
    if name == "endless":
        assert "Loop" in message


@pytest.mark.parametrize("name", [name for name, _ in packs.tokenizers()])
def test_tokenizers(tmp_path: Path, name: str) -> None:
    message = refused(packs.write(tmp_path / "pack", dict(packs.tokenizers())[name]))
    assert bool(message) != name.startswith("inherited")


def test_any_value_in_pack_json(tmp_path: Path) -> None:
    counts = [0, 0]
    for name, change in packs.manifests(100):
        honest = "files" not in name
        try:
            folder = packs.write(tmp_path / name, change, honest=honest)
        except (KeyError, TypeError, ValueError, OSError, AttributeError):
            folder = packs.write(tmp_path / f"{name}-2", change, honest=False)
        counts[bool(refused(folder))] += 1
    assert counts[1] > 55


def test_damaged_files_under_right_hashes(tmp_path: Path) -> None:
    counts = [0, 0]
    for name, change in packs.files(50):
        counts[bool(refused(packs.write(tmp_path / name, change)))] += 1
    assert min(counts) > 3


def test_a_pack_is_its_content(tmp_path: Path) -> None:
    folder = packs.write(
        tmp_path / "pack",
        lambda folder, manifest: manifest.update(id="tiny-00000000"),
        honest=False,
    )
    assert "its id is wrong" in refused(folder)
    assert np.array(load_pack(packs.TINY).dim) == 16
