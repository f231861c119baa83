"""Decoded files that were read: in memory as far as there is room, then in a temporary file."""

from __future__ import annotations

import tempfile
from typing import IO

import numpy as np
from numpy.typing import NDArray

KEPT_BYTES = 64 << 20
"""How many bytes stay in memory."""

Bytes = NDArray[np.int8]


class Spill:
    """Arrays int8 [n, width] by number."""

    def __init__(self, *, to_disk: bool = True) -> None:
        """Without `to_disk`, what does not fit into memory is not kept."""
        self._to_disk = to_disk
        self._kept: dict[int, Bytes] = {}
        self._kept_bytes = 0
        self._spilled: dict[int, tuple[int, tuple[int, ...]]] = {}
        self._file: IO[bytes] | None = None

    def __contains__(self, number: int) -> bool:
        return number in self._kept or number in self._spilled

    def get(self, number: int) -> Bytes | None:
        """The array of that number; None if it is not kept."""
        if number in self._kept:
            return self._kept[number]
        if number not in self._spilled or self._file is None:
            return None
        start, shape = self._spilled[number]
        self._file.seek(start)
        data = self._file.read(shape[0] * shape[1])
        return np.frombuffer(data, dtype=np.int8).reshape(shape)

    def put(self, number: int, array: Bytes) -> None:
        """Keep an array, if there is room."""
        if self._kept_bytes + array.nbytes <= KEPT_BYTES:
            self._kept[number] = array
            self._kept_bytes += array.nbytes
            return
        if not self._to_disk:
            return
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="imagedb-vectors-")  # noqa: SIM115
            start = self._file.seek(0, 2)
            self._file.write(np.ascontiguousarray(array).data)
            self._file.flush()
        except OSError:
            # Without room for temporary files it is read again when it is needed.
            return
        self._spilled[number] = (start, array.shape)

    def close(self) -> None:
        """Forget everything."""
        self._kept.clear()
        self._spilled.clear()
        self._kept_bytes = 0
        if self._file is not None:
            self._file.close()
            self._file = None
