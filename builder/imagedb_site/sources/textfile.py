"""Reads table files as text, piece by piece: plain or gzip, in the encodings that programs write."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO

from imagedb_site.errors import SourceError

MOST_CHARACTERS = 16 << 20
"""The longest line of a table, or the longest object of a JSON file, in characters."""

_MOST_UNPACKED = 4 << 30
_PIECE = 1 << 20


@contextmanager
def open_text(path: Path, *, packed: bool, spreadsheet: bool, newline: str) -> Iterator[TextIO]:
    """Opens the file at `path` as text; `newline` as for `open`.

    It is UTF-8, or UTF-16 if it starts with a byte order mark. A `spreadsheet` that is not UTF-8 is
    Windows-1252, which spreadsheet programs write by default.

    Raises `SourceError`, also while it is read, if the file cannot be read or is not text.
    """
    encoding = _encoding(path, packed, spreadsheet)
    try:
        with (
            _open(path, packed) as stream,
            io.TextIOWrapper(stream, encoding, None, newline) as text,
        ):
            yield text
    except UnicodeDecodeError as error:
        raise _not_text(path) from error


def lines(path: Path, text: TextIO) -> Iterator[str]:
    """Yields the lines of `text`; raises `SourceError` if one is too long to be held in memory."""
    number = 0
    while line := text.readline(MOST_CHARACTERS + 1):
        number += 1
        if len(line) > MOST_CHARACTERS:
            raise SourceError(
                f"Line {number} of {path.name} is longer than {MOST_CHARACTERS:,} characters.",
                "Check that the file is what its suffix says.",
            )
        yield line


def _not_text(path: Path) -> SourceError:
    return SourceError(f"The table {path.name} is not UTF-8 text.", "Save it as UTF-8.")


def _encoding(path: Path, packed: bool, spreadsheet: bool) -> str:
    with _open(path, packed) as stream:
        piece = stream.read(_PIECE)
        if piece[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            return "utf-16"
        if not spreadsheet:
            return "utf-8-sig"
        # Nothing in the text names its encoding; only reading all of it shows whether it is UTF-8.
        decoder = codecs.getincrementaldecoder("utf-8-sig")()
        try:
            while piece:
                decoder.decode(piece)
                piece = stream.read(_PIECE)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8-sig"


def _open(path: Path, packed: bool) -> io.BufferedReader:
    try:
        stream = gzip.open(path) if packed else path.open("rb")  # noqa: SIM115
    except OSError as error:
        raise _unreadable(path, error) from error
    return io.BufferedReader(_Checked(path, stream, _MOST_UNPACKED if packed else None), _PIECE)


def _unreadable(path: Path, error: Exception) -> SourceError:
    reason = getattr(error, "strerror", None) or "it is damaged"
    return SourceError(f"The table {path} cannot be read: {reason}.")


class _Checked(io.RawIOBase):
    """The bytes of a file, with errors in this program's words.

    Reading more than `most` bytes raises `SourceError`: a small packed file may unpack to an enormous one.
    """

    def __init__(self, path: Path, stream: BinaryIO | gzip.GzipFile, most: int | None) -> None:
        self._path = path
        self._stream = stream
        self._most = most
        self._read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        try:
            count = self._stream.readinto(buffer)  # type: ignore[union-attr]
        except (OSError, EOFError, zlib.error) as error:
            raise _unreadable(self._path, error) from error
        self._read += count
        if self._most is not None and self._read > self._most:
            raise SourceError(
                f"The table {self._path.name} is larger than {self._most >> 30} GiB unpacked.",
                "Unpack it, and give the unpacked file.",
            )
        return count

    def close(self) -> None:
        self._stream.close()
        super().close()
