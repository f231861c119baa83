"""Makes a damaged library usable again: what is intact stays, the next build makes the rest again."""

# ruff: noqa: S608  (table and column names are this program's own; every value is bound)

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

import apsw

from imagedb_site.errors import DamagedLibraryError, StorageError
from imagedb_site.library import checksums, layouts, verify
from imagedb_site.library.connection import atomic, connect, translated
from imagedb_site.library.upkeep import get_meta
from imagedb_site.library.verify import Loss

DAMAGED = ".damaged"
"""What is added to the name of a damaged file that was replaced."""
_NEW = ".repaired"
_NOTE = "repair"
"""The setting with what was lost since the last build."""
_FROM_FIRST = (
    *("packs", "files", "images", "derivatives", "embeddings", "text_embeddings"),
    *("refusals", "xmp_files", "meta", "rows", "layout"),
)
_LAST = ("meta", "rows", "layout")
_WITHOUT_ROWID = ("meta", "files", "refusals", "xmp_files", "layout")


@dataclass
class Repair:
    """What became of a damaged library.

    `losses`: what is not known any more. `aside`: where the damaged file is now if it was replaced, and
    `reason` why. `layout`: False if the layout of the last build was lost.
    """

    losses: list[Loss] = field(default_factory=list)
    aside: str | None = None
    reason: str = ""
    layout: bool = True


def repair(path: Path, reason: str = "") -> None:
    """Removes damaged rows from the library at `path`, or replaces it by a new one with the intact rows.

    What was lost is noted in the library (`pending`) until a build has made it again. The damaged file
    that was replaced gets the suffix `.damaged`. Raises `StorageError`.
    """
    try:
        _in_place(path)
    except DamagedLibraryError as error:
        _replace(path, error.reason or reason, keep=True)


def start_again(path: Path, reason: str) -> None:
    """Replaces the library at `path` by an empty one. The damaged file gets the suffix `.damaged`."""
    _replace(path, reason, keep=False)


def _replace(path: Path, reason: str, *, keep: bool) -> None:
    """Replaces the library at `path` by a new one, if `keep` with all rows that are intact."""
    new = path.with_name(path.name + _NEW)
    _remove(new)
    result = Repair(aside=str(path.with_name(path.name + DAMAGED)), reason=reason)
    with closing(connect(new)) as target, translated(new):
        # Nothing but this process knows the new file before it is complete.
        target.pragma("journal_mode", "off")
        with atomic(target):
            if keep:
                _rescue(path, target, result)
            _settle(target, new, result)
    try:
        _move(path, path.with_name(path.name + DAMAGED))
        new.rename(path)
    except OSError as error:
        raise StorageError(
            f"The damaged library {path} cannot be moved aside: {error.strerror}."
        ) from error


def resume(path: Path) -> None:
    """Completes a replacement that was interrupted between its two last steps."""
    new = path.with_name(path.name + _NEW)
    with suppress(OSError):
        if new.exists() and not path.exists():
            new.rename(path)


def pending(db: apsw.Connection) -> Repair:
    """Returns what was lost and has not been made again by a build that was completed."""
    noted = json.loads(get_meta(db, _NOTE) or "{}")
    losses = [Loss(**loss) for loss in noted.pop("losses", [])]
    return Repair(losses, **noted)


def settled(db: apsw.Connection) -> None:
    """Forgets what was lost, because it has been made again."""
    db.execute("DELETE FROM meta WHERE name = ?", (_NOTE,))


def _in_place(path: Path) -> None:
    with closing(connect(path)) as db, translated(path), atomic(db):
        verify.require_structure(db, path)
        result = Repair()
        names: dict[str, list[str]] = {}
        found = list(verify.damaged_rows(db))
        for table, _, about in found:
            result.losses += verify.named(db, table, about, names)
        for table, key, _ in found:
            columns = " AND ".join(f"{name} = ?" for name in verify.KEYS[table])
            db.execute(f"DELETE FROM {table} WHERE {columns}", key)
        _settle(db, path, result)


