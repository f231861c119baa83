"""Search a published site (folder or URL) or a working library from Python.

    import imagedb_site
    with imagedb_site.open("https://example.org/pictures/") as collection:
        for hit in collection.search("a red car at night", k=5).hits:
            print(hit.similarity, hit.document["path"])

The same query gives the same images here and in the browser (docs/QUERY.md).
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from .batches import Batches, make_batches, shuffled
from .errors import PackError, PictureError, UsageError
from .index import LibraryIndex, SiteIndex
from .query import parse
from .query.evaluate import DEFAULT_K, Mode, Notice, Result, evaluate
from .query.facets import facet_counts, matching
from .query.index import Floats, Index
from .query.parse import Query, Term

if TYPE_CHECKING:
    from .encoders import Encoder, ModelPack


class SearchIndex(Index, Protocol):
    """An index that can also describe its rows and say which model made its vectors."""

    @property
    def ids(self) -> Sequence[str]: ...

    def thumbnail(self, row: int) -> bytes | None:
        """The WebP bytes of a row's thumbnail."""
        ...

    def address(self, row: int) -> str | None:
        """A URL of a row's picture, larger than the thumbnail."""
        ...

    def document(self, row: int) -> Mapping[str, Any]: ...

    def load_pack(self) -> ModelPack | None: ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class Hit:
    """One found image: `document` is the one of docs/FORMAT.md 2.4, the others say why it is here.

    `ranks` are its places (from 0) in the arms, `matched` the query's words in its text, `likely` whether it
    is a likely match (None where the order is not that of relevance), `duplicate_of` the row of an earlier
    hit that shows the same picture.
    """

    row: int
    image_id: str
    score: float
    similarity: float | None
    ranks: Mapping[str, int]
    document: Mapping[str, Any]
    matched: Sequence[str] = ()
    likely: bool | None = None
    duplicate_of: int | None = None

    def to_json(self) -> dict[str, Any]:
        found: dict[str, Any] = {"row": self.row, "score": self.score, **self.document}
        if self.similarity is not None:
            found["similarity"] = round(self.similarity, 6)
        if self.ranks:
            found["ranks"] = dict(self.ranks)
        if self.matched:
            found["matched"] = list(self.matched)
        if self.likely is not None:
            found["likely"] = self.likely
        if self.duplicate_of is not None:
            found["duplicate_of"] = self.duplicate_of
        return found


@dataclass(frozen=True)
class SearchResponse:
    """`total` counts all matches where the query has an end (words, filters), else None.

    Hits from the place `divide` on are weaker matches; None where the order is not that of relevance.
    """

    hits: list[Hit]
    total: int | None
    divide: int | None = None
    notices: Sequence[Notice] = ()


def open_collection(place: str | Path, *, model: str | None = None) -> Collection:
    """Open a published site (folder or http(s) URL) or a library (its folder or file).

    `model` names the pack to encode queries with; default the one the collection was built with.

    Raises FormatError, LibraryError, StorageError or PackError.
    """
    text = str(place)
    if text.startswith(("http://", "https://")):
        return Collection(SiteIndex.open(text), model)
    path = Path(place)
    if (path / "manifest.json").exists():
        return Collection(SiteIndex.open(path), model)
    return Collection(LibraryIndex.open(path, model), model)


