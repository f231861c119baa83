"""The file beside the pictures of an imagefolder: metadata.parquet, or metadata.jsonl without pyarrow."""

from __future__ import annotations

import importlib
import json
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from .flat_documents import FlatColumn
from .records import FieldSpec

_ROWS = 1024
"""Rows of Parquet that are in memory at once."""

Vector = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True)
class FolderSchema:
    """The columns, the fields that they are of, and the length of the embeddings; 0 without any."""

    columns: Sequence[FlatColumn]
    fields: Sequence[FieldSpec]
    dim: int

    @property
    def names(self) -> list[str]:
        """All columns but the embedding."""
        return [*(column.name for column in self.columns), "text"]


class Metadata(AbstractContextManager["Metadata"], Protocol):
    """Takes one row for each picture. `count`: rows so far."""

    count: int

    def add(self, row: dict[str, Any], embedding: Vector | None) -> None: ...


def open_metadata(folder: Path, schema: FolderSchema) -> Metadata:
    """The file of `folder`, in the best format that can be written here."""
    try:
        importlib.import_module("pyarrow.parquet")
    except ImportError:
        return _Lines(folder / "metadata.jsonl", schema)
    return _Parquet(folder / "metadata.parquet", schema)


class _Lines(Metadata):
    def __init__(self, file: Path, schema: FolderSchema) -> None:
        self.count = 0
        self._names = schema.names
        self._out = file.open("w", encoding="utf-8")

    def __exit__(self, *_: object) -> None:
        self._out.close()

    def add(self, row: dict[str, Any], embedding: Vector | None) -> None:
        line = {name: row.get(name) for name in self._names}
        if embedding is not None:
            line["embedding"] = [float(f"{x:.7g}") for x in embedding]
        self._out.write(json.dumps(line, ensure_ascii=False) + "\n")
        self.count += 1


class _Parquet(Metadata):
    def __init__(self, file: Path, schema: FolderSchema) -> None:
        self._arrow = importlib.import_module("pyarrow")
        self._schema = self._arrow_schema(schema)
        parquet = importlib.import_module("pyarrow.parquet")
        self._writer = parquet.ParquetWriter(file, self._schema, compression="zstd")
        self._waiting: list[dict[str, Any]] = []
        self.count = 0

    def __exit__(self, *_: object) -> None:
        try:
            self._write()
        finally:
            self._writer.close()

    def add(self, row: dict[str, Any], embedding: Vector | None) -> None:
        self._waiting.append(row if embedding is None else {**row, "embedding": embedding})
        self.count += 1
        if len(self._waiting) == _ROWS:
            self._write()

    def _write(self) -> None:
        if not self._waiting:
            return
        columns = [
            self._arrow.array(
                [row.get(name) for row in self._waiting], self._schema.field(name).type
            )
            for name in self._schema.names
        ]
        self._writer.write_batch(self._arrow.record_batch(columns, schema=self._schema))
        self._waiting.clear()

    def _arrow_schema(self, schema: FolderSchema) -> Any:
        arrow = self._arrow
        kinds = {
            "number": arrow.float64(),
            "boolean": arrow.bool_(),
            "tags": arrow.list_(arrow.string()),
        }
        types = {field.name: kinds.get(field.type, arrow.string()) for field in schema.fields}
        sizes = {"width": arrow.int32(), "height": arrow.int32()}
        columns = [
            (column.name, types[column.field])
            if column.field
            else (column.name, sizes.get(column.name, arrow.string()))
            for column in schema.columns
        ]
        columns.append(("text", arrow.string()))
        if schema.dim:
            columns.append(("embedding", arrow.list_(arrow.float32(), schema.dim)))
        return arrow.schema(columns)
