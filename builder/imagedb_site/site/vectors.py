"""The vectors of a site: codes of all rows, and which rows have one (docs/FORMAT.md 2.9)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagedb_site.rowsets import encode_rows
from imagedb_site.run import RowWorkers
from imagedb_site.site.cell_fit import SAMPLE
from imagedb_site.site.cell_scheme import CellScheme
from imagedb_site.site.cell_vectors import CellCodes
from imagedb_site.site.flat_vectors import FlatCodes
from imagedb_site.site.look_alike import Projection
from imagedb_site.site.quantizer import (
    checked_quantizer,
    fit_quantizer,
    in_blocks,
    survey,
)
from imagedb_site.site.rows import DrawnRows
from imagedb_site.site.scheme import Coarse, Quantizer
from imagedb_site.site.storage import SiteFiles
from imagedb_site.site.types import Embeddings, Layout, SiteSettings

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


CELLS_FROM = 150_000
"""From how many rows with an embedding a collection has the tier `cells`."""


@dataclass(frozen=True)
class Vectors:
    """Vectors whose embeddings were read. `reduced` float32 [n, d]: the rows asked for, in fewer dimensions.

    `quantizer`, `coarse`, `cells`: what to keep for the next build, after `finish`.
    """

    quantizer: Quantizer
    reduced: Floats
    writer: FlatCodes | CellCodes
    begun: dict[str, Any]

    @property
    def coarse(self) -> Coarse | None:
        return self.writer.coarse

    @property
    def cells(self) -> CellScheme | None:
        return self.writer.cells

    def finish(self, drawn: DrawnRows | None = None) -> dict[str, Any]:
        """Write the files that are left; gives the manifest's `vectors`.

        `drawn`: what a grid draws of each row. It lies beside the vectors of the tier `cells`.
        """
        if isinstance(self.writer, CellCodes):
            return {**self.begun, **self.writer.finish(drawn)}
        return {**self.begun, **self.writer.finish()}


def write_vectors(
    files: SiteFiles,
    embeddings: Embeddings,
    count: int,
    layout: Layout,
    wanted: Mask,
    pictures: Mask | None,
    settings: SiteSettings,
    workers: RowWorkers,
) -> Vectors:
    """Write the quantizer, and begin with the codes of all `count` embeddings, which are read twice.

    `layout`: its quantizer, coarse codes and cells are kept. `wanted`: bool [count], the rows to reduce.
    `pictures`: bool [count], the rows with a picture, or None for all. `workers` work on the rows of the tier
    `cells`.
    """
    found = survey(embeddings, count, SAMPLE if _may_fit_cells(count, layout, settings) else 0)
    quantizer = checked_quantizer(layout.quantizer or fit_quantizer(found), embeddings.dim)
    texts = np.zeros(count, dtype=np.bool_) if pictures is None else found.present & ~pictures
    projection = Projection(found.sample)
    writer: FlatCodes | CellCodes
    if has_cells(int(np.count_nonzero(found.present)), layout, settings):
        writer = CellCodes(files, found, quantizer, layout.cells, texts, settings)
    else:
        writer = FlatCodes(files, found.sample, count, quantizer, layout.coarse, settings)
    present = found.present
    # The wide sample takes as much memory as all codes, which follow.
    del found
    reduced = np.empty((int(wanted.sum()), projection.dim), dtype=np.float32)

    def parts() -> Iterator[tuple[int, Floats, Mask]]:
        first = done = 0
        for part in in_blocks(embeddings, count, writer.block):
            here = slice(first, first + len(part))
            chosen = part[wanted[here]]
            reduced[done : done + len(chosen)] = projection(chosen)
            done += len(chosen)
            yield first, part, present[here]
            first += len(part)

    writer.take(parts(), workers)
    entry = files.put_container(
        "quantizer",
        "quantizer",
        {"dim": embeddings.dim},
        {"mean": quantizer.mean, "scale": quantizer.scale},
        compress=False,
    )
    source = _source(present, texts)
    both = {"texts": _write_rows(files, "vectors-texts", texts)} if source == "both" else {}
    begun = {
        "tier": writer.tier,
        "codec": "int8",
        "source": source,
        "missing": _write_rows(files, "vectors-missing", ~present),
        **both,
        "count": count,
        "dim": embeddings.dim,
        "quantizer": entry.to_json(),
    }
    return Vectors(quantizer, reduced, writer, begun)


def has_cells(known: int, layout: Layout, settings: SiteSettings) -> bool:
    """Whether vectors have the tier `cells`: a canonical layout of CELLS_FROM rows with an embedding or more.

    A site that continues a layout keeps its tier, so that it does not change all its files at one limit again
    and again. `settings.cells` decides if it is not None.
    """
    if settings.cells is not None:
        return settings.cells
    if layout.quantizer is not None:
        return layout.cells is not None
    return known >= CELLS_FROM


def _may_fit_cells(count: int, layout: Layout, settings: SiteSettings) -> bool:
    """Whether cells have to be fitted, if all rows have an embedding."""
    return layout.cells is None and has_cells(count, layout, settings)


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
