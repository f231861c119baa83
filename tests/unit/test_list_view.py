"""The fields that a list of rows shows: chosen from the values, or named by the owner."""

from __future__ import annotations

from typing import Any

import pytest

from imagedb_site.errors import UsageError
from imagedb_site.records import FieldSpec, Value
from imagedb_site.site.list_view import ListChooser


def chosen(
    fields: list[FieldSpec], rows: list[dict[str, Value]], columns: tuple[str, ...] = ()
) -> dict[str, Any]:
    chooser = ListChooser(fields, columns)
    for row in rows:
        chooser.add(row)
    return chooser.finish()


RECORDS = [
    FieldSpec("record_id", "Record id", "number", column=True),
    FieldSpec("title", "Title", "text", fts=True),
    FieldSpec("notes", "Notes", "text", fts=True),
    FieldSpec("medium", "Medium", "category", facet=True),
    FieldSpec("department", "Department", "category", facet=True),
    FieldSpec("year", "Year", "date", column=True),
    FieldSpec("keywords", "Keywords", "tags", facet=True),
    FieldSpec("rare", "Rare", "category", facet=True),
]
ROWS: list[dict[str, Value]] = [
    {
        "record_id": number,
        "title": f"Vase {number}",
        "notes": "Found in the river by somebody who was fishing. " * 3,
        "medium": ["Clay", "Glass"][number % 2],
        "department": "Ceramics",
        "year": str(1800 + number),
        "keywords": ["vase", f"k{number}"],
    }
    for number in range(10)
]


def test_title_text_and_columns_are_chosen_from_the_values() -> None:
    rows = [*ROWS[:9], {**ROWS[9], "rare": "once"}]
    assert chosen(RECORDS, rows) == {
        "title": "title",
        "text": "notes",
        # Not the id, not the department that all have, not the field that only one row has.
        "columns": ["year", "medium", "keywords"],
    }


def test_prompts_have_a_text_and_no_title() -> None:
    fields = [FieldSpec("prompt", "Prompt", "text", fts=True), FieldSpec("cfg", "CFG", "number")]
    rows: list[dict[str, Value]] = [{"prompt": f"a castle {n}", "cfg": n} for n in range(4)]
    assert chosen(fields, rows) == {"title": None, "text": "prompt", "columns": ["cfg"]}


def test_a_title_that_few_rows_have_is_not_the_title() -> None:
    rows: list[dict[str, Value]] = [{"title": "One"}, *({"notes": "A text " * 9} for _ in "abc")]
    assert chosen(RECORDS, rows)["title"] is None


def test_the_owner_names_the_columns_in_their_order() -> None:
    assert chosen(RECORDS, ROWS, ("rare", "year"))["columns"] == ["rare", "year"]


@pytest.mark.parametrize(
    ("columns", "said"),
    [(("nothing",), "no such field"), (("year", "year"), "twice"), (("year",) * 13, "twice")],
)
def test_columns_that_cannot_be_shown_are_refused(columns: tuple[str, ...], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        ListChooser(RECORDS, columns)


def test_no_more_than_twelve_columns_are_taken() -> None:
    fields = [FieldSpec(f"f{n}", f"F{n}", "number") for n in range(13)]
    with pytest.raises(UsageError, match="at most 12"):
        ListChooser(fields, [spec.name for spec in fields])
