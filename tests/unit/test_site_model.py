"""The model pack inside a site: every file is unchanged and found through an index."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from plain_site import PlainSite
from site_samples import GOLDEN, sample_input, tree

from imagedb_site.container import gunzip_if
from imagedb_site.errors import FormatError
from imagedb_site.site import write_site


class Pack:
    """A pack folder read without the encoders."""

    def __init__(self, changed: Mapping[str, bytes] | None = None) -> None:
        self.folder = GOLDEN / "pack-tiny"
        self.manifest: dict[str, Any] = json.loads((self.folder / "pack.json").read_bytes())
        self.changed = changed or {}

    def read(self, file: str) -> bytes:
        return self.changed.get(file) or (self.folder / file).read_bytes()


@pytest.fixture
def site(tmp_path: Path) -> Path:
    made = dataclasses.replace(sample_input(9, dim=16), pack=Pack())
    write_site(made, tmp_path / "site")
    return tmp_path / "site"


def test_every_file_comes_back(site: Path) -> None:
    pack = Pack()
    published = PlainSite(site)
    published.check()
    index = published.json(published.manifest["model"]["file"])
    assert index["pack"] == pack.manifest
    assert sorted(index["files"]) == sorted(pack.manifest["files"])
    assert len(index["files"]) > 4
    for name, entry in index["files"].items():
        original = pack.read(name)
        assert published.fetch(entry) == gunzip_if(original, 1 << 26)
        assert hashlib.sha256(original).hexdigest() == pack.manifest["files"][name]["sha256"]


def test_the_manifest_says_what_a_page_shows_of_the_model(site: Path) -> None:
    model, pack = PlainSite(site).manifest["model"], Pack().manifest
    assert model.pop("file")["index"] is True
    rows, words = model.pop("static"), model.pop("words")
    assert (rows["rows"], rows["files"]["count"]) == (
        pack["tokens"]["rows"],
        -(-rows["rows"] // 64),
    )
    assert words["raw_bytes"] > 0
    assert model.pop("temperature") == pack["calibration"]["temperature"]
    assert model == {key: pack[key] for key in ("id", "name", "dim", "encoder_hash", "licence")}


def test_the_site_and_its_pack_have_one_length(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="8 dimensions"):
        write_site(dataclasses.replace(sample_input(9, dim=8), pack=Pack()), tmp_path / "site")


def test_a_rebuild_links_the_model(site: Path, tmp_path: Path) -> None:
    made = dataclasses.replace(sample_input(9, dim=16), pack=Pack())
    write_site(made, tmp_path / "two", previous=site)
    assert tree(tmp_path / "two") == tree(site)
    files = list((site / "model").iterdir())
    assert len(files) > 3
    for path in files:
        assert path.samefile(tmp_path / "two" / "model" / path.name)
