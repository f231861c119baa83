"""Objects with several pages as tables name them and as a site stores them (docs/FORMAT.md 2.19)."""

from __future__ import annotations

import base64
import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from golden import make_objects, make_site_tiny
from imagedb_site.check import check_site
from imagedb_site.container import FileEntry, gunzip_if, write_container
from imagedb_site.errors import FormatError
from imagedb_site.objects import ALONE, PageCollector, Pages, names_objects, page_key
from imagedb_site.reader import open_site, verify_site
from imagedb_site.reader.objects import decode_pages, parse_objects, read_objects
from imagedb_site.records import FieldSpec, Value
from imagedb_site.site import SiteInput, write_site
from imagedb_site.sources.columns import field_name
from imagedb_site.sources.faults import Faults
from imagedb_site.sources.infer import Conventions, Tally

GOLDEN = Path(__file__).parents[1] / "golden" / "objects.json"
ROWS = len(make_objects.COLLECTION)
FIELDS = [FieldSpec("object", "Object", "text", fts=True), FieldSpec("page", "Page", "text")]


@pytest.fixture(scope="module")
def golden() -> Any:
    return json.loads(GOLDEN.read_text(encoding="utf-8"))


def reader_of(golden: Any, changed: dict[str, bytes] | None = None) -> Any:
    def read(entry: FileEntry) -> bytes:
        if changed and entry.path in changed:
            return changed[entry.path]
        return gunzip_if(base64.b64decode(golden["files"][entry.path]), entry.raw_size)

    return read


def collected(rows: list[tuple[Value | None, Value | None, str]]) -> Pages | None:
    collector = PageCollector()
    for name, page, path in rows:
        fields = {"object": name, "page": page}
        collector.add({key: value for key, value in fields.items() if value is not None}, path)
    return collector.finish()


def test_the_golden_file_is_up_to_date() -> None:
    assert GOLDEN.read_text(encoding="utf-8") == make_objects.text()


def test_the_golden_objects_are_read(golden: Any) -> None:
    files = parse_objects(golden["entry"], ROWS)
    assert files is not None and files.count == 7 and files.rows == 21
    pages = read_objects(files, ROWS, reader_of(golden))
    for name in ("first", "place", "pages"):
        assert getattr(pages, name).tolist() == golden[name]
    assert [pages.rows_of(row) for row in range(ROWS)] == golden["rows_of"]


def test_refused_blocks(golden: Any) -> None:
    for case in golden["refused"]:
        with pytest.raises(FormatError):
            decode_pages(base64.b64decode(case["bytes"]), 0, 4, 24)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("rows", ROWS + 1), ("rows", 0), ("count", 0), ("count", 11), ("files", None)),
        *(("block", 0), ("block", 4), ("block", 1 << 17)),
    ],
)
def test_a_wrong_entry_is_refused(golden: Any, key: str, value: object) -> None:
    entry = copy.deepcopy(golden["entry"])
    entry[key] = value
    with pytest.raises(FormatError):
        parse_objects(entry, ROWS)


@pytest.mark.parametrize(
    "change", [{"rows": 20}, {"count": 6}, {"place": (1, 2)}, {"pages": (1, 2)}, {"first": (0, 4)}]
)
def test_blocks_that_contradict_each_other_are_refused(golden: Any, change: dict[str, Any]) -> None:
    files = parse_objects(golden["entry"], ROWS)
    assert files is not None
    changed = {}
    for name, value in change.items():
        if isinstance(value, int):
            files = replace(files, **{name: value})
            continue
        row, new = value
        arrays = {
            key: np.array(golden[key][: make_objects.BLOCK], dtype=np.uint32)
            for key in ("first", "place", "pages")
        }
        arrays[name][row] = new
        path = min(path for path in golden["files"] if path.startswith("data/objects."))
        for path in golden["files"]:
            header = {"first": 0, "count": make_objects.BLOCK}
            if path.startswith("data/objects.") and _first(golden, path) == 0:
                changed[path] = write_container("objects", header, arrays)
    with pytest.raises(FormatError):
        read_objects(files, ROWS, reader_of(golden, changed))


def _first(golden: Any, path: str) -> int:
    from imagedb_site.container import read_container

    data = base64.b64decode(golden["files"][path])
    return int(read_container(gunzip_if(data, 1 << 20), "objects")[0]["first"])


def test_pages_are_in_the_order_of_fronts_numbers_labels_and_paths() -> None:
    labels: list[Value | None] = ["Front", -2, "1", 1.5, "2", 10, "1r", "1v", "10r", "a", "B", None]
    keys = [page_key(label, "x") for label in labels]
    assert keys == sorted(keys) and len(set(keys)) == len(keys)
    assert page_key(3, "b2") < page_key("3", "b10")
    assert page_key(None, "b2") < page_key("", "b10")


