"""What readers of a site of the tier `cells` have to answer, by plain_cells and not by a reader."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from plain_cells import PlainCells

Values = list[float]


def expected(cells: PlainCells, embeddings: np.ndarray) -> dict[str, Any]:
    """Rows as their codes give them, and answers.

    `embeddings`: float32 [rows, dim], those that were written.
    """
    queries = list(make_queries(cells, embeddings))
    return {
        "embeddings": [rounded(row) for row in cells.embeddings()],
        "coarse": [rounded(row) for row in cells.coarse_embeddings()],
        "rough_centres": [rounded(cells.rough_centre(cell)) for cell in range(cells.count)],
        "background": {
            kind: rounded(cells.background(queries[0], kind)) for kind in ("pictures", "texts")
        },
        "queries": queries,
        "searches": [
            {
                "query": number,
                "k": k,
                "allowed": allowed,
                **answer(cells, query, k, allowed),
            }
            for number, query in enumerate(queries)
            for k, allowed in make_cases(cells)
        ],
    }


def make_queries(cells: PlainCells, embeddings: np.ndarray) -> Iterator[Values]:
    """A row with a picture, one of a text, one of the tail, one between the others, and one unlike all."""
    tail = next(row for row in range(cells.rows) if cells.row_cells[row] == cells.count)
    between = embeddings[[2, 33, 80]].sum(axis=0)
    for query in (embeddings[0], embeddings[1], embeddings[tail], between, -between):
        unit = (query / np.linalg.norm(query)).astype(np.float32)
        yield [float(value) for value in unit]


def make_cases(cells: PlainCells) -> list[tuple[int, list[int] | None]]:
    """k and the allowed rows: all, those of many cells, of the tail only, and of no cell."""
    tail = [row for row in range(cells.rows) if cells.row_cells[row] == cells.count]
    missing = sorted(cells.missing)
    return [
        (1, None),
        (10, None),
        (60, None),
        (2000, None),
        (10, list(range(0, cells.rows, 3))),
        (100, list(range(cells.rows))),
        (5, tail[:7]),
        (5, [1, 2, *missing]),
        (5, missing),
    ]


def answer(cells: PlainCells, query: Values, k: int, allowed: list[int] | None) -> dict[str, Any]:
    found = cells.search(query, k, None if allowed is None else set(allowed))
    return {
        "rows": found.rows,
        "similarities": rounded(found.similarities),
        "cells": found.cells,
    }


def rounded(values: list[float] | None) -> list[float] | None:
    """Eight digits: enough to tell codes apart, and short."""
    return None if values is None else [round(value, 8) for value in values]
