"""Full text over an index of terms: SQLite's answers, without SQLite.

The twin is web_assets/src/catalog/terms-text.ts.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..terms import Integers, Terms
from .expression import Branch, Near, Node, Phrase, parse_expression
from .places import LeafRows, read_leaf
from .walk import Leaf, walk

Scores = np.ndarray[Any, np.dtype[np.float64]]

_K1 = 1.2
_B = 0.75


@dataclass(frozen=True)
class Matches:
    """Rows i64[n], best first, and the bm25 f64[n] of each as SQLite defines it: lower is better."""

    rows: Integers
    ranks: Scores


@dataclass(frozen=True)
class _Found:
    """Rows i64[n], rising, and of each phrase the rows and times that count, by the phrase's number."""

    rows: Integers
    phrases: list[tuple[int, Integers, Integers]]

    def within(self, rows: Integers) -> _Found:
        phrases = []
        for number, found, times in self.phrases:
            kept = np.isin(found, rows)
            phrases.append((number, found[kept], times[kept]))
        return _Found(rows, phrases)


class TermsText:
    """Expressions over the rows of `terms`, whose columns have these names."""

    def __init__(self, terms: Terms, columns: Sequence[str]) -> None:
        self._terms = terms
        self._columns = columns

    def match(self, expression: str, limit: int | None = None) -> Matches:
        """The first `limit` rows (None: all) that match, by SQLite's bm25 with equal weights, ties by row.

        `expression` is as it would be passed to SQLite. Raises SyntaxProblem if SQLite refuses it.
        """
        node = parse_expression(expression, self._columns)
        leaves = self._read(node, True)
        rows, times = _counted(node, leaves)
        sizes = self._terms.lengths(rows).astype(np.float64)
        ranks = np.zeros(len(rows))
        mean = self._terms.tokens / max(self._terms.count, 1)
        having = [some for leaf in leaves.values() for some in leaf.having]
        for number, some in enumerate(having):
            # The operations and their order are those of SQLite, so that ties stay ties.
            weight = _rarity(self._terms.count, some)
            of_phrase = times[number].astype(np.float64)
            ranks += weight * (
                (of_phrase * (_K1 + 1)) / (of_phrase + _K1 * (1 - _B + (_B * sizes) / mean))
            )
        ranks = -1 * ranks
        order = np.argsort(ranks, kind="stable")[:limit]
        return Matches(rows[order], ranks[order])

    def having(self, expression: str) -> Integers:
        """All rows that match, i64[n], rising. Raises SyntaxProblem as `match` does."""
        node = parse_expression(expression, self._columns)
        return _counted(node, self._read(node, False))[0]

    def _read(self, node: Node, counted: bool) -> dict[Near, LeafRows]:
        known: dict[str, LeafRows] = {}
        leaves = {}
        for near in nears(node):
            columns = None if near.columns is None else sorted(near.columns)
            key = json.dumps([*map(_key, near.phrases), near.distance, columns, near.never])
            if key not in known:
                known[key] = read_leaf(self._terms, near, counted)
            leaves[near] = known[key]
        return leaves


def nears(node: Node) -> Iterator[Near]:
    """The leaves of an expression, in the order of its text."""
    if isinstance(node, Near):
        yield node
    else:
        for child in node.children:
            yield from nears(child)


def _key(phrase: Phrase) -> list[object]:
    return [phrase.terms, phrase.prefixes, phrase.first]


def _rarity(rows: int, having: int) -> float:
    weight = math.log((rows - having + 0.5) / (having + 0.5))
    return 1e-6 if weight <= 0 else weight


def _counted(node: Node, leaves: dict[Near, LeafRows]) -> tuple[Integers, list[Integers]]:
    """The rows that match, i64[n] rising, and how many times each has each phrase, i64[n] per phrase."""
    found = None if is_intricate(node) else _sets(node, leaves, _numbers(leaves), True)
    if found is None:
        return _walked(node, leaves)
    count = sum(len(near.phrases) for near in leaves)
    times = [np.zeros(len(found.rows), dtype=np.int64) for _ in range(count)]
    for number, rows, some in found.phrases:
        times[number][np.searchsorted(found.rows, rows)] = some
    return found.rows, times


def _walked(node: Node, leaves: dict[Near, LeafRows]) -> tuple[Integers, list[Integers]]:
    steps = {near: Leaf(data) for near, data in leaves.items()}
    rows: list[int] = []
    times: list[list[int]] = []
    for row in walk(node, steps):
        rows.append(row)
        on_row = [(leaf.current, not leaf.eof and leaf.row == row) for leaf in steps.values()]
        times.append([some if here else 0 for current, here in on_row for some in current])
    count = sum(len(near.phrases) for near in leaves)
    counts = np.array(times, dtype=np.int64).reshape(len(rows), count)
    return np.array(rows, dtype=np.int64), list(counts.T)


def _numbers(leaves: dict[Near, LeafRows]) -> dict[Near, int]:
    """The number of the first phrase of each leaf."""
    numbers, count = {}, 0
    for near in leaves:
        numbers[near] = count
        count += len(near.phrases)
    return numbers


def _sets(
    node: Node, leaves: dict[Near, LeafRows], numbers: dict[Near, int], root: bool
) -> _Found | None:
    """What `walk` gives, from sets of rows: much faster. None if only `walk` counts as SQLite does."""
    if isinstance(node, Near):
        data = leaves[node]
        matched = (data.passed == len(node.phrases)) & (data.times[:, 0] > 0)
        rows, times = data.rows[matched], data.times[matched]
        first = numbers[node]
        return _Found(rows, [(first + i, rows, times[:, i]) for i in range(len(node.phrases))])
    parts = [_sets(child, leaves, numbers, False) for child in node.children]
    some = [part for part in parts if part is not None]
    if len(some) < len(parts):
        return None
    if node.kind == "OR":
        union = np.unique(np.concatenate([part.rows for part in some]))
        return _Found(union, [phrase for part in some for phrase in part.phrases])
    rows = some[0].rows
    if node.kind == "NOT":
        if not root and not len(rows):
            return None
        return some[0].within(np.setdiff1d(rows, some[1].rows, assume_unique=True))
    for part in some[1:]:
        rows = np.intersect1d(rows, part.rows, assume_unique=True)
    return _Found(rows, [phrase for part in some for phrase in part.within(rows).phrases])


def is_intricate(node: Node, root: bool = True) -> bool:
    """Whether SQLite may count phrases that sets of rows do not show.

    That is the case if one of several phrases near each other may be missing in a row with all words, and if
    alternatives are below an AND that may have rows with all words that do not match.
    """
    if isinstance(node, Near):
        return (
            not root
            and len(node.phrases) > 1
            and any(_is_sought(node, one) for one in node.phrases)
        )
    below = list(nears(node))
    if node.kind == "AND" and not root and any(_may_miss(near) for near in below) and _has_or(node):
        return True
    return any(is_intricate(child, False) for child in node.children)


def _may_miss(near: Near) -> bool:
    """Whether a row may have all words and not match."""
    return len(near.phrases) > 1 or _is_sought(near, near.phrases[0])


def _is_sought(near: Near, phrase: Phrase) -> bool:
    """Whether a phrase may be missing in a row that has its words."""
    return near.columns is not None or phrase.first or len(phrase.terms) > 1


def _has_or(node: Node) -> bool:
    return isinstance(node, Branch) and (node.kind == "OR" or any(map(_has_or, node.children)))
