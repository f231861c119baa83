"""Parquet files, row by row, without a whole row group in memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from imagedb_site.errors import SourceError, StorageError
from imagedb_site.sources.columns import headers
from imagedb_site.sources.faults import Faults
from imagedb_site.sources.packing import damage, most_unpacked, open_packed

if TYPE_CHECKING:
    from pyarrow import Array, DataType, RecordBatch

_BUFFER = 1 << 20
_BATCH = 2048


Only = tuple[str, Sequence[int]]
"""A column of numbers, and the numbers of the rows that are wanted."""


def parquet_items(
    path: Path, faults: Faults, packing: str = "", only: Only | None = None
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yields each row of the Parquet file at `path` with its number, counted from 1.

    With `only`, those rows are left out that have another number in its column; if the file has no such
    column, all rows are given.

    A packed file is unpacked into a temporary file, because Parquet is read in any order.

    Raises `SourceError` if it cannot be read, or if pyarrow is not installed.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise SourceError(
            f"Reading {path.name} needs pyarrow.", 'Run: pip install "imagedb-site[parquet]"'
        ) from error
    number = 0
    try:
        with ExitStack() as held:
            given = held.enter_context(_unpacked(path, packing)) if packing else path
            # A buffer makes pyarrow read a row group page by page instead of as a whole.
            file = held.enter_context(
                parquet.ParquetFile(given, buffer_size=_BUFFER, pre_buffer=False)
            )
            # Python's times have no nanoseconds; pandas writes them even if they are all zero.
            fields = [
                field.with_type(pyarrow.timestamp("us", field.type.tz))
                if pyarrow.types.is_timestamp(field.type) and field.type.unit == "ns"
                else field
                for field in file.schema_arrow
            ]
            schema = pyarrow.schema(fields)
            names = list(headers(schema.names))
            for batch in file.iter_batches(batch_size=_BATCH, use_threads=False):
                columns = [_short_numbers(one) for one in batch.cast(schema, safe=False).columns]
                named = pyarrow.RecordBatch.from_arrays(columns, names)
                numbers = _wanted(named, only)
                if len(numbers) < len(named):
                    named = named.take(numbers)
                for at, item in zip(numbers, _items(named, number, faults), strict=True):
                    yield number + int(at) + 1, item
                number += len(columns[0]) if columns else 0
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise SourceError(f"{path.name} is not a Parquet file that can be read.") from error


def _wanted(batch: RecordBatch, only: Only | None) -> NDArray[np.int64]:
    """Returns the places of the rows that are wanted."""
    everything = np.arange(len(batch), dtype=np.int64)
    if only is None or only[0] not in batch.schema.names:
        return everything
    values = batch.column(only[0]).to_numpy(zero_copy_only=False)
    return everything[np.isin(values, np.array(only[1]))]


def _short_numbers(column: Array[Any]) -> Array[Any]:
    """Numbers of single precision as they are written: 7.1, not 7.099999904632568."""
    import pyarrow

    kind: DataType = column.type
    if not pyarrow.types.is_float32(kind):
        return column
    return column.cast(pyarrow.string()).cast(pyarrow.float64())


def _items(batch: RecordBatch, before: int, faults: Faults) -> list[dict[str, Any]]:
    """Returns the rows of a part of a Parquet file; `before` rows precede it."""
    try:
        whole: list[dict[str, Any]] = batch.to_pylist()
        return whole
    except (OverflowError, ValueError):
        pass
    items: list[dict[str, Any]] = [{} for _ in range(len(batch))]
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        for at, scalar in enumerate(column):
            try:
                items[at][name] = scalar.as_py()
            except (OverflowError, ValueError):
                faults.row(
                    "values that are out of range",
                    before + at + 1,
                    f'has a value in the column "{name[:80]}" that is out of range; it was left out',
                )
    return items


def _unpacked(path: Path, packing: str) -> BinaryIO:
    """Returns the unpacked file; it disappears when it is closed."""
    name = path.name
    try:
        target: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115  (the caller closes it)
    except OSError as error:
        raise StorageError(f"Cannot make a temporary file for {name}: {error.strerror}.") from error
    try:
        most = most_unpacked(path.stat().st_size)
        with open_packed(path, packing) as stream:
            while piece := stream.read(_BUFFER):
                most -= len(piece)
                if most < 0:
                    raise SourceError(
                        f"The table {name} is too large unpacked.",
                        "Unpack it, and give the unpacked file.",
                    )
                target.write(piece)
        target.seek(0)
    except Exception as error:
        target.close()
        reason = damage(error)
        if reason is None:
            raise
        raise SourceError(f"The table {path} cannot be read: {reason}.") from error
    return target
