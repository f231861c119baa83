"""The `RowWorkers` seam: work on blocks of rows, each block by itself, in this process or in others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol

from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]
"""Arrays by name, of the dtypes that a container has (`container.DTYPES`)."""
RowWork = Callable[[Arrays, Arrays], Arrays]
"""A function of a module: it takes what all blocks share, and one block. Nothing else decides its result."""


class RowWorkers(Protocol):
    """Works on blocks of rows. The caller cuts the blocks, so that results do not depend on who works."""

    def map(
        self, step: str, work: RowWork, shared: Arrays, blocks: Iterable[Arrays]
    ) -> Iterator[Arrays]:
        """Yields the result of each block, in the order of the blocks; `step` is the name of this work.

        Blocks are taken as they are needed, and few of them are in memory. Arrays may be read-only. Raises
        ImageDBError if the work cannot be done, and what `blocks` raises.
        """
        ...


class WorkHere:
    """`RowWorkers` in this process, one block after the other."""

    def map(
        self, step: str, work: RowWork, shared: Arrays, blocks: Iterable[Arrays]
    ) -> Iterator[Arrays]:
        """See `RowWorkers.map`."""
        for block in blocks:
            yield work(shared, block)