def _settle(db: apsw.Connection, path: Path, result: Repair) -> None:
    """Removes what belongs to rows that are gone, and notes what was lost."""
    db.execute(
        "DELETE FROM embeddings WHERE image NOT IN (SELECT id FROM images) "
        "OR pack NOT IN (SELECT id FROM packs)"
    )
    db.execute("DELETE FROM text_embeddings WHERE pack NOT IN (SELECT id FROM packs)")
    try:
        # If something of the last build was lost and no layout is left, there was one.
        lost = result.aside is not None or any(one.table in _LAST for one in result.losses)
        result.layout = layouts.get(db, path) is not None or not lost
    except DamagedLibraryError:
        result.layout = False
        layouts.forget(db)
    # The next build writes the full text again.
    db.execute("DELETE FROM meta WHERE name IN ('fields', 'full_text')")
    before = pending(db)
    result.losses = list(dict.fromkeys([*before.losses, *result.losses]))
    result.aside = result.aside or before.aside
    result.reason = result.reason or before.reason
    result.layout = result.layout and before.layout
    db.execute(checksums.insert("meta"), (_NOTE, json.dumps(asdict(result))))


def _rescue(path: Path, target: apsw.Connection, result: Repair) -> None:
    """Copies every row that can be read and is intact."""
    names: dict[str, list[str]] = {}
    try:
        source = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    except apsw.Error:
        return
    with closing(source):
        for table in _FROM_FIRST:
            columns = _columns(source, target, table)
            places = ", ".join("?" for _ in columns)
            into = f"INSERT OR IGNORE INTO {table}({', '.join(columns)}) VALUES ({places})"
            for values in _readable(source, table, columns):
                row = dict(zip(columns, values, strict=True))
                if _is_intact(target, table, row):
                    target.execute(into, values)
                elif table not in ("meta", "layout", "packs"):
                    about = row.get("key") or row.get("content_hash") or ""
                    if table == "embeddings":
                        about = _content_hash(target, row["image"])
                    result.losses += verify.named(target, table, str(about), names)


def _columns(source: apsw.Connection, target: apsw.Connection, table: str) -> list[str]:
    """Returns the columns of a table that both have: the damaged library may be an older one."""
    ours = [str(name) for _, name, *_ in target.execute(f"PRAGMA table_info({table})")]
    try:
        theirs = {name for _, name, *_ in source.execute(f"PRAGMA table_info({table})")}
    except (apsw.Error, UnicodeDecodeError, MemoryError):
        return ours
    return [name for name in ours if name in theirs] or ours


def _readable(
    source: apsw.Connection, table: str, columns: list[str]
) -> Iterator[tuple[checksums.Cell, ...]]:
    """Yields the rows of a table that can be read, from its beginning and then from its end.

    A page that cannot be read ends each of the two; rows between two such pages are not found.
    """
    by = verify.KEYS[table] if table in _WITHOUT_ROWID else ("rowid",)
    hint = "" if table in _WITHOUT_ROWID else "NOT INDEXED"
    seen: set[tuple[checksums.Cell, ...]] = set()
    for direction in ("", " DESC"):
        order = ", ".join(f"{name}{direction}" for name in by)
        sql = f"SELECT {', '.join(by)}, {', '.join(columns)} FROM {table} {hint} ORDER BY {order}"
        try:
            for found in source.execute(sql):
                key = found[: len(by)]
                if direction and key in seen:
                    return
                if not direction:
                    seen.add(key)
                yield found[len(by) :]
            return
        except (apsw.Error, UnicodeDecodeError, MemoryError):
            continue


def _is_intact(target: apsw.Connection, table: str, row: dict[str, checksums.Cell]) -> bool:
    cells = dict(row)
    try:
        if table == "derivatives":
            # A library of before has no parts.
            where = [row.get(name, "") for name in ("data", "part_file", "part_start", "part_size")]
            cells["data_sum"] = target.execute("SELECT crc(picture(?, ?, ?, ?))", where).get
        if table in ("embeddings", "text_embeddings"):
            sql = "SELECT encoder_hash FROM packs WHERE id = ?"
            cells["encoder_hash"] = target.execute(sql, (row["pack"],)).get
        if table == "embeddings":
            cells["content_hash"] = _content_hash(target, row["image"]) or None
        given = [cells[name] for name in checksums.COLUMNS[table]]
        return checksums.checksum(table, *given) == row["sum"]
    except (apsw.Error, TypeError, ValueError):
        return False


def _content_hash(target: apsw.Connection, image: checksums.Cell) -> str:
    found = target.execute("SELECT content_hash FROM images WHERE id = ?", (image,)).get
    return str(found or "")


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _move(path: Path, to: Path) -> None:
    """Moves a library with the files that SQLite keeps beside it; an earlier one at `to` is replaced."""
    _remove(to)
    for suffix in ("-wal", "-shm", ""):
        source = path.with_name(path.name + suffix)
        if source.exists():
            source.rename(to.with_name(to.name + suffix))
