"""Opening the library's SQLite file, and its errors in this program's words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path

import apsw

from imagedb_site.errors import DamagedLibraryError, LibraryError, StorageError
from imagedb_site.library import checksums, part_files
from imagedb_site.library.migrate import BEFORE, migrate
from imagedb_site.library.schema import APPLICATION_ID, SCHEMA, VERSION

_BUSY_MS = 10_000
_SCHEMA = "schema"
"""The setting with the schema version."""
_MAGIC = b"SQLite format 3\0"
_DAMAGE = (
    *(apsw.NotADBError, apsw.CorruptError, apsw.SQLError, apsw.ConstraintError),
    *(apsw.MismatchError, apsw.TooBigError, apsw.FormatError, apsw.SchemaChangeError),
    UnicodeDecodeError,
)
"""What SQLite and its interface raise if a file is not what was written."""


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turns SQLite's errors into `StorageError` and `LibraryError`, with what to do next."""
    try:
        yield
    except apsw.FullError as error:
        raise StorageError(
            f"The disk is full: {path} or its temporary files cannot grow.",
            "Free some space, then run the command again.",
        ) from error
    except (apsw.ReadOnlyError, apsw.PermissionsError, apsw.CantOpenError) as error:
        if not _has_header(path):
            raise DamagedLibraryError(path, "its header is not that of a database") from error
        raise StorageError(
            f"The library {path} cannot be opened for writing.",
            "Check the folder, its permissions, or choose another place with --library.",
        ) from error
    except (apsw.IOError, MemoryError) as error:
        raise StorageError(f"The library {path} cannot be read or written: {error}.") from error
    except apsw.BusyError as error:
        raise LibraryError(
            f"Another program is using the library {path}.", "Wait for the other build to end."
        ) from error
    except _DAMAGE as error:
        raise DamagedLibraryError(path, _reason(error)) from error
    except apsw.Error as error:
        raise LibraryError(f"The library {path} cannot be used: {error}.") from error


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "a text is not UTF-8"
    # SQLite puts the kind of error before its own words.
    return str(error).rpartition("Error: ")[2][:200] or "it is not a database"


def _has_header(path: Path) -> bool:
    """Whether a file can be opened and starts as databases that this program writes; True if unknown."""
    try:
        with path.open("rb") as file:
            start = file.read(100)
    except OSError:
        return True
    return len(start) < 100 or (
        start[:16] == _MAGIC and start[18] in (1, 2) and start[19] in (1, 2)
    )


def connect(path: Path) -> apsw.Connection:
    """Opens the library at `path`, or creates it. Raises `LibraryError` and `StorageError`."""
    with translated(path):
        if path.is_dir():
            raise LibraryError(f"The library {path} is a folder, not a file.", "Give another path.")
        connection = apsw.Connection(str(path))
        try:
            checksums.register(connection, path)
            part_files.register(connection, path)
            _prepare(connection, path)
        except BaseException:
            connection.close()
            raise
        return connection


@contextmanager
def atomic(connection: apsw.Connection) -> Iterator[None]:
    """A transaction, or a savepoint inside one; undone completely if the block raises."""
    nested = not connection.get_autocommit()
    connection.execute("SAVEPOINT nested" if nested else "BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("RELEASE nested" if nested else "COMMIT")
    except BaseException:
        # A full disk makes SQLite roll everything back by itself.
        if not connection.get_autocommit():
            connection.execute(
                "ROLLBACK TO nested; RELEASE nested" if nested else "ROLLBACK",
            )
        raise


def _prepare(connection: apsw.Connection, path: Path) -> None:
    connection.set_busy_timeout(_BUSY_MS)
    # SQLite opens a file with some damaged headers, but only for reading.
    if not _has_header(path):
        raise DamagedLibraryError(path, "its header is not that of a database")
    # A file of another program is refused before anything in it is changed.
    _check(connection, path)
    # A write-ahead log never leaves a half-written page. FULL: what was stored survives a power cut. A build
    # stores a batch of pictures at a time, so the disk has to be waited for less than once in a second.
    connection.pragma("journal_mode", "wal")
    connection.pragma("synchronous", "full")
    connection.pragma("trusted_schema", False)
    # More makes a build of 100,000 pictures no faster: the system keeps the file in memory too.
    connection.pragma("cache_size", -8192)
    if _check(connection, path) == VERSION:
        return
    with atomic(connection):
        # Another process may have created the tables in the meantime.
        version = _check(connection, path)
        if version == VERSION:
            return
        if version in BEFORE:
            migrate(connection, path, version)
        else:
            connection.execute(SCHEMA)
            connection.pragma("application_id", APPLICATION_ID)
        connection.execute(checksums.insert("meta"), (_SCHEMA, str(VERSION)))
        connection.pragma("user_version", VERSION)


def _check(connection: apsw.Connection, path: Path) -> int:
    """Returns the schema version of a library, or 0 of an empty file; refuses every other file.

    The header has the version, and so has a setting: if they differ, the header is damaged.
    """
    version = int(connection.pragma("user_version"))
    application = int(connection.pragma("application_id"))
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    ours = checksums.COLUMNS.keys() <= tables
    if application != APPLICATION_ID:
        if ours:
            raise DamagedLibraryError(path, "its header is that of another program")
        if application or version or tables:
            raise LibraryError(
                f"{path} is a database of another program.",
                "Choose another folder with --library.",
            )
        return 0
    if version == VERSION:
        if _columns(connection) != _expected_columns():
            raise DamagedLibraryError(path, "its tables are not those of a library")
        return version
    if ours and _columns(connection) == _expected_columns() and _setting(connection) == VERSION:
        raise DamagedLibraryError(path, "its header has a wrong version")
    if version > VERSION:
        raise LibraryError(
            f"The library {path} was written by a newer version of imagedb-site.",
            "Update imagedb-site, or choose another folder with --library.",
        )
    if version < BEFORE[0]:
        raise LibraryError(
            f"The library {path} was written by an older version of imagedb-site.",
            "Delete the file. The next build makes a new one and processes all pictures again.",
        )
    return version


def _setting(connection: apsw.Connection) -> int:
    """Returns the schema version that a setting names, 0 if it does not say."""
    for value, _ in connection.execute(
        f"SELECT value, {checksums.intact('meta', name='?1')} FROM meta WHERE name = ?1",  # noqa: S608
        (_SCHEMA,),
    ):
        return int(value)
    return 0


def _columns(connection: apsw.Connection) -> dict[str, set[tuple[str, str, int, int]]]:
    """Returns name, type, whether it must have a value, and place in the key, of each table's columns."""
    return {
        table: {
            (name, kind, must, key)
            for _, name, kind, must, _, key in connection.execute(f"PRAGMA table_info({table})")
        }
        for table in checksums.COLUMNS
    }


@cache
def _expected_columns() -> dict[str, set[tuple[str, str, int, int]]]:
    with closing(apsw.Connection(":memory:")) as connection:
        connection.execute(SCHEMA)
        return _columns(connection)
