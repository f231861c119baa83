"""Compares what sites answer with SQLite's FTS5, and what browsers answer with the rule of docs/QUERY.md."""

from __future__ import annotations

import random
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import apsw
from catalogue_sites import queries
from harness import note
from lookalikes import prompts

from imagedb_site import fts
from imagedb_site.errors import UsageError
from imagedb_site.records import FieldSpec
from imagedb_site.search import open_collection
from imagedb_site.site import SiteInput, SiteRow, SiteSettings, write_site
from imagedb_site.site_index import SiteIndex
from imagedb_site.text import analyze, fts_query

COLUMNS = ("subject", "style")
_FIELDS = [FieldSpec(name, name.capitalize(), "text", fts=True) for name in COLUMNS]


class _Rows:
    """Prompts in two fields: up to the first comma, and the rest."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __len__(self) -> int:
        return self._count

    def texts(self) -> Iterator[tuple[str, str]]:
        for row in prompts(self._count):
            subject, _, style = row["prompt"].partition(", ")
            yield subject, style

    def __iter__(self) -> Iterator[SiteRow]:
        for number, texts in enumerate(self.texts()):
            fields = {name: text for name, text in zip(COLUMNS, texts, strict=True) if text}
            yield SiteRow(f"{number:016x}", f"{number}.png", 0, 0, fields=fields)


class Expressions:
    """Draws expressions with all of FTS5's syntax from words of the prompts; one of twelve is damaged."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._drawn = random.Random(8)
        self._texts = texts

    def draw(self) -> str:
        # All words of an expression come from one or two prompts, so that many have results.
        chosen = self._drawn.sample(self._texts, 2)
        self._words = [word for text in chosen for word in re.findall(r"[a-z0-9]+", text)]
        found = self._node(self._drawn.choice((0, 1, 1, 2, 3)))
        if self._drawn.random() < 1 / 12:
            at = self._drawn.randrange(len(found) + 1)
            found = found[:at] + self._drawn.choice('(){}:,+*-^"') + found[at:]
        return found

    def _word(self) -> str:
        return self._drawn.choice(self._words) if self._words else "x"

    def _phrase(self) -> str:
        size = self._drawn.choice((1, 1, 1, 2, 2, 3))
        at = self._drawn.randrange(max(1, len(self._words) - size))
        words = self._words[at : at + size] or ["x"]
        kind = self._drawn.random()
        if len(words) == 1 and kind < 0.15:
            return f"{words[0][: self._drawn.randint(2, 5)]}*"
        if kind < 0.25:
            return " + ".join(f'"{word}"' for word in words)
        quoted = f'"{" ".join(words)}"'
        return quoted + ("*" if kind < 0.3 else "") if len(words) > 1 or kind < 0.4 else words[0]

    def _near(self) -> str:
        kind = self._drawn.random()
        if kind < 0.1:
            return f"^{self._phrase()}"
        if kind < 0.25:
            phrases = " ".join(self._phrase() for _ in range(self._drawn.randint(2, 3)))
            return f"NEAR({phrases}{self._drawn.choice(('', ', 0', ', 3', ', 20'))})"
        return self._phrase()

    def _columns(self) -> str:
        names = self._drawn.choice(("subject", "style", "{subject style}", '"style"'))
        return f"{self._drawn.choice(('', '', '-'))}{names} : "

    def _node(self, depth: int) -> str:
        kind = self._drawn.random()
        if depth == 0 or kind < 0.1:
            parts = [self._near() for _ in range(self._drawn.choice((1, 1, 2, 3)))]
            return " ".join(
                (self._columns() if self._drawn.random() < 0.15 else "") + part for part in parts
            )
        if kind < 0.2:
            return f"{self._columns()}({self._node(depth - 1)})"
        operator = self._drawn.choice(("AND", "OR", "OR", "NOT"))
        left, right = self._node(depth - 1), self._node(self._drawn.randint(0, depth - 1))
        return f"({left}) {operator} ({right})"


def expression_mismatches(rows: int, count: int) -> dict[str, Any]:
    """How many of `count` expressions have other first 100 rows than SQLite's, or fail where it does not."""
    note(f"comparing {count:,} expressions over {rows:,} rows with SQLite")
    known = _Rows(rows)
    database = apsw.Connection(":memory:")
    database.execute(fts.create_table(COLUMNS))
    database.executemany(
        fts.insert_row(COLUMNS),
        ((at + 1, *map(analyze, texts)) for at, texts in enumerate(known.texts())),
    )
    drawn = Expressions([" ".join(texts) for texts in known.texts()][:2_000])
    with tempfile.TemporaryDirectory(prefix="imagedb-oracle-") as folder:
        site = Path(folder) / "site"
        settings = SiteSettings(pages=False)
        write_site(
            SiteInput("Prompts", known, _FIELDS, thumbnail=lambda row: None, settings=settings),
            site,
        )
        index = SiteIndex.open(site)
        wrong = refused = with_results = 0
        for _ in range(count):
            expression = drawn.draw()
            expected = _sqlite(database, expression)
            try:
                found = index.match(expression, 100).tolist()
            except UsageError:
                found = None
            if found != expected:
                wrong += 1
                note(f"differs: {expression}")
            refused += expected is None
            with_results += bool(expected)
        index.close()
    return {"mismatches": wrong, "compared": count, "refused": refused, "with_rows": with_results}


def _sqlite(database: apsw.Connection, expression: str) -> list[int] | None:
    """The first rows, or None if SQLite refuses the expression."""
    sql = "SELECT rowid - 1 FROM fts WHERE fts MATCH ? ORDER BY rank, rowid LIMIT 100"
    try:
        return [row for (row,) in database.execute(sql, (fts_query(expression),))]
    except apsw.SQLError:
        return None


def word_mismatches(site: Path, count: int, answers: Sequence[Sequence[int]]) -> int:
    """How many answers of a browser to plain words are not those of the rule as Python evaluates it."""
    words, _ = queries(count, len(answers) + 1)
    wrong = 0
    with open_collection(site) as collection:
        for text, rows in zip(words[1:], answers, strict=True):
            expected = [hit.row for hit in collection.search(text, mode="words", k=10).hits]
            if list(rows) != expected:
                wrong += 1
                note(f"differs: {text}: {list(rows)} is not {expected}")
    return wrong
