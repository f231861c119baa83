"""What a worker does with blocks of rows."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from imagedb_site.errors import StorageError
from imagedb_site.parts.answers import AGAIN, answer_of
from imagedb_site.parts.block_files import BlockFiles
from imagedb_site.parts.versions import require_same, versions_here
from imagedb_site.run import Arrays, Header, Message, RowWork


@dataclass(frozen=True)
class BlockTask:
    """A picklable function that works on the block `given["block"]` in `folder`, and stores the result there.

    It answers what that cost, or an `error` (`answers.py`). The worker must have the same `versions` as the
    build. What all blocks share is read once.
    """

    folder: Path
    work: RowWork
    versions: Mapping[str, str]

    def __call__(self, given: Header) -> Message:
        return answer_of(lambda: self._block(str(given["block"])), self.folder)

    def _block(self, name: str) -> Header:
        began = time.time()
        shared = self._shared
        block = BlockFiles(self.folder).block(name)
        if block is None:
            raise self._unreadable(f"the block {name}")
        size = BlockFiles(self.folder).put_result(name, self.work(shared, block))
        worker = f"{platform.node()} {os.getpid()}"
        return {"bytes": size, "began": began, "ended": time.time(), "worker": worker}

    @cached_property
    def _shared(self) -> Arrays:
        require_same(self.versions, versions_here(None, "cpu"), platform.node())
        if not self.folder.is_dir():
            raise StorageError(
                f"{platform.node()} has no folder {self.folder}.",
                "The library must be where all machines of the cluster see it.",
            )
        shared = BlockFiles(self.folder).shared()
        if shared is None:
            raise self._unreadable("what all blocks share")
        return shared

    def _unreadable(self, what: str) -> StorageError:
        return StorageError(
            f"{platform.node()} cannot read {what} in {self.folder}: it is damaged or missing.",
            AGAIN,
        )
