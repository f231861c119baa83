"""Queries and what they mean (docs/QUERY.md)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagedb_site.query.parse import FieldTerm, Query, Term, parse


def text(value: str, weight: float = 1.0) -> Term:
    return Term("text", value, weight)


@pytest.mark.parametrize(
    ("typed", "terms"),
    [
        ("a red car at night", [text("a red car at night")]),
        ("ocean - boats", [text("ocean"), text("boats", -1)]),
        ("ocean - small boats", [text("ocean"), text("small boats", -1)]),
        ("dog -leash beach", [text("leash", -1), text("dog beach")]),
        ("2*dog + grass - leash", [text("dog", 2), text("grass"), text("leash", -1)]),
        ("cat - 0.5*snow", [text("cat"), text("snow", -0.5)]),
        ("image:cat.jpg + sunset", [Term("image", "cat.jpg"), text("sunset")]),
        ("2*image:cat.jpg - dog", [Term("image", "cat.jpg", 2), text("dog", -1)]),
        ("like:0123456789abcdef", [Term("like", "0123456789abcdef")]),
        ("-like:0123456789abcdef cat", [Term("like", "0123456789abcdef", -1), text("cat")]),
        ("black-and-white photo", [text("black-and-white photo")]),
        ("12:30 c++ don't 8k,", [text("12:30 c++ don't 8k,")]),
        ("photo (1)", [text("photo (1)")]),
        ("", []),
        ("+", []),
        ("- boats", [text("boats", -1)]),
    ],
)
def test_terms(typed: str, terms: list[Term]) -> None:
    assert parse(typed).terms == tuple(terms)
    assert parse(typed).match is None


def test_phrases_are_conditions_and_words() -> None:
    assert parse('"red car" night -"no parking"') == Query(
        terms=(text("red car night"),), phrases=("red car",), excluded=("no parking",)
    )
    assert parse('a "never closed').phrases == ("never closed",)


def test_fields_and_options() -> None:
    query = parse('cat width>=2000 -tag:dog title:"big red" sort:-taken k:50')
    assert query.terms == (text("cat"),)
    assert query.fields == (
        FieldTerm("width", ">=", "2000", False, "width>=2000", ("2000",)),
        FieldTerm("tag", ":", "dog", True, "-tag:dog", ("dog",)),
        FieldTerm("title", ":", "big red", False, 'title:"big red"', ("big red",)),
    )
    assert (query.sort, query.sort_descending, query.k) == ("taken", True, 50)


@pytest.mark.parametrize("k", ["0", "-3", "x", "99999999999", "²"])
def test_an_invalid_k_is_ignored(k: str) -> None:
    assert parse(f"cat k:{k}").k is None


@pytest.mark.parametrize(
    ("typed", "match", "words"),
    [
        ("(cat OR dog) NOT bird", "(cat OR dog) NOT bird", "cat dog"),
        ("castle OR fort NOT (ruin OR tower)", None, "castle fort"),
        ("cast*", None, "cast"),
        ("^title page", None, "title page"),
        ("NEAR(old bridge, 4)", None, "old bridge"),
        ('"red car" OR "blue car"', None, "red car blue car"),
        ("title:castle OR fort", None, "castle fort"),
    ],
)
def test_expressions(typed: str, match: str | None, words: str) -> None:
    query = parse(typed)
    assert query.match == (match or typed)
    assert query.terms == (text(words),)


def test_filters_leave_an_expression() -> None:
    query = parse("cat OR dog camera:canon k:5")
    assert query.match == "cat OR dog"
    assert query.fields[0].name == "camera"
    assert query.k == 5


@pytest.mark.parametrize("typed", ["AND", "cat AND", "OR dog", "NOT", "* x", "cat + dog OR bird"])
def test_no_expression(typed: str) -> None:
    assert parse(typed).match is None


@given(st.text(max_size=200))
def test_anything_parses(typed: str) -> None:
    query = parse(typed)
    assert all(term.value for term in query.terms)
    assert parse(typed) == query


@given(
    st.lists(
        st.sampled_from(
            [
                "+",
                "-",
                "cat",
                "-dog",
                "2*",
                '"a b"',
                "NOT",
                "OR",
                "(x",
                "y)",
                "w>3",
                "image:u",
                "k:7",
                "*",
            ]
        ),
        max_size=12,
    )
)
def test_any_mixture_parses(tokens: list[str]) -> None:
    query = parse(" ".join(tokens))
    assert all(term.weight != 0 or "0*" in " ".join(tokens) for term in query.terms)
