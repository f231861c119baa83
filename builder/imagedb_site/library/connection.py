"""Opening the library's SQLite file, and its errors in this program's words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
import sqlite_vec

from imagedb_site.errors import LibraryError, StorageError
from imagedb_site.library.schema import APPLICATION_ID, MIGRATIONS

_BUSY_MS = 10_000
_REBUILD = "Move the file away: the next build makes a new one (and derives everything anew)."


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turns SQLite's errors into `StorageError` and `LibraryError`, with what to do next."""
    try:
        yield
    except apsw.FullError as error:
        raise StorageError(
            f"The disk is full: {path} cannot grow.", "Free some space and run it again."
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
            f"The library {path} is in use by another program.", "Wait for the other build to end."
        ) from error
    except (apsw.NotADBError, apsw.CorruptError) as error:
        raise LibraryError(f"The library {path} is damaged.", _REBUILD) from error
    except apsw.Error as error:
        raise LibraryError(f"The library {path} cannot be used: {error}.", _REBUILD) from error


def connect(path: Path) -> apsw.Connection:
    """Opens or creates the library at `path` and brings it to this version's schema."""
    with translated(path):
        if path.is_dir():
            raise LibraryError(f"The library {path} is a folder.", "Name a file.")
        connection = apsw.Connection(str(path))
        try:
            _prepare(connection, path)
        except BaseException:
            connection.close()
            raise
        return connection


@contextmanager
def atomic(connection: apsw.Connection) -> Iterator[None]:
    """A transaction, or a savepoint inside one; undone as a whole where the block raises."""
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
    # A file this program did not make is refused before anything in it is changed.
    _check(connection, path)
    connection.enable_load_extension(True)
    try:
        connection.load_extension(sqlite_vec.loadable_path())
    except apsw.ExtensionLoadingError as error:
        raise LibraryError(
            "The sqlite-vec extension cannot be loaded.", "Reinstall the sqlite-vec package."
        ) from error
    finally:
        connection.enable_load_extension(False)
    # A write-ahead log never leaves a half-written page; NORMAL may lose the last transactions in a
    # power cut, and the next build derives those again.
    connection.pragma("journal_mode", "wal")
    connection.pragma("synchronous", "normal")
    connection.pragma("foreign_keys", True)
    connection.pragma("trusted_schema", False)
    connection.pragma("cache_size", -32_768)
    if _check(connection, path) == len(MIGRATIONS):
        return
    with atomic(connection):
        # Another process may have migrated it in the meantime.
        for migrate in MIGRATIONS[_check(connection, path) :]:
            migrate(connection)
        connection.pragma("application_id", APPLICATION_ID)
        connection.pragma("user_version", len(MIGRATIONS))


def _check(connection: apsw.Connection, path: Path) -> int:
    """Returns the schema version of a file that may be opened."""
    version = int(connection.pragma("user_version"))
    application = int(connection.pragma("application_id"))
    if application == APPLICATION_ID:
        if version > len(MIGRATIONS):
            raise LibraryError(
                f"The library {path} was written by a newer version of imagedb-site "
                f"(schema {version}, this version knows {len(MIGRATIONS)}).",
                "Update imagedb-site, or choose another file with --library.",
            )
        return version
    tables = connection.execute("SELECT count(*) FROM sqlite_master").get
    if application or version or tables:
        raise LibraryError(
            f"{path} is a database of another program.", "Choose another file with --library."
        )
    return 0
