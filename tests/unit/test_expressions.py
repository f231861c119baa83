"""Full-text expressions without SQLite against SQLite's own answers (tests/golden/expressions.json.gz)."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from golden.expression_cases import COLUMNS, Generator, Oracle
from imagedb_site.query import terms_text
from imagedb_site.query.expression import SyntaxProblem, parse_expression
from imagedb_site.query.terms_text import TermsText, is_intricate
from imagedb_site.text import fts_query, fts_text
from memory_terms import MemoryTerms

GOLDEN = Path(__file__).parents[1] / "golden"

Case = dict[str, Any]


@pytest.fixture(scope="module")
def golden() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(
        gzip.decompress((GOLDEN / "expressions.json.gz").read_bytes())
    )
    return content


@pytest.fixture(scope="module")
def text(golden: dict[str, Any]) -> TermsText:
    return TermsText(
        MemoryTerms([list(map(fts_text, row)) for row in golden["texts"]]), golden["columns"]
    )


def wrong(text: TermsText, cases: list[Case]) -> Iterator[Case]:
    for case in cases:
        asked = fts_query(case["expression"])
        try:
            found = text.match(asked)
        except SyntaxProblem as problem:
            if str(problem) != case.get("problem"):
                yield {**case, "found": str(problem)}
            continue
        ranks = [float(f"{rank:.12g}") for rank in found.ranks[:4]]
        rows = text.having(asked).tolist()
        if (
            found.rows.tolist() != case.get("rows")
            or ranks != case["ranks"]
            or rows != sorted(case["rows"])
        ):
            yield {**case, "found": found}


def test_answers_are_those_of_sqlite(golden: dict[str, Any], text: TermsText) -> None:
    cases = golden["cases"]
    assert len(cases) > 2500
    assert list(wrong(text, cases)) == []


def test_sets_of_rows_count_like_steps(
    golden: dict[str, Any], text: TermsText, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = 0
    for case in golden["cases"]:
        asked = fts_query(case["expression"])
        if "problem" in case or is_intricate(parse_expression(asked, COLUMNS)):
            continue
        fast = text.match(asked)
        with monkeypatch.context() as patched:
            patched.setattr(terms_text, "is_intricate", lambda node: True)
            slow = text.match(asked)
        assert np.array_equal(fast.rows, slow.rows), case
        assert np.array_equal(fast.ranks, slow.ranks), case
        compared += 1
    assert compared > 1000


@pytest.mark.parametrize("seed", [1, 2])
def test_bm25_is_that_of_sqlite_to_the_last_bit(seed: int) -> None:
    generator = Generator(seed)
    texts = generator.texts(60)
    oracle = Oracle(texts)
    text = TermsText(MemoryTerms([list(map(fts_text, row)) for row in texts]), COLUMNS)
    matched = 0
    for _ in range(150):
        expression = generator.expression()
        expected = oracle.answer(expression)
        if expected.problem is None:
            found = text.match(fts_query(expression))
            assert found.rows.tolist() == expected.rows, expression
            assert found.ranks.tolist() == expected.ranks, expression
            matched += len(expected.rows) > 0
    assert matched > 50


def test_hostile_expressions_have_an_answer(text: TermsText) -> None:
    for expression in (
        "(" * 100_000,
        "(" * 50_000 + "dog" + ")" * 50_000,
        "dog" + " NOT cat" * 10_000,
        '"',
        "*",
    ):
        with pytest.raises(SyntaxProblem):
            text.match(expression)
    assert len(text.having("d* OR c* OR r* OR s* OR b* OR o* OR n*")) > 100
    assert np.array_equal(text.having("dog " * 2000), text.having("dog"))
