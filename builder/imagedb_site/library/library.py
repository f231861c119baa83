"""The library: what is known about every picture, and what was derived from it."""

# ruff: noqa: S608  (table and column names are this program's own; every value is bound)

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw
import numpy as np

from imagedb_site.errors import LibraryError, UsageError
from imagedb_site.library import search, upkeep
from imagedb_site.library.connection import atomic, connect, translated
from imagedb_site.library.schema import create_embeddings, embeddings_table
from imagedb_site.library.types import Missing, RowRecord, StoredImage
from imagedb_site.records import FieldSpec, Record


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


class Library:
    """One SQLite file, opened with `Library.open`; a context manager.

    Every `put_…` is a transaction of its own unless it runs inside `transaction()`. A process killed at
    any moment leaves a library that holds the transactions that had ended. Raises `LibraryError` where
    the file cannot be used and `StorageError` where the disk refuses.
    """

    def __init__(self, connection: apsw.Connection, path: Path) -> None:
        self._db = connection
        self._path = path
        self._packs: dict[str, tuple[int, int]] = {}

    @classmethod
    def open(cls, path: Path) -> Library:
        """Opens the library at `path`, created where it is not there."""
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
        """Groups writes: all of them are stored or none. May be nested."""
        with translated(self._path), atomic(self._db):
            yield

    # -- files ---------------------------------------------------------------------------------

    def known(self, records: Sequence[Record]) -> list[str | None]:
        """Returns the content hash of each record whose file is unchanged, `None` for the others.

        Unchanged means: the same path, modification time and size as when it was stored.
        """
        with translated(self._path):
            stored = {
                key: (mtime_ns, size, content_hash)
                for key, mtime_ns, size, content_hash in self._db.execute(
                    "SELECT key, mtime_ns, size, content_hash FROM files"
                )
            }
        hashes: list[str | None] = []
        for record in records:
            mtime_ns, size, content_hash = stored.get(record.key, (None, None, None))
            same = mtime_ns == record.mtime_ns and size == record.size
            hashes.append(content_hash if same else None)
        return hashes

    def put_files(self, files: Iterable[tuple[Record, str]]) -> None:
        """Stores the content hash of each file, and forgets that it ever failed."""
        with self.transaction():
            for record, content_hash in files:
                self._db.execute(
                    "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)",
                    (record.key, record.mtime_ns, record.size, content_hash),
                )
                self._db.execute("DELETE FROM failures WHERE key = ?", (record.key,))

    def failures(self, records: Sequence[Record], *, details: str = "") -> list[str | None]:
        """Returns the reason why each record's unchanged file could not be used, else `None`.

        `details` is the version of the decoding: what an older one could not read is tried again.
        """
        with translated(self._path):
            stored = {
                (key, mtime_ns, size): reason
                for key, mtime_ns, size, reason in self._db.execute(
                    "SELECT key, mtime_ns, size, reason FROM failures WHERE details = ?",
                    (details,),
                )
            }
        return [stored.get((record.key, record.mtime_ns, record.size)) for record in records]

    def put_failure(self, record: Record, reason: str, *, details: str = "") -> None:
        """Stores why a file cannot be used, so that it is not tried again until it changes."""
        with self.transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO failures VALUES (?, ?, ?, ?, ?)",
                (record.key, record.mtime_ns, record.size, details, reason),
            )
            self._db.execute("DELETE FROM files WHERE key = ?", (record.key,))

    def prune(self, keys: Iterable[str]) -> int:
        """Forgets the files whose path is not in `keys`; returns how many.

        What was derived from them stays: a file that comes back needs no work.
        """
        kept = set(keys)
        with self.transaction():
            gone = 0
            for table in ("files", "failures"):
                stored = [key for (key,) in self._db.execute(f"SELECT key FROM {table}")]
                lost = [(key,) for key in stored if key not in kept]
                if lost:
                    self._db.executemany(f"DELETE FROM {table} WHERE key = ?", lost)
                gone += len(lost)
        return gone

    # -- what was derived ----------------------------------------------------------------------

    def missing(
        self,
        content_hashes: Iterable[str],
        recipes: Sequence[str],
        encoder_hash: str | None,
        *,
        details: str = "",
    ) -> dict[str, Missing]:
        """Returns what is still to be derived, for the content hashes that lack anything.

        `recipes` are recipe hashes, `details` the version of the details wanted.
        """
        with translated(self._path):
            db = self._db
            known = dict(db.execute("SELECT content_hash, details FROM images"))
            rendered = {
                recipe: {
                    found
                    for (found,) in db.execute(
                        "SELECT content_hash FROM derivatives WHERE recipe = ?", (recipe,)
                    )
                }
                for recipe in recipes
            }
            embedded: set[str] = set()
            pack = self._pack(encoder_hash) if encoder_hash else None
            if pack:
                # The shadow table of a vec0 table lists its primary keys without a vector read.
                embedded = {
                    found
                    for (found,) in db.execute(
                        "SELECT content_hash FROM images WHERE id IN "
                        f"(SELECT rowid FROM {embeddings_table(pack[0])}_rowids)"
                    )
                }
        found: dict[str, Missing] = {}
        for content_hash in content_hashes:
            missing = Missing(
                known.get(content_hash) != details,
                tuple(recipe for recipe in recipes if content_hash not in rendered[recipe]),
                encoder_hash is not None and content_hash not in embedded,
            )
            if missing.details or missing.recipes or missing.embedding:
                found[content_hash] = missing
        return found

    def put_image(self, image: StoredImage, *, details: str = "") -> None:
        """Stores what is known about a content; `details` names the version that found it."""
        with self.transaction():
            self._db.execute(
                "INSERT INTO images(content_hash, details, width, height, metadata, placeholder) "
                "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (content_hash) DO UPDATE SET "
                "details = excluded.details, width = excluded.width, height = excluded.height, "
                "metadata = excluded.metadata, placeholder = excluded.placeholder",
                (
                    image.content_hash,
                    details,
                    image.width,
                    image.height,
                    _json(dict(image.metadata)),
                    image.placeholder,
                ),
            )

    def find_images(self, content_hashes: Iterable[str]) -> dict[str, StoredImage]:
        """Returns what is known about each of the contents that are known at all."""
        found: dict[str, StoredImage] = {}
        with translated(self._path):
            for content_hash in content_hashes:
                for width, height, metadata, placeholder in self._db.execute(
                    "SELECT width, height, metadata, placeholder FROM images WHERE content_hash = ?",
                    (content_hash,),
                ):
                    found[content_hash] = StoredImage(
                        content_hash, width, height, json.loads(metadata), placeholder
                    )
        return found

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
        """Returns a stored derivative; raises `LibraryError` where there is none."""
        with translated(self._path):
            for (data,) in self._db.execute(
                "SELECT data FROM derivatives WHERE content_hash = ? AND recipe = ?",
                (content_hash, recipe),
            ):
                return bytes(data)
        raise LibraryError(f"The library has no derivative {recipe} of {content_hash[:16]}.")

    def derivative_sizes(self, recipe: str) -> dict[str, tuple[int, int]]:
        """Returns width and height of every derivative of a recipe, by content hash."""
        with translated(self._path):
            return {
                content_hash: (width, height)
                for content_hash, width, height in self._db.execute(
                    "SELECT content_hash, width, height FROM derivatives WHERE recipe = ?",
                    (recipe,),
                )
            }

    def put_embeddings(
        self, encoder_hash: str, content_hashes: Sequence[str], embeddings: np.ndarray
    ) -> None:
        """Stores L2-normalised embeddings, float32 `[n, dim]`, of contents put by `put_image`."""
        vectors = np.ascontiguousarray(embeddings, dtype="<f4")
        if vectors.ndim != 2 or len(vectors) != len(content_hashes):
            raise ValueError(f"{len(content_hashes)} contents, embeddings {vectors.shape}")
        if not np.isfinite(vectors).all():
            raise LibraryError("The encoder gave an embedding that is not finite.")
        with self.transaction():
            pack, dim = self._make_pack(encoder_hash, int(vectors.shape[1]))
            if dim != vectors.shape[1]:
                raise LibraryError(
                    f"The library holds embeddings of {dim} dimensions for this encoder, "
                    f"not {vectors.shape[1]}."
                )
            table = embeddings_table(pack)
            for content_hash, vector in zip(content_hashes, vectors, strict=True):
                image = self._db.execute(
                    "SELECT id FROM images WHERE content_hash = ?", (content_hash,)
                ).get
                if image is None:
                    raise LibraryError(f"The library does not know the content {content_hash}.")
                # vec0 has no upsert.
                self._db.execute(f"DELETE FROM {table} WHERE image = ?", (image,))
                self._db.execute(
                    f"INSERT INTO {table}(image, embedding) VALUES (?, ?)",
                    (image, vector.tobytes()),
                )

    def embeddings(self, encoder_hash: str, content_hashes: Sequence[str]) -> np.ndarray:
        """Returns the embeddings, float32 `[n, dim]`; raises `LibraryError` where one is missing."""
        with translated(self._path):
            pack = self._pack(encoder_hash)
            if pack is None:
                raise LibraryError("The library has no embeddings of this encoder.")
            return search.embeddings(self._db, pack[0], pack[1], content_hashes)

    def _pack(self, encoder_hash: str) -> tuple[int, int] | None:
        if encoder_hash not in self._packs:
            for pack, dim in self._db.execute(
                "SELECT id, dim FROM packs WHERE encoder_hash = ?", (encoder_hash,)
            ):
                self._packs[encoder_hash] = (pack, dim)
        return self._packs.get(encoder_hash)

    def _make_pack(self, encoder_hash: str, dim: int) -> tuple[int, int]:
        found = self._pack(encoder_hash)
        if found is None:
            self._db.execute(
                "INSERT INTO packs(encoder_hash, dim) VALUES (?, ?)", (encoder_hash, dim)
            )
            # Not cached: the transaction may yet be rolled back.
            found = (self._db.last_insert_rowid(), dim)
            create_embeddings(self._db, found[0], dim)
        return found

    # -- the rows of the last build ------------------------------------------------------------

    def set_rows(self, rows: Sequence[RowRecord], fields: Sequence[FieldSpec]) -> None:
        """Replaces the rows of the last build, in row order, and their full text.

        Nothing is written where the same rows and fields are stored already.
        """
        with self.transaction():
            search.set_rows(self._db, rows, fields)

    def rows(self) -> list[RowRecord]:
        """Returns the rows of the last build in row order."""
        with translated(self._path):
            return [
                RowRecord(image_id, key, content_hash, width, height, json.loads(fields))
                for image_id, key, content_hash, width, height, fields in self._db.execute(
                    "SELECT r.image_id, r.key, i.content_hash, r.width, r.height, r.fields "
                    "FROM rows r LEFT JOIN images i ON i.id = r.image ORDER BY r.row"
                )
            ]

    def fields(self) -> list[FieldSpec]:
        """Returns the fields of the last build."""
        stored = self.get_meta("fields")
        return [FieldSpec(**spec) for spec in json.loads(stored)] if stored else []

    def search_vectors(
        self, query: np.ndarray, k: int, *, encoder_hash: str
    ) -> list[tuple[int, float]]:
        """Returns the k most similar rows as `(row, similarity)`, best first, ties by row.

        `query` is float32 `[dim]`; the search is exact, the similarity is the inner product.
        """
        vector = np.ascontiguousarray(query, dtype="<f4").reshape(-1)
        with translated(self._path):
            pack = self._pack(encoder_hash)
            if pack is None:
                raise LibraryError(
                    "The library has no embeddings of this encoder.", "Build with it first."
                )
            if pack[1] != len(vector):
                raise UsageError(f"The query has {len(vector)} dimensions, not {pack[1]}.")
            return search.search_vectors(self._db, pack[0], vector, k)

    def search_text(self, query: str, k: int) -> list[tuple[int, float]]:
        """Returns the k best rows for an FTS5 query as `(row, bm25)`, best (lowest) first.

        Raises `UsageError` where the query is not FTS5 syntax.
        """
        with translated(self._path):
            return search.search_text(self._db, query, k)

    # -- upkeep --------------------------------------------------------------------------------

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
        """Returns counts: `files`, `failures`, `images`, `derivatives`, `packs`, `rows`, `bytes`."""
        with translated(self._path):
            return upkeep.stats(self._db)

    def models(self) -> list[dict[str, Any]]:
        """Returns `{model, dim, embeddings}` of every model whose embeddings are kept."""
        with translated(self._path):
            return upkeep.models(self._db)
