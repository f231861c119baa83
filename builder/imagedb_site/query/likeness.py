"""How similar the rows of an index are to a query, on one scale for pictures and texts.

docs/QUERY.md, "Relevance", has the rule.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from .index import Floats, Index, Mask, Near, Rows
from .relevance import Scale, scale_of

FEW = 32
"""Fewer rows of a kind than this have no background of their own: that of all rows is taken."""


class Likeness:
    """A query vector f32[dim] and the similarity of each row of an index.

    If some rows have the embedding of a picture and others that of a text, similarities of the texts are
    put on the scale of the pictures: background on background, the beginning of likely matches on the other.
    `pictured`: a picture is part of the query. `guessed`: the model does not know the words of the query, so
    nothing is a likely match.
    """

    def __init__(
        self, index: Index, vector: Floats, *, pictured: bool, guessed: bool = False
    ) -> None:
        self._index = index
        self.vector = vector
        self._pictured = pictured
        self._guessed = guessed

    @cached_property
    def limit(self) -> float | None:
        """The similarity from which a row is a likely match; None if the collection has no model."""
        scales = self._scales
        found = next((scale for scale in scales if scale is not None), None)
        if found is None:
            return None
        return np.inf if self._guessed else found.limit

    def nearest(self, k: int, allowed: Mask | None) -> Near:
        """The `k` most similar rows, of those in the mask bool[count] if one is given."""
        texts = self._mixed
        if texts is None:
            return self._index.nearest(self.vector, k, allowed)
        parts = []
        for kind in (~texts, texts):
            mask = kind if allowed is None else kind & allowed
            parts.append(self._index.nearest(self.vector, k, mask))
        rows = np.concatenate([part.rows for part in parts])
        found = np.concatenate([parts[0].similarities, self._moved(parts[1].similarities)])
        best = np.lexsort((rows, -found))[: max(k, 0)]
        return Near(rows[best], found[best])

    def similarities(self, rows: Rows) -> Floats:
        """The similarity f32[n] of each of the given rows, on one scale."""
        found = self._index.similarities(self.vector, rows)
        texts = self._mixed
        if texts is not None and len(rows):
            found = np.where(texts[rows], self._moved(found), found)
        return found

    def cosines(self, rows: Rows) -> Floats:
        """The cosine f32[n] of each of the given rows: what people see, whatever the order follows from."""
        return self._index.similarities(self.vector, rows)

    def likely(self) -> Rows:
        """All likely matches, in row order."""
        if self.limit is None or self._guessed:
            return np.zeros(0, dtype=np.int64)
        texts = self._mixed
        if texts is None:
            return self._index.above(self.vector, self.limit)
        pictures, others = self._scales
        assert pictures is not None and others is not None
        # Each kind is asked for by itself: an index that reads only the most similar rows would find texts.
        return np.sort(
            np.concatenate(
                [
                    self._index.above(self.vector, pictures.limit, ~texts),
                    self._index.above(self.vector, others.limit, texts),
                ]
            )
        )

    @cached_property
    def _mixed(self) -> Mask | None:
        """The rows of texts, bool[count], if the collection has both kinds and a scale for each."""
        return None if None in self._scales else self._index.texts

    @cached_property
    def _scales(self) -> tuple[Scale | None, Scale | None]:
        """The scales of pictures and of texts; None for a kind that the collection does not have."""
        index, temperature = self._index, self._index.temperature
        if temperature is None:
            return None, None
        pictures = index.background(self.vector)
        texts = np.zeros(0, np.float32)
        if index.texts is not None:
            texts = index.background(self.vector, texts=True)
        every = np.concatenate([pictures, texts])
        found = [
            scale_of(
                every if len(own) < FEW else own,
                temperature,
                None if self._pictured else index.level,
                texts=own is texts and not self._pictured,
            )
            if len(own)
            else None
            for own in (pictures, texts)
        ]
        return found[0], found[1]

    def _moved(self, similarities: Floats) -> Floats:
        """Similarities of texts on the scale of pictures."""
        pictures, texts = self._scales
        assert pictures is not None and texts is not None
        factor = pictures.step / texts.step
        moved = pictures.start + (similarities.astype(np.float64) - texts.start) * factor
        return moved.astype(np.float32)
