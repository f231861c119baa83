"""The places of the last map, beside the library: pictures that are known keep theirs."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imagedb_site.mapping.fit import Places

CACHE_FILE = "map.npz"
_KEYS = ("ids", "digests", "fitted", "flat", "space")


@dataclass(frozen=True)
class Kept:
    """Places of rows by rising image id: uint64 `ids`, uint32 `digests` of their embeddings, whether the map
    was `fitted` to them, and their places."""

    ids: NDArray[np.uint64]
    digests: NDArray[np.uint32]
    fitted: NDArray[np.bool_]
    flat: Places
    space: Places


def load(folder: Path, key: str) -> Kept | None:
    """The places that were stored under this key; None if there are none, or the file is damaged."""
    try:
        with np.load(folder / CACHE_FILE, allow_pickle=False) as stored:
            if str(stored["key"]) != key:
                return None
            kept = Kept(*(stored[name] for name in _KEYS))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    count = len(kept.ids)
    shapes = [(count,), (count,), (count,), (count, 2), (count, 3)]
    right = all(
        getattr(kept, name).shape == shape for name, shape in zip(_KEYS, shapes, strict=True)
    )
    return kept if right and (kept.ids[1:] > kept.ids[:-1]).all() else None


def store(folder: Path, key: str, kept: Kept) -> None:
    """Keep the places for the next build, in one step."""
    aside = folder / f"{CACHE_FILE}.new"
    with aside.open("wb") as file:
        np.savez_compressed(
            file, key=np.array(key), **{name: getattr(kept, name) for name in _KEYS}
        )
    aside.replace(folder / CACHE_FILE)
