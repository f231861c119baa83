"""SQLite's full-text expressions: the same grammar, limits and error messages as FTS5.

The twin is web_assets/src/catalog/expression.ts. The parser keeps count of the symbols that SQLite's parser
has on its stack, because that has a limit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NoReturn

import apsw

from ..fts import TOKENIZE

_MOST_SYMBOLS = 99
_MOST_HEIGHT = 256
_DEFAULT_DISTANCE = 10
_SPACE = re.compile(r"[ \t\n\r]*")
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_BAREWORD = re.compile(r"[A-Za-z0-9_\x1a\x80-\U0010ffff]+")
_SIGNS = frozenset("(){}:,+*-^")
_OPERATORS = {"OR": 0, "AND": 1, "NOT": 2}
_STRING = "string"


class SyntaxProblem(Exception):
    """The expression is not valid FTS5 syntax. The message is SQLite's."""


@dataclass
class Phrase:
    """Tokens in a row: whether each is a prefix, and whether they must be at the start of a column."""

    terms: list[str] = field(default_factory=list)
    prefixes: list[bool] = field(default_factory=list)
    first: bool = False


@dataclass(eq=False)
class Near:
    """Phrases near each other; usually only one. `columns` are searched, None for all.

    `never`: nothing can match, because there are no words or no column is left.
    """

    phrases: list[Phrase]
    distance: int
    columns: frozenset[int] | None
    never: bool


@dataclass(eq=False)
class Branch:
    """`kind` is AND, OR or NOT; `height` counts the branches below it."""

    kind: str
    children: list[Node]
    height: int


Node = Near | Branch


@lru_cache(maxsize=1)
def _tokenizer() -> apsw.FTS5Tokenizer:
    parts = TOKENIZE.replace("'", "").split(" ", 5)
    return apsw.Connection(":memory:").fts5_tokenizer(parts[0], parts[1:])


def tokens(text: str) -> list[str]:
    """The tokens of a text, as SQLite stores them."""
    data = text.encode("utf-8", "replace")
    plain = {"include_offsets": False, "include_colocated": False}
    return [str(term) for term in _tokenizer()(data, apsw.FTS5_TOKENIZE_DOCUMENT, None, **plain)]


def parse_expression(expression: str, columns: Sequence[str]) -> Node:
    """Reads an expression for a table with these columns. Raises SyntaxProblem as SQLite refuses it."""
    if expression.startswith("*"):
        raise SyntaxProblem(f"unknown special query: {expression[1:].lstrip(' ').split(' ')[0]}")
    return _Parser(expression, columns).whole()


