"""The model pack inside a site as the reader finds it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from site_samples import GOLDEN, edit_manifest, sample_input

from imagedb_site.container import canonical_json, gunzip_if
from imagedb_site.errors import FormatError
from imagedb_site.reader import open_site, verify_site
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
    verify_site(published)
    model = published.model
    assert model is not None
    assert model.pack == pack.manifest
    assert sorted(model.files) == sorted(pack.manifest["files"])
    for name, entry in model.files.items():
        original = pack.read(name)
        assert published.read(entry) == gunzip_if(original, 1 << 26)
        assert hashlib.sha256(original).hexdigest() == pack.manifest["files"][name]["sha256"]


def test_another_file_in_the_place_of_the_packs(tmp_path: Path) -> None:
    """The hash in the manifest is right, but the pack never had such a file."""
    made = sample_input(9, dim=16)
    pack = Pack({"text.onnx": b"something else"})
    write_site(dataclasses.replace(made, pack=pack), tmp_path / "site")
    with pytest.raises(FormatError, match=r"not “text\.onnx”"):
        verify_site(open_site(tmp_path / "site"))


@pytest.mark.parametrize(
    ("message", "change"),
    [
        ("does not have the file", lambda index: index["files"].pop("text.onnx")),
        ("not a model pack", lambda index: index["pack"].update(version=2)),
        ("encoder_hash", lambda index: index["pack"].pop("encoder_hash")),
        ("temperatures", lambda index: index["pack"]["calibration"].update(temperature=9)),
        ("levels", lambda index: index["pack"].update(level=0.5)),
        ("not an object", lambda index: index.update(files=[])),
    ],
)
def test_a_wrong_model_index(site: Path, message: str, change: Any) -> None:
    path = json.loads((site / "manifest.json").read_bytes())["model"]["file"]["path"]
    index = json.loads(gunzip_if((site / path).read_bytes(), 1 << 20))
    change(index)
    data = canonical_json(index)
    (site / path).write_bytes(data)
    entry = {"bytes": len(data), "raw_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    edit_manifest(site, lambda m: m["model"]["file"].update(entry))
    with pytest.raises(FormatError, match=message):
        _ = open_site(site).model


@pytest.mark.parametrize(
    ("message", "change"),
    [
        ("model.temperature", lambda model: model.update(temperature=0)),
        ("model.temperature", lambda model: model.update(temperature=True)),
        ("model.level", lambda model: model.update(level=1.5)),
        ("model.level", lambda model: model.update(level="0.5")),
        ("model.encoder_hash", lambda model: model.pop("encoder_hash")),
        ("not the entry of an index", lambda model: model["file"].pop("index")),
        ("not an object", lambda model: model.update(licence=[])),
    ],
)
def test_a_wrong_model_summary(site: Path, message: str, change: Any) -> None:
    edit_manifest(site, lambda m: change(m["model"]))
    with pytest.raises(FormatError, match=message):
        open_site(site)
