"""A published site and a working library as the `Index` that queries are evaluated on."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from .container import FileEntry, canonical_json, gzip_bytes
from .errors import LibraryError, PackError, QuerySyntaxError, StorageError, UsageError
from .query.index import Column, Floats
from .records import FieldSpec, FieldType, Value

if TYPE_CHECKING:
    from .encoders import ModelPack
    from .library import Library
    from .reader import Site

LIBRARY_FILE = "library.db"
"""Name of the working library inside its folder."""
ALL = 2**31 - 1


def quoted(expression: str) -> str:
    """Every word of a refused expression as a quoted string: what FTS5 always takes."""
    words = expression.replace('"', " ").split()
    return " ".join(f'"{word}"' for word in words)


def _matches(
    search_text: Callable[[str, int], Sequence[tuple[int, float]]], expression: str
) -> tuple[list[int], list[float]]:
    try:
        found = search_text(expression, ALL)
    except UsageError as error:
        raise QuerySyntaxError(str(error), quoted(expression)) from error
    return [row for row, _ in found], [rank for _, rank in found]


def make_column(values: Sequence[Value | None], kind: FieldType) -> Column:
    """The column of a field's values in row order; dates are numbers of seconds already."""
    if kind in ("number", "date"):
        numbers = [np.nan if value is None else float(str(value)) for value in values]
        return Column(numbers=np.array(numbers, dtype=np.float64))
    lists = [value if isinstance(value, list) else None for value in values]
    if kind == "tags":
        names = sorted({name for tags in lists if tags for name in tags})
        code = {name: index for index, name in enumerate(names)}
        flat = [code[name] for tags in lists for name in tags or ()]
        offsets = np.cumsum([0, *(len(tags or ()) for tags in lists)])
        return Column(dictionary=names, codes=np.array(flat, dtype=np.int64), offsets=offsets)
    texts = [None if value is None else str(value) for value in values]
    names = sorted({text for text in texts if text is not None})
    code = {name: index for index, name in enumerate(names)}
    codes = [-1 if text is None else code[text] for text in texts]
    return Column(dictionary=names, codes=np.array(codes, dtype=np.int64))


class SiteIndex:
    """A published site. Everything is fetched when first needed, then kept."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._columns: dict[str, Column] = {}

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
                f.name, f.label, cast(FieldType, f.type), f.fts, f.facet, f.column is not None
            )
            for f in self._site.manifest.fields
        ]

    @property
    def temperature(self) -> float | None:
        model = self._site.manifest.model
        return None if model is None else float(model.pack["calibration"]["temperature"])

    @property
    def fts_columns(self) -> Sequence[str]:
        return self._site.manifest.catalog.columns

    def similarities(self, query: Floats) -> Floats:
        return self._site.flat_vectors.similarities(query)

    def match(self, expression: str) -> tuple[list[int], list[float]]:
        return _matches(self._site.search_text, expression)

    def column(self, name: str) -> Column:
        if name not in self._columns:
            kind = cast(FieldType, self._site.manifest.field(name).type)
            self._columns[name] = make_column(self._site.column(name), kind)
        return self._columns[name]

    def embedding(self, row: int) -> Floats:
        vectors = self._site.flat_vectors
        vector = vectors.mean + vectors.scale * vectors.codes[row]
        return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)

    def row_of(self, image_id: str) -> int | None:
        return self._site.row_of(image_id)

    def document(self, row: int) -> Mapping[str, Any]:
        return self._site.document(row)

    @property
    def ids(self) -> Sequence[str]:
        return self._site.ids

    def thumbnail(self, row: int) -> bytes | None:
        return self._site.thumbnail(row)

    def address(self, row: int) -> str | None:
        """Where the largest published picture of a row lies, the thumbnails aside."""
        document = self._site.document(row)
        path = document.get("original") or document.get("view", {}).get("path")
        return None if path is None else self._site.source.address(path)

    def load_pack(self) -> ModelPack | None:
        """The site's own model pack, kept in the cache after the first use."""
        from .encoders import load_pack, packs_folder

        model = self._site.manifest.model
        if model is None or self._site.manifest.vectors is None:
            return None
        folder = packs_folder().parent / "sites" / str(model.pack["id"])
        if not (folder / "pack.json").exists():
            self._fetch_pack(folder)
        return load_pack(folder)

    def _fetch_pack(self, folder: Path) -> None:
        """Copy the pack out of the site, whole or not at all."""
        model = self._site.manifest.model
        assert model is not None
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
                target = Path(temporary) / "pack"
                for name, entry in model.files.items():
                    path = target / name
                    if not path.resolve().is_relative_to(target.resolve()):
                        raise PackError(
                            f"The site's model pack names a file outside itself: {name}."
                        )
                    path.parent.mkdir(parents=True, exist_ok=True)
                    expected = str(model.pack["files"][name]["sha256"])
                    path.write_bytes(self._pack_file(entry, expected))
                (target / "pack.json").write_bytes(canonical_json(dict(model.pack)))
                if not folder.exists():
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


