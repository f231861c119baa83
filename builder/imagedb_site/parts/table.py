"""A part as a Parquet file: one row per picture, with everything that was made of it.

Pictures are stored in it byte by byte, without compression, so they can be read without the rest of the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from imagedb_site.parts.made import Made
from imagedb_site.pictures import DecodeError, Derivative, Derived, Recipe, Work

_ROWS = 64
"""Pictures per row group, so that a part is written and read in small pieces."""
_META = b"imagedb-site"


class UnreadableError(Exception):
    """A file that is not a whole part."""


def to_table(made: Sequence[Made], recipes: Sequence[Recipe], about: Mapping[str, Any]) -> bytes:
    """Returns the file of a part; `about` is stored in it."""
    import pyarrow
    from pyarrow import parquet

    dim = next((len(one.embedding) for one in made if one.embedding is not None), 1)
    columns = [
        ("key", pyarrow.string()),
        ("content_hash", pyarrow.string()),
        ("width", pyarrow.int32()),
        ("height", pyarrow.int32()),
        ("fields", pyarrow.string()),
        ("placeholder", pyarrow.binary()),
        ("damage", pyarrow.string()),
        ("embedding", pyarrow.list_(pyarrow.float32(), dim)),
        ("error", pyarrow.string()),
        ("cause", pyarrow.string()),
    ]
    for recipe in recipes:
        columns.append((recipe.kind, pyarrow.binary()))
        columns += [(f"{recipe.kind}_{side}", pyarrow.int32()) for side in ("width", "height")]
    schema = pyarrow.schema(columns, metadata={_META: json.dumps(about).encode()})
    rows = [_row(one, recipes) for one in made]
    table = pyarrow.Table.from_pylist(rows, schema=schema)
    sink = pyarrow.BufferOutputStream()
    parquet.write_table(
        table,
        sink,
        row_group_size=_ROWS,
        # Pictures are compressed already.
        compression="none",
        use_dictionary=False,
        write_statistics=False,
        write_page_checksum=True,
    )
    return bytes(sink.getvalue())


def read_table(
    path: Path, works: Sequence[Work], recipes: Sequence[Recipe], about: Mapping[str, Any]
) -> Iterator[Made]:
    """Yields the results for `works`, each smaller picture with its place in the file.

    Raises UnreadableError if the file is not what was written for them.
    """
    import pyarrow
    from pyarrow import parquet

    wanted = {work.key: work for work in works}
    try:
        stored = path.read_bytes()
        places = _Places(path.name, stored)
        source = pyarrow.BufferReader(stored)
        with parquet.ParquetFile(source, page_checksum_verification=True) as file:
            found = json.loads((file.schema_arrow.metadata or {}).get(_META, b"null"))
            if found != about or file.metadata.num_rows != len(wanted):
                raise UnreadableError
            for batch in file.iter_batches(_ROWS):
                for row in batch.to_pylist():
                    yield _made(row, wanted.pop(row["key"]), recipes, places)
    except (OSError, pyarrow.ArrowException, KeyError, TypeError, ValueError) as error:
        raise UnreadableError from error


def _row(made: Made, recipes: Sequence[Recipe]) -> dict[str, Any]:
    row: dict[str, Any] = {"key": made.work.key}
    result = made.result
    if isinstance(result, DecodeError):
        return row | {"error": str(result), "cause": result.cause}
    row |= {
        "content_hash": result.content_hash,
        "width": result.width,
        "height": result.height,
        "fields": json.dumps(dict(result.metadata)),
        "placeholder": result.placeholder,
        "damage": result.damage,
        "embedding": made.embedding,
    }
    for recipe in recipes:
        derivative = result.derivatives.get(recipe)
        if derivative is not None:
            row |= {
                recipe.kind: derivative.data,
                f"{recipe.kind}_width": derivative.width,
                f"{recipe.kind}_height": derivative.height,
            }
    return row


class _Places:
    """Finds pictures in a part.

    Parquet does not say where a value is, but it is there as it was given, and the values of a column follow
    each other.
    """

    def __init__(self, name: str, stored: bytes) -> None:
        self._name = name
        self._stored = stored
        self._after: dict[str, int] = {}

    def find(self, kind: str, picture: bytes) -> tuple[str, int] | None:
        """Returns the part's name and where a picture of a column starts; None if it is not found."""
        if not picture:
            return None
        start = self._stored.find(picture, self._after.get(kind, 0))
        if start < 0:
            start = self._stored.find(picture)
        if start < 0:
            return None
        self._after[kind] = start + len(picture)
        return self._name, start


def _made(row: Mapping[str, Any], work: Work, recipes: Sequence[Recipe], places: _Places) -> Made:
    if row["error"] is not None:
        return Made(work, DecodeError(row["error"], row["cause"]))
    derivatives = {
        recipe: Derivative(
            *(row[recipe.kind], row[f"{recipe.kind}_width"], row[f"{recipe.kind}_height"]),
            places.find(recipe.kind, row[recipe.kind]),
        )
        for recipe in recipes
        if row[recipe.kind] is not None
    }
    embedding = row["embedding"]
    return Made(
        work,
        Derived(
            row["content_hash"],
            row["width"],
            row["height"],
            json.loads(row["fields"]),
            row["placeholder"],
            derivatives,
            damage=row["damage"],
        ),
        None if embedding is None else np.asarray(embedding, dtype=np.float32),
    )
