"""What a manifest says about the tier `cells`."""

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
MOST_CELLS = 0xFFFF
MOST_SAMPLE = 1024


@dataclass(frozen=True)
class Sample:
    """The file of a sample of rows of one kind, and how many they are."""

    count: int
    file: FileEntry


@dataclass(frozen=True)
class CellTier:
    """`coarse`: what coarse codes stand for. `index`: of `count` cells, of which a search reads `probes`.
    `groups`: codes of their rows; `files`: int8 codes. `row_cells`: the cell of each row."""

    count: int
    probes: int
    index: FileEntry
    coarse: FileEntry
    groups: ListEntry
    files: ListEntry
    row_cells: ListEntry
    pictures: Sample | None
    texts: Sample | None


def parse_cells(vectors: Mapping[str, Any], count: int) -> CellTier:
    """The cells of `vectors` of a manifest of `count` images. Raises FormatError."""
    cells = as_object(vectors.get("cells"), "vectors.cells")
    coarse = as_object(vectors.get("coarse"), "vectors.coarse")
    samples = as_object(vectors.get("sample"), "vectors.sample")
    rows = as_object(vectors.get("row_cells"), "vectors.row_cells")
    number = as_count(cells.get("count"), "vectors.cells.count", MOST_CELLS)
    probes = as_count(cells.get("probes"), "vectors.cells.probes", MOST_CELLS)
    if not number or not probes:
        raise FormatError("vectors.cells has no cell, or none is read.")
    row_cells = as_file_list(rows.get("files"), "vectors.row_cells.files")
    if rows.get("block") != ROW_CELLS or row_cells.count != -(-count // ROW_CELLS):
        raise FormatError(f"vectors.row_cells is not cut into blocks of {ROW_CELLS:,} rows.")
    groups = as_file_list(vectors.get("groups"), "vectors.groups")
    files = as_file_list(vectors.get("files"), "vectors.files")
    if groups.count > number or files.count > count:
        raise FormatError("vectors has more files than cells or rows.")
    return CellTier(
        number,
        probes,
        as_entry(cells.get("file"), "vectors.cells.file"),
        as_entry(coarse.get("file"), "vectors.coarse.file"),
        groups,
        files,
        row_cells,
        _sample(samples.get("pictures"), "vectors.sample.pictures"),
        _sample(samples.get("texts"), "vectors.sample.texts"),
    )


def _sample(value: object, where: str) -> Sample | None:
    if value is None:
        return None
    sample = as_object(value, where)
    count = as_count(sample.get("count"), f"{where}.count", MOST_SAMPLE)
    if not count:
        raise FormatError(f"{where} has no row.")
    return Sample(count, as_entry(sample.get("file"), f"{where}.file"))
