"""The vectors of a site: codes of all rows, and which rows have one (docs/FORMAT.md 2.9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagedb_site.rowsets import encode_rows
from imagedb_site.site.flat_vectors import FlatCodes
from imagedb_site.site.look_alike import Projection
from imagedb_site.site.quantizer import (
    checked_quantizer,
    encode,
    fit_quantizer,
    in_blocks,
    survey,
)
from imagedb_site.site.scheme import Coarse, Quantizer
from imagedb_site.site.storage import SiteFiles
from imagedb_site.site.types import Embeddings, Layout, SiteSettings

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Vectors:
    """`manifest` is the manifest's `vectors`; `reduced` float32 [n, d] are the rows asked for, in fewer
    dimensions."""

    manifest: dict[str, Any]
    quantizer: Quantizer
    coarse: Coarse | None
    reduced: Floats


def write_vectors(
    files: SiteFiles,
    embeddings: Embeddings,
    count: int,
    layout: Layout,
    wanted: Mask,
    pictures: Mask | None,
    settings: SiteSettings,
) -> Vectors:
    """Write the quantizer and the codes of all `count` embeddings, which are read twice.

    `layout`: its quantizer and coarse codes are kept. `wanted`: bool [count], the rows to reduce. `pictures`:
    bool [count], the rows with a picture, or None for all.
    """
    found = survey(embeddings, count)
    quantizer = checked_quantizer(layout.quantizer or fit_quantizer(found), embeddings.dim)
    writer = FlatCodes(files, found.sample, count, quantizer, layout.coarse, settings)
    projection = Projection(found.sample)
    reduced = np.empty((int(wanted.sum()), projection.dim), dtype=np.float32)
    first = done = 0
    for part in in_blocks(embeddings, count, writer.block):
        present = found.present[first : first + len(part)]
        codes = encode(part, quantizer)
        codes[~present] = 0
        writer.add(first, part, codes, present)
        chosen = part[wanted[first : first + len(part)]]
        reduced[done : done + len(chosen)] = projection(chosen)
        done += len(chosen)
        first += len(part)
    entry = files.put_container(
        "quantizer",
        "quantizer",
        {"dim": embeddings.dim},
        {"mean": quantizer.mean, "scale": quantizer.scale},
        compress=False,
    )
    texts = np.zeros(count, dtype=np.bool_) if pictures is None else found.present & ~pictures
    source = _source(found.present, texts)
    both = {"texts": _write_rows(files, "vectors-texts", texts)} if source == "both" else {}
    manifest = {
        "tier": "flat",
        "codec": "int8",
        "source": source,
        "missing": _write_rows(files, "vectors-missing", ~found.present),
        **both,
        "count": count,
        "dim": embeddings.dim,
        "quantizer": entry.to_json(),
        **writer.finish(),
    }
    return Vectors(manifest, quantizer, writer.coarse, reduced)


def _source(present: Mask, texts: Mask) -> str:
    if not texts.any():
        return "pictures"
    return "texts" if np.array_equal(present, texts) else "both"


def _write_rows(files: SiteFiles, name: str, mask: Mask) -> dict[str, Any] | None:
    """Write a set of rows, bool [count]; returns its number of rows and its file, or None if it is empty."""
    rows = np.flatnonzero(mask)
    if not len(rows):
        return None
    data = encode_rows(rows, len(mask))
    entry = files.put_entry("data", name, "bin", data, compress=True)
    return {"count": len(rows), "file": entry.to_json()}
