"""Where the pictures of a build are: on this machine, or in a bucket, from which they are fetched in time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Protocol

from imagedb_site.errors import PictureError
from imagedb_site.keys import split_suffix
from imagedb_site.pictures import Work
from imagedb_site.records import PictureRef, Problem

_AHEAD = 16
_AHEAD_BYTES = 256 << 20
_LONGEST_SUFFIX = 20


class Remote(Protocol):
    """Where pictures are fetched from."""

    at_once: int
    """How many threads may fetch."""

    def fetch(self, picture: PictureRef, file: Path) -> None:
        """Writes a picture to `file`. Raises PictureError if it cannot be had, StorageError and OSError."""
        ...


Fail = Callable[[str, str], None]
"""Called with the key of a picture and the reason why it cannot be used."""


class Pictures:
    """Pictures that lie on this machine."""

    here = True
    """Whether reading them costs no more than reading a disk."""
    problems: Sequence[Problem] = ()
    """What was left out, and why."""

    def works(self, works: Iterable[Work], fail: Fail) -> Iterator[Work]:
        """Yields works whose pictures are files of this machine."""
        yield from works

    def listed(self, work: Work) -> Work:
        """Returns a work as it was given to `works`."""
        return work

    def release(self, work: Work) -> None:
        """Says that the picture of a work from `works` is not needed any more."""

    @contextmanager
    def file_of(self, picture: PictureRef) -> Iterator[PictureRef]:
        """Gives a picture as a file of this machine. Raises PictureError if it cannot be had."""
        yield picture


class FetchedPictures(Pictures):
    """Pictures in a bucket or in rows. Only those that are worked on, and a few more, are files here."""

    here = False

    def __init__(self, remote: Remote, folder: Path, problems: Sequence[Problem] = ()) -> None:
        """`folder` has the fetched files; it is the caller's to remove."""
        self.problems = problems
        self._remote = remote
        self._folder = folder
        self._numbers = count()
        self._given: dict[str, Work] = {}

    def works(self, works: Iterable[Work], fail: Fail) -> Iterator[Work]:
        workers = ThreadPoolExecutor(self._remote.at_once)
        waiting: deque[tuple[Work, Future[PictureRef]]] = deque()
        ahead = 0
        try:
            for work in works:
                waiting.append((work, workers.submit(self._fetch, work.picture)))
                ahead += work.picture.bytes
                while len(waiting) > _AHEAD or (len(waiting) > 1 and ahead > _AHEAD_BYTES):
                    ahead -= waiting[0][0].picture.bytes
                    yield from self._ready(*waiting.popleft(), fail)
            while waiting:
                yield from self._ready(*waiting.popleft(), fail)
        finally:
            workers.shutdown(cancel_futures=True)

    def listed(self, work: Work) -> Work:
        return self._given[work.key]

    def release(self, work: Work) -> None:
        del self._given[work.key]
        work.picture.path.unlink(missing_ok=True)

    @contextmanager
    def file_of(self, picture: PictureRef) -> Iterator[PictureRef]:
        found = self._fetch(picture)
        try:
            yield found
        finally:
            found.path.unlink(missing_ok=True)

    def _ready(self, work: Work, fetched: Future[PictureRef], fail: Fail) -> Iterator[Work]:
        try:
            picture = fetched.result()
        except PictureError as error:
            fail(work.key, str(error))
            return
        self._given[work.key] = work
        yield replace(work, picture=picture)

    def _fetch(self, picture: PictureRef) -> PictureRef:
        suffix = split_suffix(picture.path.name)[1]
        file = self._folder / f"{next(self._numbers)}{suffix[:_LONGEST_SUFFIX]}"
        try:
            self._remote.fetch(picture, file)
        except BaseException:
            file.unlink(missing_ok=True)
            raise
        status = file.stat()
        return PictureRef(file, status.st_mtime_ns, status.st_size)


class DistantPictures(FetchedPictures):
    """Pictures in a bucket that the workers of a cluster fetch themselves."""

    def works(self, works: Iterable[Work], fail: Fail) -> Iterator[Work]:
        yield from works

    def listed(self, work: Work) -> Work:
        return work

    def release(self, work: Work) -> None:
        """Nothing was fetched for it here."""
