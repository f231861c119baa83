"""Thumbnails: one file each in small collections, packs of look-alikes in large ones (FORMAT 2.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagedb_site.layout import hash16, thumbnail_path
from imagedb_site.records import Progress
from imagedb_site.site.storage import SiteFolder
from imagedb_site.site.types import SiteInput

_POWER_STEPS = 3


@dataclass(frozen=True)
class Place:
    """Where a thumbnail lies: in the file `thumbs/<hash16>.<extension>`, from `offset` on."""

    hash16: str
    offset: int
    length: int


def write_thumbnails(
    folder: SiteFolder, site: SiteInput, progress: Progress
) -> tuple[dict[str, Any], list[Place | None]]:
    """Write every thumbnail; gives the manifest's `thumbnails` and the place of each row's."""
    count = len(site.rows)
    settings = site.settings
    packed = count > settings.pack_above
    extension = "bin" if packed else "webp"
    places: list[Place | None] = [None] * count
    waiting: list[tuple[int, bytes]] = []
    waiting_bytes = 0

    def flush() -> None:
        nonlocal waiting_bytes
        if not waiting:
            return
        data = b"".join(thumbnail for _, thumbnail in waiting)
        name, offset = hash16(data), 0
        folder.put_immutable(thumbnail_path(name, extension), data)
        for row, thumbnail in waiting:
            places[row] = Place(name, offset, len(thumbnail))
            offset += len(thumbnail)
        waiting.clear()
        waiting_bytes = 0

    order = look_alike_order(site.embeddings) if packed else None
    for done, row in enumerate(range(count) if order is None else order):
        data = site.thumbnail(row)
        if data:
            if not packed or waiting_bytes + len(data) > settings.pack_bytes:
                flush()
            waiting.append((row, data))
            waiting_bytes += len(data)
        progress("thumbnails", done + 1, count)
    flush()
    files = [path for path in folder.paths if path.startswith("thumbs/")]
    summary = {
        "size": settings.thumbnail_size,
        "extension": extension,
        "count": sum(place is not None for place in places),
        "bytes": sum(folder.size(path) for path in files),
    }
    return summary, places


def write_views(
    folder: SiteFolder, site: SiteInput, progress: Progress
) -> tuple[dict[str, Any] | None, list[str | None]]:
    """Write the larger pictures; gives the manifest's `views` and the path of each row's."""
    paths: list[str | None] = [None] * len(site.rows)
    for row, image in enumerate(site.rows):
        data = site.view(row) if image.view is not None else None
        if data:
            paths[row] = folder.put_hashed("views", "", "webp", data)
        progress("views", row + 1, len(site.rows))
    used = {path for path in paths if path is not None}
    if not used:
        return None, paths
    summary = {
        "size": site.settings.view_size,
        "count": sum(path is not None for path in paths),
        "bytes": sum(folder.size(path) for path in used),
    }
    return summary, paths


def look_alike_order(embeddings: NDArray[np.float32] | None) -> list[int] | None:
    """An order in which neighbours look alike; None (row order) where there are no embeddings.

    The rows are cut in two again and again along the direction in which they differ most, at the
    widest gap of the middle half, so that every run of rows is one region of the embeddings.
    """
    if embeddings is None or len(embeddings) < 2:
        return None
    order: list[int] = []
    stack = [np.arange(len(embeddings))]
    while stack:
        rows = stack.pop()
        if len(rows) <= 2:
            order.extend(int(row) for row in rows)
            continue
        along = _main_direction(embeddings[rows])
        by_position = np.argsort(along, kind="stable")
        ranked, gaps = rows[by_position], np.diff(along[by_position])
        quarter = max(1, len(rows) // 4)
        cut = quarter + int(np.argmax(gaps[quarter - 1 : len(rows) - quarter]))
        stack.append(ranked[cut:])
        stack.append(ranked[:cut])
    return order


def _main_direction(points: NDArray[np.float32]) -> NDArray[np.float64]:
    """Coordinates of the centred points along their main direction, by a few power iterations.

    Rounded, so that the last bits of a sum, which depend on the machine, do not decide the order.
    """
    centred = points.astype(np.float64) - points.mean(axis=0, dtype=np.float64)
    # The point farthest from the middle starts the iteration: no random number is needed.
    start = int(np.argmax(np.einsum("nd,nd->n", centred, centred).round(9)))
    direction = centred[start]
    for _ in range(_POWER_STEPS):
        direction = centred.T @ (centred @ direction)
        norm = float(np.linalg.norm(direction))
        if norm < 1e-12:
            return np.zeros(len(points))
        direction = direction / norm
    return np.asarray((centred @ direction).round(9))
