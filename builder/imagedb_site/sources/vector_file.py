"""A Parquet file with embeddings that were computed elsewhere: a key and a vector in each row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from imagedb_site.errors import SourceError, UsageError
from imagedb_site.sources.faults import Faults, quoted

if TYPE_CHECKING:
    from pyarrow import RecordBatch

KEYS = ("key", "path", "file", "file_name", "filename")
VECTORS = ("embedding", "vector", "embeddings", "vectors")
"""The columns that are looked for, best first."""
_BATCH = 2048
_CLOSE = 1e-5
"""A length that differs from 1 by no more is that of a rounded vector, which stays as it is."""
_LEAST = 1e-12

Vectors = NDArray[np.float32]


class VectorFile:
    """The rows of a file. Vectors have the length 1 afterwards; `rescaled` had another one."""

    def __init__(self, path: Path, dim: int) -> None:
        """Looks at the columns. Raises SourceError if they are not there or do not have `dim` numbers."""
        self.path = path
        self.dim = dim
        self.rescaled = 0
        try:
            from pyarrow import parquet
        except ImportError as error:
            raise SourceError(
                f"Reading {path.name} needs pyarrow.", 'Run: pip install "imagedb-site[parquet]"'
            ) from error
        with _errors(path):
            schema = parquet.ParquetFile(path).schema_arrow
        self._key = _column(path, schema.names, KEYS, "keys")
        self._vector = _column(path, schema.names, VECTORS, "vectors")
        self._check_kind(schema.field(self._vector).type)

    def batches(self, faults: Faults) -> Iterator[tuple[list[str], Vectors]]:
        """Yields keys and vectors, float32 [n, dim], of the rows that can be used; others are faults."""
        from pyarrow import parquet

        before = 0
        with _errors(self.path), parquet.ParquetFile(self.path) as file:
            columns = [self._key, self._vector]
            for batch in file.iter_batches(batch_size=_BATCH, columns=columns, use_threads=False):
                yield self._usable(batch, before, faults)
                before += len(batch)

    def _check_kind(self, kind: Any) -> None:
        import pyarrow

        types = pyarrow.types
        lists = (types.is_list, types.is_large_list, types.is_fixed_size_list)
        if not any(test(kind) for test in lists) or not (
            types.is_floating(kind.value_type) or types.is_integer(kind.value_type)
        ):
            raise SourceError(
                f'The column "{self._vector}" of {self.path.name} does not have lists of numbers.',
                "Write each embedding as a list of numbers.",
            )
        if types.is_fixed_size_list(kind) and kind.list_size != self.dim:
            raise self._unfit(kind.list_size)

    def _unfit(self, size: int) -> UsageError:
        return UsageError(
            f"The embeddings in {self.path.name} have {size} dimensions, the model has {self.dim}.",
            "Name the model that encodes queries for them: --model",
        )

    def _usable(self, batch: RecordBatch, before: int, faults: Faults) -> tuple[list[str], Vectors]:
        keys = [None if key is None else str(key) for key in batch.column(self._key).to_pylist()]
        found: list[str] = []
        vectors: list[Vectors] = []
        lists = batch.column(self._vector)
        for at, key in enumerate(keys):
            number = before + at + 1
            if not key:
                faults.row("rows without a key", number, "has no key")
                continue
            values = lists[at].values
            vector = (
                np.empty(0, dtype=np.float64)
                if values is None
                else values.to_numpy(zero_copy_only=False).astype(np.float64)
            )
            if len(vector) != self.dim:
                if not before and not found:
                    raise self._unfit(len(vector))
                reason = f"{quoted(key)} has {len(vector)} numbers, not {self.dim}"
                faults.add("vectors of another length", reason)
                continue
            norm = float(np.sqrt(np.dot(vector, vector)))
            if not np.isfinite(norm):
                faults.add(
                    "vectors with numbers that are not finite",
                    f"{quoted(key)} has a number that is not finite",
                )
            elif norm < _LEAST:
                faults.add("vectors of zeros", f"{quoted(key)} has only zeros")
            else:
                if abs(norm - 1) > _CLOSE:
                    self.rescaled += 1
                    vector /= norm
                found.append(key)
                vectors.append(vector.astype(np.float32))
        empty: Vectors = np.empty((0, self.dim), dtype=np.float32)
        return found, np.stack(vectors) if vectors else empty


def _column(path: Path, names: Sequence[str], wanted: Sequence[str], what: str) -> str:
    for name in wanted:
        if name in names:
            return name
    raise SourceError(
        f"{path.name} has no column with the {what}: {', '.join(wanted[:-1])} or {wanted[-1]}.",
        f"Its columns are: {', '.join(names[:12])}.",
    )


@contextmanager
def _errors(path: Path) -> Iterator[None]:
    """Turns what pyarrow raises about a file into a SourceError."""
    import pyarrow

    try:
        yield
    except FileNotFoundError as error:
        raise SourceError(f"There is no file {path}.", "Check the path.") from error
    except (pyarrow.ArrowException, OSError) as error:
        raise SourceError(
            f"{path.name} is not a Parquet file that can be read.",
            "Write keys and embeddings with pyarrow, pandas or `imagedb-site export`.",
        ) from error
