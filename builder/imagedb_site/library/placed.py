"""The records that a build will publish, in temporary tables: their fields, default order and rows."""

# ruff: noqa: S608  (table and column names are this program's own; every value is bound)

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import apsw
import numpy as np
from numpy.typing import NDArray

from imagedb_site.errors import DamagedLibraryError
from imagedb_site.library import checksums, derivatives, layouts, rows, vectors
from imagedb_site.library.connection import atomic, translated
from imagedb_site.library.picture_columns import in_part
from imagedb_site.library.schema import ROW_COLUMNS
from imagedb_site.library.types import Item, StoredLayout
from imagedb_site.records import FieldSpec, PictureRef, Value

NO_PLACE = -2, 0
"""`pack` and `slot` of a row without a thumbnail."""
_ITEM = np.dtype([("item", "i8"), ("id", "u8")])
_IMAGE = checksums.intact("images", "i", content_hash="s.content_hash")
_ROWS = (
    "SELECT p.row, t.image_id, s.key, t.image, coalesce(i.width, 0) AS width, "
    "coalesce(i.height, 0) AS height, t.fields, p.pack, p.slot, t.remote, t.text_hash "
    "FROM places p JOIN items t USING (item) JOIN staged s USING (item) "
    "LEFT JOIN images i ON i.id = t.image"
)
assert len(ROW_COLUMNS.split(",")) == 11


def _derivative(alias: str, recipe: str, **given: str) -> str:
    """Returns SQL that raises an error if a derivative of the staged picture is damaged."""
    return checksums.intact(
        "derivatives", alias, content_hash="s.content_hash", recipe=recipe, **given
    )


