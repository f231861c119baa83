"""What became of one picture, and the `Maker` that a build asks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from imagedb_site.pictures import DecodeError, Derived, Work


@dataclass(frozen=True)
class Made:
    """What was derived from the picture of `work`, or why nothing was, and its embedding if one was wanted.

    The encoder's input is not kept.
    """

    work: Work
    result: Derived | DecodeError
    embedding: NDArray[np.float32] | None = None


class Maker(AbstractContextManager["Maker"], Protocol):
    """Makes everything that a build wants of its pictures, on this machine or on others."""

    def make(self, works: Iterable[Work], seen: Callable[[], None]) -> Iterator[Sequence[Made]]:
        """Yields the results in groups, in any order. What is yielded is to be stored as a whole.

        `seen` is called for each result. Raises ImageDBError if the work cannot be done.
        """
        ...
