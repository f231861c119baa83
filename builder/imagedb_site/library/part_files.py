"""Smaller pictures that stay in the parts that the workers of a cluster made, beside the library's file.

A part is a file in the folder `parts`, named by 32 hex digits and a suffix. The library has the name, where
in the file the bytes of a picture are, and their CRC-32; it does not know what else is in a part.
"""

from __future__ import annotations

import os
import re
from collections import OrderedDict
from pathlib import Path
from typing import Any

import apsw

from imagedb_site.errors import StorageError

PARTS = "parts"
"""The folder with the parts, beside the library's file."""
_NAME = re.compile(r"[0-9a-f]{32}\.[a-z]{1,10}")
_OPEN = 8
"""Neighbouring rows are usually in the same part."""


class PartFiles:
    """Reads from the parts in a folder. A few of them stay open."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: OrderedDict[str, int] = OrderedDict()

    def __del__(self) -> None:
        while self._open:
            os.close(self._open.popitem()[1])

    def picture(self, data: Any, name: Any, start: Any, size: Any) -> Any:
        """Returns `data`, or `size` bytes of the part `name` if it is not "".

        The result is shorter than `size` if the part is missing or has been cut: its CRC-32 shows that.
        Raises StorageError if the part cannot be read.
        """
        if not name:
            return data
        try:
            file = self._file(name)
            return b"" if file is None else _read(file, start, size)
        except OSError as error:
            raise StorageError(
                f"{self._folder / name} cannot be read: {error.strerror or error}."
            ) from error

    def _file(self, name: str) -> int | None:
        file = self._open.pop(name, None)
        if file is None:
            # The name comes out of the library's file: it must not lead anywhere else.
            if not _NAME.fullmatch(name):
                return None
            try:
                file = os.open(self._folder / name, os.O_RDONLY | getattr(os, "O_BINARY", 0))
            except FileNotFoundError:
                return None
        self._open[name] = file
        if len(self._open) > _OPEN:
            os.close(self._open.popitem(last=False)[1])
        return file


def _read(file: int, start: int, size: int) -> bytes:
    if start < 0 or not 0 <= size <= os.fstat(file).st_size:
        return b""
    os.lseek(file, start, os.SEEK_SET)
    found = b""
    while len(found) < size and (more := os.read(file, size - len(found))):
        found += more
    return found


def register(connection: apsw.Connection, path: Path) -> None:
    """Makes `picture(data, part_file, part_start, part_size)` available to a connection."""
    files = PartFiles(path.parent / PARTS)
    connection.create_scalar_function("picture", lambda *given: files.picture(*given), 4)


def sql(alias: str = "") -> str:
    """Returns SQL for the bytes of a row of `derivatives`."""
    dot = f"{alias}." if alias else ""
    return f"picture({dot}data, {dot}part_file, {dot}part_start, {dot}part_size)"


def used(db: apsw.Connection) -> set[str]:
    """Returns the names of the parts that the library needs."""
    found = db.execute("SELECT DISTINCT part_file FROM derivatives WHERE part_file <> ''")
    return {str(name) for (name,) in found}