class Collection:
    """An open collection with one loaded model; a context manager."""

    def __init__(self, index: SearchIndex, model: str | None = None) -> None:
        self.index = index
        self._model = model
        self._cache: dict[Term, Floats] = {}

    @property
    def count(self) -> int:
        return self.index.count

    def search(
        self,
        text: str,
        *,
        mode: Mode = "all",
        k: int | None = None,
        offset: int = 0,
        group: bool = False,
    ) -> SearchResponse:
        """Answer a query of docs/QUERY.md; `k` is by default what its `k:` says, else 20.

        `group` looks for hits that show the same picture.

        Raises:
            UsageError: an unknown image id, or a meaning search without a model.
            PictureError, StorageError: a query picture cannot be read.
        """
        return self._answer(parse(text), mode, k, offset, group)

    def search_many(
        self,
        texts: Sequence[str],
        *,
        mode: Mode = "all",
        k: int | None = None,
        default_k: int = DEFAULT_K,
    ) -> list[SearchResponse]:
        """Answer several queries; their pictures and texts are encoded together.

        `default_k` is for those that have no `k:`, where `k` is None.
        """
        terms = [term for text in texts for term in parse(text).terms if term.kind != "like"]
        if terms and mode != "words" and self.pack is not None:
            self._encode(list(dict.fromkeys(_unweighted(term) for term in terms)))
        sizes = [k if k is not None else parse(text).k or default_k for text in texts]
        return [
            self.search(text, mode=mode, k=size) for text, size in zip(texts, sizes, strict=True)
        ]

    def similar(self, image: str, *, k: int = DEFAULT_K, offset: int = 0) -> SearchResponse:
        """The images most like one of the collection, without itself, or most like a picture.

        `image` is an image id, or the path or URL of a picture. Raises as `search` does.
        """
        own = self.index.row_of(image)
        known = len(image) == 16 and not set(image) - set("0123456789abcdef")
        query = Query(terms=(Term("like" if known else "image", image),))
        found = self._answer(query, "meaning", offset + k + 1, 0, False)
        hits = [hit for hit in found.hits if hit.row != own]
        return SearchResponse(hits[offset : offset + k], found.total, found.divide, found.notices)

    def facets(self, field: str, text: str = "", *, limit: int = 50) -> list[tuple[str, int]]:
        """The most frequent values of a field, with counts, among the images that match `text`.

        An image matches that meets the conditions of the query and has any of its words.
        Raises UsageError for a field whose values cannot be counted.
        """
        return facet_counts(field, parse(text), self.index, limit)

    def random(self, count: int = 1, *, seed: int = 0, text: str = "") -> list[Hit]:
        """`count` images at random of those that match `text` (see `facets`); equal seeds, equal images."""
        rows = np.flatnonzero(matching(parse(text), self.index))
        chosen = shuffled(self.index.ids, [int(row) for row in rows], seed)[: max(count, 0)]
        return [self._hit(Result(row, 0.0)) for row in chosen]

    def batches(
        self, *, size: int, validation: float = 0, test: float = 0, seed: int = 0
    ) -> Batches:
        """Split the collection into batches of rows, by the images' ids and a seed alone.

        `validation` and `test` are shares. Raises UsageError for options that make no sense.
        """
        ids = self.index.ids
        digest = hashlib.sha256("".join(f"{image_id}\n" for image_id in ids).encode()).hexdigest()
        return make_batches(ids, digest, size=size, validation=validation, test=test, seed=seed)

    def image(self, image_id: str) -> Hit | None:
        """The image of an id, None where the collection has no such image."""
        row = self.index.row_of(image_id)
        return None if row is None else self._hit(Result(row, 0.0))

    def thumbnail(self, hit: Hit) -> bytes | None:
        """The WebP bytes of a hit's thumbnail."""
        return self.index.thumbnail(hit.row)

    def _answer(
        self, query: Query, mode: Mode, k: int | None, offset: int, group: bool
    ) -> SearchResponse:
        embed = self._embed if mode != "words" and self.pack is not None else None
        if embed is None and mode == "meaning":
            raise UsageError("This collection has no model: it is searched by words only.")
        answer = evaluate(query, self.index, embed, mode=mode, k=k, offset=offset, group=group)
        hits = [self._hit(result) for result in answer.results]
        return SearchResponse(hits, answer.total, answer.divide, answer.notices)

    @cached_property
    def pack(self) -> ModelPack | None:
        """The model pack that encodes queries; None for a collection without vectors."""
        if self._model is None:
            return self.index.load_pack()
        from .encoders import load_pack

        pack = load_pack(self._model)
        own = self.index.load_pack()
        if own is not None and own.encoder_hash != pack.encoder_hash:
            raise PackError(
                f"The collection was built with {own.id}, and {pack.id} does not fit its vectors.",
                "Leave out --model, or build the collection with that model.",
            )
        return pack

    @cached_property
    def encoder(self) -> Encoder:
        from .encoders import Encoder

        if self.pack is None:
            raise UsageError("This collection has no model: it is searched by words only.")
        return Encoder(self.pack)

    def _embed(self, term: Term) -> Floats:
        self._encode([_unweighted(term)])
        return self._cache[_unweighted(term)]

    def _encode(self, terms: Sequence[Term]) -> None:
        new = [term for term in terms if term not in self._cache]
        for kind in ("text", "image"):
            of_kind = [term for term in new if term.kind == kind]
            if not of_kind:
                continue
            values = [term.value for term in of_kind]
            if kind == "text":
                vectors = self.encoder.encode_texts(values)
            else:
                vectors = self.encoder.encode_images([_load_picture(v) for v in values])
            self._cache.update(zip(of_kind, np.asarray(vectors, dtype=np.float32), strict=True))

    def _hit(self, result: Result) -> Hit:
        document = self.index.document(result.row)
        return Hit(
            result.row,
            str(document["id"]),
            result.score,
            result.similarity,
            result.ranks,
            document,
            result.matched,
            result.likely,
            result.duplicate_of,
        )

    def close(self) -> None:
        self.index.close()

    def __enter__(self) -> Collection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _unweighted(term: Term) -> Term:
    return Term(term.kind, term.value)


def _load_picture(value: str) -> Any:
    """The picture of an `image:` term, from a file or an http(s) URL."""
    from .pictures import Limits, open_picture

    limits = Limits()
    if not value.startswith(("http://", "https://")):
        path = Path(value.removeprefix("file://")).expanduser()
        if not path.is_file():
            raise PictureError(f"There is no picture {value}.")
        return open_picture(path, limits, want=512).image
    from .reader.source import fetch

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("picture" + Path(value.split("?")[0]).suffix[:6])
        path.write_bytes(fetch(value, limits.max_bytes))
        return open_picture(path, limits, want=512).image


__all__ = ["Collection", "Hit", "SearchResponse", "open_collection"]
