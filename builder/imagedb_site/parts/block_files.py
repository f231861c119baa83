"""Blocks of rows and their results as files, for workers that share nothing but a folder with the build."""

from __future__ import annotations

import secrets
import zlib
from pathlib import Path

import numpy as np

from imagedb_site.container import read_container, write_container
from imagedb_site.errors import FormatError
from imagedb_site.run import Arrays

_SHARED, _BLOCK, _RESULT = "shared", "block", "result"
_SUM_BYTES = 4


class BlockFiles:
    """What passes between a build and its workers in `folder`. Methods raise OSError.

    A file is a container (`container.py`) and the CRC-32 of it. It gets its name when it is whole. Nothing
    here outlives the build, so nobody waits until it is on the disk.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put_shared(self, arrays: Arrays) -> None:
        """Stores what all blocks share."""
        self._put("all", _SHARED, arrays)

    def shared(self) -> Arrays | None:
        """What all blocks share; None if the file is missing or damaged, as with the following methods."""
        return self._get("all", _SHARED)

    def put_block(self, name: str, arrays: Arrays) -> None:
        """Stores a block that is to be worked on."""
        self._put(name, _BLOCK, arrays)

    def block(self, name: str) -> Arrays | None:
        """A block."""
        return self._get(name, _BLOCK)

    def put_result(self, name: str, arrays: Arrays) -> int:
        """Stores the result of a block; returns its size in bytes."""
        return self._put(name, _RESULT, arrays)

    def result(self, name: str) -> Arrays | None:
        """The result of a block."""
        return self._get(name, _RESULT)

    def drop(self, name: str) -> None:
        """Removes a block and its result."""
        for kind in (_BLOCK, _RESULT):
            self._file(name, kind).unlink(missing_ok=True)

    def _file(self, name: str, kind: str) -> Path:
        return self._folder / f"{name}.{kind}"

    def _put(self, name: str, kind: str, arrays: Arrays) -> int:
        header = {"name": name, "shapes": {key: array.shape for key, array in arrays.items()}}
        data = write_container(kind, header, arrays)
        aside = self._folder / f"{name}.{secrets.token_hex(4)}.new"
        try:
            with aside.open("wb") as file:
                file.write(data)
                file.write(zlib.crc32(data).to_bytes(_SUM_BYTES, "little"))
            aside.replace(self._file(name, kind))
        finally:
            aside.unlink(missing_ok=True)
        return len(data) + _SUM_BYTES

    def _get(self, name: str, kind: str) -> Arrays | None:
        try:
            data = memoryview(self._file(name, kind).read_bytes())
        except FileNotFoundError:
            return None
        stored, total = data[:-_SUM_BYTES], data[-_SUM_BYTES:]
        if zlib.crc32(stored) != int.from_bytes(total, "little"):
            return None
        try:
            header, arrays = read_container(stored, kind)
            if header["name"] != name:
                return None
            shapes = header["shapes"]
            return {key: np.reshape(array, shapes[key]) for key, array in arrays.items()}
        except (FormatError, KeyError, TypeError, ValueError):
            return None
