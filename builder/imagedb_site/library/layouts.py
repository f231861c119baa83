"""The layout of the last build (docs/FORMAT.md 2.12), as the next build needs it."""

# ruff: noqa: S608  (column names are this program's own)

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import apsw
import numpy as np
from numpy.typing import NDArray

from imagedb_site.errors import DamagedLibraryError
from imagedb_site.library import checksums
from imagedb_site.library.rows import to_json
from imagedb_site.library.types import StoredLayout
from imagedb_site.library.upkeep import get_meta

_ARRAYS = ("order", "mean", "scale")
_BYTES = ("coarse", "cells")
"""Containers of the site's writers. Layouts did not always have them."""


def put(db: apsw.Connection, layout: StoredLayout | None) -> None:
    """Stores a layout, or that none is known. Its arrays of rows are columns of `rows`."""
    parts: dict[str, bytes] = {"settings": b"null"}
    if layout is not None:
        for name in (*_ARRAYS, *_BYTES):
            array = getattr(layout, name)
            if array is not None:
                parts[name] = array.astype(array.dtype.newbyteorder("<")).tobytes()
        settings = {
            "packed": layout.packed,
            "thumbnails": layout.thumbnails,
            "encoder": layout.encoder,
            "grown": layout.grown,
            "blocks": dict(layout.blocks),
            "parts": sorted(parts),
            "seal": _seal(layout),
        }
        parts["settings"] = to_json(settings).encode()
    given = {name: (data, checksums.checksum("layout", name, data)) for name, data in parts.items()}
    stored = {name: values for name, *values in db.execute("SELECT name, value, sum FROM layout")}
    if given != {name: tuple(values) for name, values in stored.items()}:
        db.execute("DELETE FROM layout")
        db.executemany(
            "INSERT INTO layout(name, value, sum) VALUES (?, ?, ?)",
            ((name, *values) for name, values in given.items()),
        )


def get(db: apsw.Connection, path: Path) -> StoredLayout | None:
    """Returns the layout of the last build, or None if none is known.

    Raises `DamagedLibraryError` if anything of it or of the rows is not what was stored.
    """
    stored = _parts(db)
    rows = _rows(db, checksums.intact("rows"))
    if "settings" not in stored:
        # The last thing that a build stores is all of this.
        if len(rows) or get_meta(db, "model") is not None:
            raise DamagedLibraryError(path, "the layout of the last build is missing")
        return None
    settings = json.loads(stored["settings"])
    if settings is None:
        return None
    seal = settings.pop("seal")
    del settings["parts"]
    layout = _layout(rows, stored, settings)
    if seal != _seal(layout):
        raise DamagedLibraryError(path, "the rows of the last build are not complete")
    return layout


def complete(db: apsw.Connection) -> None:
    """Gives the layout of a library of version 3 what version 4 keeps of it."""
    stored = {name: bytes(value) for name, value in db.execute("SELECT name, value FROM layout")}
    rows = _rows(db, "1")
    if "settings" in stored:
        put(db, _layout(rows, stored, json.loads(stored["settings"])))
    elif len(rows):
        put(db, None)


def forget(db: apsw.Connection) -> None:
    """Forgets the layout and the rows of the last build."""
    db.execute("DELETE FROM layout; DELETE FROM rows")
    db.execute("DELETE FROM meta WHERE name IN ('model', 'fields', 'full_text')")


def _rows(db: apsw.Connection, check: str) -> NDArray[Any]:
    """Returns `id`, `pack` and `slot` of the rows; `check` is SQL that raises if a row is damaged."""
    return np.fromiter(
        (
            (int(image_id, 16), pack, slot)
            for image_id, pack, slot, _ in db.execute(
                f"SELECT image_id, pack, slot, {check} FROM rows ORDER BY row"
            )
        ),
        dtype=np.dtype([("id", "u8"), ("pack", "i4"), ("slot", "i4")]),
    )


def _layout(
    rows: NDArray[Any], stored: Mapping[str, bytes], settings: Mapping[str, Any]
) -> StoredLayout:
    return StoredLayout(
        ids=rows["id"].copy(),
        pack=rows["pack"].copy(),
        slot=rows["slot"].copy(),
        order=_order(stored.get("order")),
        mean=_floats(stored.get("mean")),
        scale=_floats(stored.get("scale")),
        coarse=_bytes(stored.get("coarse")),
        cells=_bytes(stored.get("cells")),
        **settings,
    )


def _parts(db: apsw.Connection) -> dict[str, bytes]:
    return {
        name: bytes(value)
        for name, value, _ in db.execute(
            f"SELECT name, value, {checksums.intact('layout')} FROM layout"
        )
    }


def _seal(layout: StoredLayout) -> int:
    """Returns a checksum of all arrays of a layout, those of the rows included."""
    arrays = [getattr(layout, name) for name in ("ids", "pack", "slot", *_ARRAYS)]
    # A part that is missing is left out, as it is in a library that was made before layouts had it.
    arrays += [part for name in _BYTES if (part := getattr(layout, name)) is not None]
    cells = (
        None if one is None else one.astype(one.dtype.newbyteorder("<")).tobytes() for one in arrays
    )
    return checksums.checksum("seal", *cells)


def get_order(db: apsw.Connection, path: Path) -> NDArray[np.uint32] | None:
    """Returns the row at each position of the default order, or None if that is row order."""
    stored = _parts(db)
    settings = json.loads(stored.get("settings", b"null"))
    if settings is not None and settings["parts"] != sorted(stored):
        raise DamagedLibraryError(path, "the layout of the last build is not complete")
    return _order(stored.get("order"))


def _order(stored: bytes | None) -> NDArray[np.uint32] | None:
    return None if stored is None else np.frombuffer(stored, dtype="<u4").astype(np.uint32)


def _bytes(stored: bytes | None) -> NDArray[np.uint8] | None:
    return None if stored is None else np.frombuffer(stored, dtype=np.uint8)


def _floats(stored: bytes | None) -> NDArray[np.float32] | None:
    return None if stored is None else np.frombuffer(stored, dtype="<f4").astype(np.float32)
