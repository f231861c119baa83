"""The rows of the last build in a working library as an `Index`, searched exactly: the recall oracle."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .dates import date_span
from .errors import DamagedLibraryError, LibraryError, PictureError, QuerySyntaxError, UsageError
from .folding import fold
from .keys import path_of
from .objects import PageCollector, Pages, names_objects
from .query.field_values import summary_of
from .query.index import Column, FieldValues, Floats, Mask, Near, Reach, Rows, Summary
from .query.scan import UNKNOWN, Block, above, nearest, samples_of
from .records import FieldSpec, FieldType, Value
from .site_index import ALL, quoted
from .text import plain_text

if TYPE_CHECKING:
    from .library import Library
    from .packs import ModelPack

LIBRARY_FILE = "library.db"
"""Name of the working library inside its folder."""


class LibraryIndex:
    """Reads the library block by block; similarities are exact inner products in float32."""

    def __init__(self, library: Library, pack: ModelPack | None) -> None:
        self._library = library
        self._pack = pack
        self._columns: dict[str, Column] = {}
        self._samples: dict[bool, Floats] = {}

    @classmethod
    def open(cls, place: Path, model: str | None = None) -> LibraryIndex:
        """Open a library file or its folder; `model` chooses among several models."""
        from .library import Library
        from .models import resolve

        file = place / LIBRARY_FILE if place.is_dir() else place
        if not file.is_file():
            raise LibraryError(
                f"There is no site and no library at {place}.",
                "Build one first: imagedb-site build PICTURES",
            )
        nothing = LibraryError(
            f"The library {file} does not hold a build yet.", "Run: imagedb-site build"
        )
        if not file.stat().st_size:
            raise nothing
        library = Library.open(file)
        try:
            if not library.stats()["rows"]:
                raise nothing
            if library.get_meta("fields") is None:
                reason = "no build has been completed since it was repaired"
                raise DamagedLibraryError(file, reason)
            name = model or _model(library)
            return cls(library, None if name == "none" else resolve(name))
        except BaseException:
            library.close()
            raise

    @cached_property
    def count(self) -> int:
        return self._library.count()

    @cached_property
    def fields(self) -> Sequence[FieldSpec]:
        return self._library.fields()

    @cached_property
    def objects(self) -> Pages | None:
        if not names_objects(self.fields):
            return None
        collector = PageCollector()
        for record in self._library.rows():
            collector.add(record.fields, record.key)
        return collector.finish()

    @property
    def temperature(self) -> float | None:
        pack = self._pack
        return None if pack is None else float(pack.manifest["calibration"]["temperature"])

    @property
    def level(self) -> float | None:
        pack = self._pack
        return None if pack is None else pack.level

    @cached_property
    def fts_columns(self) -> Sequence[str]:
        return [spec.name for spec in self.fields if spec.fts]

    @cached_property
    def order(self) -> Rows | None:
        order = self._library.order()
        return None if order is None else order.astype(np.int64)

    def nearest(self, query: Floats, k: int, allowed: Mask | None) -> Near:
        scan = _Scan(self._blocks(), query)
        return nearest(scan.blocks(), scan.exact, k, allowed, 0.0)

    def above(self, query: Floats, limit: float, allowed: Mask | None = None) -> Rows:
        scan = _Scan(self._blocks(), query)
        found = above(scan.blocks(), scan.exact, limit, 0.0)
        return found if allowed is None else found[allowed[found]]

    def similarities(self, query: Floats, rows: Rows) -> Floats:
        found = self.embeddings(rows)
        return np.where(found.any(axis=1), found @ query, np.float32(UNKNOWN)).astype(np.float32)

    @cached_property
    def texts(self) -> Mask | None:
        return self._library.with_text_embedding()

    def background(self, query: Floats, *, texts: bool = False) -> Floats:
        return np.asarray(self._sample(texts) @ query, dtype=np.float32)

    def _sample(self, texts: bool) -> Floats:
        if not self._samples:
            rows = samples_of(self.count, self._library.without_embedding(), self.texts)
            self._samples = {kind: self.embeddings(some) for kind, some in rows.items()}
        return self._samples[texts]

    def expect_rows(self, rows: Rows) -> None:
        """Single rows can be read at any time."""

    def expect_text(self) -> None:
        """The table is in the library already."""

    def match(self, expression: str, limit: int | None = None) -> Rows:
        try:
            found = self._library.search_text(expression, ALL if limit is None else limit)
        except UsageError as error:
            raise QuerySyntaxError(str(error), quoted(expression)) from error
        return np.array([row for row, _ in found], dtype=np.int64)

    def having(self, expression: str) -> Rows:
        return np.sort(self.match(expression))

    @cached_property
    def folded_words(self) -> Sequence[str]:
        return [fold(word) for word, _ in self.words]

    def column(self, name: str) -> Column:
        if name not in self._columns:
            kind = next(spec.type for spec in self.fields if spec.name == name)
            self._columns[name] = make_column(self._library.values(name), kind)
        return self._columns[name]

    def column_blocks(self, name: str, mask: Mask) -> Iterator[tuple[int, Column]]:
        if mask.any():
            yield 0, self.column(name)

    def reaching_blocks(self, name: str, reaches: Reach) -> Iterator[tuple[int, Column]]:
        yield 0, self.column(name)

    def values(self, name: str) -> FieldValues | None:
        return None

    def summary(self, name: str) -> Summary:
        return summary_of(self.column(name))

    def embeddings(self, rows: Rows) -> Floats:
        if not len(rows):
            return np.zeros((0, 1 if self._pack is None else self._pack.manifest["dim"]), "f4")
        found = self._library.row_embeddings(self._encoder_hash(), rows.tolist())
        return np.asarray(found, dtype=np.float32)

    def held_embeddings(self, rows: Rows) -> Floats:
        return self.embeddings(rows)

    def row_of(self, image_id: str) -> int | None:
        return self._library.row_of(image_id)

    def document(self, row: int) -> Mapping[str, Any]:
        record = self._library.row(row)
        found = {
            "id": record.image_id,
            "path": record.key,
            "width": record.width,
            "height": record.height,
            "fields": dict(record.fields),
        }
        return {**found, "remote": dict(record.remote)} if record.remote else found

    @cached_property
    def ids(self) -> Sequence[str]:
        return self._library.ids()

    @cached_property
    def hash(self) -> str:
        """As docs/FORMAT.md 2.1 defines it for a site."""
        return hashlib.sha256("".join(f"{one}\n" for one in sorted(self.ids)).encode()).hexdigest()

    @cached_property
    def words(self) -> Sequence[tuple[str, int]]:
        from .site.words import WordCounter

        counter = WordCounter()
        for record in self._library.rows():
            counter.add([plain_text(record.fields.get(name)) for name in self.fts_columns])
        return counter.most_common()

    def thumbnail(self, row: int) -> bytes | None:
        return self._derivative(row, self._library.get_meta("thumbnail_recipe"))

    def view(self, row: int) -> bytes | None:
        # It is empty if it would not be larger than the thumbnail.
        return self._derivative(row, self._view_recipe) or None

    @cached_property
    def _view_recipe(self) -> str | None:
        from .pictures import view_recipe

        settings = json.loads(self._library.get_meta("settings") or "{}")
        if not {"view_size", "thumbnail_size"} <= settings.keys():
            return None
        recipe = view_recipe(settings["view_size"], settings["thumbnail_size"])
        return None if recipe is None else recipe.hash

    def original(self, row: int) -> bytes | None:
        from .pictures import strip_private

        folder, record = self._library.get_meta("pictures"), self._library.row(row)
        if folder is None or record.content_hash is None:
            return None
        try:
            return strip_private(Path(folder) / path_of(record.key), record.content_hash)
        except PictureError:
            return None

    def _derivative(self, row: int, recipe: str | None) -> bytes | None:
        content_hash = self._library.row(row).content_hash
        if content_hash is None or recipe is None:
            return None
        return self._library.derivative(content_hash, recipe)

    def address(self, row: int) -> str | None:
        """The file of a row, as a `file:` address; None if it has gone."""
        folder = self._library.get_meta("pictures")
        if folder is None:
            return None
        record = self._library.row(row)
        file = Path(folder) / path_of(record.key)
        has_file = record.content_hash is not None and file.is_file()
        return file.as_uri() if has_file else None

    def numbered_tags(self) -> None:
        """Only published sites have numbers of tags."""

    def load_pack(self) -> ModelPack | None:
        return self._pack

    def close(self) -> None:
        self._library.close()

    def _encoder_hash(self) -> str:
        if self._pack is None:
            raise UsageError("This library was built without a model.")
        from .library import given_encoder

        encoder_hash = self._pack.encoder_hash
        given = self._library.get_meta("given_embeddings") == encoder_hash
        return given_encoder(encoder_hash) if given else encoder_hash

    def _blocks(self) -> Iterator[Floats]:
        return self._library.embedding_blocks(self._encoder_hash())


def _model(library: Library) -> str:
    """The model of the last build; `none` if it embedded nothing."""
    missing = library.without_embedding()
    embedded = missing is None or not missing.all()
    return (library.get_meta("model") if embedded else None) or "none"


class _Scan:
    """One pass over the embeddings of a library."""

    def __init__(self, embeddings: Iterator[Floats], query: Floats) -> None:
        self._embeddings = embeddings
        self._query = query
        self._first = 0
        self._similarities = np.zeros(0, dtype=np.float32)

    def blocks(self) -> Iterator[Block]:
        first = 0
        for block in self._embeddings:
            self._first = first
            self._similarities = np.asarray(block @ self._query, dtype=np.float32)
            self._similarities[~block.any(axis=1)] = -np.inf
            yield first, self._similarities
            first += len(block)

    def exact(self, rows: Rows) -> Floats:
        return np.asarray(self._similarities[rows - self._first])


def make_column(values: Iterator[Value | None], kind: FieldType) -> Column:
    """The column of a field's values in row order, as documents have them."""
    if kind == "number":
        numbers = [float(v) if isinstance(v, int | float) else np.nan for v in values]
        return Column(numbers=np.array(numbers, dtype=np.float64))
    if kind == "date":
        spans = [(isinstance(v, str) and date_span(v)) or (np.nan, 0.0) for v in values]
        starts, lengths = np.array(spans, dtype=np.float64).reshape(-1, 2).T
        return Column(numbers=starts.copy(), lengths=lengths.astype(np.uint32))
    code: dict[str, int] = {}
    codes: list[int] = []
    offsets = [0]
    for value in values:
        if kind == "tags":
            tags = value if isinstance(value, list) else []
            codes += [code.setdefault(tag, len(code)) for tag in tags]
            offsets.append(len(codes))
        elif value is None:
            codes.append(-1)
        else:
            text = str(value).lower() if isinstance(value, bool) else str(value)
            codes.append(code.setdefault(text, len(code)))
    bounds = np.array(offsets, dtype=np.int64) if kind == "tags" else None
    return Column(dictionary=list(code), codes=np.array(codes, dtype=np.int64), offsets=bounds)
