"""The type of each column: what fits, what is left empty with a note, and what stays text."""

from __future__ import annotations

from pathlib import Path

import pytest
from table_samples import column, load, reasons, rows, types


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["1.234,56", "7", "0,5"], [1234.56, 7, 0.5]),
        (["1,234.56", "7", "0.5"], [1234.56, 7, 0.5]),
        (["1.234.567", "1.234"], [1234567, 1234]),
        (["1,234,567", "1,234"], [1234567, 1234]),
        (["1,234", "2,500"], [1234, 2500]),
        (["1.234", "2.500"], [1.234, 2.5]),
        (["1'234.50", "2’000"], [1234.5, 2000]),
        (["1\u202f234,5", "1\u00a0000"], [1234.5, 1000]),
        (["1,23E+05", "1,5"], [123000, 1.5]),
        (["1.23E+05", "-1e-3", "−5", "+7"], [123000, -0.001, -5, 7]),
        ([".5", "-.25"], [0.5, -0.25]),
        (["48,208174", "16.373819"], None),
    ],
)
def test_numbers(tmp_path: Path, cells: list[str], numbers: list[float] | None) -> None:
    sidecar, values = column(tmp_path, *cells)
    assert types(sidecar) == {"v": "number" if numbers else "text"}
    assert values == (numbers or cells)


@pytest.mark.parametrize(
    "cells",
    [
        ["007", "008", "12"],
        ["9783161484100", "9783161484117"],
        ["9007199254740993", "1"],
        ["12a", "12", "13", "14", "15", "16"],
        ["1-2", "3", "4", "5", "6", "7"],
        ["192.168.0.1", "1", "2", "3", "4", "5"],
        ["iPhone 5s", "5s"],
    ],
)
def test_codes_stay_text(tmp_path: Path, cells: list[str]) -> None:
    sidecar, values = column(tmp_path, *cells)
    assert types(sidecar) == {"v": "text"} and values == cells and reasons(sidecar) == []


@pytest.mark.parametrize("name", ["PLZ", "zip_code", "ISBN", "Telefon", "SerialNumber"])
def test_columns_of_codes_stay_text(tmp_path: Path, name: str) -> None:
    sidecar, values = column(tmp_path, "10115", "20095", name=name)
    assert [*types(sidecar).values()] == ["text"] and values == ["10115", "20095"]


def test_the_table_shows_what_a_column_leaves_open(tmp_path: Path) -> None:
    german = "file;a;b;c\nx.jpg;1,5;1.234;3/4/2019\ny.jpg;2;5.000;5/6/2019\n"
    assert rows(load(tmp_path, german))["x.jpg"] == {"a": 1.5, "b": 1234, "c": "2019-04-03"}
    plain = "file;a;b\nx.jpg;1.5;1.234\ny.jpg;2;5.000\n"
    assert rows(load(tmp_path, plain))["x.jpg"] == {"a": 1.5, "b": 1.234}
    semicolons = "file;a\nx.jpg;1,234\ny.jpg;5,000\n"
    assert rows(load(tmp_path, semicolons))["x.jpg"] == {"a": 1.234}


@pytest.mark.parametrize(
    ("cells", "unit", "numbers"),
    [
        (["50 %", "7%", "0,5 %"], "%", [50, 7, 0.5]),
        (["50.0 mm", "24mm"], "mm", [50, 24]),
        (["1.234,5 km", "7 km"], "km", [1234.5, 7]),
        (["$1,234.50", "$7.00"], "$", [1234.5, 7]),
        (["1.234,50 €", "7,00 €"], "€", [1234.5, 7]),
        (["50 mm", "2 m"], None, None),
        (["50 mm", "2"], None, None),
    ],
)
def test_units(tmp_path: Path, cells: list[str], unit: str | None, numbers: list[float]) -> None:
    sidecar, values = column(tmp_path, *cells)
    assert sidecar.fields[0].unit == unit and values == (numbers or cells)