class _Parser:
    def __init__(self, source: str, columns: Sequence[str]) -> None:
        self._source = source
        self._columns = [_lower(name) for name in columns]
        self._at = 0
        # The token that was read last but not taken: a sign, an operator, `string`, or "" at the end.
        self._kind: str | None = None
        self._text = ""
        self._symbols = 0

    def whole(self) -> Node:
        node = self._operation(0)
        if self._peek() != "":
            self._refuse()
        return node

    def _operation(self, level: int) -> Node:
        node = self._primary()
        while (found := _OPERATORS.get(self._peek(), -1)) >= level:
            kind = self._take()
            self._push(2)
            node = _branch(kind, node, self._operation(found + 1))
            self._symbols -= 2
        return node

    def _primary(self) -> Node:
        """An expression in parentheses, or adjacent phrases, each with or without columns."""
        if self._peek() == "(":
            return self._parentheses()
        nodes: Node | None = None
        while True:
            before = 1 if nodes else 0
            self._push(before)
            columns = self._columns_or_none()
            if columns is not None:
                self._push(2)
                if self._peek() == "(" and nodes is None:
                    inner = self._parentheses()
                    self._symbols -= 2
                    _narrow(inner, columns)
                    return inner
            near = self._near()
            self._symbols -= before
            if columns is not None:
                self._symbols -= 2
                _narrow(near, columns)
            nodes = near if nodes is None else _beside(nodes, near)
            if self._peek() not in (_STRING, "{", "-", "^"):
                return nodes

    def _parentheses(self) -> Node:
        self._take()
        self._push(1)
        node = self._operation(0)
        self._push(1)
        self._expect(")")
        self._symbols -= 2
        self._peek()
        return node

    def _columns_or_none(self) -> frozenset[int] | None:
        """`name :`, `{names} :`, each with or without a minus; None if a phrase begins here."""
        symbols = self._symbols
        minus = self._peek() == "-"
        if minus:
            self._take()
            self._push(1)
        found: set[int] = set()
        if self._peek() == "{":
            self._take()
            self._push(1)
            while not found or self._peek() == _STRING:
                found.add(self._column())
                self._symbols = symbols + minus + 2
            self._expect("}")
            self._peek()
        elif minus or self._is_column():
            found.add(self._column())
        else:
            return None
        self._symbols = symbols
        self._expect(":")
        return frozenset(range(len(self._columns))) - found if minus else frozenset(found)

    def _is_column(self) -> bool:
        if self._peek() != _STRING:
            return False
        before = (self._at, self._kind, self._text)
        self._kind = None
        colon = self._peek() == ":"
        self._at, self._kind, self._text = before
        return colon

    def _column(self) -> int:
        name = _dequoted(self._expect(_STRING))
        self._peek()
        try:
            return self._columns.index(_lower(name))
        except ValueError:
            raise SyntaxProblem(f"no such column: {name}") from None

    def _near(self) -> Near:
        if self._peek() == "^":
            self._take()
            self._push(1)
            phrase = self._phrase(self._expect(_STRING))
            self._symbols -= 1
            phrase.first = bool(phrase.terms)
            return _near_of([phrase], 0)
        name = self._expect(_STRING)
        if self._peek() != "(":
            return _near_of([self._phrase(name)], 0)
        self._take()
        self._push(2)
        phrases: list[Phrase] = []
        while not phrases or self._peek() == _STRING:
            self._push(bool(phrases))
            phrases.append(self._phrase(self._expect(_STRING)))
            self._symbols -= len(phrases) > 1
        distance = None
        self._push(2)
        if self._peek() == ",":
            self._take()
            distance = self._expect(_STRING)
        self._expect(")")
        self._symbols -= 4
        self._peek()
        if name != "NEAR":
            raise _problem_near(name)
        if distance is not None and not re.fullmatch("[0-9]*", distance):
            raise SyntaxProblem(f'expected integer, got "{distance}"')
        some = [phrase for phrase in phrases if phrase.terms] or phrases[:1]
        return _near_of(some, _DEFAULT_DISTANCE if distance is None else _int32(distance))

    def _phrase(self, text: str) -> Phrase:
        """`text` is the first string, which was taken already."""
        phrase = Phrase()
        self._add(phrase, text)
        while self._peek() == "+":
            self._take()
            self._push(2)
            self._add(phrase, self._expect(_STRING))
            self._symbols -= 2
        return phrase

    def _add(self, phrase: Phrase, text: str) -> None:
        prefix = self._peek() == "*"
        # The lack of an asterisk is a symbol, too.
        needed = 1 if prefix else 2
        self._push(needed)
        if prefix:
            self._take()
        self._symbols -= needed
        found = tokens(_dequoted(text))
        phrase.terms += found
        phrase.prefixes += [False] * len(found)
        if phrase.terms:
            phrase.prefixes[-1] = prefix

    def _push(self, symbols: int) -> None:
        self._symbols += symbols
        if self._symbols > _MOST_SYMBOLS:
            raise SyntaxProblem("fts5: parser stack overflow")

    def _take(self) -> str:
        self._peek()
        self._kind = None
        if self._symbols + 1 > _MOST_SYMBOLS:
            raise SyntaxProblem("fts5: parser stack overflow")
        return self._text

    def _expect(self, kind: str) -> str:
        if self._peek() != kind:
            self._refuse()
        return self._take()

    def _refuse(self) -> NoReturn:
        raise _problem_near(self._text)

    def _peek(self) -> str:
        if self._kind is not None:
            return self._kind
        space = _SPACE.match(self._source, self._at)
        assert space is not None
        self._at = space.end()
        sign = self._source[self._at : self._at + 1]
        if not sign or sign in _SIGNS:
            return self._read(sign, sign)
        found = (_QUOTED if sign == '"' else _BAREWORD).match(self._source, self._at)
        if found is None:
            raise SyntaxProblem("unterminated string") if sign == '"' else _problem_near(sign)
        return self._read(found[0] if found[0] in _OPERATORS else _STRING, found[0])

    def _read(self, kind: str, text: str) -> str:
        self._at += len(text)
        self._kind = kind
        self._text = text
        return kind


def _problem_near(text: str) -> SyntaxProblem:
    return SyntaxProblem(f'fts5: syntax error near "{text}"')


def _dequoted(text: str) -> str:
    return text[1:-1].replace('""', '"') if text.startswith('"') else text


def _lower(text: str) -> str:
    """Letters of ASCII in lower case; SQLite compares names in this way."""
    return re.sub("[A-Z]", lambda letter: letter[0].lower(), text)


def _int32(digits: str) -> int:
    """A number as a C int of 32 bits, which may overflow."""
    return (int(digits[-64:]) + 2**31) % 2**32 - 2**31


def _near_of(phrases: list[Phrase], distance: int) -> Near:
    return Near(phrases, distance, None, any(not phrase.terms for phrase in phrases))


def _branch(kind: str, left: Node, right: Node) -> Branch:
    children: list[Node] = []
    for node in (left, right):
        if kind != "NOT" and isinstance(node, Branch) and node.kind == kind:
            children += node.children
        else:
            children.append(node)
    height = max(child.height + 1 if isinstance(child, Branch) else 1 for child in children)
    if height > _MOST_HEIGHT:
        raise SyntaxProblem(f"fts5 expression tree is too large (maximum depth {_MOST_HEIGHT})")
    return Branch(kind, children, height)


def _beside(nodes: Node, near: Near) -> Node:
    """Adjacent phrases: all of them, but one without words does not count."""
    if near.never:
        return nodes
    if isinstance(nodes, Near):
        return near if nodes.never else _branch("AND", nodes, near)
    nodes.children.append(near)
    return nodes


def _narrow(node: Node, columns: frozenset[int]) -> None:
    """Limits what is below a node to columns."""
    if isinstance(node, Branch):
        for child in node.children:
            _narrow(child, columns)
    elif not node.never:
        node.never = node.columns is not None and not node.columns & columns
        node.columns = columns if node.columns is None else node.columns & columns