class Placed:
    """What a build will publish, from `Stage.placed`. Only a few rows are in memory at a time."""

    def __init__(self, connection: apsw.Connection, path: Path) -> None:
        self._db = connection
        self._path = path
        self._count = 0

    def __len__(self) -> int:
        """The number of pictures. The writer asks for it with every row."""
        return self._count

    def put(self, items: Iterable[Item]) -> None:
        """Takes in the pictures."""
        with translated(self._path), atomic(self._db):
            self._db.executemany(
                "INSERT INTO items VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    (
                        *(one.item, one.image_id, one.image, one.sort),
                        *(rows.to_json(dict(one.fields)), rows.remote_json(one.remote)),
                        one.text_hash,
                    )
                    for one in items
                ),
            )
            self._count = int(self._db.execute("SELECT count(*) FROM items").get or 0)

    def ordered(self) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
        """Returns the pictures in default order: their items, int64 [n], and ids, uint64 [n]."""
        with translated(self._path):
            found = np.fromiter(
                (
                    (item, int(image_id, 16))
                    for item, image_id in self._db.execute(
                        "SELECT item, image_id FROM items ORDER BY sort"
                    )
                ),
                dtype=_ITEM,
            )
        return found["item"].copy(), found["id"].copy()

    def fields(self, item: int) -> Mapping[str, Value]:
        """Returns the fields of a picture."""
        with translated(self._path):
            stored = self._db.execute("SELECT fields FROM items WHERE item = ?", (int(item),)).get
            return dict(json.loads(stored))

    def place(self, items: NDArray[np.int64]) -> None:
        """Gives each picture its row: row r is that of `items[r]`."""
        with translated(self._path), atomic(self._db):
            self._db.execute("DELETE FROM places")
            self._db.executemany(
                f"INSERT INTO places VALUES (?, ?, {NO_PLACE[0]}, {NO_PLACE[1]})",
                ((row, int(item)) for row, item in enumerate(items)),
            )

    def rows(self, thumbnail: str, view: str | None) -> Iterator[tuple[Any, ...]]:
        """Yields the rows in row order, with the sizes that these recipes gave.

        A tuple has image_id, key, width, height, placeholder, the fields, the remote addresses, and width and
        height of thumbnail and view; the last two are None without a view. Without a picture all sizes are
        0 or None.
        """
        with translated(self._path):
            count = 0
            for (
                _,
                _,
                *values,
                fields,
                remote,
                t_width,
                t_height,
                v_width,
                v_height,
            ) in self._db.execute(
                f"SELECT CASE WHEN t.image IS NULL THEN 1 ELSE {_IMAGE} + {_derivative('a', '?1')} "
                f"END, CASE WHEN b.recipe IS NULL THEN 1 ELSE {_derivative('b', '?2')} END, "
                "t.image_id, s.key, coalesce(i.width, 0), coalesce(i.height, 0), "
                "coalesce(i.placeholder, x''), t.fields, t.remote, "
                "a.width, a.height, b.width, b.height "
                "FROM places p JOIN items t USING (item) JOIN staged s USING (item) "
                "LEFT JOIN images i ON i.id = t.image "
                "LEFT JOIN derivatives a ON a.content_hash = s.content_hash AND a.recipe = ?1 "
                "LEFT JOIN derivatives b ON b.content_hash = s.content_hash AND b.recipe = ?2 "
                "WHERE t.image IS NULL OR (i.id IS NOT NULL AND a.recipe IS NOT NULL) "
                "ORDER BY p.row",
                (thumbnail, view),
            ):
                count += 1
                where = json.loads(remote) if remote else {}
                yield *values, json.loads(fields), where, t_width, t_height, v_width, v_height
            if count != self._count:
                raise DamagedLibraryError(self._path, "pictures are missing")

    def derivative(self, row: int, recipe: str) -> bytes | None:
        """Returns what a recipe made of a row's picture; None if it made nothing."""
        with translated(self._path):
            tables = (
                "places p JOIN staged s USING (item) JOIN derivatives d "
                "ON d.content_hash = s.content_hash AND d.recipe = ?1 WHERE p.row = ?2"
            )
            return derivatives.find(self._db, "s.content_hash", tables, recipe, int(row)) or None

    def key(self, row: int) -> str:
        """Returns the key of a row."""
        with translated(self._path):
            return str(
                self._db.execute(
                    "SELECT s.key FROM places p JOIN staged s USING (item) WHERE p.row = ?",
                    (int(row),),
                ).get
            )

    def row_of(self, key: str) -> int | None:
        """Returns the row with a key, None if there is none."""
        with translated(self._path):
            found = self._db.execute(
                "SELECT p.row FROM places p JOIN staged s USING (item) WHERE s.key = ?", (key,)
            ).get
        return None if found is None else int(found)

    def newest_files(self, count: int) -> list[int]:
        """Returns at most `count` rows with pictures, those whose files were changed last first."""
        with translated(self._path):
            return [
                int(row)
                for (row,) in self._db.execute(
                    "SELECT p.row FROM places p JOIN items t USING (item) JOIN staged s USING (item) "
                    "WHERE t.image IS NOT NULL AND s.path IS NOT NULL "
                    "ORDER BY s.mtime_ns DESC, s.key LIMIT ?",
                    (count,),
                )
            ]

    def original(self, row: int) -> tuple[PictureRef, str] | None:
        """Returns the file of a row, and the hash of the content that the row was made of."""
        with translated(self._path):
            path, mtime_ns, size, part, content_hash = self._db.execute(
                "SELECT s.path, s.mtime_ns, s.size, s.part, s.content_hash "
                "FROM places p JOIN staged s USING (item) WHERE p.row = ?",
                (int(row),),
            ).get
            if path is None:
                return None
            picture = PictureRef(Path(os.fsdecode(path)), mtime_ns, size)
            return in_part(picture, part), content_hash

    def has_picture(self) -> NDArray[np.bool_]:
        """Returns bool [rows]: whether each row has a picture."""
        with translated(self._path):
            found = self._db.execute(
                "SELECT t.image IS NOT NULL FROM places p JOIN items t USING (item) ORDER BY p.row"
            )
            return np.fromiter((flag for (flag,) in found), dtype=np.bool_, count=self._count)

    def without_picture(self) -> int:
        """Returns how many records have no picture."""
        with translated(self._path):
            return int(self._db.execute("SELECT count(*) FROM items WHERE image IS NULL").get or 0)

    def all_fields(self) -> Iterator[Mapping[str, Value]]:
        """Yields the fields of all records."""
        with translated(self._path):
            for (stored,) in self._db.execute("SELECT fields FROM items ORDER BY item"):
                yield dict(json.loads(stored))

    def texts_wanted(self, size: int) -> Iterator[list[tuple[int, Mapping[str, Value]]]]:
        """Yields the records without a picture, item and fields, at most `size` at a time."""
        last = -1
        while True:
            with translated(self._path):
                found: list[tuple[Any, ...]] = self._db.execute(
                    "SELECT item, fields FROM items WHERE image IS NULL AND item > ? "
                    "ORDER BY item LIMIT ?",
                    (last, size),
                ).fetchall()
            if not found:
                return
            last = found[-1][0]
            yield [(item, dict(json.loads(stored))) for item, stored in found]

    def set_texts(self, hashes: Mapping[int, str]) -> None:
        """Names the text that is embedded of each of these items; "" for none."""
        with translated(self._path), atomic(self._db):
            self._db.executemany(
                "UPDATE items SET text_hash = ? WHERE item = ?",
                ((one, item) for item, one in hashes.items()),
            )

    def embedded(self) -> tuple[bool, bool]:
        """Whether any row has a picture, and whether any other row has a text that is embedded."""
        with translated(self._path):
            for pictures, texts in self._db.execute(
                "SELECT EXISTS (SELECT 1 FROM items WHERE image IS NOT NULL), "
                "EXISTS (SELECT 1 FROM items WHERE text_hash <> '')"
            ):
                return bool(pictures), bool(texts)
        return False, False

    def embedding_blocks(self, encoder_hash: str) -> Iterator[NDArray[np.float32]]:
        """Yields the embeddings of the rows in row order, float32 [n, dim] with n ≤ 8192."""
        with translated(self._path):
            contents = (
                "SELECT p.row, t.image AS id, s.content_hash, t.text_hash FROM places p "
                "JOIN items t USING (item) JOIN staged s USING (item)"
            )
            yield from vectors.blocks(self._db, self._path, encoder_hash, contents)

    def remember(self, fields: Sequence[FieldSpec], layout: StoredLayout) -> None:
        """Makes these rows those of the last build, with their full text and layout.

        Rows that are stored already are not written again.
        """
        with translated(self._path), atomic(self._db):
            has_place = (layout.pack != NO_PLACE[0]) | (layout.slot != NO_PLACE[1])
            self._db.executemany(
                "UPDATE places SET pack = ?, slot = ? WHERE row = ?",
                (
                    (int(layout.pack[row]), int(layout.slot[row]), row)
                    for row in np.flatnonzero(has_place).tolist()
                ),
            )
            rows.replace_rows(self._db, _ROWS, fields)
            layouts.put(self._db, layout)
