"""The records of the build that is running, in temporary tables: what has to be derived from them."""

# ruff: noqa: S608  (table names are this program's own; every value is bound)

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import apsw

from imagedb_site.errors import DamagedLibraryError
from imagedb_site.library import checksums, vectors, verify, xmp_files
from imagedb_site.library.connection import atomic, translated
from imagedb_site.library.picture_columns import (
    NO_FILE,
    STATUS,
    UNSETTLED,
    from_columns,
    to_columns,
)
from imagedb_site.library.placed import Placed
from imagedb_site.library.schema import STAGE
from imagedb_site.library.types import StagedImage
from imagedb_site.records import INODE_BITS, PictureRef, Problem, Record

_PAGE = 512
_RECORD = "s.key, s.path, " + ", ".join("s." + name for name in STATUS)
_SAME = " AND ".join(f"f.{name} = s.{name}" for name in ("key", *STATUS))
_SETTLED_NS = 2_000_000_000
"""FAT keeps times to two seconds: a second change within this time can leave the same time."""
_IMAGE = checksums.intact("images", "i", content_hash="s.content_hash")
_PICTURES = f"SELECT s.item, {_RECORD} FROM staged s WHERE s.path IS NOT NULL"
_UNFINISHED = "it could not be processed because an identical picture could not be read"


