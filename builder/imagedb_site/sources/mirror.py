"""A bucket as a folder of this machine, without most of its bytes.

Tables and XMP sidecars are copied into the folder, and stay there until the object changes. Of tar files the
headers and texts are copied to their places in a file with holes. Pictures are only listed; a
picture is fetched when it is needed.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from imagedb_site.buckets import (
    CONNECTIONS,
    Bucket,
    MissingObjectError,
    RefusedObjectError,
    StoredObject,
)
from imagedb_site.errors import PictureError, SourceError, StorageError
from imagedb_site.records import INODE_BITS, PictureRef, Problem, Progress
from imagedb_site.sources.tar_outline import copy_outline
from imagedb_site.text import natural_key

_INDEX = "kept.json"
_PART = "part"
_BLOCK = 1 << 20
_STEP = "read from the bucket"
_LONGEST_NAME = 255
_CHANGED = "the file changed during the build"

Wanted = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class _Status:
    """What stands for the status of a file: a tag that changes with the content stands for the inode."""

    st_mode: int
    st_size: int
    st_mtime_ns: int
    st_ctime_ns: int
    st_ino: int


@dataclass(frozen=True, slots=True)
class _Entry:
    """An object, or a folder if `found` is None, as `os.scandir` would list it."""

    name: str
    path: str
    found: StoredObject | None

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        return self.found is None

    def is_file(self, *, follow_symlinks: bool = True) -> bool:
        return self.found is not None

    def is_symlink(self) -> bool:
        return False

    def stat(self) -> _Status:
        if self.found is None:
            return _Status(stat.S_IFDIR, 0, 0, 0, 0)
        return _status(self.found)


def _status(one: StoredObject) -> _Status:
    tag = int.from_bytes(hashlib.sha256(one.tag.encode()).digest()[:8], "big") & INODE_BITS
    # The tag says more than the time: the same content may be stored again. Without a tag, a second change
    # within the clock's step could not be told from the first.
    changed = 0 if one.tag else one.changed_ns
    return _Status(stat.S_IFREG, one.size, changed, changed, tag)


class RemoteFiles:
    """Objects of a bucket under paths below `root`."""

    at_once = CONNECTIONS
    """How many threads may read."""

    def __init__(self, bucket: Bucket, root: Path) -> None:
        self.root = root
        self._bucket = bucket

    def fetch(self, picture: PictureRef, file: Path) -> None:
        """Write a picture, or the part of a file that it is, to `file`.

        Raises PictureError if it cannot be had, and StorageError if the store or the disk fails.
        """
        path = self._path_of(picture.path)
        try:
            if picture.length is None:
                self._bucket.fetch(path, file)
                size = file.stat().st_size
            else:
                data = self._bucket.read_part(path, picture.offset, picture.length)
                file.write_bytes(data)
                size = len(data)
        except MissingObjectError as error:
            raise PictureError("the file cannot be read: no such object in the bucket") from error
        except RefusedObjectError as error:
            raise PictureError("the file cannot be read: permission is denied") from error
        except OSError as error:
            raise _disk(file, error) from error
        if size != picture.bytes:
            raise PictureError(_CHANGED)

    def _path_of(self, path: Path) -> str:
        inside = path.relative_to(self.root).as_posix()
        return "" if inside == "." else inside


class Mirror(RemoteFiles):
    """The objects of a bucket under paths below `root`, which is called as the place in the bucket is.

    `problems` are the objects that cannot be used, with the reasons.
    """

    def __init__(self, bucket: Bucket, root: Path, folder: Path) -> None:
        """Lists the bucket. `root` lies in `folder`, which has nothing else in it.

        Raises SourceError if there is nothing, and StorageError.
        """
        super().__init__(bucket, root.resolve())
        self.folder = folder
        self.problems: list[Problem] = []
        self._objects: dict[str, StoredObject] = {}
        self._folders: dict[str, dict[str, _Entry]] = {"": {}}
        for one in bucket.objects():
            if reason := _unfit(one.path):
                self.problems.append(Problem(one.path, reason))
            else:
                self._add(one)
        if not self._objects:
            raise SourceError(
                f"There is nothing in {bucket}.", "Check the address for typing errors."
            )

    def __str__(self) -> str:
        return str(self._bucket)

    @property
    def is_file(self) -> bool:
        """Whether the address names an object and not a folder."""
        return "" in self._objects

    def scan(self, folder: Path) -> Iterable[_Entry]:
        """The entries of a folder below the root."""
        inside = folder.relative_to(self.root).as_posix()
        return self._folders.get("" if inside == "." else inside, {}).values()

    def files(self, wanted: Wanted) -> list[Path]:
        """The files with such names in natural order; the object itself if the address names one."""
        if self.is_file:
            return [self.root]
        found = [
            self.root / path
            for path in self._objects
            if wanted(path) and not any(part.startswith(".") for part in path.split("/"))
        ]
        return sorted(found, key=lambda path: (natural_key(str(path)), str(path)))

    def open(self, path: Path) -> AbstractContextManager[IO[bytes]]:
        """Gives an object as a stream that can be read at any place."""
        return self._bucket.opened(self._path_of(path), _BLOCK)

    def status(self, path: Path) -> _Status:
        """What is known of the object that the file at `path` stands for."""
        return _status(self._objects[self._path_of(path)])

    def keep(self, whole: Wanted, outlines: Wanted, progress: Progress) -> None:
        """Bring the files that are read as a whole up to date, and the outlines of tar files.

        `whole` and `outlines` are asked with paths. Other files below the root are removed. Raises
        StorageError; objects that may not be read become problems.
        """
        wanted: dict[StoredObject, bool] = {}
        for path, one in self._objects.items():
            if whole(path) or outlines(path):
                wanted[one] = not whole(path)
        index = self.folder / _INDEX
        known = _read_index(index)
        kept = {one.path for one in wanted if self._is_kept(one, known)}
        self._remove_others(kept)
        # What is about to change is not known, also if this process is killed.
        _write_index(index, (one for one in wanted if one.path in kept))
        todo = [(one, outline) for one, outline in wanted.items() if one.path not in kept]
        for done, one in enumerate(self._copied(todo), 1):
            kept.add(one.path)
            progress(_STEP, done, len(todo))
        _write_index(index, (one for one in wanted if one.path in kept))

    def _add(self, one: StoredObject) -> None:
        self._objects[one.path] = one
        folder, _, name = one.path.rpartition("/")
        self._folder(folder)[name] = _Entry(name, str(self.root / one.path), one)

    def _folder(self, path: str) -> dict[str, _Entry]:
        found = self._folders.get(path)
        if found is None:
            found = self._folders[path] = {}
            above, _, name = path.rpartition("/")
            self._folder(above).setdefault(name, _Entry(name, str(self.root / path), None))
        return found

    # -- what lies on this machine ---------------------------------------------------------------

    def _file(self, path: str) -> Path:
        return self.root / path if path else self.root

    def _is_kept(self, one: StoredObject, known: dict[str, object]) -> bool:
        if known.get(one.path) != _state(one):
            return False
        try:
            return self._file(one.path).stat().st_size == one.size
        except OSError:
            return False

    def _remove_others(self, kept: set[str]) -> None:
        try:
            if self.root.is_file() and "" not in kept:
                self.root.unlink()
            for folder, _, names in os.walk(self.root, topdown=False):
                for name in names:
                    file = Path(folder, name)
                    if self._path_of(file) not in kept:
                        file.unlink()
                if not any(Path(folder).iterdir()):
                    Path(folder).rmdir()
            (self.root.parent if self.is_file else self.root).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _disk(self.root, error) from error

    def _copied(self, todo: Sequence[tuple[StoredObject, bool]]) -> Iterator[StoredObject]:
        """Copies objects, several at once, and yields those that could be had."""
        workers = ThreadPoolExecutor(CONNECTIONS)
        try:
            running = {
                workers.submit(partial(self._copy, number, one, outline)): one
                for number, (one, outline) in enumerate(todo)
            }
            for future in as_completed(running):
                try:
                    future.result()
                except (MissingObjectError, RefusedObjectError) as error:
                    self.problems.append(Problem(running[future].path, _reason(error)))
                    continue
                yield running[future]
        finally:
            workers.shutdown(cancel_futures=True)

    def _copy(self, number: int, one: StoredObject, outline: bool) -> None:
        part = self.folder / f"{_PART}{number}"
        target = self._file(one.path)
        try:
            if outline:
                copy_outline(self._bucket, one, part)
            else:
                self._bucket.fetch(one.path, part)
            if part.stat().st_size != one.size:
                raise StorageError(
                    f"{self._bucket.shown(one.path)} changes while it is read.", "Build again."
                )
            os.utime(part, ns=(one.changed_ns, one.changed_ns))
            target.parent.mkdir(parents=True, exist_ok=True)
            part.replace(target)
        except OSError as error:
            raise _disk(target, error) from error
        finally:
            part.unlink(missing_ok=True)


def _unfit(path: str) -> str | None:
    """Why a key cannot be the path of a file; None if it can."""
    parts = path.split("/") if path else []
    if any(part in ("", ".", "..") or "\0" in part or "\\" in part for part in parts):
        return "its key is not a path of folders and a file"
    if any(len(part.encode("utf-8", "surrogatepass")) > _LONGEST_NAME for part in parts):
        return "its key has a part that is too long for the name of a file"
    return None


def _reason(error: StorageError) -> str:
    denied = isinstance(error, RefusedObjectError)
    return f"it cannot be read: {'permission is denied' if denied else 'it has vanished'}"


def _state(one: StoredObject) -> list[object]:
    return [one.tag or one.changed_ns, one.size]


def _read_index(file: Path) -> dict[str, object]:
    """The states of the objects when they were copied; nothing if the file is damaged or missing."""
    try:
        found = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _write_index(file: Path, objects: Iterable[StoredObject]) -> None:
    states = {one.path: _state(one) for one in objects}
    aside = file.with_name(f"{file.name}.new")
    try:
        aside.write_text(json.dumps(states), encoding="utf-8")
        aside.replace(file)
    except OSError as error:
        raise _disk(file, error) from error


def _disk(file: Path, error: OSError) -> StorageError:
    return StorageError(
        f"Cannot write {file}: {error.strerror or error}.",
        "Free some space, or choose another --library.",
    )
