"""The members of a tar file, with the place of their bytes; nothing is unpacked.

Names in an archive are text to be shown, never paths to be written to.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, cast

from imagedb_site.errors import SourceError
from imagedb_site.sources.faults import Faults

_MOST_HEADER = 1 << 20
_MOST_NAME = 1_000
_DAMAGED = "a header is damaged or cut; the files before it were read"


@dataclass(frozen=True)
class Member:
    """A regular file in a tar file: its bytes are `size` ones from `offset`."""

    name: str
    offset: int
    size: int


class _TooLong(Exception):
    """A header that is too long to be read into memory."""


class _Headers:
    """The bytes of a tar file for `tarfile`, which reads whole headers: none may be too long."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def read(self, size: int) -> bytes:
        if size > _MOST_HEADER:
            raise _TooLong
        return self._stream.read(size)

    def seek(self, at: int) -> int:
        return self._stream.seek(at)

    def tell(self) -> int:
        return self._stream.tell()


def members(path: Path, stream: BinaryIO, faults: Faults) -> Iterator[Member]:
    """Yields the regular files of the tar file at `path`, opened as `stream`, in their order.

    What else is in it (links, devices) is left out, as is everything behind a damaged header; both are
    faults. Raises `SourceError` if it is not a tar file.
    """
    end = path.stat().st_size
    try:
        with tarfile.TarFile.open(
            fileobj=cast(IO[bytes], _Headers(stream)),
            mode="r:",
            encoding="utf-8",
            errors="surrogateescape",
        ) as archive:
            while (info := archive.next()) is not None:
                # The archive keeps a list of all members, which would grow with the file.
                archive.members = []  # type: ignore[attr-defined]
                if info.isdir():
                    continue
                if not info.isreg() or info.issparse() or len(info.name) > _MOST_NAME:
                    faults.once(
                        "members that are not regular files",
                        "has members that are not regular files, such as links; they were left out",
                    )
                elif info.offset_data + info.size > end:
                    faults.add(
                        "files that are damaged",
                        f"it ends inside {info.name[:80]!r}; the files before it were read",
                    )
                    return
                else:
                    yield Member(info.name, info.offset_data, info.size)
            # The archive ends quietly at a header that is cut or damaged; a sound one ends with zeros.
            stream.seek(archive.offset)
            if any(stream.read(tarfile.BLOCKSIZE)):
                faults.add("files that are damaged", _DAMAGED)
    except (tarfile.TarError, _TooLong, EOFError, ValueError, OverflowError) as error:
        if isinstance(error, tarfile.ReadError) and stream.tell() <= tarfile.BLOCKSIZE:
            raise SourceError(f"{path.name} is not a tar file that can be read.") from error
        faults.add("files that are damaged", _DAMAGED)
