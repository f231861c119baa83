"""Opening the library's SQLite file, and its errors in this program's words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from imagedb_site.errors import LibraryError, StorageError
from imagedb_site.library.schema import APPLICATION_ID, SCHEMA, VERSION

_BUSY_MS = 10_000
_REBUILD = "Delete the file. The next build makes a new one and processes all pictures again."


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
    except (apsw.NotADBError, apsw.CorruptError) as error:
        raise LibraryError(f"The library {path} is damaged.", _REBUILD) from error
    except apsw.Error as error:
        raise LibraryError(f"The library {path} cannot be used: {error}.", _REBUILD) from error


def connect(path: Path) -> apsw.Connection:
    """Opens the library at `path`, or creates it. Raises `LibraryError` and `StorageError`."""
    with translated(path):
        if path.is_dir():
            raise LibraryError(f"The library {path} is a folder, not a file.", "Give another path.")
        connection = apsw.Connection(str(path))
        try:
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
    # A file of another program is refused before anything in it is changed.
    _check(connection, path)
    # A write-ahead log never leaves a half-written page. FULL: what was stored survives a power cut. A build
    # stores a batch of pictures at a time, so the disk has to be waited for less than once in a second.
    connection.pragma("journal_mode", "wal")
    connection.pragma("synchronous", "full")
    connection.pragma("trusted_schema", False)
    connection.pragma("cache_size", -32_768)
    if _check(connection, path) == VERSION:
        return
    with atomic(connection):
        # Another process may have created the tables in the meantime.
        if _check(connection, path) != VERSION:
            connection.execute(SCHEMA)
            connection.pragma("application_id", APPLICATION_ID)
            connection.pragma("user_version", VERSION)


def _check(connection: apsw.Connection, path: Path) -> int:
    """Returns the schema version of a library, or 0 of an empty file; refuses every other file."""
    version = int(connection.pragma("user_version"))
    application = int(connection.pragma("application_id"))
    if application == APPLICATION_ID:
        if version < VERSION:
            raise LibraryError(
                f"The library {path} was written by an older version of imagedb-site.", _REBUILD
            )
        if version > VERSION:
            raise LibraryError(
                f"The library {path} was written by a newer version of imagedb-site.",
                "Update imagedb-site, or choose another folder with --library.",
            )
        return version
    tables = connection.execute("SELECT count(*) FROM sqlite_master").get
    if application or version or tables:
        raise LibraryError(
            f"{path} is a database of another program.", "Choose another folder with --library."
        )
    return 0