def test_few_pages_are_not_an_object() -> None:
    assert collected([]) is None
    assert collected([("a", 1, "1"), ("b", 1, "2"), (None, None, "3")]) is None
    # Neither an empty name nor a list is an object.
    assert collected([("", 1, "1"), ("", 2, "2"), (["a"], 1, "3"), (["a"], 2, "4")]) is None


def test_an_object_may_have_very_many_pages() -> None:
    rows: list[tuple[Value | None, Value | None, str]] = [
        ("book", 10_000 - row, f"{row}.jpg") for row in range(10_000)
    ]
    pages = collected(rows)
    assert pages is not None
    assert pages.rows_of(5) == list(range(9_999, -1, -1))
    assert set(pages.pages.tolist()) == {10_000}


@given(
    st.lists(
        st.tuples(
            st.none() | st.sampled_from(["a", "b", "\ud800", "x" * 5000]),
            st.none() | st.integers(-5, 5) | st.floats(allow_nan=False) | st.text(max_size=5),
        ),
        max_size=40,
    )
)
def test_the_pages_of_any_table(rows: list[tuple[str | None, Value | None]]) -> None:
    pages = collected([(name, page, f"{row}.jpg") for row, (name, page) in enumerate(rows)])
    names = [name for name, _ in rows if name is not None]
    if all(names.count(name) == 1 for name in names):
        assert pages is None
        return
    assert pages is not None
    for row, (name, _) in enumerate(rows):
        same = [other for other, (one, _) in enumerate(rows) if one == name]
        alone = name is None or len(same) == 1
        assert (int(pages.first[row]) == ALONE) is alone
        of_object = pages.rows_of(row)
        assert sorted(of_object) == ([row] if alone else same)
        assert of_object[int(pages.place[row])] == row
        assert int(pages.pages[row]) == len(of_object)


def test_both_fields_are_needed_and_neither_has_tags() -> None:
    assert names_objects(FIELDS)
    assert not names_objects(FIELDS[:1])
    assert not names_objects([FIELDS[0], replace(FIELDS[1], type="tags")])


@pytest.mark.parametrize(
    ("label", "cells", "kind"),
    [
        ("Object", ["7", "12", "13"], "text"),
        ("object", ["A;B", "A;B", "C;D", "C;D"], "category"),
        ("page", ["1", "2", "10", "3", "4"], "number"),
        ("Page", ["1", "2", "10", "3", "4", "cover"], "text"),
        ("page", ["recto", "verso", "recto", "verso"], "category"),
    ],
)
def test_types_of_the_columns(label: str, cells: list[str], kind: str) -> None:
    tally = Tally(field_name(label, 0))
    for row, cell in enumerate(cells):
        tally.add(cell, row)
    faults = Faults("table.csv")
    field, store = tally.column(label, Conventions(), faults)
    assert field.name == label.lower()
    assert field.type == kind
    assert all(store(cell) is not None for cell in cells)


def with_objects() -> SiteInput:
    tiny = make_site_tiny.make_input()
    rows = [
        replace(row, fields={**row.fields, **_given(*make_objects.COLLECTION[at][:2])})
        for at, row in enumerate(tiny.rows)
    ]
    return replace(tiny, rows=rows, fields=[*tiny.fields, *FIELDS])


def _given(name: Value | None, page: Value | None) -> dict[str, Value]:
    fields = {"object": name, "page": page}
    return {key: str(value) for key, value in fields.items() if value is not None}


def test_a_site_has_its_objects(tmp_path: Path) -> None:
    write_site(with_objects(), tmp_path / "site")
    with open_site(tmp_path / "site") as site:
        verify_site(site)
        pages = site.objects
        assert pages is not None and site.manifest.objects is not None
        assert pages.rows_of(0) == [2, 1, 0, 23]
        assert pages.rows_of(3) == [4, 3]
        assert site.manifest.objects.count == len({*pages.first.tolist()} - {ALONE})
    assert [one for one in check_site(tmp_path / "site").findings if "object" in one.file] == []


def test_other_sites_have_none(tmp_path: Path) -> None:
    site = with_objects()
    write_site(replace(site, fields=site.fields[:-1]), tmp_path / "site")
    with open_site(tmp_path / "site") as opened:
        assert opened.objects is None
        assert "objects" not in opened.manifest.json


def test_objects_that_documents_do_not_name_are_refused(tmp_path: Path, monkeypatch: Any) -> None:
    from imagedb_site.site import writer

    class Other(PageCollector):
        def add(self, fields: Any, path: str) -> None:
            super().add({**fields, "object": "all of them"}, path)

    monkeypatch.setattr(writer, "PageCollector", Other)
    write_site(with_objects(), tmp_path / "site")
    with open_site(tmp_path / "site") as site, pytest.raises(FormatError, match="documents"):
        verify_site(site)