class LibraryIndex:
    """The rows of the last build in a working library, searched exactly: the recall oracle."""

    def __init__(self, library: Library, pack: ModelPack | None) -> None:
        self._library = library
        self._pack = pack
        self._rows = library.rows()
        self._columns: dict[str, Column] = {}

    @classmethod
    def open(cls, place: Path, model: str | None = None) -> LibraryIndex:
        """Open a library file or its folder; `model` picks among several models."""
        from .encoders import load_pack
        from .library import Library

        file = place / LIBRARY_FILE if place.is_dir() else place
        if not file.is_file():
            raise LibraryError(
                f"There is no site and no library at {place}.",
                "Build one first: imagedb-site build PICTURES",
            )
        library = Library.open(file)
        if not library.stats()["rows"]:
            library.close()
            raise LibraryError(f"The library {file} holds no build yet.", "Run: imagedb-site build")
        name = model or library.get_meta("model") or "none"
        return cls(library, None if name == "none" else load_pack(name))

    @property
    def count(self) -> int:
        return len(self._rows)

    @cached_property
    def fields(self) -> Sequence[FieldSpec]:
        return self._library.fields()

    @property
    def temperature(self) -> float | None:
        return (
            None if self._pack is None else float(self._pack.manifest["calibration"]["temperature"])
        )

    @cached_property
    def fts_columns(self) -> Sequence[str]:
        return [spec.name for spec in self.fields if spec.fts]

    @cached_property
    def _embeddings(self) -> Floats:
        if self._pack is None:
            raise UsageError("This library was built without a model.")
        hashes = [row.content_hash for row in self._rows if row.content_hash is not None]
        return self._library.embeddings(self._pack.encoder_hash, hashes)

    def similarities(self, query: Floats) -> Floats:
        return np.asarray(self._embeddings @ query, dtype=np.float32)

    def match(self, expression: str) -> tuple[list[int], list[float]]:
        return _matches(self._library.search_text, expression)

    def column(self, name: str) -> Column:
        if name not in self._columns:
            kind = next(spec.type for spec in self.fields if spec.name == name)
            values = [row.fields.get(name) for row in self._rows]
            if kind == "date":
                # The site writer comes with it, which a search needs for nothing else.
                from .values import date_seconds

                values = [None if value is None else date_seconds(str(value)) for value in values]
            if kind == "boolean":
                values = [None if value is None else str(value).lower() for value in values]
            self._columns[name] = make_column(values, kind)
        return self._columns[name]

    def embedding(self, row: int) -> Floats:
        return np.asarray(self._embeddings[row], dtype=np.float32)

    @cached_property
    def _row_of(self) -> dict[str, int]:
        return {row.image_id: place for place, row in enumerate(self._rows)}

    def row_of(self, image_id: str) -> int | None:
        return self._row_of.get(image_id)

    def document(self, row: int) -> Mapping[str, Any]:
        record = self._rows[row]
        return {
            "id": record.image_id,
            "path": record.key,
            "width": record.width,
            "height": record.height,
            "fields": dict(record.fields),
        }

    @cached_property
    def ids(self) -> Sequence[str]:
        return [row.image_id for row in self._rows]

    def thumbnail(self, row: int) -> bytes | None:
        content_hash, recipe = (
            self._rows[row].content_hash,
            self._library.get_meta("thumbnail_recipe"),
        )
        if content_hash is None or recipe is None:
            return None
        return self._library.derivative(content_hash, recipe)

    def address(self, row: int) -> str | None:
        """The file of a row, as a `file:` address; None where it has gone."""
        folder = self._library.get_meta("pictures")
        if folder is None:
            return None
        file = Path(folder) / self._rows[row].key
        return file.as_uri() if file.is_file() else None

    def load_pack(self) -> ModelPack | None:
        return self._pack

    def close(self) -> None:
        self._library.close()
