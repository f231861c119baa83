"""The kinds of sources that a build can be made from: `build --from KIND PATH`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from imagedb_site.errors import UsageError
from imagedb_site.records import Progress
from imagedb_site.sources.base import Source
from imagedb_site.sources.danbooru import open_danbooru
from imagedb_site.sources.diffusiondb import open_diffusiondb
from imagedb_site.sources.imagefolder import open_imagefolder
from imagedb_site.sources.mirror import Mirror
from imagedb_site.sources.picture_rows import is_parquet, open_here, open_picture_rows
from imagedb_site.sources.rows_table import open_table
from imagedb_site.sources.webdataset import open_webdataset

Kind = Literal["table", "diffusiondb", "danbooru", "webdataset", "parquet", "imagefolder"]


def open_kind(
    kind: Kind,
    path: Path,
    *,
    key: str | None = None,
    exclude: Sequence[Path] = (),
    limit: int | None = None,
    progress: Progress | None = None,
    mirror: Mirror | None = None,
) -> Source:
    """Opens what is at `path` as a source of this kind.

    `key` is for tables, `exclude` for folders of pictures, and `mirror` lists what is not on this
    machine.

    Raises `UsageError` for options that the kind does not have, and `SourceError` if the source cannot be
    used.
    """
    if key is not None and kind != "table":
        raise UsageError(
            f"A source of the kind {kind} has no option key.",
            "Leave out --key, or use --from table.",
        )
    if kind == "table":
        return open_table(path, key=key, limit=limit, progress=progress)
    if kind == "imagefolder":
        scan = None if mirror is None else mirror.scan
        return open_imagefolder(path, exclude=exclude, limit=limit, progress=progress, scan=scan)
    status = Path.stat if mirror is None else mirror.status
    if kind == "webdataset":
        return open_webdataset(path, limit=limit, progress=progress, status=status)
    if kind == "parquet":
        return open_picture_rows(
            path,
            limit=limit,
            progress=progress,
            status=status,
            files=None if mirror is None else mirror.files(is_parquet),
            opener=open_here if mirror is None else mirror.open,
        )
    open_rows = {"diffusiondb": open_diffusiondb, "danbooru": open_danbooru}[kind]
    return open_rows(path, limit=limit, progress=progress)


def place_of(kind: Kind, path: Path) -> Path:
    """The file or folder that has everything a source of this kind reads.

    A part of DiffusionDB has its pictures beside it.
    """
    return path.parent if kind == "diffusiondb" and path.is_file() else path
