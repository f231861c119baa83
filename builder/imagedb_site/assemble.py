"""From staged records to the fields, ids and default order of a site, and its example queries."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import tee, zip_longest

import numpy as np
from numpy.typing import NDArray

from .library import Item, Placed, Stage, StagedImage
from .pictures import METADATA_FIELDS, PRIVATE_FIELDS, is_private_value
from .records import FieldSpec, Problem, Value
from .remote_pictures import RemotePictures
from .site import ids_by_path, order_key, record_hash
from .values import clean_fields

PIXEL_FIELDS = (
    FieldSpec("width", "Width", "number", column=True, unit="px"),
    FieldSpec("height", "Height", "number", column=True, unit="px"),
)
EXAMPLE_COUNT = 6

_SENTENCES_FROM = 200
"""Roughly how many pictures are asked for a sentence."""


@dataclass(frozen=True)
class Assembled:
    """What will be published, except the rows.

    `items`, int64 [n], and `ids`, uint64 [n], are in default order. `problems` are values that do not fit
    their field. `hidden` is the number of pictures with a value that is not published, by the label of its
    field.
    """

    placed: Placed
    items: NDArray[np.int64]
    ids: NDArray[np.uint64]
    fields: list[FieldSpec]
    examples: list[str]
    problems: list[Problem]
    hidden: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Hidden:
    """What is not published: fields of the source, of the files, and values that are paths or positions."""

    own: frozenset[str] = frozenset()
    embedded: frozenset[str] = frozenset()
    values: bool = False


def assemble(
    stage: Stage,
    own: Sequence[FieldSpec],
    *,
    publish_location: bool,
    private: frozenset[str] = frozenset(),
    source: str = "folder",
    remote: RemotePictures | None = None,
) -> Assembled:
    """Merges what source and file say of each record, and gives it an id and its place in the order.

    `source` is the name of the source, by which records without a picture are identified. `remote`
    makes the addresses of pictures on other hosts. `own` are the
    fields of the source; those in `private`, `PRIVATE_FIELDS` of the files and values that are a position or
    an absolute path are left out unless `publish_location` is set.
    """
    specs = known_fields(own, [*METADATA_FIELDS, *PIXEL_FIELDS])
    hidden = Hidden() if publish_location else Hidden(private, PRIVATE_FIELDS, values=True)
    seen = _Seen(specs)
    placed = stage.placed()
    placed.put(_items(stage.images(), specs, hidden, seen, source, remote))
    items, ids = placed.ordered()
    return Assembled(
        placed,
        items,
        ids,
        [spec for spec in specs if spec.name in seen.used],
        example_queries(seen.counts, len(items), _sample(placed, items)),
        seen.problems,
        _by_label(seen.hidden, specs),
    )


def known_fields(own: Sequence[FieldSpec], embedded: Sequence[FieldSpec]) -> list[FieldSpec]:
    """The fields of source and files, the source's first; its definition of a field wins.

    Keywords of files may be paths, also if a table has keywords of its own.
    """
    specs: dict[str, FieldSpec] = {}
    for spec in (*own, *embedded):
        first = specs.setdefault(spec.name, spec)
        if first.separator is None and first.type == spec.type == "tags":
            specs[spec.name] = replace(first, separator=spec.separator)
    return list(specs.values())


def merge_fields(
    own: Mapping[str, Value], embedded: Mapping[str, Value], hidden: Hidden
) -> dict[str, Value]:
    """The fields of one image: what its source says wins over what its file and its XMP sidecars say.

    Hidden fields and empty values are left out; values that are private by themselves stay.
    """
    merged = {name: value for name, value in embedded.items() if name not in hidden.embedded}
    merged.update((name, value) for name, value in own.items() if name not in hidden.own)
    return {name: value for name, value in merged.items() if value not in ("", [])}


def _public_part(value: Value) -> Value:
    """The value without absolute paths of somebody's computer and without positions."""
    if isinstance(value, list):
        return [item for item in value if not is_private_value(item)]
    return "" if is_private_value(value) else value


def _by_label(hidden: Mapping[str, int], specs: Sequence[FieldSpec]) -> dict[str, int]:
    """Returns the number of pictures with each hidden field by its label, in the order of `specs`."""
    found: dict[str, int] = {}
    for spec in specs:
        if spec.name in hidden:
            found[spec.label] = max(hidden[spec.name], found.get(spec.label, 0))
    return found


@dataclass
class _Seen:
    """What one pass over the pictures finds out about all of them."""

    specs: Sequence[FieldSpec]
    used: set[str] = field(default_factory=set)
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    hidden: Counter[str] = field(default_factory=Counter)
    separators: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for spec in self.specs:
            if spec.name == "label" or spec.type == "tags":
                self.counts[spec.name] = Counter()
                self.separators[spec.name] = spec.separator or ""

    def add(self, values: Mapping[str, Value]) -> None:
        self.used.update(values)
        for name, counter in self.counts.items():
            value = values.get(name, [])
            several = value if isinstance(value, list) else [str(value)]
            separator = self.separators[name]
            # Of a path, its last part is what a picture shows.
            counter.update(v.rpartition(separator)[2] if separator else v for v in several)


