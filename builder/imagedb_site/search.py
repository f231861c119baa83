"""Search a published site (folder or URL) or a working library from Python.

    import imagedb_site
    with imagedb_site.open("https://example.org/pictures/") as collection:
        for hit in collection.search("a red car at night", k=5).hits:
            print(hit.similarity, hit.document["path"])

The same query gives the same images here and in the browser (docs/QUERY.md).
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from .errors import PackError, PictureError, UsageError
from .index import LibraryIndex, SiteIndex
from .query import parse
from .query.evaluate import Mode, Result, evaluate
from .query.index import Floats, Index
from .query.parse import Term

if TYPE_CHECKING:
    from .encoders import Encoder, ModelPack


class SearchIndex(Index, Protocol):
    """An index that can also describe its rows and say which model made its vectors."""

    def document(self, row: int) -> Mapping[str, Any]: ...

    def load_pack(self) -> ModelPack | None: ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class Hit:
    """One found image: `document` is the one of docs/FORMAT.md 2.4."""

    row: int
    image_id: str
    score: float
    similarity: float | None
    ranks: Mapping[str, int]
    document: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        found: dict[str, Any] = {"row": self.row, "score": self.score, **self.document}
        if self.similarity is not None:
            found["similarity"] = round(self.similarity, 6)
        if self.ranks:
            found["ranks"] = dict(self.ranks)
        return found


@dataclass(frozen=True)
class SearchResponse:
    """`total` counts all matches where the query has an end (words, filters), else None."""

    hits: list[Hit]
    total: int | None


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
        self, text: str, *, mode: Mode = "all", k: int = 20, offset: int = 0
    ) -> SearchResponse:
        """Answer a query of docs/QUERY.md.

        Raises:
            QuerySyntaxError: an FTS5 expression that SQLite refuses.
            UsageError: an unknown image id or sort field, or a meaning search without a model.
            PictureError, StorageError: a query picture cannot be read.
        """
        embed = self._embed if mode != "words" and self.pack is not None else None
        if embed is None and mode == "meaning":
            raise UsageError("This collection has no model: it is searched by words only.")
        answer = evaluate(parse(text), self.index, embed, mode=mode, k=k, offset=offset)
        return SearchResponse([self._hit(result) for result in answer.results], answer.total)

    def search_many(
        self, texts: Sequence[str], *, mode: Mode = "all", k: int = 20
    ) -> list[SearchResponse]:
        """Answer several queries; their pictures and texts are encoded together."""
        terms = [term for text in texts for term in parse(text).terms if term.kind != "like"]
        if mode != "words" and self.pack is not None:
            self._encode(list(dict.fromkeys(_unweighted(term) for term in terms)))
        return [self.search(text, mode=mode, k=k) for text in texts]

    def similar(self, image_id: str, *, k: int = 20) -> SearchResponse:
        """The images most like one of the collection, without itself."""
        found = self.search(f"like:{image_id}", mode="meaning", k=k + 1)
        hits = [hit for hit in found.hits if hit.image_id != image_id]
        return SearchResponse(hits[:k], found.total)

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
        )

    def close(self) -> None:
        self.index.close()

    def __enter__(self) -> Collection:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
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
