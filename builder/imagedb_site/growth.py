"""Which row every image gets from build to build, and when the layout starts again (docs/FORMAT.md 2.12)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .library import StoredLayout
from .site import UNPLACED, CellScheme, Coarse, Layout, Quantizer, ThumbnailPacks

Rows = NDArray[np.int64]
Ids = NDArray[np.uint64]

COMPACT_ABOVE = 4
"""The layout becomes canonical again if more than one row in this many was added or moved."""

_NONE = -1


@dataclass(frozen=True)
class Assignment:
    """The rows of a collection after a change.

    `order`: int64 [n], the row at each position of the default order. `source`: int64 [n], the row that
    each row's image had before, or -1 if the image was added.
    """

    order: Rows
    source: Rows
    added: int
    moved: int
    removed: int


@dataclass(frozen=True)
class Growth:
    """How a build continues the layout of the build before.

    `order` as in `Assignment`. `added`, `removed`: images. `grown` counts the rows that were added or
    moved since the last canonical layout, this build included. `compacted`: an earlier layout was given
    up for the canonical one.
    """

    order: Rows
    layout: Layout
    added: int
    removed: int
    grown: int
    compacted: bool


def assign_rows(before: Ids, ids: Ids) -> Assignment:
    """Gives every image a row. `before`: the ids in row order; `ids`: the ids in default order.

    Images that stay keep their row. Added ones, in default order, take the rows of removed ones, then
    the next rows at the end. If more were removed than added, the images of the last rows move into the
    rows that are left empty.
    """
    count = len(ids)
    order = _rows_before(before, ids)
    stays = order != _NONE
    occupied = np.zeros(max(len(before), count), dtype=np.bool_)
    occupied[order[stays]] = True
    empty = np.flatnonzero(~occupied)
    added = np.flatnonzero(~stays)
    order[added] = empty[: len(added)]
    # The empty rows that are left are at the end, or get the images from there.
    left = empty[len(added) :]
    gaps = left[left < count]
    moving = np.flatnonzero(order >= count)
    moving = moving[np.argsort(order[moving])]
    source = np.full(count, _NONE, dtype=np.int64)
    was = order.copy()
    order[moving] = gaps
    source[order[stays]] = was[stays]
    removed = len(before) - int(np.count_nonzero(stays))
    return Assignment(order, source, len(added), len(moving), removed)


def _rows_before(before: Ids, ids: Ids) -> Rows:
    """The row that each of `ids` had, or -1."""
    rows = np.full(len(ids), _NONE, dtype=np.int64)
    if not len(before):
        return rows
    by_id = np.argsort(before)
    at = np.minimum(np.searchsorted(before, ids, sorter=by_id), len(before) - 1)
    found = by_id[at]
    known = before[found] == ids
    rows[known] = found[known]
    return rows


def grow(
    before: StoredLayout | None,
    ids: Ids,
    *,
    thumbnails: str,
    encoder: str | None,
    compact: bool = False,
) -> Growth:
    """Decides on the layout of a collection; `ids` are its image ids in default order.

    `thumbnails` and `encoder` name the settings that a layout depends on. The layout is canonical if there
    was none before, if one of them has changed, if `compact` is set, or if more than a quarter of the
    rows were added or moved since the last canonical layout.
    """
    if before is None:
        return _canonical(ids, len(ids), 0, compacted=False)
    given = assign_rows(before.ids, ids)
    grown = before.grown + given.added + given.moved
    same = (before.thumbnails, before.encoder) == (thumbnails, encoder)
    if compact or not same or COMPACT_ABOVE * grown > len(ids):
        return _canonical(ids, given.added, given.removed, compacted=True)
    stays = given.source != _NONE
    pack = np.full(len(ids), UNPLACED, dtype=np.int32)
    slot = np.zeros(len(ids), dtype=np.int32)
    pack[stays] = before.pack[given.source[stays]]
    slot[stays] = before.slot[given.source[stays]]
    quantizer = None
    if before.mean is not None and before.scale is not None:
        quantizer = Quantizer(before.mean, before.scale)
    layout = Layout(
        given.order.astype(np.uint32),
        quantizer,
        ThumbnailPacks(before.packed, pack, slot),
        before.blocks,
        None if before.coarse is None else Coarse.from_bytes(before.coarse.tobytes()),
        None
        if before.cells is None
        else CellScheme.from_bytes(before.cells.tobytes()).moved(given.source),
    )
    return Growth(given.order, layout, given.added, given.removed, grown, compacted=False)


def _canonical(ids: Ids, added: int, removed: int, *, compacted: bool) -> Growth:
    return Growth(np.arange(len(ids)), Layout(), added, removed, 0, compacted)


def to_store(
    layout: Layout, ids: Ids, growth: Growth, *, thumbnails: str, encoder: str | None
) -> StoredLayout:
    """Returns what the next build has to know. `layout` is the one that was written."""
    if layout.packs is None:
        raise ValueError("the layout of a written site has packs")
    by_row = np.empty_like(ids)
    by_row[growth.order] = ids
    quantizer = layout.quantizer
    return StoredLayout(
        ids=by_row,
        pack=layout.packs.pack,
        slot=layout.packs.slot,
        packed=layout.packs.packed,
        order=layout.order,
        mean=None if quantizer is None else quantizer.mean,
        scale=None if quantizer is None else quantizer.scale,
        coarse=None
        if layout.coarse is None
        else np.frombuffer(layout.coarse.to_bytes(), dtype=np.uint8),
        cells=None
        if layout.cells is None
        else np.frombuffer(layout.cells.to_bytes(), dtype=np.uint8),
        thumbnails=thumbnails,
        encoder=encoder,
        grown=growth.grown,
        blocks=layout.blocks or {},
    )
