"""Reads table files as text, piece by piece: plain or packed, in the encodings that programs write."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TextIO

from imagedb_site.errors import SourceError
from imagedb_site.sources.faults import Faults
from imagedb_site.sources.packing import damage, most_unpacked, open_packed, read_some

MOST_CHARACTERS = 16 << 20
"""The longest line of a table, or the longest object of a JSON file, in characters."""

_PIECE = 1 << 20
Damaged = Callable[[str], None]
"""Is told what is wrong with a packed file that can be read in part."""

_BYTE = re.compile("[\udc80-\udcff]")
"""A byte that is not UTF-8, as the error handler `surrogateescape` decodes it."""


@dataclass(frozen=True)
class Encoding:
    """How the bytes of a file are read as text.

    With `mixed`, single bytes are not UTF-8: they are lone surrogates in the text, and `mended` reads them.
    """

    name: str
    mixed: bool = False


def find_encoding(
    path: Path, *, packing: str, spreadsheet: bool, damaged: Damaged | None = None
) -> Encoding:
    """Returns the encoding of the file at `path`; `packing` and `damaged` as for `open_text`.

    It is UTF-8, or UTF-16 if it starts with a byte order mark or every second byte is zero. A `spreadsheet`
    in which most special characters are not UTF-8 is Windows-1252, which spreadsheet programs write by
    default; nothing in the text names it, so all of it is read.

    Raises `SourceError` if the file cannot be read.
    """
    with _open(path, packing, damaged) as stream:
        piece = stream.read(_PIECE)
        marked = _marked(piece)
        if marked or not spreadsheet:
            return Encoding(marked) if marked else Encoding("utf-8-sig", mixed=True)
        decoder = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape")
        special = wrong = 0
        while piece:
            text = decoder.decode(piece)
            piece = stream.read(_PIECE)
            if not piece:
                text += decoder.decode(b"", final=True)
            if not text.isascii():
                special += len(text) - len(text.encode("ascii", "ignore"))
                if mended(text) is not text:
                    wrong += len(_BYTE.findall(text))
    return Encoding("cp1252") if wrong > special - wrong else Encoding("utf-8-sig", wrong > 0)


@contextmanager
def open_text(
    path: Path, encoding: Encoding, *, packing: str, newline: str, damaged: Damaged | None = None
) -> Iterator[TextIO]:
    """Opens the file at `path` as text; `newline` as for `open`, `packing` as for `packing.open_packed`.

    If a packed file is damaged behind its first bytes, `damaged` is called with the reason, and the text
    ends there. Raises `SourceError`, also while it is read, if the file cannot be read or is not text;
    without `damaged` also if it is damaged.
    """
    unfit = "surrogateescape" if encoding.mixed else "strict"
    if encoding.name.startswith("utf-16") or encoding.name == "utf-32":
        unfit = "replace"
    try:
        with (
            _open(path, packing, damaged) as stream,
            io.TextIOWrapper(stream, encoding.name, unfit, newline) as text,
        ):
            yield text
    except UnicodeError as error:
        raise SourceError(
            f"The table {path.name} is not UTF-8 text.", "Save it as UTF-8."
        ) from error


def lines(text: TextIO, faults: Faults) -> Iterator[str]:
    """Yields the lines of `text`. A line that is too long to be held in memory is an empty line instead."""
    number = 0
    while line := text.readline(MOST_CHARACTERS + 1):
        number += 1
        if len(line) > MOST_CHARACTERS:
            while line and line[-1] not in "\r\n":
                line = text.readline(MOST_CHARACTERS)
            reason = f"line {number} is longer than {MOST_CHARACTERS:,} characters and was left out"
            faults.add("lines that are too long", reason)
            line = "\n"
        yield line


def mended(text: str) -> str:
    """Returns `text` with its bytes that are not UTF-8 read as Windows-1252."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return _BYTE.sub(
            lambda byte: bytes([ord(byte[0]) - 0xDC00]).decode("cp1252", "replace"), text
        )
    return text


def _marked(start: bytes) -> str | None:
    """Returns the encoding that the first bytes of a file show; None if it is some other one."""
    if start[:4] in (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE):
        return "utf-32"
    if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    start = start[:4096]
    even, odd = start[::2].count(0), start[1::2].count(0)
    if max(even, odd) * 4 > len(start) and min(even, odd) * 40 < len(start):
        return "utf-16-le" if odd > even else "utf-16-be"
    return None


def _open(path: Path, packing: str, damaged: Damaged | None) -> io.BufferedReader:
    try:
        stream = open_packed(path, packing)
        most = most_unpacked(path.stat().st_size) if packing else None
    except (OSError, EOFError) as error:
        raise _unreadable(path, error) from error
    return io.BufferedReader(_Checked(path, stream, most, damaged if packing else None), _PIECE)


def _unreadable(path: Path, error: Exception) -> SourceError:
    reason = getattr(error, "strerror", None) or damage(error) or "it is damaged"
    return SourceError(f"The table {path} cannot be read: {reason}.")


class _Checked(io.RawIOBase):
    """The bytes of a file, with errors in this program's words.

    Reading more than `most` bytes raises `SourceError`. If the file is damaged, its bytes end there and
    `damaged` is called, if there is such a function and something could be read.
    """

    def __init__(
        self, path: Path, stream: BinaryIO, most: int | None, damaged: Damaged | None
    ) -> None:
        self._path = path
        self._stream = stream
        self._most = most
        self._damaged = damaged
        self._read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        try:
            if self._damaged is None:
                count = self._stream.readinto(buffer)  # type: ignore[attr-defined]
            else:
                piece = read_some(self._stream, len(buffer))
                count = len(piece)
                buffer[:count] = piece
        except Exception as error:
            reason = damage(error)
            if reason is None and not isinstance(error, OSError):
                raise
            if reason is None or self._damaged is None or not self._read:
                raise _unreadable(self._path, error) from error
            self._damaged(reason)
            return 0
        self._read += count
        if self._most is not None and self._read > self._most:
            raise SourceError(
                f"The table {self._path.name} is larger than {self._most >> 30} GiB unpacked.",
                "Unpack it, and give the unpacked file.",
            )
        return int(count)

    def close(self) -> None:
        self._stream.close()
        super().close()
