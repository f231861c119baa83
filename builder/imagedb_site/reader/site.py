"""A published site, read back: the oracle of the browser and the engine of search by URL."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagedb_site.container import FileEntry, gunzip_if
from imagedb_site.errors import FormatError, UsageError
from imagedb_site.reader.catalog import CatalogDatabase
from imagedb_site.reader.decode import (
    ColumnValue,
    FlatVectors,
    RowInfo,
    block_span,
    decode_column,
    decode_ids,
    decode_rows,
    decode_vectors,
    decode_words,
)
from imagedb_site.reader.documents import decode_documents
from imagedb_site.reader.manifest import MANIFEST_LIMIT, Manifest, parse_manifest
from imagedb_site.reader.shape import FILE_LIMIT
from imagedb_site.reader.source import Source, open_source
from imagedb_site.text import fts_query


def open_site(place: str | Path) -> Site:
    """Open the site in a folder or at an http(s) URL; reads its manifest only.

    Raises FormatError where it is no site of this version, StorageError where it cannot be read.
    """
    return Site(open_source(place))


class Site:
    """Every file is fetched when first needed, checked, and kept."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.manifest: Manifest = parse_manifest(source.read("manifest.json", MANIFEST_LIMIT))
        self._blocks: dict[tuple[str, int], Any] = {}

    @property
    def count(self) -> int:
        return self.manifest.count

    def read(self, entry: FileEntry) -> bytes:
        """The decoded content of a file, checked against its entry; FormatError names the file."""
        # A host may have decoded the file already, so that either length can arrive.
        data = self.source.read(entry.path, max(entry.size, entry.raw_size))
        if len(data) == entry.size and hashlib.sha256(data).hexdigest() != entry.sha256:
            raise FormatError(f"{entry.path} is damaged: its SHA-256 is not the announced one.")
        try:
            raw = gunzip_if(data, entry.raw_size)
        except FormatError as error:
            raise FormatError(f"{entry.path}: {error}") from error
        if len(raw) != entry.raw_size:
            raise FormatError(f"{entry.path} has {len(raw):,} bytes, not {entry.raw_size:,}.")
        return raw

    def row_block(self, index: int) -> list[RowInfo]:
        key = ("rows", index)
        if key not in self._blocks:
            entry = self.manifest.rows.files[index]
            first, count = block_span(index, self.manifest.rows.block, self.count)
            with _named(entry):
                self._blocks[key] = decode_rows(self.read(entry), first, count)
        rows: list[RowInfo] = self._blocks[key]
        return rows

    @cached_property
    def rows(self) -> list[RowInfo]:
        """Every row."""
        blocks = range(len(self.manifest.rows.files))
        return [row for index in blocks for row in self.row_block(index)]

    @cached_property
    def ids(self) -> list[str]:
        """The image ids in row order, checked against the collection's hash."""
        with _named(self.manifest.ids):
            ids = decode_ids(self.read(self.manifest.ids), self.count)
        text = "".join(f"{image_id}\n" for image_id in ids)
        if hashlib.sha256(text.encode()).hexdigest() != self.manifest.hash:
            raise FormatError("The image ids do not give the collection's hash.")
        return ids

    def row_of(self, image_id: str) -> int | None:
        """The row of an image id, None where the collection has no such image."""
        return self._row_of.get(image_id)

    @cached_property
    def _row_of(self) -> dict[str, int]:
        return {image_id: row for row, image_id in enumerate(self.ids)}

    def document_block(self, index: int) -> list[dict[str, Any]]:
        key = ("documents", index)
        if key not in self._blocks:
            entry = self.manifest.documents.files[index]
            first, count = block_span(index, self.manifest.documents.block, self.count)
            with _named(entry):
                self._blocks[key] = decode_documents(
                    self.read(entry), self.ids[first : first + count], self.manifest.fields
                )
        documents: list[dict[str, Any]] = self._blocks[key]
        return documents

    def document(self, row: int) -> dict[str, Any]:
        """Everything shown about an image (docs/FORMAT.md 2.4)."""
        self._check_row(row)
        block, offset = divmod(row, self.manifest.documents.block)
        return self.document_block(block)[offset]

    def column(self, name: str) -> list[ColumnValue]:
        """A field's value for every row, None where missing; UsageError where it has no column."""
        field = self.manifest.field(name)
        if field.column is None:
            raise UsageError(f"The field “{name}” has no column.")
        with _named(field.column):
            return decode_column(self.read(field.column), field.type, self.count)

    @cached_property
    def flat_vectors(self) -> FlatVectors:
        vectors = self.manifest.vectors
        if vectors is None:
            raise UsageError("This site holds no vectors: it is searched by words only.")
        with _named(vectors.file):
            return decode_vectors(self.read(vectors.file), vectors.count, vectors.dim)

    def vectors(self) -> NDArray[np.float32]:
        """The embeddings the codes stand for, float32 [count, dim]."""
        return self.flat_vectors.embeddings()

    def search_vectors(self, query: NDArray[np.float32], k: int) -> list[tuple[int, float]]:
        """The k rows most similar to `query`, float32 [dim]; ties in row order."""
        vectors = self.flat_vectors
        query = np.asarray(query, dtype=np.float32)
        if query.shape != vectors.mean.shape:
            raise UsageError(f"The query has the shape {query.shape}, not {vectors.mean.shape}.")
        similarities = vectors.similarities(query)
        best = np.argsort(-similarities, kind="stable")[: max(k, 0)]
        return [(int(row), float(similarities[row])) for row in best]

    @cached_property
    def catalog(self) -> CatalogDatabase:
        catalog = self.manifest.catalog
        with _named(catalog.file):
            return CatalogDatabase(self.read(catalog.file), catalog.columns, self.count)

    @cached_property
    def words(self) -> list[tuple[str, int]]:
        """The words of the texts with the number of rows that have them; empty where none are kept."""
        suggestions = self.manifest.suggestions
        if suggestions is None:
            return []
        with _named(suggestions.file):
            return decode_words(self.read(suggestions.file), suggestions.count, self.count)

    def search_text(self, expression: str, k: int) -> list[tuple[int, float]]:
        """The k best rows for an FTS5 expression with their bm25 (lower is better), best first."""
        return self.catalog.search(fts_query(expression), max(k, 0))

    def thumbnail_path(self, row: int) -> str | None:
        self._check_row(row)
        thumbnail = self.rows[row].thumbnail
        if thumbnail is None:
            return None
        return f"thumbs/{thumbnail.hash16}.{self.manifest.thumbnails.extension}"

    def thumbnail(self, row: int) -> bytes | None:
        """The WebP bytes of a row's thumbnail."""
        path = self.thumbnail_path(row)
        place = self.rows[row].thumbnail
        if path is None or place is None:
            return None
        data = self.source.read(path, FILE_LIMIT)
        if hashlib.sha256(data).hexdigest()[:16] != place.hash16:
            raise FormatError(f"{path} is damaged: its SHA-256 is not the one in its name.")
        if place.offset + place.length > len(data):
            raise FormatError(f"{path} is too short for the thumbnail of row {row:,}.")
        return data[place.offset : place.offset + place.length]

    def verify(self, skip: Sequence[str] = ()) -> None:
        """Read and check every file the manifest names and every picture; raises FormatError."""
        from imagedb_site.reader.verify import verify_site

        verify_site(self, frozenset(skip))

    def close(self) -> None:
        if "catalog" in self.__dict__:
            self.catalog.close()

    def __enter__(self) -> Site:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _check_row(self, row: int) -> None:
        if not 0 <= row < self.count:
            raise UsageError(f"There is no row {row:,}; the collection has {self.count:,} images.")


class _named:
    """Puts the file's name before the message of a FormatError raised inside."""

    def __init__(self, entry: FileEntry) -> None:
        self._path = entry.path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, FormatError) and self._path not in str(error):
            raise FormatError(f"{self._path}: {error}", error.hint) from error
