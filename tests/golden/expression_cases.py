"""Texts and FTS5 expressions with all of the syntax, drawn from a seed, and what SQLite answers."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import apsw

from imagedb_site.fts import create_table, insert_row
from imagedb_site.text import fts_query, fts_text

COLUMNS = ("title", "text", "keywords")
WORDS = (
    *(
        "dog",
        "dogs",
        "cat",
        "cats",
        "run",
        "running",
        "snow",
        "bridge",
        "old",
        "new",
        "rare",
        "the",
        "a",
        "be",
    ),
    *("Zürich", "tromsø", "ёлка", "北京", "猫", "🐱", "IMG_1234", "NEAR", "or", "x"),
)
_WEIGHTS = [1 / (1 + at % 14) for at in range(len(WORDS))]


@dataclass(frozen=True)
class Answer:
    """The rows that match, best first, and the bm25 of each; or the message if SQLite refuses."""

    rows: list[int] = field(default_factory=list)
    ranks: list[float] = field(default_factory=list)
    problem: str | None = None


class Generator:
    """Draws texts and expressions."""

    def __init__(self, seed: int) -> None:
        self._numbers = random.Random(seed)

    def texts(self, count: int) -> list[list[str]]:
        """Rows of one text per column; short texts of few words, so that phrases and NEAR match often."""
        return [[self._text() for _ in COLUMNS] for _ in range(count)]

    def expression(self) -> str:
        """One expression; about one of eight is damaged."""
        drawn = self._node(self._numbers.choice((0, 1, 1, 2, 2, 3, 4)))
        return self._damaged(drawn) if self._numbers.random() < 0.12 else drawn

    def _text(self) -> str:
        length = int(self._numbers.random() ** 2 * 14)
        return " ".join(self._numbers.choices(WORDS, _WEIGHTS, k=length))

    def _word(self) -> str:
        return self._numbers.choices(WORDS[:-3], _WEIGHTS[:-3])[0]

    def _string(self) -> str:
        kind = self._numbers.random()
        if kind < 0.6:
            return self._word()
        if kind < 0.64:
            return self._numbers.choice(
                ('""', '"…"', '"!"', '"a ""quoted"" b"', "AND1", "1", "unheardof")
            )
        words = [self._word() for _ in range(self._numbers.choice((1, 2, 2, 3)))]
        return f'"{" ".join(words)}"'

    def _phrase(self) -> str:
        part = self._string()
        if self._numbers.random() < 0.15:
            if not part.startswith('"') and self._numbers.random() < 0.7:
                part = part[: self._numbers.randint(1, 3)]
            part += self._numbers.choice(("*", " *"))
        while self._numbers.random() < 0.15:
            part += f" + {self._string()}{self._numbers.choice(('', '', '*'))}"
        return part

    def _near(self) -> str:
        kind = self._numbers.random()
        if kind < 0.62:
            return self._phrase()
        if kind < 0.75:
            return f"^{self._numbers.choice(('', ' '))}{self._phrase()}"
        phrases = " ".join(self._phrase() for _ in range(self._numbers.choice((1, 2, 2, 2, 3, 4))))
        distance = self._numbers.choice(("", "", ", 0", ", 1", ",2", ", 5"))
        if self._numbers.random() < 0.03:
            distance = self._numbers.choice((", 99999999999", ', "3"', ", x"))
        return f"NEAR({phrases}{distance})"

    def _columns(self) -> str:
        minus = self._numbers.choice(("", "", "", "- ", "-"))
        if self._numbers.random() < 0.6:
            name = self._numbers.choice(
                (*COLUMNS, *COLUMNS, "TITLE", '"text"', "nocolumn", "rowid")
            )
            return f"{minus}{name} : "
        some = self._numbers.sample(COLUMNS, self._numbers.randint(1, len(COLUMNS)))
        return f"{minus}{{{' '.join(some)}}}{self._numbers.choice((':', ' : '))}"

    def _node(self, depth: int) -> str:
        kind = self._numbers.random()
        if depth == 0 or kind < 0.1:
            parts = [self._near() for _ in range(self._numbers.choice((1, 1, 1, 2, 3)))]
            return " ".join(
                (self._columns() if self._numbers.random() < 0.2 else "") + part for part in parts
            )
        if kind < 0.22:
            return f"{self._columns()}({self._node(depth - 1)})"
        operator = self._numbers.choice(("AND", "OR", "OR", "NOT"))
        left, right = self._node(depth - 1), self._node(self._numbers.randint(0, depth - 1))
        if self._numbers.random() < 0.6:
            left = f"({left})"
        if self._numbers.random() < 0.6:
            right = f"({right})"
        return f"{left} {operator} {right}"

    def _damaged(self, expression: str) -> str:
        at = self._numbers.randrange(len(expression) + 1)
        kind = self._numbers.random()
        if kind < 0.4:
            return expression[:at] + expression[at + self._numbers.randint(1, 4) :]
        if kind < 0.8:
            added = self._numbers.choice(
                (*'(){}:,+*-^" ', " AND ", " NOT ", " OR ", ";", "'", ".", "NEAR(")
            )
            return expression[:at] + added + expression[at:]
        other = self._numbers.randrange(len(expression) + 1)
        return expression[other:] + expression[:at]


SPECIAL = (
    "(-{title text keywords} : dog NOT cat) OR a*",
    "(- {title keywords text} : dog cat NOT the) OR dog*",
    *(
        "",
        " ",
        "*",
        "**",
        "* x",
        '"',
        '""',
        "^",
        "+",
        "-",
        ":",
        ",",
        "(",
        ")",
        "{",
        "}",
        "AND",
        "OR",
        "NOT",
        "NEAR",
        "NEAR()",
    ),
    *(
        "a AND",
        "AND a",
        "NOT a",
        "a NOT",
        "a AND AND dog",
        "dog-cat",
        "c++",
        "don't",
        "8k,",
        "a:b",
        "foo (a)",
        "(a) dog",
        "dog (cat)",
    ),
    *(
        "NEAR(dog cat",
        "NEAR(dog cat,",
        "NEAR(dog cat, x)",
        "near(dog cat)",
        "NEAR(dog, 3) cat",
        "title : title : dog",
        "{title",
    ),
    *(
        'foo(dog "cat',
        "foo (dog) )",
        'nocolumn : "dog',
        "- - title : dog",
        "title : (text : dog)",
        "title : (text : (dog OR cat))",
    ),
    *(
        "-{title text keywords} : dog",
        "- nocolumn",
        "title",
        "- title",
        "{title nocolumn} : dog",
        "dog + ^cat",
        "^(dog cat)",
    ),
    *(
        '"北京" dog',
        "北京*",
        "ёлк*",
        "🐱 OR 猫",
        "img*",
        "1234",
        "Zürich",
        "zurich",
        "a*",
        "b* OR c* OR d*",
        "the NOT (the NOT a)",
    ),
    *(
        'dog OR NEAR("old dog" cat)',
        '"old dog" OR ("cat snow" AND (the OR a))',
        'x OR (a AND "the dog")',
        "NEAR(dog dog, 0)",
    ),
    *(f"{'(' * n}dog{')' * n}" for n in (1, 50, 90, 95, 96, 97, 98, 99, 100, 300)),
    *(f"{'(' * n}NEAR(dog cat, 3){')' * n}" for n in (90, 91, 92, 93, 94, 95, 96, 97, 98)),
    *(f"{'title : (' * n}dog{')' * n}" for n in (30, 31, 32, 33, 34)),
    *(f"{'dog AND (' * n}cat{')' * n}" for n in (30, 31, 32, 33, 34)),
    *(f"{'(' * n}^dog + cat*{')' * n}" for n in (93, 94, 95, 96, 97, 98)),
    *(f"{'(' * n}- {{title text}} : dog{')' * n}" for n in (91, 92, 93, 94, 95, 96, 97)),
    *(f"{'(' * n}dog cat title : dog{')' * n}" for n in (92, 93, 94, 95, 96, 97)),
    *("(" * n for n in (1, 98, 99, 100, 100_000)),
    *(f"dog{' NOT rare' * n}" for n in (3, 255, 256, 257)),
    *(f"dog{' AND the' * n}" for n in (3, 300)),
    *(f"dog{' the' * n}" for n in (3, 300)),
    " OR ".join("AND".join(("dog ", " cat")) for _ in range(40)),
)
"""Expressions at the limits, and what people type by mistake."""


class Oracle:
    """SQLite's own full text over rows of texts."""

    def __init__(self, texts: Sequence[Sequence[str]], columns: Sequence[str] = COLUMNS) -> None:
        self._database = apsw.Connection(":memory:")
        self._database.execute(create_table(columns))
        for row, values in enumerate(texts):
            self._database.execute(insert_row(columns), (row + 1, *map(fts_text, values)))

    def answer(self, expression: str) -> Answer:
        sql = "SELECT rowid - 1, bm25(fts) FROM fts WHERE fts MATCH ? ORDER BY 2, 1"
        try:
            found = self._database.execute(sql, (fts_query(expression),)).fetchall()
        except apsw.SQLError as error:
            return Answer(problem=str(error))
        return Answer([row for row, _ in found], [rank for _, rank in found])
