"""Pictures with their metadata as folders for training: WebDataset and the imagefolder of Hugging Face."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .errors import UsageError
from .export_metadata import FolderSchema, open_metadata
from .export_table import FIXED, Table
from .flat_documents import FlatColumn, flat_columns, flat_row
from .picture_of import PictureKind, caption_fields, caption_of, picture_of, picture_suffix

INFO = "imagedb-export.json"
"""Says what a folder holds. Only a folder with this file is ever replaced."""

_SAMPLES = 10_000
_BYTES = 256 << 20
"""The most samples and bytes in a tar file."""
_BLOCK = 64
_PREFIX = 2
"""Digits of the id that are the folder of a picture, so that no folder has too many files."""


@dataclass(frozen=True)
class FolderOptions:
    """`pictures`: which ones are written. `caption`: the field of the captions, None to choose it."""

    pictures: PictureKind = "view"
    caption: str | None = None


@dataclass(frozen=True)
class _Sample:
    """One row of the export. `picture` has the bytes and the suffix."""

    id: str
    values: dict[str, Any]
    caption: str | None
    picture: tuple[bytes, str] | None
    embedding: np.ndarray[Any, np.dtype[np.float32]] | None


def write_webdataset(table: Table, folder: Path, options: FolderOptions) -> int:
    """Write tar files `<part>-<number>.tar`; returns how many rows were written.

    A sample has the members `<id>.webp` (or as the picture is called), `<id>.json`, `<id>.txt` if it has
    a caption, and `<id>.npy` if embeddings are written. Rows without a picture are left out, unless no
    pictures are asked for. Samples are in the random order of the seed.
    """
    samples = _Samples(table, options, flat_columns(FIXED, table.collection.index.fields))

    def write(part: str) -> int:
        count = 0
        with _Shards(folder, part) as shards:
            for sample in samples.of(part):
                shards.add(sample)
                count += 1
        return count

    return _write_parts(table, folder, "webdataset", options, write)


def write_imagefolder(table: Table, folder: Path, options: FolderOptions) -> int:
    """Write `<part>/metadata.parquet` and the pictures that it names; returns how many rows were written.

    Without pyarrow it is `metadata.jsonl`, from which tools have to guess the types of the columns. Rows
    without a picture are left out. Raises UsageError if no pictures are asked for.
    """
    if options.pictures == "none":
        raise UsageError(
            "An imagefolder is made of pictures.",
            "Use --to webdataset, or a name that ends in .jsonl.",
        )
    fields = table.collection.index.fields
    columns = flat_columns(("file_name", *FIXED), fields, reserved=("image", "label", "text"))
    samples = _Samples(table, options, columns)
    schema = FolderSchema(columns, fields, table.dim)

    def write(part: str) -> int:
        (folder / part).mkdir()
        with open_metadata(folder / part, schema) as metadata:
            for sample in samples.of(part):
                assert sample.picture is not None
                data, suffix = sample.picture
                name = f"{sample.id[:_PREFIX]}/{sample.id}.{suffix}"
                (folder / part / name).parent.mkdir(exist_ok=True)
                (folder / part / name).write_bytes(data)
                found = {**sample.values, "file_name": name, "text": sample.caption}
                metadata.add(found, sample.embedding)
        return metadata.count

    return _write_parts(table, folder, "imagefolder", options, write)


FOLDER_WRITERS: dict[str, Callable[[Table, Path, FolderOptions], int]] = {
    "webdataset": write_webdataset,
    "imagefolder": write_imagefolder,
}


def _write_parts(
    table: Table, folder: Path, kind: str, options: FolderOptions, write: Callable[[str], int]
) -> int:
    folder.mkdir()
    counts = {part: write(part) for part, rows in table.parts().items() if rows}
    info = {
        "format": kind,
        "collection": table.collection.index.hash,
        "pictures": options.pictures,
        "counts": counts,
        "left_out": len(table) - sum(counts.values()),
    }
    (folder / INFO).write_text(json.dumps(info, indent=1) + "\n", encoding="utf-8")
    return sum(counts.values())


class _Samples:
    """Reads the samples of each part, a few at a time."""

    def __init__(self, table: Table, options: FolderOptions, columns: list[FlatColumn]) -> None:
        self._table = table
        self._index = table.collection.index
        self._options = options
        self._columns = columns
        self._captions = caption_fields(self._index.fields, options.caption)
        self._done = 0

    def of(self, part: str) -> Iterator[_Sample]:
        rows = self._table.parts()[part]
        for start in range(0, len(rows), _BLOCK):
            chosen = rows[start : start + _BLOCK]
            vectors = self._index.embeddings(np.array(chosen)) if self._table.embeddings else None
            for at, row in enumerate(chosen):
                sample = self._sample(row, None if vectors is None else vectors[at])
                if sample is not None:
                    yield sample
            self._done += len(chosen)
            self._table.progress("Exporting", self._done, len(self._table))

    def _sample(
        self, row: int, embedding: np.ndarray[Any, np.dtype[np.float32]] | None
    ) -> _Sample | None:
        document = self._index.document(row)
        data = picture_of(self._index, row, self._options.pictures)
        if data is None and self._options.pictures != "none":
            return None
        values = flat_row(document, self._columns)
        picture = None if data is None else (data, picture_suffix(data, document["path"]))
        caption = caption_of(document, self._captions)
        return _Sample(str(document["id"]), values, caption, picture, embedding)


class _Shards:
    """Writes samples into tar files of bounded size. The same samples give the same bytes."""

    def __init__(self, folder: Path, part: str) -> None:
        self._folder = folder
        self._part = part
        self._number = 0
        self._tar: tarfile.TarFile | None = None
        self._samples = self._bytes = 0

    def __enter__(self) -> _Shards:
        return self

    def __exit__(self, *_: object) -> None:
        if self._tar is not None:
            self._tar.close()

    def add(self, sample: _Sample) -> None:
        members: list[tuple[str, bytes]] = []
        if sample.picture is not None:
            data, suffix = sample.picture
            members.append((suffix, data))
        members.append(("json", json.dumps(sample.values, ensure_ascii=False).encode("utf-8")))
        if sample.caption is not None:
            members.append(("txt", sample.caption.encode("utf-8")))
        if sample.embedding is not None:
            out = io.BytesIO()
            np.save(out, sample.embedding)
            members.append(("npy", out.getvalue()))
        if self._samples == _SAMPLES or self._bytes >= _BYTES:
            self._next()
        for suffix, data in members:
            self._member(f"{sample.id}.{suffix}", data)
        self._samples += 1

    def _member(self, name: str, data: bytes) -> None:
        if self._tar is None:
            path = self._folder / f"{self._part}-{self._number:06d}.tar"
            self._tar = tarfile.open(path, "w", format=tarfile.USTAR_FORMAT)  # noqa: SIM115
        member = tarfile.TarInfo(name)
        member.size = len(data)
        member.mode = 0o644
        self._tar.addfile(member, io.BytesIO(data))
        self._bytes += len(data)

    def _next(self) -> None:
        assert self._tar is not None
        self._tar.close()
        self._tar = None
        self._number += 1
        self._samples = self._bytes = 0
