"""The model pack inside a site: every file of it, as it was, found through the manifest alone."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from site_samples import GOLDEN, edit_manifest, sample_input, tree

from imagedb_site.container import gunzip_if
from imagedb_site.errors import FormatError
from imagedb_site.reader import open_site
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
    published = open_site(site)
    published.verify()
    model = published.manifest.model
    assert model is not None
    assert model.pack == pack.manifest
    assert sorted(model.files) == sorted(pack.manifest["files"])
    for name, entry in model.files.items():
        original = pack.read(name)
        assert published.read(entry) == gunzip_if(original, 1 << 26)
        assert hashlib.sha256(original).hexdigest() == pack.manifest["files"][name]["sha256"]


def test_the_site_and_its_pack_have_one_length(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="8 dimensions"):
        write_site(dataclasses.replace(sample_input(9, dim=8), pack=Pack()), tmp_path / "site")


def test_another_file_in_the_place_of_the_packs(tmp_path: Path) -> None:
    """The hash in the manifest is right, but the pack never had such a file."""
    made = sample_input(9, dim=16)
    pack = Pack({"text.onnx": b"something else"})
    write_site(dataclasses.replace(made, pack=pack), tmp_path / "site")
    with pytest.raises(FormatError, match=r"not “text\.onnx”"):
        open_site(tmp_path / "site").verify()


@pytest.mark.parametrize(
    ("message", "change"),
    [
        ("lacks", lambda m: m["model"]["files"].pop("text.onnx")),
        ("not a model pack", lambda m: m["model"]["pack"].update(version=2)),
        ("encoder_hash", lambda m: m["model"]["pack"].pop("encoder_hash")),
        ("not an object", lambda m: m["model"].update(files=[])),
    ],
)
def test_a_wrong_model_entry(site: Path, message: str, change: Any) -> None:
    edit_manifest(site, change)
    with pytest.raises(FormatError, match=message):
        open_site(site)


def test_a_rebuild_links_the_model(site: Path, tmp_path: Path) -> None:
    made = dataclasses.replace(sample_input(9, dim=16), pack=Pack())
    write_site(made, tmp_path / "two", previous=site)
    assert tree(tmp_path / "two") == tree(site)
    files = list((site / "model").iterdir())
    assert len(files) > 3
    for path in files:
        assert path.samefile(tmp_path / "two" / "model" / path.name)
