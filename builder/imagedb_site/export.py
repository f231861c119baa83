"""Collections for other tools: tables (Parquet, CSV, JSON lines), LanceDB and Faiss.

One row per image: `id`, `path`, `width`, `height`, the fields under their own names, `split` and
`thumbnail` if requested (`thumbnail` holds "bytes", a WebP picture, and "path", the usual form in tables
of pictures), and `embedding` float32 [dim], L2-normalised. Embeddings from a library are exact; those
from a published site have the site's precision (int8).
"""

from __future__ import annotations

import csv
import importlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .errors import StorageError, UsageError
from .flat_documents import cell_of
from .query.facets import matching
from .query.parse import parse
from .query.ranking import in_default_order
from .records import FieldSpec, Progress
from .search import Collection

BLOCK = 4096
"""Images that are in memory at once."""
FIXED = ("id", "path", "width", "height")
TABLE = "images"
"""The name of LanceDB's table."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Split:
    """How `export` fills the column `split`; the same options as in `Collection.batches`."""

    validation: float
    """Share of the validation part, from 0 to 1."""
    test: float
    """Share of the test part, from 0 to 1."""
    seed: int = 0
    """Random seed, from 0 to 2³² - 1."""


def export(
    collection: Collection,
    target: Path,
    *,
    text: str = "",
    split: Split | None = None,
    embeddings: bool = True,
    thumbnails: bool = False,
    overwrite: bool = False,
    progress: Progress = lambda step, done, total: None,
) -> int:
    """Write the images that match `text`, its conditions and any of its words (default: all images).

    Returns the number of images written. The suffix of `target` decides the format: .parquet, .csv,
    .jsonl, .lancedb (a folder) or .faiss (an inner-product index; the other columns are in a .jsonl file
    beside it, line n for vector n). CSV holds no embeddings; only .parquet and .lancedb hold thumbnails.
    The target is replaced only once the new file is complete.

    Raises:
        UsageError: the format is unknown, needs a package that is not installed, or cannot hold
            thumbnails; or the target exists and `overwrite` is False.
        StorageError: the file cannot be written.
    """
    write = WRITERS.get(target.suffix.lower())
    if write is None:
        raise UsageError(
            f"Cannot tell the export format from the name {target.name}.",
            f"Use a name that ends in {', '.join(WRITERS)}.",
        )
    if thumbnails and target.suffix.lower() not in WITH_THUMBNAILS:
        raise UsageError(
            f"{target.name} cannot hold thumbnails.",
            f"Use a name that ends in {' or '.join(WITH_THUMBNAILS)}, or leave --thumbnails out.",
        )
    if target.exists() and not overwrite:
        raise UsageError(f"{target} exists already.", "Choose another name, or add --overwrite.")
    names = {field.name for field in collection.index.fields}
    own = {"id", "path", "embedding", "split", *(["thumbnail"] if thumbnails else [])}
    if taken := names & own:
        raise UsageError(f"A field has the name of a column: {', '.join(sorted(taken))}.")
    ranking = in_default_order(matching(parse(text), collection.index), collection.index)
    rows = ranking.rows.tolist()
    # A collection with a temperature has a model, and therefore embeddings.
    embeddings = embeddings and collection.index.temperature is not None
    table = Table(collection, rows, split, embeddings, progress, thumbnails=thumbnails)
    try:
        with _aside(target) as temporary:
            write(table, temporary)
    except OSError as error:
        raise StorageError(f"Cannot write {target}: {error.strerror or error}.") from error
    return len(rows)


class Table:
    """The chosen rows, block by block."""

    def __init__(
        self,
        collection: Collection,
        rows: Sequence[int],
        split: Split | None,
        embeddings: bool,
        progress: Progress,
        *,
        thumbnails: bool = False,
    ) -> None:
        self._collection = collection
        self._rows = rows
        self._progress = progress
        self.embeddings = embeddings
        self.thumbnails = thumbnails
        self.fields: Sequence[FieldSpec] = [
            field for field in collection.index.fields if field.name not in FIXED
        ]
        self.has_split = split is not None
        self._part: dict[int, str] = {}
        if split is not None:
            parts = collection.batches(
                size=1, validation=split.validation, test=split.test, seed=split.seed
            ).rows
            self._part = {row: part for part, of in parts.items() for row in of}

    @property
    def columns(self) -> list[str]:
        """All but the embedding."""
        more = ["split"] if self.has_split else []
        last = ["thumbnail"] if self.thumbnails else []
        return [*FIXED, *(field.name for field in self.fields), *more, *last]

    @property
    def dim(self) -> int:
        if not self.embeddings:
            return 0
        return int(self._collection.index.embeddings(np.zeros(1, dtype=np.int64)).shape[1])

    def blocks(self) -> Iterator[tuple[list[Row], np.ndarray[Any, np.dtype[np.float32]] | None]]:
        """At most BLOCK rows, and their embeddings f32[n, dim]."""
        index = self._collection.index
        for start in range(0, len(self._rows), BLOCK):
            chosen = self._rows[start : start + BLOCK]
            vectors = index.embeddings(np.array(chosen)) if self.embeddings else None
            yield [self._row(row) for row in chosen], vectors
            self._progress("Exporting", start + len(chosen), len(self._rows))

    def _row(self, row: int) -> Row:
        document: Mapping[str, Any] = self._collection.index.document(row)
        values = {**document["fields"], **{name: document[name] for name in FIXED}}
        if self.has_split:
            values["split"] = self._part[row]
        if self.thumbnails and (data := self._collection.index.thumbnail(row)) is not None:
            values["thumbnail"] = {"bytes": data, "path": f"{document['id']}.webp"}
        return {name: values.get(name) for name in self.columns}


def _jsonl(table: Table, file: Path) -> None:
    with file.open("w", encoding="utf-8") as out:
        for rows, vectors in table.blocks():
            for number, row in enumerate(rows):
                found = {name: value for name, value in row.items() if value is not None}
                if vectors is not None:
                    found["embedding"] = [float(f"{x:.7g}") for x in vectors[number]]
                out.write(json.dumps(found, ensure_ascii=False) + "\n")


def _csv(table: Table, file: Path) -> None:
    # Excel only recognises UTF-8 by a byte-order mark.
    with file.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.DictWriter(out, table.columns)
        writer.writeheader()
        table.embeddings = False
        for rows, _ in table.blocks():
            writer.writerows({name: cell_of(value) for name, value in row.items()} for row in rows)


def _parquet(table: Table, file: Path) -> None:
    parquet = _library("pyarrow.parquet", "Parquet", "pyarrow")
    schema = _schema(table)
    with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        for batch in _batches(table, schema):
            writer.write_batch(batch)


def _lancedb(table: Table, folder: Path) -> None:
    lancedb = _library("lancedb", "LanceDB", "lancedb")
    schema = _schema(table)
    lancedb.connect(str(folder)).create_table(TABLE, data=_batches(table, schema), schema=schema)


def _faiss(table: Table, file: Path) -> None:
    faiss = _library("faiss", "Faiss", "faiss-cpu")
    if not table.embeddings:
        raise UsageError("A Faiss index is made of embeddings, and this collection has none.")
    index = faiss.IndexFlatIP(table.dim)
    beside = file.with_name(file.name + ".jsonl")
    with beside.open("w", encoding="utf-8") as out:
        for rows, vectors in table.blocks():
            index.add(np.ascontiguousarray(vectors))
            for row in rows:
                found = {name: value for name, value in row.items() if value is not None}
                out.write(json.dumps(found, ensure_ascii=False) + "\n")
    faiss.write_index(index, str(file))


WRITERS: dict[str, Callable[[Table, Path], None]] = {
    ".parquet": _parquet,
    ".csv": _csv,
    ".jsonl": _jsonl,
    ".lancedb": _lancedb,
    ".faiss": _faiss,
}


WITH_THUMBNAILS = (".parquet", ".lancedb")


def _library(module: str, what: str, package: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise UsageError(
            f"Writing {what} needs the package {package}.", f"Run: pip install {package}"
        ) from error


def _schema(table: Table) -> Any:
    arrow = _library("pyarrow", "this kind of file", "pyarrow")
    kinds = {
        "number": arrow.float64(),
        "boolean": arrow.bool_(),
        "tags": arrow.list_(arrow.string()),
    }
    picture = arrow.struct([("bytes", arrow.binary()), ("path", arrow.string())])
    known = {"width": arrow.int32(), "height": arrow.int32(), "thumbnail": picture}
    of_field = {field.name: kinds.get(field.type, arrow.string()) for field in table.fields}
    columns = [(name, {**of_field, **known}.get(name, arrow.string())) for name in table.columns]
    if table.embeddings:
        columns.append(("embedding", arrow.list_(arrow.float32(), table.dim)))
    return arrow.schema(columns)


def _batches(table: Table, schema: Any) -> Iterator[Any]:
    arrow = importlib.import_module("pyarrow")
    for rows, vectors in table.blocks():
        arrays = [
            arrow.array([row[name] for row in rows], schema.field(name).type)
            for name in table.columns
        ]
        if vectors is not None:
            flat = arrow.array(vectors.reshape(-1))
            arrays.append(arrow.FixedSizeListArray.from_arrays(flat, vectors.shape[1]))
        yield arrow.record_batch(arrays, schema=schema)


@contextmanager
def _aside(target: Path) -> Iterator[Path]:
    """Yields a name beside `target` to write to; if nothing fails, that file then replaces `target`."""
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = target.with_name(f".{target.name}.{os.getpid()}")
    folder.mkdir()
    try:
        made = folder / target.name
        yield made
        for path in sorted(folder.iterdir(), key=lambda path: path == made):
            place = target.with_name(path.name)
            if place.is_dir():
                shutil.rmtree(place)
            path.replace(place)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
