"""Parquet files with pictures in a column. `build --from parquet PATH`.

The column is one of objects with `bytes`, as the library `datasets` writes pictures, or one of bytes with a
usual name. The other columns are fields. The pictures are only read when they are wanted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from imagedb_site.buckets import store_errors
from imagedb_site.errors import ImageDBError, PictureError, SourceError
from imagedb_site.keys import split_suffix
from imagedb_site.records import PictureRef, Progress
from imagedb_site.sources.data_files import find_files
from imagedb_site.sources.entries import StatusOf
from imagedb_site.sources.faults import Faults
from imagedb_site.sources.flat import flatten
from imagedb_site.sources.folder import FILE, LABEL, PICTURE_SUFFIXES
from imagedb_site.sources.inferred import RawRow, read_types
from imagedb_site.sources.row_source import Gathered, Log, Row, RowSource, key_of_cell
from imagedb_site.sources.rowkeys import RowKeys
from imagedb_site.sources.shards import read_shards

Opener = Callable[[Path], AbstractContextManager[IO[bytes]]]
_NAMES = ("image", "img", "picture", "photo", "jpg", "jpeg", "png", "webp")
_BATCH = 1024
_FEW = 16
"""Pictures that are in memory at once."""
_BUFFER = 1 << 20


def open_here(path: Path) -> IO[bytes]:
    """Opens a file of this machine."""
    return path.open("rb")


def open_picture_rows(
    path: Path,
    *,
    limit: int | None = None,
    progress: Progress | None = None,
    status: StatusOf = Path.stat,
    files: Sequence[Path] | None = None,
    opener: Opener = open_here,
) -> RowSource:
    """Opens the Parquet file, or the folder of them, at `path`. It is read twice.

    `files`, `status` and `opener` stand for files that are not on this machine. Raises `SourceError` if there
    is no Parquet file.
    """
    shards = files if files is not None else find_files(path, is_parquet)
    if not any(is_parquet(shard.name) for shard in shards):
        raise SourceError(
            f"There is no Parquet file in {path}.", "Give a .parquet file or a folder of them."
        )
    root = path.parent if list(shards) == [path] else path
    _require_pyarrow(path)

    def read(log: Log) -> Iterator[RawRow]:
        def rows_of(shard: Path, whole: PictureRef, _: Faults) -> Iterator[RawRow]:
            return _rows(shard, whole, shard.relative_to(root).as_posix(), opener)

        return read_shards(shards, status, rows_of, log)

    log, faults, keys = Log(), Faults(path.name), RowKeys()
    types = read_types(
        read,
        log,
        faults,
        limit=limit,
        progress=progress,
        look=lambda row: keys.add(row.key or ""),
        given={"label": LABEL},
    )
    log.add(faults)
    # So that a row can be found by words, whatever the other columns are.
    own = [] if any(spec.name == FILE.name for spec in types.fields) else [FILE]

    def rows(log: Log) -> Iterator[Row]:
        for raw in read(log):
            named = {FILE.name: raw.key or ""} if own else {}
            yield Row(raw.key or "", raw.where, {**named, **types.values(raw.cells)}, raw.picture)

    return RowSource(
        "parquet",
        rows,
        shards if files is None else [],
        [*own, *types.fields],
        gathered=Gathered(keys.repeated(), {spec.name for spec in [*own, *types.fields]}),
        problems=log.finish(path.name),
        notes=log.notes,
        private=types.private,
    )


class RowPictures:
    """Reads single pictures; it is quick if they are asked for in the order of their rows."""

    at_once = 1
    """How many threads may read."""

    def __init__(self, opener: Opener = open_here) -> None:
        self._opener = opener
        self._held = ExitStack()
        self._path: Path | None = None
        self._file: Any = None
        self._column = ""
        self._ends: list[int] = []
        self._first = 0
        self._batch: list[bytes | None] = []
        self._batches: Iterator[Any] = iter(())

    def fetch(self, picture: PictureRef, file: Path) -> None:
        """Write the picture in a row to `file`. Raises PictureError, StorageError and OSError."""
        try:
            with store_errors(str(picture.path), "read"):
                data = self.read(picture.path, picture.offset)
        except SourceError as error:
            raise PictureError(f"the file cannot be read: {str(error).rstrip('.')}") from error
        if data is None:
            raise PictureError("the row has no picture")
        file.write_bytes(data)

    def read(self, path: Path, row: int) -> bytes | None:
        """Returns the picture in a row; None if it has none. Raises SourceError and OSError."""
        try:
            return self._read(path, row)
        except ImageDBError:
            raise
        except Exception as error:
            self.close()
            import pyarrow

            if isinstance(error, pyarrow.ArrowException):
                raise SourceError(f"{path.name} is damaged") from error
            raise

    def _read(self, path: Path, row: int) -> bytes | None:
        if path != self._path:
            self._open(path)
        if not self._first <= row < self._first + len(self._batch) + self._left():
            self._jump(row)
        while row >= self._first + len(self._batch):
            self._first += len(self._batch)
            batch = next(self._batches, None)
            if batch is None:
                raise SourceError(f"{path.name} has no row {row:,}.")
            column = batch.column(0)
            if "." in self._column:
                column = column.field("bytes")
            self._batch = column.to_pylist()
        return self._batch[row - self._first]

    def close(self) -> None:
        """Closes the file that was read last."""
        self._held.close()
        self._path = None

    def _open(self, path: Path) -> None:
        self.close()
        from pyarrow import parquet

        stream = self._held.enter_context(self._opener(path))
        with _parquet_errors(path):
            self._file = parquet.ParquetFile(stream, buffer_size=_BUFFER, pre_buffer=False)
        self._column = _picture_column(path, self._file.schema_arrow)
        groups = self._file.metadata
        ends, end = [], 0
        for number in range(groups.num_row_groups):
            end += groups.row_group(number).num_rows
            ends.append(end)
        self._path, self._ends, self._first, self._batch = path, ends, 0, []
        self._batches = iter(())

    def _left(self) -> int:
        """How many rows of the current group come after the batch; rows of later groups are jumped to."""
        after = self._first + len(self._batch)
        return (
            next((end - after for end in self._ends if end > self._first), 0) if self._batch else 0
        )

    def _jump(self, row: int) -> None:
        group = next((n for n, end in enumerate(self._ends) if row < end), None)
        if group is None:
            raise SourceError(f"{self._path} has no row {row:,}.")
        self._first = self._ends[group - 1] if group else 0
        self._batch = []
        self._batches = self._file.iter_batches(
            batch_size=_FEW, row_groups=[group], columns=[self._column], use_threads=False
        )


def is_parquet(name: str) -> bool:
    """Whether a file is called like a Parquet file."""
    return name.lower().endswith(".parquet")


def _rows(shard: Path, whole: PictureRef, prefix: str, opener: Opener) -> Iterator[RawRow]:
    from pyarrow import parquet

    with opener(shard) as stream, _parquet_errors(shard):
        file = parquet.ParquetFile(stream)
        column = _picture_column(shard, file.schema_arrow)
        top = column.partition(".")[0]
        names = [name for name in file.schema_arrow.names if name != top]
        named = "." in column and "path" in [one.name for one in file.schema_arrow.field(top).type]
        labels = _labels(file.schema_arrow)
        wanted = [*names, f"{top}.path"] if named else names
        for at, item in enumerate(_items(file, wanted)):
            inside = item.pop(top, None)
            name = str((inside or {}).get("path") or "") if isinstance(inside, dict) else ""
            for label, known in labels.items():
                value = item.get(label)
                if isinstance(value, int) and 0 <= value < len(known):
                    item[label] = known[value]
            suffix = split_suffix(name.rpartition("/")[2])[1]
            key = f"{prefix}/{at:06}{suffix if suffix in PICTURE_SUFFIXES else ''}"
            picture = replace(whole, offset=at, length=0)
            where = f"row {at + 1} of {shard.name}"
            yield RawRow(at + 1, flatten(item), key_of_cell(key), where, picture)


def _items(file: Any, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    if not columns:
        for _ in range(file.metadata.num_rows):
            yield {}
        return
    for batch in file.iter_batches(batch_size=_BATCH, columns=list(columns), use_threads=False):
        yield from batch.to_pylist()


def _picture_column(path: Path, schema: Any) -> str:
    """The path of the column with the bytes of the pictures."""
    import pyarrow

    def is_bytes(kind: Any) -> bool:
        return bool(pyarrow.types.is_binary(kind) or pyarrow.types.is_large_binary(kind))

    for field in schema:
        if pyarrow.types.is_struct(field.type):
            inner = {one.name: one.type for one in field.type}
            if "bytes" in inner and is_bytes(inner["bytes"]):
                return f"{field.name}.bytes"
    for name in _NAMES:
        if name in schema.names and is_bytes(schema.field(name).type):
            return name
    raise SourceError(
        f"{path.name} has no column with pictures.",
        f"Pictures are bytes in {', '.join(_NAMES[:3])}, …, or objects with bytes.",
    )


def _labels(schema: Any) -> Mapping[str, list[str]]:
    """The names of classes that the library `datasets` keeps beside the numbers."""
    try:
        about = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
        return {
            name: [str(one) for one in feature["names"]]
            for name, feature in about.items()
            if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
        }
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError):
        return {}


def _require_pyarrow(path: Path) -> None:
    try:
        import pyarrow  # noqa: F401
    except ImportError as error:
        raise SourceError(
            f"Reading {path.name} needs pyarrow.", 'Run: pip install "imagedb-site[parquet]"'
        ) from error


@contextmanager
def _parquet_errors(path: Path) -> Iterator[None]:
    import pyarrow

    try:
        yield
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise SourceError(f"{path.name} is not a Parquet file that can be read.") from error
