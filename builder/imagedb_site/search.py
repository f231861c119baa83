"""Search a published site (folder, URL or bucket) or a working library from Python.

    import imagedb_site
    with imagedb_site.open("https://example.org/pictures/") as collection:
        for hit in collection.search("a red car at night", k=5).hits:
            print(hit.similarity, hit.document["path"])

The same query gives the same images here and in the browser (docs/QUERY.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .batches import Batches, Definition, batches_of, make_batches
from .bucket_addresses import is_bucket
from .dataset import Stats, Tag, TagTable, sample_rows, stats, tag_table
from .errors import PackError, UsageError
from .hits import Hit, SearchIndex, SearchResponse
from .index import LibraryIndex, SiteIndex
from .query import parse
from .query.correct import Correction, Known, correct, what_is_found
from .query.current import current_result
from .query.evaluate import DEFAULT_K, Mode, evaluate
from .query.facets import FacetCounts, facet_counts
from .query.index import Floats
from .query.lexicon import UNKNOWN_COUNT, Lexicon
from .query.meaning import Embed
from .query.parse import Query, Term
from .query.plan import make_plan, quote
from .query.ranking import Result
from .query.strange import LEAST_WORDS, MOST_TOKENS, Strangeness
from .query.words_arm import longer_words
from .query_picture import load_picture

if TYPE_CHECKING:
    from .encoders import Encoder
    from .packs import ModelPack


def open_collection(place: str | Path, *, model: str | None = None) -> Collection:
    """Open a site or a library; see `imagedb_site.open`."""
    text = str(place)
    if text.startswith(("http://", "https://")) or is_bucket(text):
        return Collection(SiteIndex.open(text), model)
    path = Path(place)
    if (path / "manifest.json").exists():
        return Collection(SiteIndex.open(path), model)
    return Collection(LibraryIndex.open(path, model), model)


class Collection:
    """An open collection with at most one loaded model. It is a context manager."""

    def __init__(self, index: SearchIndex, model: str | None = None) -> None:
        self.index = index
        self._model = model
        self._cache: dict[Term, Floats | None] = {}

    @property
    def count(self) -> int:
        """How many images the collection has."""
        return self.index.count

    def search(
        self,
        text: str,
        *,
        mode: Mode = "all",
        k: int | None = None,
        offset: int = 0,
        group: bool = False,
        by_object: bool = False,
    ) -> SearchResponse:
        """Answer a query in the language of docs/QUERY.md.

        `mode` is `all` (meaning and words together), `meaning` or `words`. `k` is the number of hits;
        the default is the value of `k:` in the query, or 20. `offset` skips hits, to read the results
        page by page. With `group`, hits that show the same picture as an earlier one say so. With
        `by_object`, the pages of an object are one hit: the best of them, or the first one if nothing
        ranks the hits.

        Raises:
            UsageError: the query has an unknown image id, or asks for meaning without a model.
            PictureError: a picture of the query cannot be decoded.
            StorageError: a picture of the query, or a file of the site, cannot be read.
        """
        return self._answer(parse(text), mode, k, offset, group, by_object)

    def search_many(
        self,
        texts: Sequence[str],
        *,
        mode: Mode = "all",
        k: int | None = None,
        default_k: int = DEFAULT_K,
        by_object: bool = False,
    ) -> list[SearchResponse]:
        """Answer several queries. Their pictures and texts are encoded together, which is faster.

        `k` is the number of hits per query; if it is None, queries without `k:` have `default_k` hits.
        Raises the same errors as `search`.
        """
        terms = [term for text in texts for term in parse(text).terms if term.kind != "like"]
        if terms and mode != "words" and self.pack is not None:
            self._encode(list(dict.fromkeys(_unweighted(term) for term in terms)))
        sizes = [k if k is not None else parse(text).k or default_k for text in texts]
        return [
            self.search(text, mode=mode, k=size, by_object=by_object)
            for text, size in zip(texts, sizes, strict=True)
        ]

    def similar(self, image: str, *, k: int = DEFAULT_K, offset: int = 0) -> SearchResponse:
        """The images most similar to `image`, which is an image id or the path or URL of a picture.

        An image of the collection is never among its own results. Raises the same errors as `search`.
        """
        own = self.index.row_of(image)
        known = len(image) == 16 and not set(image) - set("0123456789abcdef")
        query = Query(terms=(Term("like" if known else "image", image),))
        found = self._answer(query, "meaning", offset + k + 1, 0)
        hits = [hit for hit in found.hits if hit.row != own]
        return SearchResponse(hits[offset : offset + k], found.total, found.divide, found.notices)

    def facets(
        self,
        field: str,
        text: str = "",
        *,
        mode: Mode = "all",
        limit: int = 50,
        under: str | None = None,
    ) -> FacetCounts:
        """The most frequent values of a field with their counts, at most `limit` of them.

        Only the current result of a search for `text` counts: the images that meet its conditions and, in
        mode `words`, have its words; in the other modes its likely matches, or all images that meet the
        conditions if none is likely. Dates are counted by year. If the values are paths, such as folders,
        every parent is listed too, and its count includes everything below it. `under` limits the list to
        the paths directly below a path; with `under=""` it is the first level.

        The list is one of pairs. Its attribute `about` is true if more than 100,000 images match (for
        tags in a collection of more than 262,144 images: more than 256): then the
        counts are estimated from a part of them.

        Raises:
            UsageError: the collection has no such field, its values cannot be counted, or `under` is
                given for a field that has no paths. Otherwise as `search`.
        """
        query = parse(text)
        embed = self._embed_for(mode) if query.terms else None
        strange = self._strange if embed else None
        mask = current_result(query, self.index, embed, mode, strange)
        return facet_counts(field, mask, self.index, limit, under)

    def random(self, count: int = 1, *, seed: int = 0, text: str = "") -> list[Hit]:
        """`count` random images among those that match `text`: its conditions and any of its words.

        The same seed, from 0 to 2³² - 1, gives the same images.
        """
        return self.sample(count, seed=seed, text=text)

    def batches(
        self, *, size: int, validation: float = 0, test: float = 0, seed: int = 0
    ) -> Batches:
        """Split the collection into training, validation and test batches of at most `size` rows.

        `validation` and `test` are shares from 0 to 1. An image's part depends only on its id and the
        seed, so adding images moves no other image to another part.

        Raises:
            UsageError: the size, a share or the seed is out of range.
        """
        index = self.index
        return make_batches(
            index.ids, index.hash, size=size, validation=validation, test=test, seed=seed
        )

    def batches_of(self, batch_id: str) -> Batches:
        """The batches that an id names (`Batches.id`).

        Raises UsageError if it is not an id of this state of the collection.
        """
        definition = Definition.of(batch_id, self.index.hash)
        if definition is None:
            raise UsageError(f"This collection has no batches {batch_id}.")
        return batches_of(self.index.ids, self.index.hash, definition)

    def stats(self, *, limit: int = 10, texts: bool = False) -> Stats:
        """How many images there are, and how many have each field, with its most frequent values.

        `limit` is the number of values per field, at most 1,000. Texts and links are only counted with
        `texts`, because that reads every document. Raises UsageError if `limit` is out of range.
        """
        return stats(self.index, limit=limit, texts=texts)

    def tag(self, name: str) -> list[Tag]:
        """The tags with this name, one for each field that has it, with their numbers of images.

        Case, accents, `_` and `-` do not matter.
        """
        return self.tags.find(name)

    @cached_property
    def tags(self) -> TagTable:
        """All tags of the collection, by number and by name."""
        return tag_table(self.index)

    def sample(
        self,
        size: int = 1,
        *,
        seed: int = 0,
        text: str = "",
        start: int = 1,
        end: int | None = None,
    ) -> list[Hit]:
        """`size` random images among the numbers `start` … `end` that match `text` (see `facets`).

        Images are numbered from 1 in row order. The same seed, from 0 to 2³² - 1, gives the same images.
        """
        rows = sample_rows(self.index, size, seed=seed, text=text, start=start, end=end)
        return self.hits(rows)

    def page(self, number: int = 1, *, size: int = 100) -> list[Hit]:
        """Page `number`, from 1, of all images in the order of their numbers.

        Raises UsageError if there is no such page.
        """
        pages = -(-self.count // size) if size >= 1 else 0
        if not 1 <= number <= pages:
            raise UsageError(f"There is no page {number}; there are {pages}.")
        first = (number - 1) * size
        return self.hits(range(first, min(first + size, self.count)))

    def hits(self, rows: Iterable[int]) -> list[Hit]:
        """The images at these rows, such as those of a batch."""
        return [self._hit(Result(row, 0.0)) for row in rows]

    def image(self, image_id: str) -> Hit | None:
        """The image with this id, or None if the collection does not have it."""
        row = self.index.row_of(image_id)
        return None if row is None else self._hit(Result(row, 0.0))

    def pages(self, hit: Hit) -> list[Hit]:
        """All pages of the object that a hit belongs to, in their order; the hit alone without others."""
        pages = self.index.objects
        return self.hits([hit.row] if pages is None else pages.rows_of(hit.row))

    def thumbnail(self, hit: Hit) -> bytes | None:
        """The hit's thumbnail as the bytes of a WebP file, or None if it has none."""
        return self.index.thumbnail(hit.row)

    def _answer(
        self,
        query: Query,
        mode: Mode,
        k: int | None,
        offset: int,
        group: bool = False,
        by_object: bool = False,
    ) -> SearchResponse:
        embed = self._embed_for(mode)
        strange = self._strange if embed else None
        page: dict[str, Any] = {"k": k, "offset": offset, "group": group, "by_object": by_object}
        answer = evaluate(query, self.index, embed, mode=mode, strange=strange, **page)
        hits = [self._hit(result) for result in answer.results]
        correction = None
        if mode != "meaning" and answer.strict_total == 0:
            correction = self._correction(query, embed is not None)
        return SearchResponse(
            hits, answer.total, answer.divide, answer.notices, correction, answer.pictures
        )

    def _embed_for(self, mode: Mode) -> Embed | None:
        """What embeds the terms of a query; None if only words are searched."""
        embed = self._embed if mode != "words" and self.pack is not None else None
        if embed is None and mode == "meaning":
            raise UsageError("This collection has no model: it is searched by words only.")
        return embed

    def _correction(self, query: Query, meaning: bool) -> Correction | None:
        """The query with its unknown words corrected; `meaning`: whether it is also searched by meaning."""
        index = self.index
        known = Known(
            lambda word: (
                len(index.having(quote(word))) > 0 or bool(longer_words(word, index.folded_words))
            ),
            self._lexicon,
            self._model_lexicon if meaning else None,
            self._is_one_token if meaning else lambda word: False,
        )
        words = make_plan(query, index).words
        return correct(query.source, words, known, lambda text: what_is_found(text, index, meaning))

    @cached_property
    def _lexicon(self) -> Lexicon:
        return Lexicon(self.index.words)

    @cached_property
    def _model_lexicon(self) -> Lexicon:
        return Lexicon((word, UNKNOWN_COUNT) for word in self.encoder.vocabulary)

    @cached_property
    def _strange(self) -> Strangeness | None:
        """Which texts the model does not know; None if nothing is known about its words."""
        words = self.encoder.vocabulary
        rows = int(self.encoder.pack.manifest["tokens"]["rows"])
        if len(words) < LEAST_WORDS or rows > MOST_TOKENS:
            return None
        return Strangeness(
            words, self._model_lexicon.__contains__, lambda word: not self._is_one_token(word)
        )

    def _is_one_token(self, word: str) -> bool:
        """Whether a word was frequent in the tokenizer's texts; misspelled ones are several tokens."""
        tokenizer = self.encoder.text.tokenizer
        return len(tokenizer.encode(word)) <= len(tokenizer.encode("a"))

    @cached_property
    def pack(self) -> ModelPack | None:
        """The model pack that encodes queries, or None if the collection has no vectors."""
        if self._model is None:
            return self.index.load_pack()
        from .models import resolve

        pack = resolve(self._model)
        own = self.index.load_pack()
        if own is not None and own.encoder_hash != pack.encoder_hash:
            raise PackError(
                f"The collection was built with {own.id}, and {pack.id} does not fit its vectors.",
                "Leave out --model, or build the collection with that model.",
            )
        return pack

    @cached_property
    def encoder(self) -> Encoder:
        """Embeds texts and pictures as the collection does: float32 [n, dim], L2-normalised.

        Raises UsageError if the collection has no model.
        """
        from .encoders import Encoder

        if self.pack is None:
            raise UsageError("This collection has no model: it is searched by words only.")
        return Encoder(self.pack)

    def _embed(self, term: Term) -> Floats | None:
        self._encode([_unweighted(term)])
        return self._cache[_unweighted(term)]

    def _encode(self, terms: Sequence[Term]) -> None:
        new = [term for term in terms if term not in self._cache]
        for kind in ("text", "image"):
            of_kind = [term for term in new if term.kind == kind]
            if not of_kind:
                continue
            values = [term.value for term in of_kind]
            vectors: Sequence[Floats | None]
            if kind == "text":
                vectors = self.encoder.encode_queries(values)
            else:
                vectors = list(self.encoder.encode_images([load_picture(v) for v in values]))
            self._cache.update(zip(of_kind, vectors, strict=True))

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
            result.close,
            result.likely,
            result.duplicate_of,
            result.object_page,
        )

    def close(self) -> None:
        """Release the files of the collection."""
        self.index.close()

    def __enter__(self) -> Collection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _unweighted(term: Term) -> Term:
    return Term(term.kind, term.value)


__all__ = ["Collection", "Correction", "Hit", "SearchIndex", "SearchResponse", "open_collection"]