@pytest.mark.parametrize(
    ("cells", "dates"),
    [
        (
            ["24.12.2019", "3.1.2020 14:30", "1.2.2020"],
            ["2019-12-24", "2020-01-03T14:30", "2020-02-01"],
        ),
        (["12/24/2019", "3/4/2020"], ["2019-12-24", "2020-03-04"]),
        (["24/12/2019", "3/4/2020"], ["2019-12-24", "2020-04-03"]),
        (
            ["2019:12:24 10:00:00", "1993:00:00", "1993:05:00"],
            ["2019-12-24T10:00:00", "1993", "1993-05"],
        ),
        (["1923", "1923-05", "12. Mai 1923"], ["1923", "1923-05", "1923-05-12"]),
        (["May 1993", "1993-05-12T10:00:00Z", "1993"], ["1993-05", "1993-05-12T10:00:00", "1993"]),
    ],
)
def test_dates(tmp_path: Path, cells: list[str], dates: list[str]) -> None:
    sidecar, values = column(tmp_path, *cells)
    assert types(sidecar) == {"v": "date"} and values == dates and reasons(sidecar) == []


def test_whole_numbers_are_years_only_in_a_column_of_dates(tmp_path: Path) -> None:
    for name, kind in (("Datum", "date"), ("taken", "date"), ("Year", "number"), ("v", "number")):
        sidecar, values = column(tmp_path, "1950", "1962.0", "", name=name)
        assert [*types(sidecar).values()] == [kind]
        assert values == (["1950", "1962", None] if kind == "date" else [1950, 1962, None])


def test_dates_that_no_value_decides_are_noted(tmp_path: Path) -> None:
    sidecar, values = column(tmp_path, "3/4/2019", "5/6/2019", name="When")
    assert values == ["2019-03-04", "2019-05-06"]
    assert len(sidecar.notes) == 1 and "month/day/year" in sidecar.notes[0]
    assert 'column "When" of t.csv' in sidecar.notes[0]


@pytest.mark.parametrize("word", ["unknown", "Unbekannt", "n/a", "k. A.", "?", "o. J."])
def test_a_word_for_unknown_is_reported_and_left_empty(tmp_path: Path, word: str) -> None:
    for cells, kind in (
        (["2019-12-24", word, "1993"], "date"),
        (["1,5", "2", word], "number"),
        ([word, word, word, "12 %"], "number"),
    ):
        sidecar, values = column(tmp_path, *cells)
        assert types(sidecar) == {"v": kind}
        assert [value is None for value in values] == [cell == word for cell in cells]
        row = cells.index(word) + 2
        assert reasons(sidecar)[0] == (
            f'row {row}, column "v": "{word}" is not a {kind}; the cell is left empty'
        )


@pytest.mark.parametrize(
    "mark", ["-", "--", "NULL", "NaN", "#N/A", "NA", "None", "0000:00:00 00:00:00"]
)
def test_what_programs_write_for_no_value_is_not_reported(tmp_path: Path, mark: str) -> None:
    sidecar, values = column(tmp_path, "2019-12-24", mark, mark)
    assert types(sidecar) == {"v": "date"} and values == ["2019-12-24", None, None]
    sidecar, values = column(tmp_path, mark, mark, "12")
    assert types(sidecar) == {"v": "number"} and values == [None, None, 12]
    assert reasons(sidecar) == []


def test_few_cells_that_do_not_fit_are_left_empty(tmp_path: Path) -> None:
    sidecar, values = column(tmp_path, *range(1, 40), "very many", "more")
    assert types(sidecar) == {"v": "number"} and values[-3:] == [39, None, None]
    assert len(reasons(sidecar)) == 2 and "row 41, " in reasons(sidecar)[0]
    sidecar, values = column(tmp_path, "2001-01-01", "2002", "2003", "May 2004", "a summer day")
    assert types(sidecar) == {"v": "date"} and values[-2:] == ["2004-05", None]
    # One of four, or two of twenty, are not a few.
    assert types(column(tmp_path, "1", "2", "3", "many")[0]) == {"v": "text"}
    assert types(column(tmp_path, *range(18), "many", "some")[0]) == {"v": "text"}


