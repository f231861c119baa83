"""Which rows match an expression, and how many times each has the phrases that count, row by row.

Nodes step through their rows together as SQLite's do: its bm25 counts the phrases that are on the row by
then, also some that did not lead to the match. The twin is web_assets/src/catalog/walk.ts.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from .expression import Branch, Near, Node
from .places import LeafRows


class Step(Protocol):
    """A node on a row. `nomatch`: the row has the words, but does not match. `eof`: there is no row left."""

    row: int
    eof: bool
    nomatch: bool

    def first(self) -> None: ...

    def next(self, start: int = 0) -> None:
        """Goes to the next row, or to the next one that is not below `start`."""
        ...

    def end(self) -> None: ...

    def zero(self) -> None:
        """Lets no phrase below count on the current row."""
        ...


class Leaf:
    """A leaf with the number of times that the current row has each of its phrases."""

    def __init__(self, data: LeafRows) -> None:
        self.row, self.eof, self.nomatch = 0, False, False
        self.current = [0] * len(data.having)
        self._rows: list[int] = data.rows.tolist()
        self._times: list[list[int]] = data.times.tolist()
        self._passed: list[int] = data.passed.tolist()
        self._at = 0

    def first(self) -> None:
        self._at = 0
        self._test()

    def next(self, start: int = 0) -> None:
        self._at += 1
        if self._at < len(self._rows) and self._rows[self._at] < start:
            self._at = bisect_left(self._rows, start, self._at)
        self._test()

    def end(self) -> None:
        self.eof, self.nomatch = True, False

    def zero(self) -> None:
        self.current = [0] * len(self.current)

    def _test(self) -> None:
        if self._at >= len(self._rows):
            self.end()
            return
        self.row = self._rows[self._at]
        passed = self._passed[self._at]
        # SQLite stops at the first phrase that is missing: the counts of those behind it stay as they were.
        found = self._times[self._at][: passed + 1]
        self.current[: len(found)] = found
        self.nomatch = passed < len(self.current) or self.current[0] == 0


class _Inner:
    def __init__(self, children: list[Step], root: bool) -> None:
        self.row, self.eof, self.nomatch = 0, False, False
        self._children = children
        self._root = root

    def first(self) -> None:
        for child in self._children:
            child.first()
        self._begin()

    def next(self, start: int = 0) -> None:
        self._children[0].next(start)
        self._test()

    def end(self) -> None:
        self.eof, self.nomatch = True, False
        for child in self._children:
            child.end()

    def zero(self) -> None:
        for child in self._children:
            child.zero()

    def _begin(self) -> None:
        self._test()

    def _test(self) -> None:
        raise NotImplementedError

    def _be(self, step: Step) -> None:
        self.row, self.eof, self.nomatch = step.row, step.eof, step.nomatch


class _Or(_Inner):
    def next(self, start: int = 0) -> None:
        for child in self._children:
            if not child.eof and (child.row == self.row or child.row < start):
                child.next(start)
        self._test()

    def _test(self) -> None:
        best = self._children[0]
        for child in self._children[1:]:
            order = _compared(best, child)
            if order > 0 or (order == 0 and not child.nomatch):
                best = child
        self._be(best)


class _And(_Inner):
    def _begin(self) -> None:
        if any(child.eof for child in self._children):
            self.end()
        else:
            self.row = self._children[0].row
            self._test()

    def _test(self) -> None:
        row = self.row
        every = False
        while not every:
            every = True
            self.nomatch = False
            for child in self._children:
                if not child.eof and child.row < row:
                    child.next(row)
                if child.eof:
                    self.end()
                    return
                if child.row != row:
                    every = False
                    row = child.row
                self.nomatch = self.nomatch or child.nomatch
        if self.nomatch and not self._root:
            self.zero()
        self.row = row


class _Not(_Inner):
    def _begin(self) -> None:
        # What is unwanted counts on its first row if there is nothing to take it away from.
        if self._children[0].eof:
            self.eof = True
        else:
            self._test()

    def _test(self) -> None:
        wanted, unwanted = self._children
        while not wanted.eof:
            if _compared(wanted, unwanted) > 0:
                unwanted.next(wanted.row)
            if _compared(wanted, unwanted) != 0 or unwanted.nomatch:
                break
            wanted.next()
        self._be(wanted)
        if wanted.eof:
            unwanted.zero()


_KINDS: dict[str, Callable[[list[Step], bool], _Inner]] = {"AND": _And, "OR": _Or, "NOT": _Not}


def _compared(a: Step, b: Step) -> int:
    """Which of two steps comes first; one at its end comes last."""
    if b.eof:
        return -1
    return 1 if a.eof else a.row - b.row


def walk(node: Node, leaves: Mapping[Near, Leaf]) -> Iterator[int]:
    """Gives the rows that match, rising. A leaf with that `row` and not at its end is on it."""
    root = _step(node, leaves, True)
    root.first()
    while not root.eof:
        if not root.nomatch:
            yield root.row
        root.next()


def _step(node: Node, leaves: Mapping[Near, Leaf], root: bool) -> Step:
    if isinstance(node, Branch):
        return _KINDS[node.kind]([_step(child, leaves, False) for child in node.children], root)
    return leaves[node]
