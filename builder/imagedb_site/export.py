"""Collections for other tools: tables, LanceDB, Faiss, and folders of pictures for training.

In tables (Parquet, CSV, JSON lines) there is one row per image: `id`, `path`, `width`, `height`, the fields
under their own names, `split` and `thumbnail` if requested (`thumbnail` holds "bytes", a WebP picture, and
"path", the usual form in tables of pictures), and `embedding` float32 [dim], L2-normalised. Embeddings from
a library are exact; those from a published site have the site's precision (int8).
"""

from __future__ import annotations

import csv
import importlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np

from .errors import StorageError, UsageError
from .export_folders import FOLDER_WRITERS, INFO, FolderOptions
from .export_table import Split, Table
from .flat_documents import cell_of
from .picture_of import PictureKind
from .query.facets import matching
from .query.parse import parse
from .query.ranking import in_default_order
from .records import Progress
from .search import Collection

TABLE = "images"
"""The name of LanceDB's table."""
FolderFormat = Literal["webdataset", "imagefolder"]


def export(
    collection: Collection,
    target: Path,
    *,
    text: str = "",
    split: Split | None = None,
    embeddings: bool = True,
    thumbnails: bool = False,
    to: FolderFormat | None = None,
    pictures: PictureKind = "view",
    caption: str | None = None,
    overwrite: bool = False,
    progress: Progress = lambda step, done, total: None,
) -> int:
    """Write the images that match `text`, its conditions and any of its words (default: all images).

    Returns the number of images written. The suffix of `target` decides the format: .parquet, .csv,
    .jsonl, .lancedb (a folder) or .faiss (an inner-product index; the other columns are in a .jsonl file
    beside it, line n for vector n). CSV holds no embeddings; only .parquet and .lancedb hold thumbnails.
    The target is replaced only once the new file is complete.

    With `to`, the target is a folder of pictures with their metadata, one part of the split after the
    other in the random order of its seed: `webdataset` writes tar files, `imagefolder` pictures and
    `metadata.jsonl`. `pictures` are the `view` (the larger picture, or the thumbnail without one), the
    `thumbnail`, the `original`, or for webdataset `none`. Images without such a picture are left out.
    `caption` is the field of the captions; by default it is chosen from the fields of texts.

    Raises:
        UsageError: the format is unknown, needs a package that is not installed, or cannot hold
            thumbnails; or the target exists and `overwrite` is False, or is not a folder that `export` wrote.
        StorageError: the file cannot be written.
    """
    if to is not None:
        _check_folder(target, to, overwrite=overwrite)
        table = _table(collection, text, split or Split(0, 0), embeddings, progress)
        options = FolderOptions(pictures, caption)
        with _written(target) as temporary:
            return FOLDER_WRITERS[to](table, temporary, options)
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
    table = _table(collection, text, split, embeddings, progress, thumbnails=thumbnails)
    with _written(target) as temporary:
        write(table, temporary)
    return len(table)


def _table(
    collection: Collection,
    text: str,
    split: Split | None,
    embeddings: bool,
    progress: Progress,
    *,
    thumbnails: bool = False,
) -> Table:
    ranking = in_default_order(matching(parse(text), collection.index), collection.index)
    # A collection with a temperature has a model, and therefore embeddings.
    embeddings = embeddings and collection.index.temperature is not None
    rows = ranking.rows.tolist()
    return Table(collection, rows, split, embeddings, progress, thumbnails=thumbnails)


def _check_folder(target: Path, to: str, *, overwrite: bool) -> None:
    if to not in FOLDER_WRITERS:
        raise UsageError(f"“{to}” is not a format.", f"Use {' or '.join(FOLDER_WRITERS)}.")
    if target.exists() and not overwrite:
        raise UsageError(f"{target} exists already.", "Choose another name, or add --overwrite.")
    if target.exists() and not (target / INFO).is_file():
        raise UsageError(
            f"{target} is not a folder that export wrote, so it is not replaced.",
            "Choose another name.",
        )


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
def _written(target: Path) -> Iterator[Path]:
    """The same as `_aside`; raises StorageError if the files cannot be written."""
    try:
        with _aside(target) as temporary:
            yield temporary
    except OSError as error:
        raise StorageError(f"Cannot write {target}: {error.strerror or error}.") from error


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
