"""Thumbnails: one file each in small collections, packs in large ones (docs/FORMAT.md 2.6 and 2.12).

A pack holds thumbnails that are likely to be shown together. The first screen of the default order has
small packs of its own ("covers", with even numbers); every other pack holds look-alikes (odd numbers).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagedb_site.errors import FormatError
from imagedb_site.records import Progress
from imagedb_site.site.look_alike import look_alike_order
from imagedb_site.site.storage import SiteFiles
from imagedb_site.site.types import NO_THUMBNAIL, UNPLACED, SiteInput, ThumbnailPacks

Rows = NDArray[np.int64]


class Places:
    """Where each row's thumbnail lies: `name` u8 [rows, 8], `offset` and `length` u32 [rows], in bytes.

    `name` is the hash16 of the file; a length of 0 means that the row has no thumbnail. `packed`: a file
    holds several thumbnails.
    """

    def __init__(self, count: int, *, packed: bool) -> None:
        self.packed = packed
        self.name = np.zeros((count, 8), dtype=np.uint8)
        self.offset = np.zeros(count, dtype=np.uint32)
        self.length = np.zeros(count, dtype=np.uint32)

    def set(self, row: int, name: bytes, offset: int, length: int) -> None:
        self.name[row] = np.frombuffer(name, dtype=np.uint8)
        self.offset[row] = offset
        self.length[row] = length


@dataclass(frozen=True)
class PackPlan:
    """Which thumbnails keep their pack, and which need one.

    `kept`: rows in packs, by pack and place. `covers`: unplaced rows of the first screen, in default
    order. `others`: the other unplaced rows, rising.
    """

    packs: ThumbnailPacks
    kept: Rows
    covers: Rows
    others: Rows


def plan_packs(site: SiteInput, order: NDArray[np.uint32] | None) -> PackPlan:
    """Decide which thumbnails stay in their pack. Raises FormatError if the layout does not fit."""
    count, settings = len(site.rows), site.settings
    given = site.layout.packs
    if given is None:
        pictures = count if site.pictures is None else int(np.count_nonzero(site.pictures))
        packed = pictures > settings.pack_above
        pack = np.full(count, UNPLACED, dtype=np.int32)
        slot = np.zeros(count, dtype=np.int32)
    else:
        packed = given.packed
        pack, slot = (np.array(part, dtype=np.int32) for part in (given.pack, given.slot))
        if pack.shape != (count,) or slot.shape != (count,) or (pack < NO_THUMBNAIL).any():
            raise FormatError(f"The thumbnail packs do not fit {count:,} rows.")
    if site.pictures is not None:
        if site.pictures.shape != (count,):
            raise FormatError(f"The rows with pictures do not fit {count:,} rows.")
        pack[~site.pictures], slot[~site.pictures] = NO_THUMBNAIL, 0
    kept = np.flatnonzero(pack >= 0)
    kept = kept[np.lexsort((slot[kept], pack[kept]))]
    first = np.arange(count) if order is None else order.astype(np.int64)
    first = first[: settings.cover_rows]
    covers = first[pack[first] == UNPLACED]
    left = pack == UNPLACED
    left[covers] = False
    return PackPlan(ThumbnailPacks(packed, pack, slot), kept, covers, np.flatnonzero(left))


def write_thumbnails(
    files: SiteFiles,
    site: SiteInput,
    plan: PackPlan,
    order: NDArray[np.uint32] | None,
    reduced: NDArray[np.float32] | None,
    progress: Progress,
) -> tuple[dict[str, Any], Places]:
    """Write every thumbnail and complete the arrays of `plan.packs`.

    `reduced`: float32 [n, d], embeddings of `plan.others` in their order, or None without embeddings.
    Returns the manifest's `thumbnails` and the place of each row's thumbnail.
    """
    before, settings = files.total_bytes, site.settings
    if plan.packs.packed:
        packer = _Packer(files, site, plan.packs, progress)
        packer.rewrite(plan.kept)
        limit = min(settings.cover_bytes, settings.pack_bytes)
        packer.fill(plan.covers, limit, packer.next_number(cover=True))
        others = _others_in_order(plan.others, order, reduced)
        packer.top_up(others, settings.pack_bytes)
        places, extension = packer.places, "bin"
    else:
        places, extension = _write_single(files, site, plan.packs, progress), "webp"
    summary = {
        "size": settings.thumbnail_size,
        "extension": extension,
        "count": int(np.count_nonzero(places.length)),
        "bytes": files.total_bytes - before,
    }
    return summary, places


def _others_in_order(
    others: Rows, order: NDArray[np.uint32] | None, reduced: NDArray[np.float32] | None
) -> Rows:
    """Look-alikes next to each other; default order without embeddings."""
    if reduced is not None:
        return others[look_alike_order(reduced)]
    if order is None:
        return others
    position = np.empty(len(order), dtype=np.int64)
    position[order] = np.arange(len(order))
    return others[np.argsort(position[others])]


def _write_single(
    files: SiteFiles, site: SiteInput, packs: ThumbnailPacks, progress: Progress
) -> Places:
    """Write one file for each thumbnail."""
    places = Places(len(site.rows), packed=False)
    wanted = np.flatnonzero(packs.pack != NO_THUMBNAIL).tolist()
    for done, row in enumerate(wanted, 1):
        data = site.thumbnail(row)
        packs.pack[row], packs.slot[row] = (0 if data else NO_THUMBNAIL), 0
        if data:
            entry = files.put_hashed("thumbs", "", "webp", data)
            places.set(row, bytes.fromhex(entry.sha256[:16]), 0, len(data))
        progress("thumbnails", done, len(wanted))
    return places


class _Packer:
    """Writes packs one after the other; the thumbnails of one pack are in memory."""

    def __init__(
        self, files: SiteFiles, site: SiteInput, packs: ThumbnailPacks, progress: Progress
    ) -> None:
        self.places = Places(len(site.rows), packed=True)
        self._files = files
        self._thumbnail = site.thumbnail
        self._packs = packs
        self._progress = progress
        self._done, self._total = 0, int(np.count_nonzero(packs.pack != NO_THUMBNAIL))
        self._last = int(packs.pack.max(initial=UNPLACED))
        odd = packs.pack[packs.pack % 2 == 1]
        self._open = int(odd.max(initial=UNPLACED))
        self._opened: list[tuple[int, bytes]] = []

    def rewrite(self, rows: Rows) -> None:
        """Write the packs that exist already, without rows that are gone; `rows` by pack and place.

        The last pack of look-alikes is kept back for `top_up`.
        """
        numbers = self._packs.pack[rows]
        for part in np.split(rows, np.flatnonzero(np.diff(numbers)) + 1):
            content = list(self._read(part))
            if content and self._packs.pack[content[0][0]] == self._open:
                self._opened = content
            else:
                self._write(content)

    def next_number(self, *, cover: bool) -> int:
        """The next free pack number of the kind."""
        number = self._last + 1
        return number + (number % 2 if cover else 1 - number % 2)

    def fill(
        self, rows: Rows, limit: int, number: int, content: list[tuple[int, bytes]] | None = None
    ) -> None:
        """Put rows into packs of at most `limit` bytes, the first one called `number`.

        `content` is in the first pack already.
        """
        content = content or []
        size = sum(len(data) for _, data in content)
        slot = 1 + int(max((self._packs.slot[row] for row, _ in content), default=-1))
        for row, data in self._read(rows):
            if content and size + len(data) > limit:
                self._write(content)
                content, size, slot = [], 0, 0
                number = self.next_number(cover=number % 2 == 0)
            content.append((row, data))
            self._packs.pack[row], self._packs.slot[row] = number, slot
            self._last = max(self._last, number)
            size += len(data)
            slot += 1
        self._write(content)

    def top_up(self, rows: Rows, limit: int) -> None:
        """Put rows into the last pack of look-alikes while it has room, then into new ones."""
        number = self._open if self._opened else self.next_number(cover=False)
        self.fill(rows, limit, number, self._opened)

    def _read(self, rows: Iterable[int]) -> Iterator[tuple[int, bytes]]:
        """The thumbnails of the rows that have one."""
        for row in map(int, rows):
            data = self._thumbnail(row)
            self._done += 1
            self._progress("thumbnails", self._done, self._total)
            if data:
                yield row, data
            else:
                self._packs.pack[row], self._packs.slot[row] = NO_THUMBNAIL, 0

    def _write(self, content: list[tuple[int, bytes]]) -> None:
        if not content:
            return
        data = b"".join(part for _, part in content)
        entry = self._files.put_hashed("thumbs", "", "bin", data)
        name = bytes.fromhex(entry.sha256[:16])
        offset = 0
        for row, part in content:
            self.places.set(row, name, offset, len(part))
            offset += len(part)
