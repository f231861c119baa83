"""Every error this program raises on purpose.

ImageDBError                      exit 1   anything below
├── UsageError                    exit 2   a wrong option, key, name or combination
│   └── QuerySyntaxError          exit 2   an FTS5 expression that SQLite refuses
├── SourceError                   exit 3   the collection cannot be used as given
├── PictureError                  exit 4   one picture cannot be used (collected, fatal only under --strict)
├── PackError                     exit 5   a model pack is missing, damaged or of another version
├── LibraryError                  exit 6   the library file cannot be opened, migrated or written
│   └── DamagedLibraryError       exit 6   its content is not what was stored; a build repairs it
├── FormatError                   exit 7   a published site breaks docs/FORMAT.md
├── StorageError                  exit 8   disk full, permission denied, lost connection
└── CheckError                    exit 9   `check` found problems

Each message is one sentence that says what is wrong; `hint` says what to do next. A message may quote input
of any length, so its middle is left out if it is longer than `MOST_CHARACTERS`.
"""

from __future__ import annotations

from pathlib import Path

MOST_CHARACTERS = 1000


class ImageDBError(Exception):
    """Base of the tree. `hint` is printed on its own line by the command line."""

    exit_code = 1

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(_shortened(message))
        self.hint = None if hint is None else _shortened(hint)


def _shortened(text: str) -> str:
    """Returns a text without its middle if it is too long."""
    half = MOST_CHARACTERS // 2
    return text if len(text) <= MOST_CHARACTERS else f"{text[:half]} … {text[-half:]}"


class UsageError(ImageDBError):
    exit_code = 2


class SourceError(ImageDBError):
    exit_code = 3


class PictureError(ImageDBError):
    exit_code = 4


class QuerySyntaxError(UsageError):
    """An FTS5 expression that SQLite refuses; `suggestion` is the quoted query that it takes."""

    def __init__(self, message: str, suggestion: str) -> None:
        super().__init__(message, f"Search for the words themselves: {suggestion}")
        self.suggestion = suggestion


class PackError(ImageDBError):
    exit_code = 5


class LibraryError(ImageDBError):
    exit_code = 6


class DamagedLibraryError(LibraryError):
    """A library whose content is not what was stored. `reason` says how that was found."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"The library {path} is damaged: {reason}.",
            "Run `imagedb-site build` again, with --repair: what is intact stays, and the rest is made "
            "again from the pictures.",
        )
        self.path = path
        self.reason = reason


class FormatError(ImageDBError):
    exit_code = 7


class StorageError(ImageDBError):
    exit_code = 8


class CheckError(ImageDBError):
    exit_code = 9
