"""From records and embedded metadata to the fields, documents and examples of a site. Pure functions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest

from .records import FieldSpec, Value

EXAMPLE_COUNT = 6


def merge_fields(
    own: Mapping[str, Value], embedded: Mapping[str, Value], hidden: frozenset[str]
) -> dict[str, Value]:
    """The fields of one image: what its source says wins over what the file says.

    Names in `hidden` and empty values are left out; `hidden` applies to embedded values only, because
    a column somebody put into a sidecar table is meant to be published.
    """
    merged = {name: value for name, value in embedded.items() if name not in hidden}
    merged.update(own)
    return {name: value for name, value in merged.items() if value not in ("", [])}


def published_fields(
    own: Sequence[FieldSpec],
    embedded: Sequence[FieldSpec],
    documents: Iterable[Mapping[str, Value]],
) -> list[FieldSpec]:
    """The fields that have a value in at least one document, source's own first.

    A field both sides know keeps the definition of the source.
    """
    used: set[str] = set()
    for document in documents:
        used.update(document)
    specs: dict[str, FieldSpec] = {}
    for spec in (*own, *embedded):
        specs.setdefault(spec.name, spec)
    return [spec for spec in specs.values() if spec.name in used]


def example_queries(
    specs: Sequence[FieldSpec], documents: Sequence[Mapping[str, Value]]
) -> list[str]:
    """A handful of queries that the collection answers, taken from its own metadata.

    Short sentences of its text fields and frequent labels and tags in turn, no two with a word in
    common. Deterministic: ties go by code point.
    """
    sentences: list[str] = []
    words: list[str] = []
    for spec in specs:
        if spec.name == "label" or spec.type == "tags":
            words += _frequent(spec.name, documents)
        elif spec.name in ("caption", "captions", "title", "description"):
            sentences += _sentences(spec.name, documents)
    mixed = [query for pair in zip_longest(sentences, words) for query in pair if query]
    return _distinct(mixed)[:EXAMPLE_COUNT]


def _frequent(name: str, documents: Sequence[Mapping[str, Value]]) -> list[str]:
    counts: Counter[str] = Counter()
    for document in documents:
        value = document.get(name, [])
        counts.update(value if isinstance(value, list) else [str(value)])
    # A value on a large part of the pictures is no example of what search can do.
    most = max(2, len(documents) // 20)
    common = [value for value, count in counts.items() if 2 <= count <= most]
    ranked = sorted(common, key=lambda value: (-counts[value], value))
    words = (re.sub(r"[_\-]+", " ", value).strip().lower() for value in ranked)
    return [word for word in words if re.fullmatch(r"[^\W\d_]{3,}( [^\W\d_]{2,}){0,2}", word)][:40]


def _sentences(name: str, documents: Sequence[Mapping[str, Value]]) -> list[str]:
    found = []
    for document in documents[:: max(1, len(documents) // 200)]:
        first = re.split(r"[.\n;:]", str(document.get(name, "")), maxsplit=1)[0].strip()
        words = first.split()
        if (
            3 <= len(words) <= 6
            and len(first) <= 48
            and not re.search(r"[\d\"“”()\[\]{}<>]", first)
        ):
            found.append(first[0].lower() + first[1:] if words[0] in ("A", "An", "The") else first)
    return found


def _distinct(queries: Iterable[str]) -> list[str]:
    """Drop queries that share a word with an earlier one."""
    seen: set[str] = set()
    kept = []
    for query in queries:
        words = {word for word in query.lower().split() if len(word) > 3} or {query}
        if words.isdisjoint(seen):
            kept.append(query)
        seen |= words
    return kept
