"""A published site as the `Index` that queries are evaluated on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from .container import FileEntry, canonical_json, gzip_bytes
from .durable import settle
from .errors import QuerySyntaxError, StorageError
from .folding import fold
from .objects import Pages
from .query.expression import SyntaxProblem
from .query.index import Column, FieldValues, Floats, Mask, Near, Reach, Rows, Summary
from .query.terms_text import TermsText
from .records import FieldSpec, FieldType
from .temporary import TemporaryFolder
from .text import fts_query

if TYPE_CHECKING:
    from .packs import ModelPack
    from .reader import Site
    from .reader.columns import SiteColumn
    from .reader.model import Model
    from .site_cells import CellNearest
    from .site_flat import FlatNearest

Doubles = np.ndarray[Any, np.dtype[np.float64]]
ALL = 2**31 - 1
_KEPT_EXPRESSIONS = 16


def quoted(expression: str) -> str:
    """Every word of a refused expression as a quoted string, which FTS5 always takes."""
    words = expression.replace('"', " ").split()
    return " ".join(f'"{word}"' for word in words)


@contextmanager
def _expression(expression: str) -> Iterator[None]:
    """A refused expression becomes a QuerySyntaxError."""
    try:
        yield
    except SyntaxProblem as problem:
        message = f"This is not a full-text query: {problem}"
        raise QuerySyntaxError(message, quoted(expression)) from problem


class SiteIndex:
    """A published site. Files are fetched when first needed."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._columns: dict[str, Column] = {}
        self._values: dict[str, FieldValues | None] = {}
        self._having: dict[str, Rows] = {}

    @classmethod
    def open(cls, place: str | Path) -> SiteIndex:
        from .reader import open_site

        return cls(open_site(place))

    @property
    def count(self) -> int:
        return self._site.count

    @cached_property
    def fields(self) -> Sequence[FieldSpec]:
        return [
            FieldSpec(
                *(f.name, f.label, cast(FieldType, f.type), f.fts, f.facet, f.column),
                unit=f.unit,
                separator=f.separator,
            )
            for f in self._site.manifest.fields
        ]

    @property
    def objects(self) -> Pages | None:
        return self._site.objects

    @property
    def temperature(self) -> float | None:
        model = self._site.manifest.model
        return None if model is None else model.temperature

    @property
    def level(self) -> float | None:
        model = self._site.manifest.model
        return None if model is None else model.level

    @property
    def fts_columns(self) -> Sequence[str]:
        return self._site.manifest.catalog.columns

    @cached_property
    def order(self) -> Rows | None:
        order = self._site.order
        return None if order is None else order.astype(np.int64)

    @cached_property
    def _missing(self) -> Mask | None:
        """Which rows have no embedding."""
        from .reader.vectors import read_missing

        return read_missing(self._site.manifest.vectors, self._site.read)

    @cached_property
    def texts(self) -> Mask | None:
        from .reader.vectors import read_texts

        return read_texts(self._site.manifest.vectors, self._site.read)

    def nearest(self, query: Floats, k: int, allowed: Mask | None) -> Near:
        return self._vectors.nearest(query, k, allowed)

    def above(self, query: Floats, limit: float, allowed: Mask | None = None) -> Rows:
        return self._vectors.above(query, limit, allowed)

    def expect_rows(self, rows: Rows) -> None:
        if self.has_vectors:
            self._vectors.expect_rows(rows)

    def similarities(self, query: Floats, rows: Rows) -> Floats:
        return self._vectors.similarities(query, rows)

    def background(self, query: Floats, *, texts: bool = False) -> Floats:
        return self._vectors.background(query, texts=texts)

    @cached_property
    def _vectors(self) -> FlatNearest | CellNearest:
        """The vectors. Raises UsageError if the site has none."""
        from .reader.cells import CellVectors
        from .site_cells import CellNearest
        from .site_flat import FlatNearest

        vectors = self._site.vectors
        if isinstance(vectors, CellVectors):
            return CellNearest(vectors)
        return FlatNearest(vectors, self._missing, self.texts)

    def expect_text(self) -> None:
        """Full text loads what a query needs when it is asked."""

    def match(self, expression: str, limit: int | None = None) -> Rows:
        with _expression(expression):
            return self._text.match(fts_query(expression), limit).rows

    def having(self, expression: str) -> Rows:
        rows = self._having.get(expression)
        if rows is None:
            with _expression(expression):
                rows = self._text.having(fts_query(expression))
            if len(self._having) >= _KEPT_EXPRESSIONS:
                self._having.pop(next(iter(self._having)))
            self._having[expression] = rows
        return rows

    @cached_property
    def _text(self) -> TermsText:
        return TermsText(self._site.terms, self.fts_columns)

    @cached_property
    def folded_words(self) -> Sequence[str]:
        return [fold(word) for word, _ in self._site.words]

    def column(self, name: str) -> Column:
        if name not in self._columns:
            self._columns[name] = _column_of(self._site.column(name))
        return self._columns[name]

    def column_blocks(self, name: str, mask: Mask) -> Iterator[tuple[int, Column]]:
        column = self._site.column_entry(name)
        for number in range(len(column.files)):
            first = number * column.block
            if mask[first : first + column.block].any():
                yield first, _column_of(self._site.column_block(name, number))

    def reaching_blocks(self, name: str, reaches: Reach) -> Iterator[tuple[int, Column]]:
        entry = self._site.column_entry(name)
        zones = entry.zones or ()
        wanted = [at for at, zone in enumerate(zones) if zone is not None and reaches(*zone)]
        # A column that is needed for the most part is kept as a whole.
        if name in self._columns or 2 * len(wanted) > len(zones):
            yield 0, self.column(name)
            return
        for number in wanted:
            yield number * entry.block, _column_of(self._site.column_block(name, number))

    def values(self, name: str) -> FieldValues | None:
        if name not in self._values:
            self._values[name] = self._site.column_values(name)
        return self._values[name]

    def summary(self, name: str) -> Summary:
        column = self._site.column_entry(name)
        zones = [zone for zone in column.zones or () if zone is not None]
        if not zones:
            return Summary(column.known)
        return Summary(column.known, min(z[0] for z in zones), max(z[1] for z in zones))

    def embeddings(self, rows: Rows) -> Floats:
        return self._of_length_1(self._site.vectors.embeddings(rows), rows)

    def held_embeddings(self, rows: Rows) -> Floats:
        return self._of_length_1(self._vectors.held(rows), rows)

    def _of_length_1(self, found: Floats, rows: Rows) -> Floats:
        """The embeddings f32[n, dim] of rows, each divided by its length; zeros without one."""
        if self._missing is not None:
            found[self._missing[rows]] = 0
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        np.divide(found, lengths, out=found, where=lengths > 0)
        return found

    def row_of(self, image_id: str) -> int | None:
        return self._site.row_of(image_id)

    def document(self, row: int) -> Mapping[str, Any]:
        return self._site.document(row)

    @cached_property
    def ids(self) -> Sequence[str]:
        return self._site.ids

    @property
    def hash(self) -> str:
        return self._site.manifest.hash

    @property
    def words(self) -> Sequence[tuple[str, int]]:
        return self._site.words

    def thumbnail(self, row: int) -> bytes | None:
        return self._site.thumbnail(row)

    def view(self, row: int) -> bytes | None:
        view = self._site.document(row).get("view")
        return None if view is None else self._picture(view["path"])

    def original(self, row: int) -> bytes | None:
        path = self._site.document(row).get("original")
        return None if path is None else self._picture(path)

    def _picture(self, path: str) -> bytes:
        from .reader.pictures import read_picture

        return read_picture(self._site.source, path)

    def thumbnail_place(self, row: int) -> tuple[str, int, int] | None:
        """The file that a row's thumbnail lies in, its offset and its length in bytes; None without one."""
        path, place = self._site.thumbnail_path(row), self._site.row(row).thumbnail
        return None if path is None or place is None else (path, place.offset, place.length)

    def rounded_embeddings(self, rows: Rows) -> Doubles:
        """What the codes of rows stand for, rounded to float32, as float64 [n, dim]; zeros without one.

        They have the same bits in JavaScript.
        """
        found = self._site.vectors.embeddings(rows)
        if self._missing is not None:
            found[self._missing[rows]] = 0
        return np.asarray(found, dtype=np.float64)

    @property
    def has_vectors(self) -> bool:
        """Whether images can be compared with each other."""
        return self._site.manifest.vectors is not None

    @property
    def manifest(self) -> Mapping[str, Any]:
        """The site's description of itself (docs/FORMAT.md 2.1)."""
        return self._site.manifest.json

    def address(self, row: int) -> str | None:
        """The address of the largest published picture of a row, thumbnails aside."""
        document = self._site.document(row)
        path = document.get("original") or document.get("view", {}).get("path")
        return None if path is None else self._site.source.address(path)

    def numbered_tags(self) -> Iterable[tuple[int, str, str, int]] | None:
        table = self._site.tags
        return None if table is None else ((t.id, t.name, t.field, t.count) for t in table)

    def load_pack(self) -> ModelPack | None:
        """The site's own model pack, which the cache keeps after the first use."""
        from .cache import cache_name, site_packs_folder
        from .packs import check_manifest, load_pack

        summary = self._site.manifest.model
        if summary is None or self._site.manifest.vectors is None:
            return None
        model = self._site.model
        assert model is not None
        check_manifest(model.pack, f"of {self._site.source.name}")
        # Named by its content: no site decides where its pack is kept, or replaces that of another site.
        digest = hashlib.sha256(canonical_json(dict(model.pack))).hexdigest()[:32]
        folder = site_packs_folder() / f"{cache_name(summary.id)[:80]}-{digest}"
        if not (folder / "pack.json").exists():
            self._fetch_pack(model, folder)
        return load_pack(folder)

    def _fetch_pack(self, model: Model, folder: Path) -> None:
        """Copy the pack, whose pack.json has been checked, out of the site, whole or not at all."""
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            with TemporaryFolder("fetching-", folder.parent) as temporary:
                target = Path(temporary) / "pack"
                target.mkdir()
                for name in model.pack["files"]:
                    expected = str(model.pack["files"][name]["sha256"])
                    (target / name).write_bytes(self._pack_file(model.files[name], expected))
                (target / "pack.json").write_bytes(canonical_json(dict(model.pack)))
                if not folder.exists():
                    settle(target)
                    target.replace(folder)
        except OSError as error:
            raise StorageError(f"Cannot keep the model pack in {folder}: {error}.") from error

    def _pack_file(self, entry: FileEntry, sha256: str) -> bytes:
        """A file of the pack as the pack has it, which may itself be a gzip file."""
        content = self._site.read(entry)
        if hashlib.sha256(content).hexdigest() == sha256:
            return content
        # The reader, or the host before it, has unpacked what the pack keeps packed.
        return gzip_bytes(content)

    def close(self) -> None:
        self._site.close()


def _column_of(found: SiteColumn) -> Column:
    if found.values is not None and found.missing is not None:
        numbers = np.where(found.missing, np.nan, found.values.astype(np.float64))
        return Column(numbers=numbers, lengths=found.lengths)
    assert found.codes is not None
    codes = found.codes.astype(np.int64)
    if found.offsets is None:
        codes[codes >= len(found.names)] = -1
    return Column(dictionary=found.names, codes=codes, offsets=found.offsets)
