"""Typographic characters and filters on values and paths: the rules that both implementations share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from imagedb_site.comparable import comparable
from imagedb_site.query.parse import Term, parse
from imagedb_site.query.plan import plain_words
from imagedb_site.query.typed import plain, plain_range, quoted_value
from imagedb_site.query.values import parents, value_keys, value_test, whole_forms
from imagedb_site.records import FieldSpec

SHARED: dict[str, list[Any]] = json.loads(
    (Path(__file__).parents[1] / "golden" / "filters.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize(("typed", "ascii_form"), SHARED["typed"])
def test_typographic_characters_act_like_ascii(typed: str, ascii_form: str) -> None:
    assert parse(typed) == parse(ascii_form)
    assert parse(typed).source == typed
    assert len(plain(typed)) == len(typed)


@pytest.mark.parametrize(("typed", "words"), SHARED["kept"])
def test_dashes_inside_words_and_dimensions_stay(typed: str, words: str) -> None:
    assert parse(typed).terms == (Term("text", words),)


@pytest.mark.parametrize(("value", "dates", "expected"), SHARED["ranges"])
def test_ranges_may_be_typed_with_a_dash_or_dots(value: str, dates: bool, expected: str) -> None:
    assert plain_range(value, dates=dates) == expected


@pytest.mark.parametrize(("kind", "separator", "typed", "value", "matches"), SHARED["values"])
def test_values(kind: Any, separator: str | None, typed: str, value: str, matches: bool) -> None:
    spec = FieldSpec("field", "Field", kind, column=True, separator=separator)
    [term] = parse(f"field:{typed}").fields
    assert value_test(spec, term.alternatives)(value) is matches


@pytest.mark.parametrize(
    ("kind", "separator", "typed", "values", "found"), SHARED["whole_or_words"]
)
def test_tags_match_by_words_if_none_is_equal(
    kind: Any, separator: str | None, typed: str, values: list[str], found: list[str]
) -> None:
    spec = FieldSpec("field", "Field", kind, column=True, separator=separator)
    [term] = parse(f"field:{typed}").fields
    by_words = {*whole_forms(spec, term.alternatives)} - {comparable(value) for value in values}
    assert list(filter(value_test(spec, term.alternatives, by_words), values)) == found
    keys = value_keys(spec, term.alternatives, by_words)
    if keys is not None:
        forms = [comparable(value) for value in found]
        assert all(any(f == k or (p and f.startswith(k)) for k, p in keys) for f in forms)


def test_names_of_pictures_stay_as_typed() -> None:
    assert parse("image:Jane’s–photo.jpg").terms == (Term("image", "Jane’s–photo.jpg"),)
    assert parse("image:“Jane’s photo.jpg”").terms == (Term("image", "Jane’s photo.jpg"),)
    assert parse("2*image:Jane’s.jpg –dog").terms[0] == Term("image", "Jane’s.jpg", 2)


def test_the_words_of_a_refused_expression_lose_typographic_quotes() -> None:
    assert plain_words("“red car” OR （dog") == "red car dog"


def test_alternatives_may_be_quoted_one_by_one() -> None:
    [term] = parse('author:"Doe, Jane",smith,"O""Hara, ""Sue"""').fields
    assert term.alternatives == ("Doe, Jane", "smith", 'O"Hara, "Sue"')
    assert parse('camera:"canon eos"foo').terms == (Term("text", "foo"),)


def test_the_parents_of_a_path() -> None:
    assert parents("2020/trips/italy", "/") == ["2020", "2020/trips", "2020/trips/italy"]
    assert parents("/a//b/", "/") == ["/a", "/a//b"]
    assert parents("Places", "|") == ["Places"]
    assert parents("||", "|") == []


@pytest.mark.parametrize("value", SHARED["quoted"])
def test_a_value_is_found_by_its_own_text(value: str) -> None:
    query = parse(f"tag:{quoted_value(value)} end")
    assert query.terms == (Term("text", "end"),)
    for kind in ("tags", "category"):
        spec = FieldSpec("tag", "Tag", kind, column=True)  # type: ignore[arg-type]
        test = value_test(spec, query.fields[0].alternatives)
        assert test(value) and not test("something else")
