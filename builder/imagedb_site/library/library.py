"""The library: what is known about pictures, what was derived from them, and the rows of the last build."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw
import numpy as np
from numpy.typing import NDArray

from imagedb_site.errors import LibraryError
from imagedb_site.library import rows, upkeep, vectors, xmp_files
from imagedb_site.library.connection import atomic, connect, translated
from imagedb_site.library.stage import Stage
from imagedb_site.library.types import RowRecord, StoredImage, StoredLayout
from imagedb_site.library.xmp_files import XmpFile
from imagedb_site.records import FieldSpec, Record, Value

Floats = NDArray[np.float32]


class Library:
    """One SQLite file, opened with `Library.open`; a context manager.

    Every `put_…` and `set_…` is a transaction of its own unless it runs inside `transaction()`. A process
    that is killed leaves a library with all transactions that had ended. Methods raise `LibraryError` if
    the file cannot be used and `StorageError` if the disk is full or refuses. What is yielded is read
    from the file step by step.
    """

    def __init__(self, connection: apsw.Connection, path: Path) -> None:
        self._db = connection
        self._path = path

    @classmethod
    def open(cls, path: Path) -> Library:
        """Opens the library at `path`, or creates it."""
        return cls(connect(path), path)

    @property
    def path(self) -> Path:
        return self._path

    def __enter__(self) -> Library:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file; the write-ahead log goes back into it."""
        with translated(self._path):
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Groups writes: all of them are stored or none. Can be nested."""
        with translated(self._path), atomic(self._db):
            yield

    def stage(self, records: Iterable[Record], *, details: str = "", rehash: bool = False) -> Stage:
        """Returns the records of a build, joined to what is known about them; a context manager.

        `details` is the version of the decoding. With `rehash` no file counts as unchanged. A library
        has one stage at a time.
        """
        stage = Stage(self._db, self._path, details)
        stage.fill(records, rehash=rehash)
        return stage

    # -- files and contents --------------------------------------------------------------------

    def put_files(self, files: Iterable[tuple[Record, str]]) -> None:
        """Stores the content hash of each file."""
        with self.transaction():
            for one, content_hash in files:
                self._db.execute(
                    "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?)",
                    (one.key, one.mtime_ns, one.size, one.ctime_ns, one.inode, content_hash),
                )

    def put_refusal(self, content_hash: str, reason: str, *, decoder: str = "") -> None:
        """Stores why a content cannot be used, so that this `decoder` does not try it again."""
        with self.transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO refusals VALUES (?, ?, ?)", (content_hash, decoder, reason)
            )

    def forget_refusals(self) -> None:
        """Forgets all refusals, so that the next build tries those files again."""
        with self.transaction():
            self._db.execute("DELETE FROM refusals")

    def put_image(self, image: StoredImage, *, details: str = "") -> None:
        """Stores what is known about a content; `details` is the version of the decoding."""
        with self.transaction():
            self._db.execute(
                "INSERT INTO images(content_hash, details, width, height, metadata, placeholder, "
                "damage) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (content_hash) DO UPDATE SET "
                "details = excluded.details, width = excluded.width, height = excluded.height, "
                "metadata = excluded.metadata, placeholder = excluded.placeholder, "
                "damage = excluded.damage",
                (
                    image.content_hash,
                    details,
                    image.width,
                    image.height,
                    rows.to_json(dict(image.metadata)),
                    image.placeholder,
                    image.damage,
                ),
            )

    def image(self, content_hash: str) -> StoredImage | None:
        """Returns what is known about a content, or None."""
        with translated(self._path):
            for width, height, metadata, placeholder, damage in self._db.execute(
                "SELECT width, height, metadata, placeholder, damage FROM images "
                "WHERE content_hash = ?",
                (content_hash,),
            ):
                known = json.loads(metadata)
                return StoredImage(content_hash, width, height, known, placeholder, damage)
        return None

    def put_xmp_file(self, file: XmpFile, *, details: str = "") -> None:
        """Stores what an XMP sidecar says; `details` is the version of the reading."""
        with self.transaction():
            xmp_files.put(self._db, file, details)

    def xmp_file(self, path: Path, *, details: str = "") -> XmpFile | None:
        """Returns what is known about an XMP sidecar, or None."""
        with translated(self._path):
            return xmp_files.find(self._db, path, details)

    # -- what was derived ----------------------------------------------------------------------

    def put_derivative(
        self, content_hash: str, recipe: str, data: bytes, width: int, height: int
    ) -> None:
        """Stores the picture that the recipe with this hash makes of a content."""
        with self.transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO derivatives(content_hash, recipe, width, height, data) "
                "VALUES (?, ?, ?, ?, ?)",
                (content_hash, recipe, width, height, data),
            )

    def derivative(self, content_hash: str, recipe: str) -> bytes:
        """Returns a stored derivative; raises `LibraryError` if there is none."""
        with translated(self._path):
            for (data,) in self._db.execute(
                "SELECT data FROM derivatives WHERE content_hash = ? AND recipe = ?",
                (content_hash, recipe),
            ):
                return bytes(data)
        raise LibraryError(f"The library has no derivative {recipe} of {content_hash[:16]}.")

    def put_embeddings(
        self, encoder_hash: str, content_hashes: Sequence[str], embeddings: np.ndarray
    ) -> None:
        """Stores L2-normalised embeddings, float32 [n, dim], of contents stored by `put_image`."""
        values = np.ascontiguousarray(embeddings, dtype="<f4")
        if values.ndim != 2 or len(values) != len(content_hashes):
            raise ValueError(f"{len(content_hashes)} contents, embeddings {values.shape}")
        if not np.isfinite(values).all():
            raise LibraryError("The encoder gave an embedding that is not finite.")
        with self.transaction():
            vectors.put(self._db, encoder_hash, content_hashes, values)

    def embeddings(self, encoder_hash: str, content_hashes: Sequence[str]) -> Floats:
        """Returns embeddings of contents, float32 [n, dim]; `LibraryError` if one is missing."""
        with translated(self._path):
            return vectors.of_contents(self._db, encoder_hash, content_hashes)

    # -- the rows of the last build ------------------------------------------------------------

    def set_rows(self, records: Iterable[RowRecord], fields: Sequence[FieldSpec]) -> None:
        """Replaces the rows of the last build, in row order, and their full text.

        Nothing is written if the same rows and fields are stored already. Their layout is not known
        afterwards; a build stores it with `Placed.remember`.
        """
        with self.transaction():
            query = rows.insert_records(self._db, records)
            rows.replace_rows(self._db, query, fields)
            self._db.execute("DROP TABLE temp.given")
            rows.put_layout(self._db, None)

    def count(self) -> int:
        """Returns the number of rows."""
        with translated(self._path):
            return rows.count_rows(self._db)

    def rows(self) -> Iterator[RowRecord]:
        """Yields the rows of the last build in row order."""
        with translated(self._path):
            yield from rows.all_rows(self._db)

    def row(self, row: int) -> RowRecord:
        """Returns a row; raises `LibraryError` if there is no such row."""
        with translated(self._path):
            found = rows.one_row(self._db, row)
        if found is None:
            raise LibraryError(f"The library has no row {row}.")
        return found

    def row_of(self, image_id: str) -> int | None:
        """Returns the row of an image, or None if it is not in the collection."""
        with translated(self._path):
            row = self._db.execute("SELECT row FROM rows WHERE image_id = ?", (image_id,)).get
            return None if row is None else int(row)

    def ids(self) -> list[str]:
        """Returns the image ids in row order."""
        with translated(self._path):
            return [one for (one,) in self._db.execute("SELECT image_id FROM rows ORDER BY row")]

    def values(self, name: str) -> Iterator[Value | None]:
        """Yields the value of a field for each row in row order, None if it is unknown."""
        with translated(self._path):
            for (fields,) in self._db.execute("SELECT fields FROM rows ORDER BY row"):
                yield json.loads(fields).get(name)

    def fields(self) -> list[FieldSpec]:
        """Returns the fields of the last build."""
        stored = self.get_meta("fields")
        return [FieldSpec(**spec) for spec in json.loads(stored)] if stored else []

    def order(self) -> NDArray[np.uint32] | None:
        """Returns the row at each position of the default order, or None if that is row order."""
        with translated(self._path):
            return rows.get_order(self._db)

    def layout(self) -> StoredLayout | None:
        """Returns the layout of the last build, or None if there was none."""
        with translated(self._path):
            return rows.get_layout(self._db)

    def embedding_blocks(self, encoder_hash: str) -> Iterator[Floats]:
        """Yields the embeddings of the rows in row order, float32 [n, dim] with n ≤ 8192.

        Raises `LibraryError` if one is missing.
        """
        with translated(self._path):
            yield from vectors.blocks(self._db, encoder_hash, "SELECT row, image FROM rows")

    def row_embeddings(self, encoder_hash: str, rows: Sequence[int]) -> Floats:
        """Returns the embeddings of `rows` in their order, float32 [n, dim].

        Raises `LibraryError` if one is missing.
        """
        with translated(self._path):
            return vectors.of_rows(self._db, encoder_hash, rows)

    def search_text(self, query: str, k: int) -> list[tuple[int, float]]:
        """Returns the k best rows for an FTS5 query as `(row, bm25)`, best (lowest) first.

        Raises `UsageError` if the query is not FTS5 syntax.
        """
        with translated(self._path):
            return rows.search_text(self._db, query, k)

    # -- settings and figures ------------------------------------------------------------------

    def get_meta(self, name: str) -> str | None:
        """Returns a stored setting."""
        with translated(self._path):
            value = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).get
            return None if value is None else str(value)

    def set_meta(self, name: str, value: str) -> None:
        """Stores a setting."""
        with self.transaction():
            self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def stats(self) -> dict[str, int]:
        """Returns counts: `files`, `refusals`, `images`, `derivatives`, `packs`, `rows`, `bytes`."""
        with translated(self._path):
            return upkeep.stats(self._db)

    def models(self) -> list[dict[str, Any]]:
        """Returns `{model, dim, embeddings}` of every model whose embeddings are kept."""
        with translated(self._path):
            return upkeep.models(self._db)
