"""Ids that never change their image, and the order people expect."""

from __future__ import annotations

import hashlib
import math
import random
from dataclasses import dataclass, field
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagedb_site.dates import date_span
from imagedb_site.records import FieldSpec, Value
from imagedb_site.site import image_ids, order_key, row_order
from imagedb_site.site.ids import id_digits
from imagedb_site.text import natural_key
from imagedb_site.values import clean_fields


@dataclass
class Image:
    key: str
    fields: dict[str, Value] = field(default_factory=dict)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_an_id_is_the_beginning_of_the_content_hash() -> None:
    assert image_ids([digest("a"), digest("b")], ["x", "y"]) == [digest("a")[:16], digest("b")[:16]]


def test_copies_have_their_own_ids() -> None:
    hashes = [digest("a")] * 3
    ids = image_ids(hashes, ["b.jpg", "a.jpg", "c.jpg"])
    assert ids[1] == digest("a")[:16]
    assert ids[0] == digest(digest("a") + "\0b.jpg")[:16]
    assert ids[2] == digest(digest("a") + "\0c.jpg")[:16]


@given(keys=st.lists(st.text(max_size=8), min_size=1, max_size=12, unique=True), seed=st.integers())
def test_ids_do_not_depend_on_the_order_given(keys: list[str], seed: int) -> None:
    hashes = {key: digest(str(len(key) % 3)) for key in keys}
    shuffled = list(keys)
    random.Random(seed).shuffle(shuffled)
    one = dict(zip(keys, image_ids([hashes[key] for key in keys], keys), strict=True))
    two = dict(zip(shuffled, image_ids([hashes[k] for k in shuffled], shuffled), strict=True))
    assert one == two
    assert len(set(one.values())) == len(keys)


def test_adding_a_copy_later_moves_no_id() -> None:
    before = image_ids([digest("a")], ["holiday/a.jpg"])
    after = image_ids([digest("a")] * 2, ["holiday/a.jpg", "zz/copy of a.jpg"])
    assert after[0] == before[0]


def test_a_name_that_is_not_text_still_has_an_id() -> None:
    name = b"caf\xe9.jpg".decode("utf-8", "surrogateescape")
    assert len(set(image_ids([digest("a")] * 2, ["a.jpg", name]))) == 2


def test_newest_first_then_by_path() -> None:
    images = [
        Image("b/img10.jpg"),
        Image("a.jpg", {"taken": "2020-01-01"}),
        Image("b/img2.jpg"),
        Image("c.jpg", {"taken": "2021-06-01T10:00:00"}),
        Image("d.jpg", {"taken": "2021-06-01T10:00:01"}),
        Image("B/img1.jpg"),
        Image("e.jpg", {"taken": "no date"}),
        Image("same.jpg", {"taken": "2020-01-01"}),
    ]
    order = [images[index].key for index in row_order(images)]
    assert order == [
        "d.jpg",
        "c.jpg",
        "a.jpg",
        "same.jpg",
        "B/img1.jpg",
        "b/img2.jpg",
        "b/img10.jpg",
        "e.jpg",
    ]


@given(keys=st.lists(st.text("ab019/._Äé², ", max_size=10), max_size=15, unique=True))
def test_row_order_does_not_depend_on_the_order_given(keys: list[str]) -> None:
    forwards = [Image(key) for key in keys]
    backwards = forwards[::-1]
    one = [forwards[index].key for index in row_order(forwards)]
    two = [backwards[index].key for index in row_order(backwards)]
    assert one == two and sorted(one) == sorted(keys)


@given(
    images=st.lists(
        st.tuples(
            st.text("ab01/", min_size=1, max_size=4),
            st.one_of(
                st.none(),
                st.datetimes(max_value=datetime(3000, 1, 1)).map(datetime.isoformat),
                st.sampled_from(
                    ["1970-01-01", "1969-12-31T23:59:59.5", "1970", "0001", "not a date"]
                ),
            ),
        ),
        max_size=12,
    )
)
def test_keys_sort_by_date_then_by_path(images: list[tuple[str, str | None]]) -> None:
    def plain(image: tuple[str, str | None]) -> tuple:
        start, length = (image[1] and date_span(image[1])) or (math.inf, 0)
        return -start if start < math.inf else start, -length, natural_key(image[0]), image[0]

    by_key = sorted(images, key=lambda image: order_key(*image))
    assert by_key == sorted(images, key=plain)


@pytest.mark.parametrize(
    ("count", "digits"), [(1, 0), (4096, 0), (4097, 1), (65_536, 1), (65_537, 2), (10**9, 4)]
)
def test_files_of_ids_have_few_ids(count: int, digits: int) -> None:
    assert id_digits(count, 4096) == digits


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("img2", "img10"),
        ("img002", "img10"),
        ("a1b2", "a1b10"),
        ("A2", "a10"),
        ("x9", "x" + "9" * 5000),
        ("a", "a1"),
        ("1", "a"),
    ],
)
def test_numbers_are_compared_as_numbers(first: str, second: str) -> None:
    assert natural_key(first) < natural_key(second)


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("2021", "2021"),
        ("2021:05:00", "2021-05"),
        ("28.5.2021", "2021-05-28"),
        ("2021-05-28T23:59:00+09:00", "2021-05-28T23:59:00"),
        ("2021-05-28T23:59Z", "2021-05-28T23:59"),
        ("0000:00:00 00:00:00", None),
        ("2021-02-30", None),
    ],
)
def test_dates_are_stored_on_the_clock_of_the_picture(text: str, stored: str | None) -> None:
    clean, problems = clean_fields("x", {"taken": text}, [FieldSpec("taken", "Taken", "date")])
    assert clean.get("taken") == stored
    assert len(problems) == (stored is None)


def test_newest_first_by_start_and_then_by_end() -> None:
    dates = [
        "2021-06",
        "2021-05-28T12:00:00",
        "2021-05-28",
        "2021-05",
        "2021",
        "2021-01-01",
        "0079",
        None,
    ]
    ordered = ["2021-06", "2021-05-28T12:00:00", "2021-05-28", "2021-05", "2021", "2021-01-01"]
    by_key = sorted(dates, key=lambda taken: order_key("a", taken))
    assert by_key == [*ordered, "0079", None]


def test_texts_become_storable() -> None:
    broken = b"caf\xe9".decode("utf-8", "surrogateescape")
    specs = [FieldSpec("name", "Name", "text"), FieldSpec("tags", "Tags", "tags")]
    clean, problems = clean_fields("x", {"name": broken, "tags": [broken, "", "a", "a"]}, specs)
    assert clean == {"name": "caf\ufffd", "tags": ["caf\ufffd", "a"]}
    assert problems == []
