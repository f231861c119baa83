"""Packed files (gzip, Zstandard, xz) as streams of bytes."""

from __future__ import annotations

import gzip
import importlib
import io
import lzma
import zlib
from pathlib import Path
from typing import Any, BinaryIO

from imagedb_site.errors import SourceError

PACKINGS = (".gz", ".zst", ".xz")
"""Suffixes of packed files."""

_STEP = 8 << 10
_LEAST_LIMIT = 4 << 30
_MOST_RATIO = 100


def split_packing(path: Path) -> tuple[str, str]:
    """Returns the suffix of the file without its packing, in lower case, and the packing, "" if none.

    `a.csv.gz` gives `(".csv", ".gz")`.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    packing = suffixes.pop() if suffixes and suffixes[-1] in PACKINGS else ""
    return "".join(suffixes[-1:]), packing


def open_packed(path: Path, packing: str) -> BinaryIO:
    """Opens the file at `path`, packed as its suffix `packing` says ("": not packed), for reading.

    Several streams one after the other in the file are read as one. Raises OSError, and SourceError if this
    installation cannot unpack Zstandard. Reading raises what `damage` recognises.
    """
    if packing == ".gz":
        return gzip.open(path)  # type: ignore[return-value]
    if packing == ".xz":
        return lzma.open(path)  # type: ignore[return-value]
    if packing == ".zst":
        return _open_zstandard(path)
    return path.open("rb")


def _open_zstandard(path: Path) -> BinaryIO:
    try:
        # Python 3.14 and later.
        module: Any = importlib.import_module("compression.zstd")
        return module.open(path)  # type: ignore[no-any-return]
    except ImportError:
        pass
    try:
        import pyarrow
    except ImportError as error:
        raise SourceError(
            f"Reading {path.name} needs Python 3.14 or pyarrow, which unpack Zstandard.",
            'Run: pip install "imagedb-site[parquet]"',
        ) from error
    # The file is opened here so that a missing one raises the usual error.
    return _Arrow(  # type: ignore[return-value]
        pyarrow.CompressedInputStream(path.open("rb"), "zstd")
    )


class _Arrow(io.RawIOBase):
    """A stream of pyarrow as a raw stream; its own `readinto` is all that is used."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        return int(self._stream.readinto(buffer))

    def read1(self, size: int = -1, /) -> bytes:
        return bytes(self._stream.read(size))

    def close(self) -> None:
        self._stream.close()
        super().close()


def read_some(stream: BinaryIO, most: int) -> bytes:
    """Returns the next bytes of a stream, few at a time: those before damaged ones are not lost with them.

    "" at the end. Raises what `damage` recognises.
    """
    return stream.read1(min(most, _STEP))  # type: ignore[attr-defined,no-any-return]


def damage(error: Exception) -> str | None:
    """Returns what is wrong with a packed file if `error` says that it is damaged; None for other errors.

    An error of the disk has a number; those of the unpackers have none.
    """
    if isinstance(error, EOFError):
        return "it ends too early"
    if isinstance(error, (zlib.error, lzma.LZMAError)) or type(error).__name__ == "ZstdError":
        return _described(error)
    if isinstance(error, OSError) and error.errno is None:
        return _described(error)
    return None


def _described(error: Exception) -> str:
    early = "truncated" in str(error).lower() or "ended before" in str(error)
    return "it ends too early" if early else "it is damaged"


def most_unpacked(packed: int) -> int:
    """Returns how many bytes a file with `packed` bytes may unpack to: 4 GiB, or 100 times its size.

    A small file may unpack to an enormous one.
    """
    return max(_LEAST_LIMIT, _MOST_RATIO * packed)
