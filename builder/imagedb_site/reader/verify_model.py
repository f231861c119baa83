"""Compares the files of the model in a site with its model pack."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from imagedb_site.container import read_container
from imagedb_site.errors import FormatError
from imagedb_site.reader.lists import FileList
from imagedb_site.reader.model import Model
from imagedb_site.reader.shape import as_object, as_text
from imagedb_site.reader.site import Site

Content = tuple[dict[str, Any], dict[str, np.ndarray[Any, Any]]]


def verify_model(site: Site) -> None:
    """The site's files, static rows and words are those of the pack. Raises FormatError.

    Files are as they were or under the site's compression.
    """
    model = site.model
    assert model is not None
    for name, known in as_object(model.pack["files"], "model.pack.files").items():
        wanted = as_text(as_object(known, "model.pack.files").get("sha256"), "model.pack.files")
        entry = model.files[name]
        if wanted not in (entry.sha256, hashlib.sha256(site.read(entry)).hexdigest()):
            raise FormatError(f"{entry.path} is not “{name[:80]}” of the model pack.")
    _verify_static(site, _content(site, model, "static", "tokens"))
    _verify_words(site, _content(site, model, "vocabulary", "vocabulary"))


def _verify_static(site: Site, static: Content | None) -> None:
    summary = site.manifest.model
    assert summary is not None
    if (static is None) != (summary.static is None):
        raise FormatError(
            "The manifest and the model pack differ in whether there are static rows."
        )
    if static is None or summary.static is None:
        return
    files = FileList(summary.static, site.read)
    parts = [read_container(site.read(entry), "tokens") for entry in files.entries()]
    for number, (header, _) in enumerate(parts):
        if header.get("first") != number * summary.static_block:
            raise FormatError("The files of static rows are not in their order.")
    for name, values in static[1].items():
        if not all(name in arrays for _, arrays in parts) or not np.array_equal(
            np.concatenate([arrays[name] for _, arrays in parts]), values
        ):
            raise FormatError("The files of static rows are not those of the model pack.")


def _verify_words(site: Site, vocabulary: Content | None) -> None:
    summary = site.manifest.model
    assert summary is not None
    if summary.words is None:
        return
    words = read_container(site.read(summary.words), "model-words")[0].get("words")
    if vocabulary is None or words != vocabulary[0].get("words"):
        raise FormatError("The words of the model are not those of the model pack.")


def _content(site: Site, model: Model, key: str, kind: str) -> Content | None:
    """What a file of the model pack holds; None if the pack does not have it."""
    spec = model.pack.get(key)
    if spec is None:
        return None
    file = as_text(as_object(spec, f"pack.{key}").get("file"), f"pack.{key}.file")
    if file not in model.files:
        raise FormatError(f"The model pack does not have its file “{file[:80]}”.")
    return read_container(site.read(model.files[file]), kind)
