"""What a manifest says about the tier `cells` (docs/FORMAT.md 2.9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from imagedb_site.container import FileEntry
from imagedb_site.errors import FormatError
from imagedb_site.reader.shape import (
    ListEntry,
    as_count,
    as_entry,
    as_file_list,
    as_object,
)

ROW_CELLS = 1 << 14
"""Rows per file of `row_cells`."""
MOST_CELLS = 0xFFFE
_MOST_READ = 0xFFFF
_MOST_FILE_ROWS = 1 << 16
MOST_SAMPLE = 1024


@dataclass(frozen=True)
class Sample:
    """The file of a sample of rows of one kind, and how many they are."""

    count: int
    file: FileEntry


@dataclass(frozen=True)
class CellTier:
    """There are `count` cells, the tail aside, of which a search reads from `least` to `most`.

    `index`: their centres. `sizes`: how many rows they have. `coarse`: what coarse codes stand for.
    `groups`: the rows of cells and their coarse codes; `files`: int8 codes, of at most `rows_per_file` rows.
    `row_cells`: the cell of each row. `drawn`: whether the files of int8 codes also have what a grid draws of
    each row.
    """

    count: int
    least: int
    most: int
    rows_per_file: int
    index: FileEntry
    sizes: FileEntry
    coarse: FileEntry
    groups: ListEntry
    files: ListEntry
    row_cells: ListEntry
    pictures: Sample | None
    texts: Sample | None
    drawn: bool


def parse_cells(vectors: Mapping[str, Any], count: int) -> CellTier:
    """The cells of `vectors` of a manifest of `count` images. Raises FormatError."""
    cells = as_object(vectors.get("cells"), "vectors.cells")
    coarse = as_object(vectors.get("coarse"), "vectors.coarse")
    samples = as_object(vectors.get("sample"), "vectors.sample")
    rows = as_object(vectors.get("row_cells"), "vectors.row_cells")
    number = _positive(cells, "count", MOST_CELLS)
    least = _positive(cells, "least", _MOST_READ)
    most = _positive(cells, "most", _MOST_READ)
    if least > most:
        raise FormatError("vectors.cells.least is more than vectors.cells.most.")
    rows_per_file = _positive(cells, "rows_per_file", _MOST_FILE_ROWS)
    drawn = cells.get("drawn", False)
    if "drawn" in cells and drawn is not True:
        raise FormatError("vectors.cells.drawn is not true.")
    row_cells = as_file_list(rows.get("files"), "vectors.row_cells.files")
    if rows.get("block") != ROW_CELLS or row_cells.count != -(-count // ROW_CELLS):
        raise FormatError(f"vectors.row_cells is not cut into blocks of {ROW_CELLS:,} rows.")
    groups = as_file_list(vectors.get("groups"), "vectors.groups")
    files = as_file_list(vectors.get("files"), "vectors.files")
    # The tail may have a group of its own.
    if groups.count > number + 1 or files.count > count:
        raise FormatError("vectors has more files than cells or rows.")
    return CellTier(
        number,
        least,
        most,
        rows_per_file,
        as_entry(cells.get("file"), "vectors.cells.file"),
        as_entry(cells.get("sizes"), "vectors.cells.sizes"),
        as_entry(coarse.get("file"), "vectors.coarse.file"),
        groups,
        files,
        row_cells,
        _sample(samples.get("pictures"), "vectors.sample.pictures"),
        _sample(samples.get("texts"), "vectors.sample.texts"),
        drawn is True,
    )


def _positive(cells: Mapping[str, Any], name: str, limit: int) -> int:
    found = as_count(cells.get(name), f"vectors.cells.{name}", limit)
    if not found:
        raise FormatError(f"vectors.cells.{name} is 0.")
    return found


def _sample(value: object, where: str) -> Sample | None:
    if value is None:
        return None
    sample = as_object(value, where)
    count = as_count(sample.get("count"), f"{where}.count", MOST_SAMPLE)
    if not count:
        raise FormatError(f"{where} has no row.")
    return Sample(count, as_entry(sample.get("file"), f"{where}.file"))
