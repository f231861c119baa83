"""Files with pictures inside, read one after another: one that cannot be read is named and left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from imagedb_site.errors import SourceError
from imagedb_site.records import PictureRef
from imagedb_site.sources.beside import picture_ref
from imagedb_site.sources.entries import StatusOf
from imagedb_site.sources.faults import Faults
from imagedb_site.sources.inferred import RawRow
from imagedb_site.sources.row_source import Log

RowsOf = Callable[[Path, PictureRef, Faults], Iterator[RawRow]]
"""Reads the rows of a file. The reference stands for the file as a whole."""


def read_shards(
    shards: Sequence[Path], status: StatusOf, rows_of: RowsOf, log: Log
) -> Iterator[RawRow]:
    """Yields the rows of all files. `status` says how a file is known again."""
    for shard in shards:
        faults = Faults(shard.name)
        try:
            yield from rows_of(shard, picture_ref(shard, status(shard)), faults)
        except (SourceError, OSError) as error:
            reason = f"{str(error).rstrip('.')}; the file was left out"
            faults.once("files that cannot be read", reason)
        log.add(faults)
