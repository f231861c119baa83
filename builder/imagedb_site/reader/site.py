"""A published site, read back: the oracle of the browser and the engine of search by URL."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagedb_site.container import FileEntry, gunzip_if
from imagedb_site.errors import FormatError, UsageError
from imagedb_site.layout import MANIFEST, thumbnail_path
from imagedb_site.objects import Pages
from imagedb_site.reader.cell_store import CellStore
from imagedb_site.reader.cells import CellVectors
from imagedb_site.reader.column_index import ColumnEntry, parse_column
from imagedb_site.reader.column_values import ColumnValues
from imagedb_site.reader.columns import SiteColumn, decode_column, join_blocks
from imagedb_site.reader.decode import (
    ROW_BYTES,
    IdFile,
    RowInfo,
    block_span,
    decode_ids,
    decode_order,
    decode_row_bytes,
    decode_rows,
    decode_words,
)
from imagedb_site.reader.documents import decode_documents
from imagedb_site.reader.lists import FileList
from imagedb_site.reader.manifest import MANIFEST_LIMIT, Blocks, Manifest, parse_manifest
from imagedb_site.reader.model import Model, decode_model
from imagedb_site.reader.naming import naming
from imagedb_site.reader.objects import read_objects
from imagedb_site.reader.pictures import read_picture
from imagedb_site.reader.postings import SiteTerms
from imagedb_site.reader.recent import Recent
from imagedb_site.reader.shape import as_object, parse_json
from imagedb_site.reader.source import FolderSource, Source, open_source
from imagedb_site.reader.tags import TagTable
from imagedb_site.reader.vectors import (
    Codes,
    FlatVectors,
    decode_quantizer,
    decode_shard,
    read_missing,
)
from imagedb_site.reader.walk import walk

_KEPT_BLOCKS = 64
_KEPT_ID_FILES = 256


def open_site(place: str | Path) -> Site:
    """Open the site in a folder or at an http(s) URL; reads only its manifest.

    Raises FormatError if it is not a site of this version, StorageError if it cannot be read.
    """
    return Site(open_source(place))


class Site:
    """Every file is fetched when first needed and checked. Only what was used last is kept."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.manifest: Manifest = parse_manifest(source.read(MANIFEST, MANIFEST_LIMIT))
        self._rows: Recent[int, list[RowInfo]] = Recent(_KEPT_BLOCKS)
        self._documents: Recent[int, list[dict[str, Any]]] = Recent(_KEPT_BLOCKS)
        self._id_files: Recent[int, IdFile] = Recent(_KEPT_ID_FILES)
        self._row_list = FileList(self.manifest.rows.files, self.read)
        self._document_list = FileList(self.manifest.documents.files, self.read)
        self._id_list = FileList(self.manifest.ids.files, self.read)

    @property
    def count(self) -> int:
        return self.manifest.count

    def read(self, entry: FileEntry) -> bytes:
        """The decoded content of a file, checked against its entry; FormatError names the file."""
        with naming(entry):
            raw = gunzip_if(self.stored(entry), entry.raw_size)
        if len(raw) != entry.raw_size:
            raise FormatError(f"{entry.path} has {len(raw):,} bytes, not {entry.raw_size:,}.")
        return raw

    def stored(self, entry: FileEntry) -> bytes:
        """A file as it arrives, which a host may have decoded; its hash is checked if it has not."""
        data = self.source.read(entry.path, max(entry.size, entry.raw_size))
        if len(data) == entry.size and hashlib.sha256(data).hexdigest() != entry.sha256:
            raise FormatError(f"{entry.path} is damaged: its SHA-256 is not the announced one.")
        if len(data) != entry.size and data[:2] == b"\x1f\x8b":
            raise FormatError(f"{entry.path} has {len(data):,} bytes, not {entry.size:,}.")
        return data

    def entries(self) -> Iterator[FileEntry]:
        """Every file but the pictures (docs/FORMAT.md 1.5)."""
        return walk(self.manifest.json, self.read)

    # -- rows ------------------------------------------------------------------------------------

    def row_block(self, number: int) -> list[RowInfo]:
        """The rows of a block."""
        rows = self._rows.get(number)
        if rows is None:
            entry = self._row_list.entry(number)
            first, count = block_span(number, self.manifest.rows.block, self.count)
            with naming(entry):
                rows = decode_rows(self.read(entry), first, count)
            self._rows.put(number, rows)
        return rows

    def row_bytes(self) -> NDArray[np.uint8]:
        """What the blocks of rows store for each row, uint8 [count, 64]: all of them are read."""
        found = np.empty((self.count, ROW_BYTES), dtype=np.uint8)
        for number, first, count in self.blocks(self.manifest.rows):
            entry = self._row_list.entry(number)
            with naming(entry):
                found[first : first + count] = decode_row_bytes(self.read(entry), "rows", count)
        return found

    def row(self, row: int) -> RowInfo:
        self._check_row(row)
        number, place = divmod(row, self.manifest.rows.block)
        return self.row_block(number)[place]

    def rows(self, first: int, count: int) -> list[RowInfo]:
        """The rows `first … first+count-1`."""
        found: list[RowInfo] = []
        block = self.manifest.rows.block
        while len(found) < count:
            number, place = divmod(first + len(found), block)
            found += self.row_block(number)[place : place + count - len(found)]
        return found

    def row_of(self, image_id: str) -> int | None:
        """The row of an image id, None if the collection does not have it."""
        digits = self.manifest.ids.digits
        if len(image_id) != 16 or set(image_id) - set("0123456789abcdef"):
            return None
        return self._id_file(int(image_id[:digits] or "0", 16)).row_of(int(image_id, 16))

    @cached_property
    def id_numbers(self) -> NDArray[np.uint64]:
        """The image ids as numbers in row order, uint64 [count], checked against the collection's hash.

        Raises FormatError if a row has no id or two.
        """
        digest = hashlib.sha256()
        numbers = np.zeros(self.count, dtype=np.uint64)
        seen = np.zeros(self.count, dtype=np.bool_)
        found = 0
        for number in range(self._id_list.count):
            part = self._id_file(number)
            numbers[part.rows] = part.ids
            seen[part.rows] = True
            found += len(part.ids)
            digest.update("".join(f"{one:016x}\n" for one in part.ids.tolist()).encode())
        if found != self.count or not seen.all():
            raise FormatError("The ids files do not list every image once.")
        if digest.hexdigest() != self.manifest.hash:
            raise FormatError("The image ids do not give the collection's hash.")
        return numbers

    @property
    def ids(self) -> list[str]:
        """The image ids in row order."""
        return [f"{number:016x}" for number in self.id_numbers.tolist()]

    @cached_property
    def order(self) -> NDArray[np.uint32] | None:
        """The row at each position of the default order, uint32 [count]; None if it is row order.

        Raises FormatError if it is not a permutation of the rows.
        """
        blocks = self.manifest.order
        if blocks is None:
            return None
        listed = FileList(blocks.files, self.read)
        order = np.empty(self.count, dtype=np.uint32)
        for number in range(listed.count):
            entry = listed.entry(number)
            first, count = block_span(number, blocks.block, self.count)
            with naming(entry):
                order[first : first + count] = decode_order(
                    self.read(entry), first, count, self.count
                )
        if (np.bincount(order, minlength=self.count) != 1).any():
            raise FormatError("The default order does not have every row once.")
        return order

    def document_block(self, number: int) -> list[dict[str, Any]]:
        """The documents of a block, which are checked to be those of its rows."""
        documents = self._documents.get(number)
        if documents is None:
            entry = self._document_list.entry(number)
            first, count = block_span(number, self.manifest.documents.block, self.count)
            ids = [row.image_id for row in self.rows(first, count)]
            with naming(entry):
                documents = decode_documents(
                    self.read(entry), ids, self.manifest.fields, self.manifest.origins
                )
            self._documents.put(number, documents)
        return documents

    def document(self, row: int) -> dict[str, Any]:
        """Everything shown about an image (docs/FORMAT.md 2.7)."""
        self._check_row(row)
        number, place = divmod(row, self.manifest.documents.block)
        return self.document_block(number)[place]

    # -- searching -------------------------------------------------------------------------------

    def column(self, name: str) -> SiteColumn:
        """A field's value for every row; UsageError if it has no column."""
        blocks = range(len(self.column_entry(name).files))
        return join_blocks([self.column_block(name, number) for number in blocks])

    def column_block(self, name: str, number: int) -> SiteColumn:
        """A field's values for the rows of a block."""
        column = self.column_entry(name)
        first, count = block_span(number, column.block, self.count)
        with naming(column.files[number]):
            data = self.read(column.files[number])
            return decode_column(data, self.manifest.field(name).type, count, first)

    def column_values(self, name: str) -> ColumnValues | None:
        """The different values of a field and their rows; None if its column does not keep them apart."""
        values = self.column_entry(name).values
        return None if values is None else ColumnValues(values, self.count, self.read)

    def column_entry(self, name: str) -> ColumnEntry:
        """Where a field's column is; UsageError if it has none."""
        if not self.manifest.field(name).column:
            raise UsageError(f"The field “{name}” has no column.")
        entry = self._column_entries.get(name)
        if entry is None:
            raise FormatError(f"The site does not name the files of the column “{name}”.")
        return entry

    @cached_property
    def _column_entries(self) -> dict[str, ColumnEntry]:
        entry = self.manifest.columns
        if entry is None:
            return {}
        index = as_object(parse_json(self.read(entry), entry.path), entry.path)
        types = {field.name: field.type for field in self.manifest.fields if field.column}
        return {
            name: parse_column(value, f"{entry.path}: {name}", types[name], self.count)
            for name, value in index.items()
            if name in types
        }

    @cached_property
    def vectors(self) -> FlatVectors | CellVectors:
        """The vectors of all rows; UsageError if the site has none."""
        found = self.manifest.vectors
        if found is None:
            raise UsageError("This site holds no vectors: it is searched by words only.")
        with naming(found.quantizer):
            quantizer = decode_quantizer(self.read(found.quantizer), found.dim)
        if found.cells is not None:
            known = found.count - (0 if found.missing is None else found.missing.count)
            store = CellStore(found.cells, found.count, known, found.dim, self.read)
            return CellVectors(quantizer, store, cache(partial(read_missing, found, self.read)))
        assert found.files is not None
        shards = FileList(found.files, self.read)

        def load(number: int) -> Codes:
            entry = shards.entry(number)
            first, count = block_span(number, found.block, found.count)
            with naming(entry):
                return decode_shard(self.read(entry), first, count, found.dim)

        spill = not isinstance(self.source, FolderSource)
        return FlatVectors(quantizer, found.count, found.block, load, spill=spill)

    @cached_property
    def terms(self) -> SiteTerms:
        """The index of full text."""
        return SiteTerms(self.manifest.catalog.postings, self.read)

    @cached_property
    def objects(self) -> Pages | None:
        """The pages of objects by row; None if no object has several."""
        entry = self.manifest.objects
        return None if entry is None else read_objects(entry, self.count, self.read)

    @cached_property
    def words(self) -> list[tuple[str, int]]:
        """The words of the texts with the number of rows that have them; empty if none are kept."""
        suggestions = self.manifest.suggestions
        if suggestions is None:
            return []
        with naming(suggestions.file):
            return decode_words(self.read(suggestions.file), suggestions.count, self.count)

    @cached_property
    def tags(self) -> TagTable | None:
        """The tags that have numbers; None if the site has no such table."""
        entry = self.manifest.tags
        return None if entry is None else TagTable(entry, self.read)

    @cached_property
    def model(self) -> Model | None:
        """The model pack that the site carries, None if it has none."""
        summary = self.manifest.model
        if summary is None:
            return None
        with naming(summary.file):
            return decode_model(self.read(summary.file), summary)

    # -- pictures --------------------------------------------------------------------------------

    def thumbnail_path(self, row: int) -> str | None:
        """The path of the file that a row's thumbnail lies in."""
        thumbnail = self.row(row).thumbnail
        extension = self.manifest.thumbnails.extension
        return None if thumbnail is None else thumbnail_path(thumbnail.hash16, extension)

    def thumbnail(self, row: int) -> bytes | None:
        """The WebP bytes of a row's thumbnail."""
        path = self.thumbnail_path(row)
        place = self.row(row).thumbnail
        if path is None or place is None:
            return None
        data = read_picture(self.source, path)
        if place.offset + place.length > len(data):
            raise FormatError(f"{path} is too short for the thumbnail of row {row:,}.")
        return data[place.offset : place.offset + place.length]

    def close(self) -> None:
        if "vectors" in self.__dict__:
            self.__dict__.pop("vectors").close()

    def __enter__(self) -> Site:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def blocks(self, blocks: Blocks) -> Iterator[tuple[int, int, int]]:
        """Number, first row and number of rows of every block."""
        for number in range(blocks.files.count):
            yield (number, *block_span(number, blocks.block, self.count))

    def _id_file(self, number: int) -> IdFile:
        found = self._id_files.get(number)
        if found is None:
            digits = self.manifest.ids.digits
            prefix = f"{number:0{digits}x}" if digits else ""
            entry = self._id_list.entry(number)
            with naming(entry):
                found = decode_ids(self.read(entry), prefix, self.count)
            self._id_files.put(number, found)
        return found

    def _check_row(self, row: int) -> None:
        if not 0 <= row < self.count:
            raise UsageError(f"There is no row {row:,}; the collection has {self.count:,} images.")
