"""What a collection searches, and its answer to a query."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol

from .query.correct import Correction
from .query.evaluate import Notice
from .query.index import Index
from .query.ranking import ObjectPage

if TYPE_CHECKING:
    from .packs import ModelPack


class SearchIndex(Index, Protocol):
    """`Collection.index`: the collection by row, 0 … `count` - 1. Rows may change from build to build."""

    @property
    def ids(self) -> Sequence[str]:
        """The image ids in row order."""
        ...

    @property
    def hash(self) -> str:
        """What identifies the collection, in hex (docs/FORMAT.md 2.1)."""
        ...

    @property
    def words(self) -> Sequence[tuple[str, int]]:
        """The words of the texts with the number of rows that have them, most frequent first."""
        ...

    def thumbnail(self, row: int) -> bytes | None:
        """The row's thumbnail as the bytes of a WebP file, or None if it has none."""
        ...

    def view(self, row: int) -> bytes | None:
        """The row's larger picture as the bytes of a WebP file, or None if it has none."""
        ...

    def original(self, row: int) -> bytes | None:
        """The row's original file as it is or would be published, or None if there is none.

        From a library, position, serial numbers and owner are removed; None if that is not possible.
        """
        ...

    def address(self, row: int) -> str | None:
        """The address of the row's largest picture (a file or http(s) URL), or None if there is none."""
        ...

    def document(self, row: int) -> Mapping[str, Any]:
        """What is published about the row's image: `id`, `path`, `width`, `height`, `fields` and more."""
        ...

    def numbered_tags(self) -> Iterable[tuple[int, str, str, int]] | None:
        """The number, name, field and number of images of each tag, or None if tags have no numbers."""
        ...

    def load_pack(self) -> ModelPack | None: ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class Hit:
    """One image of a response, with the reasons why it was found."""

    row: int
    """Position in the site's files. It may change from build to build."""
    image_id: str
    """The image's stable id, 16 hexadecimal digits."""
    score: float
    """Fused score; higher is better. Comparable within one response only."""
    similarity: float | None
    """Cosine similarity to the query, from -1 to 1, or None if meaning was not searched.

    It is that of the picture, or that of the text of a record without a picture. -1 stands for a record
    that has no embedding and, in a large collection, for one that was found by its words alone: a search
    by meaning compares only a part of the pictures there. In a collection with both, cosines of pictures
    and texts cannot be compared.
    """
    ranks: Mapping[str, int]
    """Rank, from 0, in the arms `meaning` and `words` that found the image."""
    document: Mapping[str, Any]
    """What is published about the image: `id`, `path`, `width`, `height`, `fields` and more."""
    matched: Sequence[str] = ()
    """The words of the query (at most 8) that occur in the image's text."""
    close: bool | None = None
    """Whether the embedding alone makes it a likely match, or None if meaning was not searched."""
    likely: bool | None = None
    """Whether this is a likely match, or None if the results are not sorted by relevance."""
    duplicate_of: int | None = None
    """The row of an earlier hit that shows the same picture, if grouping was requested."""

    object_page: ObjectPage | None = None
    """Which page of its object it is, or None if the object has no other pages."""

    def to_json(self) -> dict[str, Any]:
        """The hit as one JSON object: the document and every reason that is known."""
        found: dict[str, Any] = {"row": self.row, "score": self.score, **self.document}
        if self.similarity is not None:
            found["similarity"] = round(self.similarity, 6)
        if self.ranks:
            found["ranks"] = dict(self.ranks)
        if self.matched:
            found["matched"] = list(self.matched)
        if self.close is not None:
            found["close"] = self.close
        if self.likely is not None:
            found["likely"] = self.likely
        if self.duplicate_of is not None:
            found["duplicate_of"] = self.duplicate_of
        if self.object_page is not None:
            found["object_page"] = asdict(self.object_page)
        return found


@dataclass(frozen=True)
class SearchResponse:
    """What a collection searches, and its answer to a query."""

    hits: list[Hit]
    """The found images, best first."""
    total: int | None
    """How many images match in all, or None if the query ranks the whole collection.

    If the pages of an object are one hit, it is how many objects match. An image without other pages is one.
    """
    divide: int | None = None
    """How many hits, from the first, are likely matches, or None if not sorted by relevance."""
    notices: Sequence[Notice] = ()
    """What to tell the person who asked, such as a field that cannot be sorted by."""
    correction: Correction | None = None
    """The query that was probably meant, if no image has all words and one of them occurs nowhere."""
    pictures: int | None = None
    """If the pages of an object are one hit and the total is known: how many images match."""
