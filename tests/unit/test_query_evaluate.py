"""Ranking, conditions and sorting on a small collection held in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import apsw
import numpy as np
import pytest

from imagedb_site.errors import QuerySyntaxError, UsageError
from imagedb_site.folding import fold
from imagedb_site.query import parse
from imagedb_site.query.evaluate import Answer, Mode, evaluate
from imagedb_site.query.field_values import summary_of
from imagedb_site.query.index import Column, Floats, Mask, Near, Reach, Rows, Summary
from imagedb_site.query.parse import Term
from imagedb_site.query.relevance import duplicates
from imagedb_site.records import FieldSpec
from imagedb_site.text import fts_query

ROWS: list[dict[str, object]] = [
    {
        "title": "a red car at night",
        "tags": ["car", "night"],
        "camera": "Canon EOS 7D",
        "taken": 2021,
    },
    {"title": "red apple", "tags": ["fruit"], "camera": "NIKON D70", "taken": 2019},
    {"title": "blue car", "tags": ["car"], "camera": "Canon IXUS", "taken": 2020},
    {"title": "boats on the ocean", "tags": ["black_cat"], "camera": "", "taken": None},
    {"title": "open ocean", "tags": [], "camera": "Canon EOS 7D", "taken": 2021},
]
CONCEPTS = ["red", "car", "ocean", "boats"]


class MemoryIndex:
    """Concept vectors: one dimension per word of CONCEPTS in the title."""

    fields = (
        FieldSpec("title", "Title", "text", fts=True),
        FieldSpec("tags", "Tags", "tags", fts=True, column=True),
        FieldSpec("camera", "Camera", "category", column=True),
        FieldSpec("taken", "Taken", "date", column=True),
        FieldSpec("width", "Width", "number", column=True),
    )
    fts_columns = ("title", "tags")
    count = len(ROWS)
    temperature = 0.1
    level: float | None = None

    def __init__(self) -> None:
        self.db = apsw.Connection(":memory:")
        self.db.execute(
            "create virtual table f using fts5(title, tags, "
            "tokenize='porter unicode61 remove_diacritics 2')"
        )
        for row, values in enumerate(ROWS):
            tags = values["tags"]
            assert isinstance(tags, list)
            self.db.execute(
                "insert into f(rowid, title, tags) values(?,?,?)",
                (row + 1, str(values["title"]), ", ".join(tags)),
            )
        self.vectors = np.stack([vector(str(values["title"])) for values in ROWS])

    order = None
    objects = None

    @property
    def folded_words(self) -> list[str]:
        words = (fold(word) for values in ROWS for word in str(values["title"]).split())
        return sorted(set(words))

    def nearest(self, query: Floats, k: int, allowed: Mask | None) -> Near:
        similarities = self.vectors @ query
        rows = np.arange(self.count) if allowed is None else np.flatnonzero(allowed)
        best = rows[np.argsort(-similarities[rows], kind="stable")][:k]
        return Near(best, similarities[best])

    def similarities(self, query: Floats, rows: Rows) -> Floats:
        return self.vectors[rows] @ query

    def above(self, query: Floats, limit: float, allowed: Mask | None = None) -> Rows:
        found = self.vectors @ query >= limit
        return np.flatnonzero(found if allowed is None else found & allowed)

    texts = None

    def background(self, query: Floats, *, texts: bool = False) -> Floats:
        return self.vectors @ query

    def expect_rows(self, rows: Rows) -> None:
        pass

    def expect_text(self) -> None:
        pass

    def match(self, expression: str, limit: int | None = None) -> Rows:
        try:
            found = list(
                self.db.execute(
                    "select rowid - 1 from f where f match ? order by rank, rowid limit ?",
                    (fts_query(expression), -1 if limit is None else limit),
                )
            )
        except apsw.SQLError as error:
            raise QuerySyntaxError(str(error), expression) from error
        return np.array([row for (row,) in found], dtype=np.int64)

    def having(self, expression: str) -> Rows:
        return np.sort(self.match(expression))

    def column_blocks(self, name: str, mask: Mask) -> Iterator[tuple[int, Column]]:
        yield 0, self.column(name)

    def reaching_blocks(self, name: str, reaches: Reach) -> Iterator[tuple[int, Column]]:
        yield 0, self.column(name)

    def values(self, name: str) -> None:
        return None

    def summary(self, name: str) -> Summary:
        return summary_of(self.column(name))

    def column(self, name: str) -> Column:
        if name == "taken":
            seconds = [
                np.datetime64(f"{values['taken']}-06-01", "s").astype(int)
                if values["taken"]
                else np.nan
                for values in ROWS
            ]
            return Column(numbers=np.array(seconds, dtype=np.float64))
        if name == "width":
            return Column(numbers=np.array([100.0, 200.0, 300.0, 400.0, np.nan]))
        if name == "camera":
            names: list[str] = sorted({str(values["camera"]) for values in ROWS} - {""})
            return Column(
                dictionary=names,
                codes=np.array([names.index(c) if (c := str(v["camera"])) else -1 for v in ROWS]),
            )
        words = ["car", "night", "fruit", "black_cat"]
        lists: list[Sequence[str]] = [v["tags"] for v in ROWS if isinstance(v["tags"], list)]
        return Column(
            dictionary=words,
            codes=np.array([words.index(tag) for tags in lists for tag in tags]),
            offsets=np.cumsum([0, *map(len, lists)]),
        )

    def embeddings(self, rows: Rows) -> Floats:
        return np.asarray(self.vectors[rows], dtype=np.float32)

    def held_embeddings(self, rows: Rows) -> Floats:
        return self.embeddings(rows)

    def row_of(self, image_id: str) -> int | None:
        return int(image_id) if image_id.isdigit() and int(image_id) < self.count else None


def vector(text: str) -> Floats:
    raw = np.array([concept in text for concept in CONCEPTS], dtype=np.float32) + 0.01
    return (raw / np.linalg.norm(raw)).astype(np.float32)


def embed(term: Term) -> Floats:
    return vector(term.value)


@pytest.fixture(scope="module")
def index() -> MemoryIndex:
    return MemoryIndex()


def ask(index: MemoryIndex, text: str, mode: Mode = "all", k: int = 20) -> Answer:
    return evaluate(parse(text), index, embed, mode=mode, k=k)


def rows(answer: Answer) -> list[int]:
    return [result.row for result in answer.results]


def test_both_arms_agree_on_the_best(index: MemoryIndex) -> None:
    answer = ask(index, "a red car")
    assert rows(answer)[0] == 0
    assert answer.results[0].ranks == {"meaning": 0, "words": 0}
    assert answer.total is None


def test_words_mode_takes_all_words_first(index: MemoryIndex) -> None:
    answer = ask(index, "red car", mode="words")
    assert rows(answer)[0] == 0
    assert set(rows(answer)) == {0, 1, 2}
    assert (answer.total, answer.strict_total) == (3, 1)


def test_stemming_and_stop_words(index: MemoryIndex) -> None:
    assert rows(ask(index, "the boat", mode="words")) == [3]


def test_a_negative_term_removes(index: MemoryIndex) -> None:
    answer = ask(index, "ocean - boats")
    assert rows(answer)[0] == 4
    assert 3 not in rows(answer)


def test_a_phrase_is_a_condition(index: MemoryIndex) -> None:
    assert rows(ask(index, '"red car"')) == [0]
    assert 0 not in rows(ask(index, 'car -"red car"'))


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("camera:canon", {0, 2, 4}),
        ("camera:eos", {0, 4}),
        ("camera:can*", {0, 2, 4}),
        ("camera:ikon", set()),
        ("-camera:canon", {1, 3}),
        ("camera:nikon,ixus", {1, 2}),
        ("tag:car", {0, 2}),
        ("tag:cat", {3}),
        ("tag:ca", set()),
        ("tag:black-cat", {3}),
        ("tag:fruit,night", {0, 1}),
        ("year:2019..2020", {1, 2}),
        ("year:2021", {0, 4}),
        ("taken>2020", {0, 4}),
        ("taken>=2020-06", {0, 2, 4}),
        ("taken<2020", {1}),
        ("width:150..300", {1, 2}),
        ("width>200", {2, 3}),
        ("width:..100", {0}),
        ("width:wide", set()),
        ("title:ocean", {3, 4}),
        ('title:"red apple"', {1}),
        ("camera:canon tag:car", {0, 2}),
    ],
)
def test_filters(index: MemoryIndex, condition: str, expected: set[int]) -> None:
    answer = ask(index, condition)
    assert set(rows(answer)) == expected
    assert answer.total == len(expected)


def test_an_unknown_field_is_words(index: MemoryIndex) -> None:
    assert rows(ask(index, "planet:ocean", mode="words")) == []
    assert rows(ask(index, "ocean planet:x", mode="words")) == [4, 3]


def test_expression(index: MemoryIndex) -> None:
    assert set(rows(ask(index, "(apple OR ocean) NOT boats"))) == {1, 4}
    refused = ask(index, "apple OR (ocean")
    assert [notice.kind for notice in refused.notices] == ["fts-syntax"]
    assert set(rows(refused)[:3]) == {1, 3, 4}


def test_sort_and_k(index: MemoryIndex) -> None:
    assert rows(ask(index, "sort:width")) == [0, 1, 2, 3, 4]
    assert rows(ask(index, "sort:-width")) == [3, 2, 1, 0, 4]
    assert rows(ask(index, "sort:-width k:2")) == [3, 2]
    assert rows(ask(index, "sort:camera"))[-1] == 3
    assert [notice.kind for notice in ask(index, "sort:nothing").notices] == ["sort"]
    assert rows(ask(index, "sort:nothing")) == [0, 1, 2, 3, 4]
    assert rows(evaluate(parse("k:3"), index, None)) == [0, 1, 2]
    assert rows(evaluate(parse("k:3"), index, None, k=2, offset=2)) == [2]


def test_results_say_why(index: MemoryIndex) -> None:
    found = {result.row: result for result in ask(index, "red car at night").results}
    assert found[0].matched == ("red", "car", "night")
    assert found[1].matched == ("red",)
    assert found[0].ranks == {"meaning": 0, "words": 0}
    assert found[0].similarity is not None
    assert ask(index, "red car", mode="meaning").results[0].matched == ()


def test_likely_matches_come_before_the_divide(index: MemoryIndex) -> None:
    answer = ask(index, "red car", mode="words")
    assert (answer.divide, [result.likely for result in answer.results]) == (
        1,
        [True, False, False],
    )
    both = ask(index, "red car")
    assert both.divide is not None
    assert 1 <= both.divide < 5
    assert [r.likely for r in both.results] == [at < both.divide for at in range(5)]
    page = evaluate(parse("red car"), index, embed, k=2, offset=both.divide)
    assert page.results and not any(result.likely for result in page.results)
    for text in ("", "red car sort:width", "camera:canon"):
        unranked = ask(index, text)
        assert unranked.divide is None
        assert unranked.results and all(result.likely is None for result in unranked.results)


def test_which_results_are_likely_by_meaning_alone(index: MemoryIndex) -> None:
    assert all(result.close is None for result in ask(index, "red car", mode="words").results)
    answer = ask(index, "red car", mode="meaning")
    assert answer.divide
    assert [r.close for r in answer.results] == [at < answer.divide for at in range(5)]
    for result in ask(index, "red car").results:
        assert result.close == (result.ranks["meaning"] < answer.divide)


def test_one_common_word_does_not_outrank_meaning(index: MemoryIndex) -> None:
    """Row 4 matches in meaning and has none of the words; row 3 has one of three words."""
    answer = evaluate(parse("boats fly high"), index, lambda term: vector("ocean"), mode="all")
    assert answer.results[0].row in (3, 4)
    shares = {result.row: result for result in answer.results}
    assert shares[3].ranks["words"] == 0
    assert shares[3].score < 1 / 31 + 1 / (31 + shares[3].ranks["meaning"])
    whole = evaluate(parse("boats"), index, lambda term: vector("ocean"), mode="all")
    score = next(result.score for result in whole.results if result.row == 3)
    assert score == pytest.approx(1 / 31 + 1 / (31 + shares[3].ranks["meaning"]))


def test_the_same_picture_is_found_again() -> None:
    near = np.array([[1, 0], [0, 1], [0.999, 0.04], [0.01, 0.999], [0.7, 0.7]], dtype=np.float32)
    near /= np.linalg.norm(near, axis=1, keepdims=True)
    assert duplicates([7, 3, 5, 2, 9], near) == {5: 7, 2: 3}
    assert duplicates([], near[:0]) == {}


def test_like(index: MemoryIndex) -> None:
    assert rows(ask(index, "like:2", mode="meaning"))[:2] == [2, 0]
    with pytest.raises(UsageError):
        ask(index, "like:ffff")


def test_no_query_lists_everything_in_order(index: MemoryIndex) -> None:
    assert rows(ask(index, "")) == [0, 1, 2, 3, 4]
    assert rows(evaluate(parse(""), index, None, k=2, offset=3)) == [3, 4]
