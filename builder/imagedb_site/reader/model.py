"""The model pack that a site carries (docs/FORMAT.md 2.1, `model`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from imagedb_site.container import FileEntry
from imagedb_site.errors import FormatError
from imagedb_site.reader.manifest import ModelSummary
from imagedb_site.reader.shape import as_entry, as_object, parse_json


@dataclass(frozen=True)
class Model:
    """`pack` is the pack's own pack.json; `files` says where the site keeps each of its files."""

    pack: Mapping[str, Any]
    files: Mapping[str, FileEntry]


def decode_model(data: bytes, summary: ModelSummary) -> Model:
    """The model's index. Raises FormatError if it is not that of the manifest's summary."""
    index = as_object(parse_json(data, "The model's index"), "The model's index")
    pack = as_object(index.get("pack"), "pack")
    if pack.get("format") != "imagedb-pack" or pack.get("version") != 1:
        raise FormatError("The model is not a model pack of version 1.")
    calibration = as_object(pack.get("calibration"), "pack.calibration")
    told = {
        "id": summary.id,
        "name": summary.name,
        "dim": summary.dim,
        "encoder_hash": summary.encoder_hash,
    }
    for key, value in told.items():
        if pack.get(key) != value:
            raise FormatError(f"The manifest and the model pack have different values of {key}.")
    if calibration.get("temperature") != summary.temperature:
        raise FormatError("The manifest and the model pack have different temperatures.")
    if pack.get("level") != summary.level:
        raise FormatError("The manifest and the model pack have different levels.")
    wanted = as_object(pack.get("files"), "pack.files")
    named = as_object(index.get("files"), "files")
    files = {name: as_entry(entry, f"files.{name[:80]}") for name, entry in named.items()}
    missing = sorted(set(wanted) - set(files))
    if missing:
        raise FormatError(f"The site does not have the file {missing[0][:80]} of its model pack.")
    return Model(pack, files)
