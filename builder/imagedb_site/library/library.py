"""The library: what is known about pictures, what was derived from them, and the rows of the last build."""

# ruff: noqa: S608  (table and column names are this program's own; every value is bound)

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
from imagedb_site.library import (
    checksums,
    derivatives,
    full_text,
    layouts,
    part_files,
    repair,
    rows,
    upkeep,
    vectors,
    verify,
    xmp_files,
)
from imagedb_site.library.connection import atomic, connect, translated
from imagedb_site.library.picture_columns import part_of
from imagedb_site.library.repair import Repair
from imagedb_site.library.stage import Stage
from imagedb_site.library.types import RowRecord, StoredImage, StoredLayout
from imagedb_site.library.xmp_files import XmpFile
from imagedb_site.records import FieldSpec, PictureRef, Record, Value

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
        repair.resume(path)
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

    def put_files(self, files: Iterable[tuple[str, PictureRef, str]]) -> None:
        """Stores the content hash of each record's picture: key, picture, hash."""
        with self.transaction():
            for key, one, content_hash in files:
                self._db.execute(
                    checksums.insert("files"),
                    (
                        *(key, one.mtime_ns, one.size, one.ctime_ns, one.inode),
                        *(content_hash, part_of(one)),
                    ),
                )

    def put_refusal(self, content_hash: str, reason: str, *, decoder: str = "") -> None:
        """Stores why a content cannot be used, so that this `decoder` does not try it again."""
        with self.transaction():
            self._db.execute(checksums.insert("refusals"), (content_hash, decoder, reason))

    def forget_refusals(self) -> None:
        """Forgets all refusals, so that the next build tries those files again."""
        with self.transaction():
            self._db.execute("DELETE FROM refusals")

    def put_image(self, image: StoredImage, *, details: str = "") -> None:
        """Stores what is known about a content; `details` is the version of the decoding."""
        with self.transaction():
            self._db.execute(
                checksums.insert("images", upsert="content_hash"),
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
            for width, height, metadata, placeholder, damage, _ in self._db.execute(
                "SELECT width, height, metadata, placeholder, damage, "
                f"{checksums.intact('images', content_hash='?1')} FROM images "
                "WHERE content_hash = ?1",
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
        self,
        content_hash: str,
        recipe: str,
        data: bytes,
        width: int,
        height: int,
        place: tuple[str, int] | None = None,
    ) -> None:
        """Stores the picture that the recipe with this hash makes of a content.

        If it has a `place`, the name of a file in the library's folder of parts and the offset of `data`
        there, only the place is stored, and the file has to stay.
        """
        with self.transaction():
            derivatives.put(self._db, content_hash, recipe, data, (width, height), place)

    def parts_in_use(self) -> set[str]:
        """Returns the names of the files in the folder of parts that have pictures of this library."""
        with translated(self._path):
            return part_files.used(self._db)

    def derivative(self, content_hash: str, recipe: str) -> bytes:
        """Returns a stored derivative; raises `LibraryError` if there is none."""
        with translated(self._path):
            tables = "derivatives d WHERE d.recipe = ?1 AND d.content_hash = ?2"
            found = derivatives.find(self._db, "?2", tables, recipe, content_hash)
        if found is not None:
            return found
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
            vectors.put(self._db, self._path, encoder_hash, content_hashes, values)

    def embeddings(self, encoder_hash: str, content_hashes: Sequence[str]) -> Floats:
        """Returns embeddings of contents, float32 [n, dim]; `LibraryError` if one is missing."""
        with translated(self._path):
            return vectors.of_contents(self._db, self._path, encoder_hash, content_hashes)

    def forget_embeddings(self, encoder_hash: str) -> None:
        """Removes all embeddings of an encoder."""
        with translated(self._path), atomic(self._db):
            vectors.forget(self._db, encoder_hash)

    def missing_text_embeddings(self, encoder_hash: str, text_hashes: Sequence[str]) -> list[str]:
        """Returns those of `text_hashes` that have no embedding of this encoder, in their order."""
        with translated(self._path):
            return vectors.missing_texts(self._db, encoder_hash, text_hashes)

    def prune_text_embeddings(self) -> None:
        """Forgets the embeddings of texts that no row of the last build has."""
        with translated(self._path), atomic(self._db):
            vectors.prune_texts(self._db)

    def put_text_embeddings(
        self, encoder_hash: str, text_hashes: Sequence[str], embeddings: np.ndarray
    ) -> None:
        """Stores L2-normalised embeddings of texts, float32 [n, dim], by the hashes of the texts."""
        values = np.ascontiguousarray(embeddings, dtype="<f4")
        if values.ndim != 2 or len(values) != len(text_hashes):
            raise ValueError(f"{len(text_hashes)} texts, embeddings {values.shape}")
        if not np.isfinite(values).all():
            raise LibraryError("The encoder gave an embedding that is not finite.")
        with self.transaction():
            vectors.put_texts(self._db, encoder_hash, text_hashes, values)

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
            layouts.put(self._db, None)

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
            return rows.row_of(self._db, image_id)

    def ids(self) -> list[str]:
        """Returns the image ids in row order."""
        with translated(self._path):
            return [one.image_id for one in rows.all_rows(self._db)]

    def values(self, name: str) -> Iterator[Value | None]:
        """Yields the value of a field for each row in row order, None if it is unknown."""
        with translated(self._path):
            for record in rows.all_rows(self._db):
                yield record.fields.get(name)

    def fields(self) -> list[FieldSpec]:
        """Returns the fields of the last build."""
        stored = self.get_meta("fields")
        return [FieldSpec(**spec) for spec in json.loads(stored)] if stored else []

    def order(self) -> NDArray[np.uint32] | None:
        """Returns the row at each position of the default order, or None if that is row order."""
        with translated(self._path):
            return layouts.get_order(self._db, self._path)

    def layout(self) -> StoredLayout | None:
        """Returns the layout of the last build, or None if there was none."""
        with translated(self._path):
            return layouts.get(self._db, self._path)

    def embedding_blocks(self, encoder_hash: str) -> Iterator[Floats]:
        """Yields the embeddings of the rows in row order, float32 [n, dim] with n ≤ 8192.

        Raises `LibraryError` if one is missing.
        """
        with translated(self._path):
            yield from vectors.blocks(self._db, self._path, encoder_hash, rows.CONTENTS)

    def row_embeddings(self, encoder_hash: str, rows: Sequence[int]) -> Floats:
        """Returns the embeddings of `rows` in their order, float32 [n, dim].

        Raises `LibraryError` if one is missing.
        """
        with translated(self._path):
            return vectors.of_rows(self._db, self._path, encoder_hash, rows)

    def without_embedding(self) -> NDArray[np.bool_] | None:
        """Returns which rows have neither picture nor embedded text, bool [rows]; None if there is none."""
        with translated(self._path):
            found = self._db.execute(
                "SELECT image IS NULL AND text_hash = '' FROM rows ORDER BY row"
            )
            mask = np.fromiter((flag for (flag,) in found), dtype=np.bool_)
        return mask if mask.any() else None

    def with_text_embedding(self) -> NDArray[np.bool_] | None:
        """Returns which rows have the embedding of their text, bool [rows]; None if there is none."""
        with translated(self._path):
            found = self._db.execute(
                "SELECT image IS NULL AND text_hash <> '' FROM rows ORDER BY row"
            )
            mask = np.fromiter((flag for (flag,) in found), dtype=np.bool_)
        return mask if mask.any() else None

    def search_text(self, query: str, k: int) -> list[tuple[int, float]]:
        """Returns the k best rows for an FTS5 query as `(row, bm25)`, best (lowest) first.

        Raises `UsageError` if the query is not FTS5 syntax.
        """
        with translated(self._path):
            return full_text.search(self._db, query, k)

    # -- settings and figures ------------------------------------------------------------------

    def get_meta(self, name: str) -> str | None:
        """Returns a stored setting."""
        with translated(self._path):
            return upkeep.get_meta(self._db, name)

    def set_meta(self, name: str, value: str) -> None:
        """Stores a setting."""
        with self.transaction():
            self._db.execute(checksums.insert("meta"), (name, value))

    def stats(self) -> dict[str, int]:
        """Returns counts: `files`, `refusals`, `images`, `derivatives`, `packs`, `rows`, `bytes`."""
        with translated(self._path):
            return upkeep.stats(self._db)

    def lost(self) -> Repair:
        """Returns what a repair found to be lost and no build has made again yet."""
        with translated(self._path):
            return repair.pending(self._db)

    def nothing_lost(self) -> None:
        """Notes that a build has made everything again."""
        with self.transaction():
            repair.settled(self._db)

    def find_damage(self) -> dict[str, list[str]]:
        """Returns what is not what was stored, by picture; the empty key stands for the collection.

        Reads everything. Raises `DamagedLibraryError` if the file cannot be read as a database.
        """
        with translated(self._path):
            verify.require_structure(self._db, self._path)
            return verify.by_picture(verify.find(self._db, self._path))

    def models(self) -> list[dict[str, Any]]:
        """Returns `{model, dim, embeddings}` of every model whose embeddings are kept."""
        with translated(self._path):
            return upkeep.models(self._db)