class Stage:
    """The records of one build, from `Library.stage`. Only a page of them is in memory at a time.

    A record with a picture has its content hash as soon as it is known, or a reason why it cannot be used.
    """

    def __init__(self, connection: apsw.Connection, path: Path, details: str) -> None:
        self._db = connection
        self._path = path
        self._details = details
        with translated(path):
            self._db.execute(STAGE)

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def fill(self, records: Iterable[Record], *, rehash: bool = False) -> None:
        """Takes in the records, and the content hashes of unchanged files unless `rehash`.

        A file is unchanged if its path, size, times and inode are those that are stored, and if it had not
        changed just before they were stored: a later change could have left the same times.
        """
        before = time.time_ns() - _SETTLED_NS
        tuples = (
            (
                one.key,
                *(NO_FILE if one.picture is None else to_columns(one.picture, before)),
                json.dumps(dict(one.fields)),
                xmp_files.pack_names(one.xmp),
                one.image_url,
                one.thumbnail_url,
            )
            for one in records
        )
        with translated(self._path), atomic(self._db):
            self._db.executemany(
                "INSERT INTO staged(key, path, mtime_ns, size, ctime_ns, inode, part, fields, xmp, "
                "image_url, thumbnail_url) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                tuples,
            )
            if not rehash:
                self._db.execute(
                    "UPDATE staged AS s SET content_hash = f.content_hash FROM main.files f "
                    f"WHERE {_SAME} AND s.ctime_ns <> {UNSETTLED} "
                    f"AND {checksums.intact('files', 'f')}"
                )
            self._db.execute("CREATE INDEX temp.staged_content ON staged(content_hash)")

    def close(self) -> None:
        """Removes the records."""
        with translated(self._path):
            for table in ("places", "items", "works", "staged"):
                self._db.execute(f"DROP TABLE IF EXISTS temp.{table}")

    def __len__(self) -> int:
        return self._count("SELECT count(*) FROM staged")

    def usable(self) -> int:
        """Returns the number of records that have no reason against them."""
        return self._count("SELECT count(*) FROM staged WHERE reason IS NULL")

    def pictures(self) -> int:
        """Returns the number of records that have a picture on this machine."""
        return self._count("SELECT count(*) FROM staged WHERE path IS NOT NULL")

    # -- what has to be derived ----------------------------------------------------------------

    def unhashed(self, *, twins: bool = False) -> tuple[int, Iterator[tuple[str, PictureRef]]]:
        """Returns the number of pictures whose content is not known, and yields their keys and files.

        With `twins` only those that have the size of another picture: they may be copies.
        """
        where = "s.path IS NOT NULL AND s.content_hash IS NULL AND s.reason IS NULL"
        if twins:
            with translated(self._path):
                self._db.execute(
                    "CREATE INDEX IF NOT EXISTS temp.staged_size ON staged(size) "
                    "WHERE path IS NOT NULL"
                )
            where += (
                " AND EXISTS (SELECT 1 FROM staged t WHERE t.path IS NOT NULL "
                "AND t.size = s.size AND t.item <> s.item)"
            )
        count = self._count(f"SELECT count(*) FROM staged s WHERE {where}")
        pages = self._pages(f"SELECT s.item, {_RECORD} FROM staged s WHERE {where}", "s.item")
        return count, (from_columns(*values) for _, *values in pages)

    def set_hash(self, key: str, content_hash: str) -> None:
        """Sets the content hash of a record."""
        with translated(self._path):
            self._db.execute(
                "UPDATE staged SET content_hash = ? WHERE key = ?", (content_hash, key)
            )

    def fail(self, key: str, reason: str) -> None:
        """Leaves a record out of this build."""
        with translated(self._path):
            self._db.execute(
                "UPDATE staged SET content_hash = NULL, reason = ? WHERE key = ?", (reason, key)
            )

    def fail_larger(self, size: int, reason: str) -> None:
        """Leaves out all pictures of more than `size` bytes."""
        with translated(self._path):
            self._db.execute(
                "UPDATE staged SET reason = ? WHERE size > ? AND part = ''", (reason, size)
            )

    def refuse(self, content_hash: str, reason: str) -> None:
        """Leaves out all records with a content that cannot be used."""
        with translated(self._path):
            self._db.execute(
                "UPDATE staged SET reason = ? WHERE content_hash = ?", (reason, content_hash)
            )

    def plan(self, recipes: Sequence[str], encoder_hash: str | None, *, decoder: str = "") -> int:
        """Finds out what has to be derived, once for each content; returns the number of works.

        `recipes` are recipe hashes. Contents that this `decoder` has refused before are left out. Files
        that were moved or copied are stored under their new path.
        """
        with translated(self._path), atomic(self._db):
            self._db.execute(
                "UPDATE staged AS s SET reason = r.reason FROM main.refusals r WHERE s.reason IS NULL "
                "AND r.content_hash = s.content_hash AND r.decoder = ?1 AND "
                f"{checksums.intact('refusals', 'r', content_hash='s.content_hash', decoder='?1')}",
                (decoder,),
            )
            self._db.execute("DELETE FROM works")
            lack = self._lack(recipes, encoder_hash)
            self._db.execute(
                "INSERT INTO works SELECT item, lack, input FROM ("
                f"SELECT s.item, {lack}, i.details IS NOT :details AS stale "
                "FROM staged s LEFT JOIN images i ON i.content_hash = s.content_hash "
                "WHERE s.reason IS NULL AND s.path IS NOT NULL "
                "AND (s.content_hash IS NULL OR s.item = ("
                "SELECT min(t.item) FROM staged t WHERE t.content_hash = s.content_hash "
                "AND t.reason IS NULL))) WHERE lack OR input OR stale",
                {"details": self._details},
            )
            self._db.execute(
                f"INSERT OR REPLACE INTO files(key, {', '.join(STATUS)}, content_hash, sum) "
                f"SELECT s.key, {', '.join('s.' + name for name in STATUS)}, s.content_hash, "
                f"{checksums.sql('files')} FROM staged s "
                "WHERE s.content_hash IS NOT NULL AND NOT EXISTS (SELECT 1 "
                f"FROM files f WHERE {_SAME} AND f.content_hash = s.content_hash)"
            )
            return self._count("SELECT count(*) FROM works")

    def works(self) -> Iterator[tuple[str, PictureRef, int, bool]]:
        """Yields what `plan` found: key, file, the missing recipes as bits, and if it is to be embedded."""
        sql = (
            f"SELECT s.item, {_RECORD}, w.recipes, w.input FROM works w JOIN staged s USING (item)"
        )
        for _, *values, recipes, wants_input in self._pages(sql, "s.item"):
            yield *from_columns(*values), recipes, bool(wants_input)

    def check(self, recipes: Sequence[str], encoder_hash: str | None) -> None:
        """Leaves out the records that still lack something.

        Raises `DamagedLibraryError` if they lack it because the library does not find what it has.
        """
        with translated(self._path):
            lack = self._lack(recipes, encoder_hash)
            self._db.execute(
                "UPDATE staged SET content_hash = NULL, reason = :reason WHERE item IN ("
                f"SELECT item FROM (SELECT s.item, {lack}, i.id FROM staged s "
                "LEFT JOIN images i ON i.content_hash = s.content_hash "
                "WHERE s.reason IS NULL AND s.path IS NOT NULL) "
                "WHERE lack OR input OR id IS NULL)",
                {"reason": _UNFINISHED},
            )
            if self._db.changes():
                verify.require_structure(self._db, self._path)

    def _lack(self, recipes: Sequence[str], encoder_hash: str | None) -> str:
        """SQL for what a staged record `s` with image `i` lacks, as `lack` and `input`."""
        pack = vectors.find_pack(self._db, encoder_hash) if encoder_hash else None
        bits = ["0"]
        for at, recipe in enumerate(recipes):
            if not recipe.isalnum():
                raise ValueError(f"{recipe!r} is not a recipe hash")
            known = (
                "EXISTS (SELECT 1 FROM derivatives d WHERE d.content_hash = s.content_hash "
                f"AND d.recipe = '{recipe}')"
            )
            bits.append(f"CASE WHEN {known} THEN 0 ELSE {1 << at} END")
        embedded = (
            "EXISTS (SELECT 1 FROM embeddings e "
            f"WHERE e.pack = {pack[0] if pack else -1:d} AND e.image = i.id)"
        )
        wanted = f"NOT {embedded}" if encoder_hash else "0"
        return f"{' + '.join(bits)} AS lack, {wanted} AS input"

    def xmp_files(self) -> Iterator[tuple[str, Path]]:
        """Yields the XMP sidecars of the records: the key of a picture that has it, and its path.

        A sidecar of several pictures is yielded for each of them.
        """
        sql = "SELECT s.item, s.key, s.path, s.xmp FROM staged s WHERE s.xmp != x''"
        for _, key, path, stored in self._pages(sql, "s.item"):
            for file in xmp_files.beside(path, stored):
                yield key, file

    # -- results -----------------------------------------------------------------------

    def problems(self) -> list[Problem]:
        """Returns why records cannot be used, in the order of the records."""
        with translated(self._path):
            return [
                Problem(key, reason)
                for key, reason in self._db.execute(
                    "SELECT key, reason FROM staged WHERE reason IS NOT NULL ORDER BY item"
                )
            ]

    def damaged(self) -> list[Problem]:
        """Returns what is wrong with the files that are used although they are damaged."""
        with translated(self._path):
            return [
                Problem(key, reason)
                for key, reason, _ in self._db.execute(
                    f"SELECT s.key, i.damage, {_IMAGE} FROM staged s JOIN images i "
                    "ON i.content_hash = s.content_hash "
                    "WHERE s.reason IS NULL AND i.damage IS NOT NULL ORDER BY s.item"
                )
            ]

    def content_hash(self, key: str) -> str | None:
        """Returns the content hash of a record, or None if it cannot be used."""
        with translated(self._path):
            found = self._db.execute(
                "SELECT content_hash FROM staged WHERE key = ? AND reason IS NULL", (key,)
            ).get
            return None if found is None else str(found)

    def find(self, key: str) -> tuple[int, str | None] | None:
        """Returns number and content hash of a usable record; a record without a picture has no hash."""
        with translated(self._path):
            sql = "SELECT item, content_hash FROM staged WHERE key = ? AND reason IS NULL"
            return self._db.execute(sql, (key,)).fetchone()

    def unembedded(self, encoder_hash: str) -> Iterator[tuple[str, str]]:
        """Yields key and content hash of the usable pictures without an embedding of this encoder."""
        pack = vectors.find_pack(self._db, encoder_hash)
        sql = (
            "SELECT s.item, s.key, s.content_hash FROM staged s JOIN images i USING (content_hash) "
            "WHERE s.reason IS NULL AND NOT EXISTS (SELECT 1 FROM embeddings e "
            f"WHERE e.pack = {pack[0] if pack else -1:d} AND e.image = i.id)"
        )
        yield from ((key, content_hash) for _, key, content_hash in self._pages(sql, "s.item"))

    def images(self) -> Iterator[StagedImage]:
        """Yields the usable records by key, in the order of code points."""
        with translated(self._path):
            found = self._db.execute(
                f"SELECT CASE WHEN i.id IS NULL THEN 1 ELSE {_IMAGE} END, s.item, s.key, "
                "s.fields, i.id, s.content_hash, i.width, i.height, i.metadata, s.path, s.xmp, "
                "s.image_url, s.thumbnail_url FROM staged s "
                "LEFT JOIN images i ON i.content_hash = s.content_hash "
                "WHERE s.reason IS NULL AND (s.path IS NULL OR i.id IS NOT NULL) ORDER BY s.key"
            )
            count = 0
            for _, item, key, own, image, content_hash, width, height, *more in found:
                metadata, path, xmp, image_url, thumbnail_url = more
                count += 1
                yield StagedImage(
                    item,
                    key,
                    json.loads(own),
                    image,
                    content_hash,
                    width or 0,
                    height or 0,
                    json.loads(metadata) if metadata else {},
                    xmp_files.merged(self._db, self._path, path, xmp) if xmp else {},
                    image_url,
                    thumbnail_url,
                )
        if count != self.usable():
            raise DamagedLibraryError(self._path, "pictures are missing")

    def placed(self) -> Placed:
        """Returns the table of what will be published, which is empty at first."""
        return Placed(self._db, self._path)

    def changed(self) -> list[str]:
        """Returns the keys of the files that are not those any more that were listed."""
        found = []
        for _, *values in self._pages(_PICTURES, "s.item"):
            key, picture = from_columns(*values)
            try:
                status = picture.path.stat()
                same = (status.st_mtime_ns, status.st_size) == (picture.mtime_ns, picture.size)
            except OSError:
                same = False
            if not same:
                found.append(key)
        return found

    def note_links(self) -> None:
        """Stores the change times of files again, because hard links to them change these.

        A file with another size, modification time or inode was changed by someone else and is left alone.
        """
        for _, *values in self._pages(_PICTURES, "s.item"):
            key, picture = from_columns(*values)
            try:
                status = picture.path.stat()
            except OSError:
                continue
            with translated(self._path):
                self._db.execute(
                    f"UPDATE files SET ctime_ns = ?1, sum = {checksums.sql('files', ctime_ns='?1')} "
                    "WHERE key = ?2 AND mtime_ns = ?3 AND size = ?4 AND inode = ?5 AND part = '' "
                    f"AND ctime_ns <> {UNSETTLED}",
                    (
                        status.st_ctime_ns,
                        key,
                        status.st_mtime_ns,
                        status.st_size,
                        status.st_ino & INODE_BITS,
                    ),
                )

    def prune(self) -> int:
        """Forgets the files that no record names; returns how many.

        What was derived from them stays: a file that comes back needs no work.
        """
        with translated(self._path), atomic(self._db):
            self._db.execute(
                "DELETE FROM files WHERE NOT EXISTS "
                "(SELECT 1 FROM staged s WHERE s.key = files.key)"
            )
            gone = int(self._db.changes())
            xmp_files.keep(self._db, (path for _, path in self.xmp_files()))
            return gone

    def _count(self, sql: str) -> int:
        with translated(self._path):
            return int(self._db.execute(sql).get or 0)

    def _pages(self, sql: str, by: str) -> Iterator[Any]:
        """Yields rows page by page, rising by the number `by`, so that no statement stays open."""
        joined = "AND" if " WHERE " in sql else "WHERE"
        last: Any = -1
        while True:
            with translated(self._path):
                page = self._db.execute(
                    f"{sql} {joined} {by} > ? ORDER BY {by} LIMIT {_PAGE}", (last,)
                ).fetchall()
            if not page:
                return
            last = page[-1][0]
            yield from page