def _items(
    images: Iterable[StagedImage],
    specs: Sequence[FieldSpec],
    hidden: Hidden,
    seen: _Seen,
    source: str,
    remote: RemotePictures | None,
) -> Iterator[Item]:
    images, named = tee(images)
    ids = ids_by_path(
        (image.content_hash or record_hash(source, image.key), image.key) for image in named
    )
    # zip reads an image, then its id: `tee` never holds more than one.
    for image, image_id in zip(images, ids, strict=True):
        embedded = {**image.metadata, **image.xmp}
        merged = merge_fields(image.own, embedded, hidden)
        without = hidden.own.intersection(image.own) | hidden.embedded.intersection(embedded)
        if hidden.values:
            public = {name: _public_part(value) for name, value in merged.items()}
            without |= {name for name, value in public.items() if value != merged[name]}
            merged = {name: value for name, value in public.items() if value not in ("", [])}
        seen.hidden.update(without)
        if image.image is not None:
            merged |= {"width": image.width, "height": image.height}
        values, unfit = clean_fields(image.key, merged, specs)
        seen.problems += unfit
        seen.add(values)
        sort = order_key(image.key, values.get("taken"))
        where = {}
        if remote is not None and image.image is None:
            where = remote.of(image.key, values, image.image_url, image.thumbnail_url)
        yield Item(image.item, image_id, image.image, sort, values, where)


def _sample(placed: Placed, items: NDArray[np.int64]) -> list[Mapping[str, Value]]:
    step = max(1, len(items) // _SENTENCES_FROM)
    return [placed.fields(item) for item in items[::step].tolist()]


# Words of test files, of programs and of their defaults, not of pictures.
_TECHNICAL = re.compile(
    r"\b(?:tests?|testing|dummy|placeholder|untitled|lorem|ipsum|strings?|metadata|e?xif|iptc|xmp"
    r"|jpe?gs?|pngs?|tiffs?|webp|heic|gif|thumbnails?|extractor|encoder|default|unknown|null|none|nan"
    r"|digital camera|camera phone|screenshot|created (?:with|by|in)|generated (?:with|by)"
    r"|copyright|all rights|https?|www|version|software|bytes?)\b",
    re.IGNORECASE,
)


def example_queries(
    counts: Mapping[str, Mapping[str, int]],
    count: int,
    sample: Sequence[Mapping[str, Value]],
) -> list[str]:
    """A few queries that the collection answers, taken from its own metadata.

    `counts` has the number of pictures with each label and tag, by field; `count` is the number of
    pictures; `sample` are the fields of some of them. Short sentences and frequent labels take turns,
    and no two share a word. Deterministic: ties go by code point.
    """
    words = [word for of_field in counts.values() for word in _frequent(of_field, count)]
    names = ("caption", "captions", "title", "description")
    sentences = [query for name in names for query in _sentences(name, sample)]
    # What programs write into every file says nothing about a picture.
    often = Counter(sentences)
    sentences = [query for query in often if often[query] <= max(2, len(sample) // 20)]
    mixed = [query for pair in zip_longest(sentences, words) for query in pair if query]
    return _distinct(mixed)[:EXAMPLE_COUNT]


def _frequent(counts: Mapping[str, int], count: int) -> list[str]:
    # A value that a large part of the pictures has does not show what search can do.
    most = max(2, count // 20)
    common = [value for value, times in counts.items() if 2 <= times <= most]
    ranked = sorted(common, key=lambda value: (-counts[value], value))
    words = (re.sub(r"[_\-]+", " ", value).strip().lower() for value in ranked)
    words = (word for word in words if not _TECHNICAL.search(word))
    return [word for word in words if re.fullmatch(r"[^\W\d_]{3,}( [^\W\d_]{2,}){0,2}", word)][:40]


def _sentences(name: str, sample: Sequence[Mapping[str, Value]]) -> list[str]:
    found = []
    for fields in sample:
        first = re.split(r"[.\n;:]", str(fields.get(name, "")), maxsplit=1)[0].strip()
        words = first.split()
        if (
            3 <= len(words) <= 6
            and len(first) <= 48
            and not re.search(r"[\d\"“”()\[\]{}<>=|/\\_@#%*]", first)
            and not _TECHNICAL.search(first)
            # As in "OLYMPUS DIGITAL CAMERA".
            and first != first.upper()
        ):
            found.append(first[0].lower() + first[1:] if words[0] in ("A", "An", "The") else first)
    return found


def _distinct(queries: Iterable[str]) -> list[str]:
    """Drops queries that share a word with an earlier one."""
    seen: set[str] = set()
    kept = []
    for query in queries:
        words = {word for word in query.lower().split() if len(word) > 3} or {query}
        if words.isdisjoint(seen):
            kept.append(query)
        seen |= words
    return kept
