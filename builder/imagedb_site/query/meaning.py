"""The query vector of the meaning arm, and which texts of a query the model does not know."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..errors import UsageError
from .index import Floats, Index, Rows
from .likeness import Likeness
from .parse import Term
from .plan import words_of

NEGATIVE_WEIGHT = 0.25
"""Factor on a negative weight. The likely matches of such a term are also excluded.

docs/benchmarks.md has the measurement.
"""

Embed = Callable[[Term], Floats | None]
"""Unit vector f32[dim] of a text or image term; None for a text that the model does not know at all."""


def query_vector(terms: Sequence[Term], index: Index, embed: Embed) -> Floats | None:
    """The unit vector f32[dim] of all terms: the weighted sum, negative weights times NEGATIVE_WEIGHT.

    None if there is no term that the model knows, or if the sum vanishes.
    """
    total: np.ndarray[Any, np.dtype[np.float64]] | None = None
    for term in terms:
        if term.kind == "like":
            row = index.row_of(term.value)
            if row is None:
                raise UsageError(f"The collection has no image {term.value}.")
            vector: Floats | None = index.embeddings(np.array([row], dtype=np.int64))[0]
        else:
            vector = embed(term)
        if vector is None:
            continue
        weight = term.weight if term.weight > 0 else term.weight * NEGATIVE_WEIGHT
        part = vector.astype(np.float64) * weight
        total = part if total is None else total + part
    if total is None:
        return None
    norm = float(np.sqrt((total * total).sum()))
    return (total / norm).astype(np.float32) if norm > 1e-9 else None


def likeness(
    terms: Sequence[Term], index: Index, embed: Embed, *, guessed: bool = False
) -> Likeness | None:
    """How similar the rows are to all terms together; None as in `query_vector`."""
    vector = query_vector(terms, index, embed)
    if vector is None:
        return None
    pictured = any(_pictured(term, index) for term in terms)
    return Likeness(index, vector, pictured=pictured, guessed=guessed)


def _pictured(term: Term, index: Index) -> bool:
    if term.kind != "like":
        return term.kind == "image"
    row = index.row_of(term.value)
    return index.texts is None or row is None or not index.texts[row]


def unwanted(terms: Sequence[Term], index: Index, embed: Embed) -> Iterator[Rows]:
    """The likely matches of each term with a weight of -1 or less."""
    for term in terms:
        if term.weight <= -1 and index.temperature is not None:
            found = likeness([replace(term, weight=1.0)], index, embed)
            if found is not None:
                yield found.likely()


def unknown_texts(terms: Sequence[Term], embed: Embed) -> list[str]:
    """The text terms with words that the model does not know at all."""
    texts = (term for term in terms if term.kind == "text" and words_of(term.value))
    return [term.value for term in texts if embed(term) is None]
