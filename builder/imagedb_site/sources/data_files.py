"""The data files of a source that is a folder or a single file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from imagedb_site.errors import SourceError
from imagedb_site.sources.faults import Faults
from imagedb_site.sources.packing import damage, open_packed, read_some, split_packing
from imagedb_site.sources.parquetfile import Only
from imagedb_site.sources.row_source import Log
from imagedb_site.sources.tables import Item, Table
from imagedb_site.text import natural_key

_HEAD = 4_096


def find_files(root: Path, wanted: Callable[[str], bool]) -> list[Path]:
    """Returns the files below `root` whose names are `wanted`, in natural order; `root` itself if it is one.

    Hidden files and folders are skipped, and links are not followed to folders. Raises `SourceError` if
    `root` does not exist or cannot be read.
    """
    if root.is_file():
        return [root]
    if not root.is_dir():
        raise SourceError(
            f"There is no file or folder {root}.", "Check the path for typing errors."
        )

    def refuse(error: OSError) -> None:
        if Path(error.filename or "") == root:
            raise SourceError(f"The folder {root} cannot be read: {error.strerror}.") from error

    found: list[Path] = []
    for folder, folders, names in os.walk(root, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [
            Path(folder) / name for name in names if not name.startswith(".") and wanted(name)
        ]
    return sorted(found, key=lambda path: (natural_key(str(path)), str(path)))


def items_of(
    path: Path, log: Log, kind: str | None = None, *, only: Only | None = None
) -> Iterator[tuple[int, Item, Faults]]:
    """Yields the number, the values and the faults of each row of a file; its faults go into `log`.

    `kind` and `only` are those of `Table`. A file of which no row can be read is a problem, not an error.
    """
    faults = Faults(path.name)
    try:
        table = Table(path, partial=True, kind=kind, only=only)
        faults = table.faults
        for number, item in table.items():
            yield number, item, faults
    except SourceError as error:
        faults.once("files that cannot be read", f"{str(error).rstrip('.')}; the file was left out")
    log.add(faults)


def is_list(path: Path) -> bool:
    """Whether a file with the suffix .json starts like a list: not an object per line."""
    try:
        with open_packed(path, split_packing(path)[1]) as stream:
            return read_some(stream, _HEAD).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[")
    except Exception as error:
        if damage(error) is None and not isinstance(error, OSError):
            raise
        return False
