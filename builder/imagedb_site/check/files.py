"""The files of a site that is checked: where they are, and what each of them is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from imagedb_site.check.report import Finding, Level
from imagedb_site.container import FileEntry
from imagedb_site.errors import StorageError
from imagedb_site.layout import MANIFEST, OWN_NAMES, hash_in_name
from imagedb_site.reader.source import FolderSource, Source


@dataclass(frozen=True)
class Wanted:
    """A file that the site names. `entry` is what it must be, None for a picture: then its name says it."""

    path: str
    entry: FileEntry | None = None

    def is_met_by(self, size: int, sha256: str) -> bool:
        """Whether a file of this size and digest is the one that is named."""
        if self.entry is not None:
            return size == self.entry.size and sha256 == self.entry.sha256
        name = hash_in_name(self.path)
        return name is not None and sha256.startswith(name)

    def difference(self, size: int) -> str:
        """What is wrong with a file of `size` bytes that is not the one that is named."""
        if self.entry is None:
            return "Its content is not the one that its name announces."
        if size != self.entry.size:
            return f"It has {size:,} bytes, not {self.entry.size:,}."
        return "Its content is not the one that the site's index announces."


@dataclass(frozen=True)
class Examined:
    """A file that was read: its size, and what is wrong with it, empty if nothing is.

    `file` holds its bytes until the next one is examined; None if there is none.
    """

    path: str
    size: int
    problem: str
    file: Path | None


class Files(Protocol):
    """The files of one site. `folder` holds its pages and data once they are examined."""

    source: Source
    folder: Path
    hidden: frozenset[str]
    """Files of the application that cannot be asked for here."""

    def examine(self, wanted: Iterable[Wanted]) -> Iterator[Examined]:
        """Read each of the files. Raises StorageError if the place cannot be read at all."""
        ...

    def sizes(self) -> dict[str, int] | None:
        """The size of every file that is there; None if only the named ones can be asked for."""
        ...

    def notes(self) -> list[Finding]:
        """What is there and does not belong to a site."""
        ...

    def close(self) -> None: ...


class HostGoneError(StorageError):
    """Too much of a site could not be fetched for the rest to be worth a try."""


class FolderFiles:
    """The files in a folder."""

    hidden: frozenset[str] = frozenset()

    def __init__(self, folder: Path) -> None:
        if folder.name == MANIFEST:
            folder = folder.parent
        self.source: Source = FolderSource(folder)
        self.folder = folder
        self._sizes: dict[str, int] = {}
        self._notes: list[Finding] = []
        self._folded: dict[str, str] | None = None
        self._survey()

    def examine(self, wanted: Iterable[Wanted]) -> Iterator[Examined]:
        for one in wanted:
            size = self._sizes.get(one.path)
            if size is None:
                yield Examined(one.path, 0, self._missing(one.path), None)
                continue
            file = self.folder / one.path
            try:
                digest = digest_of(file)
            except OSError as error:
                yield Examined(one.path, size, f"It cannot be read: {error.strerror}.", None)
                continue
            problem = "" if one.is_met_by(size, digest) else one.difference(size)
            yield Examined(one.path, size, problem, file)

    def sizes(self) -> dict[str, int]:
        return self._sizes

    def notes(self) -> list[Finding]:
        return self._notes

    def close(self) -> None:
        return None

    def _survey(self) -> None:
        try:
            for top in sorted(self.folder.iterdir()):
                if top.name not in OWN_NAMES:
                    self._note("warning", top.name, "This is not a part of the site.")
                    continue
                inside = top.is_dir() and not top.is_symlink()
                for path in [top, *sorted(top.rglob("*"))] if inside else [top]:
                    self._look(path)
        except OSError as error:
            raise StorageError(f"Cannot read {self.folder}: {error.strerror}.") from error

    def _look(self, path: Path) -> None:
        name = path.relative_to(self.folder).as_posix()
        if path.is_symlink():
            self._note("error", name, "Hosts do not publish symbolic links.")
        elif path.is_file():
            self._sizes[name] = path.stat().st_size
        elif not path.is_dir():
            self._note("error", name, "It is neither a file nor a folder.")

    def _note(self, level: Level, name: str, message: str) -> None:
        self._notes.append(Finding(level, name, message))

    def _missing(self, path: str) -> str:
        """What to say of a missing file. Hosts tell apart names that only differ in capitals."""
        if self._folded is None:
            there = (*self._sizes, *(note.file for note in self._notes))
            self._folded = {name.casefold(): name for name in there}
        for name in (path, path.split("/")[0]):
            found = self._folded.get(name.casefold(), name)
            if found != name:
                return f"The file is missing; {found} has other capitals."
        return "The file is missing."


def digest_of(file: Path) -> str:
    """The SHA-256 of a file's content. Raises OSError."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