def test_many_cells_that_do_not_fit_are_counted(tmp_path: Path) -> None:
    sidecar, _ = column(tmp_path, *range(1000), *["?"] * 30, *["many"] * 20)
    found = reasons(sidecar)
    assert len(found) == 6
    assert found[-1] == '45 more cells of the column "v" that are not a number'


@pytest.mark.parametrize(
    "cells", [["ja", "nein"], ["TRUE", "FALSE"], ["WAHR", "FALSCH"], ["yes", "No"], ["oui", "non"]]
)
def test_truth_values(tmp_path: Path, cells: list[str]) -> None:
    sidecar, values = column(tmp_path, *cells, "")
    assert types(sidecar) == {"v": "boolean"} and values == [True, False, None]
    # "Unknown" is a third value.
    assert types(column(tmp_path, *cells * 3, "unknown", "unknown")[0]) == {"v": "category"}


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("Beschreibung", ["rot; grün", "rot; blau", "rot; grün"]),
        ("text_de", ["rot; grün", "rot; blau", "rot; grün"]),
        ("caption", ["cat;dog", "cat;dog", "cat;dog"]),
        ("v", ["Two dogs; one cat", "A house; in snow", "A tree; a bird"]),
        ("v", ["A long sentence that says what is seen; and what is not", "x;y", "x;y"]),
    ],
)
def test_sentences_with_semicolons_are_not_tags(
    tmp_path: Path, name: str, cells: list[str]
) -> None:
    sidecar, values = column(tmp_path, *cells, name=name)
    assert [*types(sidecar).values()] == ["text"] and values == cells


@pytest.mark.parametrize(
    ("name", "cells", "tags"),
    [
        ("v", ["red;green", "blue", "red;blue"], [["red", "green"], ["blue"], ["red", "blue"]]),
        (
            "v",
            ["old town;sea", "old town;sea|side"],
            [["old town", "sea"], ["old town", "sea|side"]],
        ),
        ("Keywords", ["a, b", "c", "-"], [["a", "b"], ["c"], None]),
        (
            "Schlagwörter",
            ["Doe, Jane; Roe, Rick", "Doe, Jane"],
            [["Doe, Jane", "Roe, Rick"], ["Doe, Jane"]],
        ),
        ("tags_en", ["a, b", "c"], [["a", "b"], ["c"]]),
        ("tags", ["one", "two words"], [["one"], ["two words"]]),
        (
            "HierarchicalSubject",
            ["Animal|Cat, Place|Sea", "Animal|Dog"],
            [["Animal|Cat", "Place|Sea"], ["Animal|Dog"]],
        ),
    ],
)
def test_tags(tmp_path: Path, name: str, cells: list[str], tags: list[list[str]]) -> None:
    sidecar, values = column(tmp_path, *cells, name=name)
    assert [*types(sidecar).values()] == ["tags"] and values == tags
    assert sidecar.fields[0].separator == ("|" if name == "HierarchicalSubject" else None)


def test_unknown_is_a_value_of_a_text(tmp_path: Path) -> None:
    sidecar, values = column(tmp_path, "unknown", "NA", "Ann Example", "-")
    assert types(sidecar) == {"v": "text"} and values == ["unknown", "NA", "Ann Example", None]
    assert reasons(sidecar) == []


def test_json_numbers_and_texts_in_one_column(tmp_path: Path) -> None:
    lines = '{"file": "a.jpg", "v": 1}\n{"file": "b.jpg", "v": "2,5"}\n{"file": "c.jpg", "v": "unknown"}\n'
    sidecar = load(tmp_path, lines, "t.jsonl")
    assert rows(sidecar) == {"a.jpg": {"v": 1}, "b.jpg": {"v": 2.5}, "c.jpg": {}}
    assert reasons(sidecar) == [
        'row 3, column "v": "unknown" is not a number; the cell is left empty'
    ]
