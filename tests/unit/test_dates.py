"""Dates as people, cameras and programs write them."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagedb_site.date_names import MONTHS
from imagedb_site.dates import DateOrder, date_span, is_empty_date, parse_date

READ = {
    # EXIF, with blanks and zeros for unknown parts.
    "1993:05:12 10:30:05": "1993-05-12T10:30:05",
    "1993:05:12 10:30:05\0": "1993-05-12T10:30:05",
    "1993:05:12 10:30:  ": "1993-05-12T10:30",
    "1993:05:12 10:  :  ": "1993-05-12T10",
    "1993:05:12   :  :  ": "1993-05-12",
    "1993:05:12": "1993-05-12",
    "1993:05:  ": "1993-05",
    "1993:  :  ": "1993",
    "1993:  :     :  :  ": "1993",
    "1993:05:00 00:00:00": "1993-05",
    "1993:05:00": "1993-05",
    "1993:00:00 00:00:00": "1993",
    "1993:00:00": "1993",
    "2002:12:08 24:00:00": "2002-12-08",
    "2002:12:08 99:99:99": "2002-12-08",
    "2002:12:08 12:00:60": "2002-12-08T12:00:59",
    "2019:12:24 15:30:00.25+01:00": "2019-12-24T15:30:00.25",
    # ISO 8601 and RFC 3339.
    "1993": "1993",
    "1993-05": "1993-05",
    "1993-05-12": "1993-05-12",
    "1993-05-12T10": "1993-05-12T10",
    "1993-05-12T10:30": "1993-05-12T10:30",
    "1993-05-12T10:30:05Z": "1993-05-12T10:30:05",
    "1993-05-12T10:30:05,5": "1993-05-12T10:30:05.5",
    "1993-05-12 10:30:05.123456 UTC": "1993-05-12T10:30:05.123456",
    "1993-05-12T10:30:05+05:30": "1993-05-12T10:30:05",
    "1993-05-12 10:30:05 -0800": "1993-05-12T10:30:05",
    "1993-05-12T10:30:05+02:00[Europe/Berlin]": "1993-05-12T10:30:05",
    "20191224": "2019-12-24",
    "20191224_153000": "2019-12-24T15:30:00",
    "20191224T153000Z": "2019-12-24T15:30:00",
    "19930000": "1993",
    "1993-05-12T103005Z": "1993-05-12T10:30:05",
    "2019-12-24_15-30-05": "2019-12-24T15:30:05",
    "1993:5:2 1:3:5": "1993-05-02T01:03:05",
    "1993-XX-XX": "1993",
    "1993-05-??": "1993-05",
    # Figures in other orders.
    "24.12.2019": "2019-12-24",
    "24.12.2019 15:30": "2019-12-24T15:30",
    "24.12.2019, 15:30 Uhr": "2019-12-24T15:30",
    "1.5.1993": "1993-05-01",
    "05.1993": "1993-05",
    "12/2019": "2019-12",
    "12/24/2019": "2019-12-24",
    "24/12/2019": "2019-12-24",
    "24-12-2019": "2019-12-24",
    "5/5/2019": "2019-05-05",
    "00/05/1993": "1993-05",
    "05/00/1993": "1993-05",
    "00.00.1993": "1993",
    "12/24/2019 3:30 PM": "2019-12-24T15:30",
    "12/24/2019 12:00:05 a.m.": "2019-12-24T00:00:05",
    "2019/12/24 15:30": "2019-12-24T15:30",
    "2019. 12. 24.": "2019-12-24",
    "2019–12–24": "2019-12-24",
    # Names of months.
    "Dec 24, 2019": "2019-12-24",
    "Dec 24, 2019, 3:30:00\u202fPM UTC": "2019-12-24T15:30:00",
    "December 24th, 2019 at 3:30 p.m.": "2019-12-24T15:30",
    "24 December 2019": "2019-12-24",
    "24. Dezember 2019": "2019-12-24",
    "März 1993": "1993-03",
    "Ma\u0308rz 1993": "1993-03",
    "le 24 décembre 2019": "2019-12-24",
    "24 de diciembre de 2019": "2019-12-24",
    "12 мая 1993 г.": "1993-05-12",
    "24-Dec-2019": "2019-12-24",
    "24/Dec/2019": "2019-12-24",
    "the 12th of May, 1993": "1993-05-12",
    "12.VII.1943": "1943-07-12",
    "May 1993": "1993-05",
    "Tue, 24 Dec 2019 15:30:00 +0100": "2019-12-24T15:30:00",
    "Tue Dec 24 15:30:00 2019": "2019-12-24T15:30:00",
    "2019年12月24日": "2019-12-24",
    "2019年12月24日（火） 15:30": "2019-12-24T15:30",
    "2019년 12월": "2019-12",
    "２０１９年": "2019",
    # Old and approximate years.
    "1745-03-01": "1745-03-01",
    "0079-08-24": "0079-08-24",
    "79 AD": "0079",
    "c. 1890": "1890",
    "ca. 1890": "1890",
    "um 1890": "1890",
    "c1890": "1890",
    "1890 ca.": "1890",
    "1890?": "1890",
    "[1890]": "1890",
    "~May 1890": "1890-05",
}
REFUSED = [
    "",
    "unknown",
    "0000:00:00",
    "0000:00:00 00:00:00",
    "    :  :     :  :  ",
    "0000-05-12",
    "24.12.19",
    "12/24/19",
    "44 BC",
    "-0044",
    "10000",
    "12345678",
    "3.1416",
    "2020-02-30",
    "2019:02:29 10:00:00",
    "2019-13",
    "31.04.2019",
    "1914-1918",
    "1990s",
    "before 1890",
    "Christmas 2019",
    "IMG_20191224",
    "1993-05-12 and more",
    "1" * 101,
    "1993" + " " * 2000 + "x",
    "\u0300",
    "[",
    "\ud800",
]
NORMAL = st.one_of(
    st.integers(1, 9999).map(lambda year: f"{year:04}"),
    st.dates().map(lambda day: day.isoformat()[:7]),
    st.dates().map(date.isoformat),
    st.datetimes().map(lambda at: at.isoformat(timespec="minutes")),
    st.datetimes().map(lambda at: at.isoformat(timespec="seconds")),
    st.datetimes().map(lambda at: at.isoformat(timespec="microseconds")),
)
ALPHABET = st.sampled_from(
    [*"0123456789:-/. TZxX?年月日,+[]()\0\u202f\u0300", "May", "ca. ", "PM", "19"]
)


@pytest.mark.parametrize(("text", "normal"), READ.items())
def test_reads(text: str, normal: str) -> None:
    assert parse_date(text) == normal
    assert parse_date(f" {text}\n", day_first=True) == normal


@pytest.mark.parametrize("text", REFUSED)
def test_refuses(text: str) -> None:
    assert parse_date(text) is None


@settings(deadline=None)
@given(NORMAL)
def test_the_normal_form_stays(text: str) -> None:
    assert parse_date(text) == text
    assert date_span(text) is not None


@settings(deadline=None)
@given(st.text() | st.lists(ALPHABET, max_size=40).map("".join))
def test_never_raises(text: str) -> None:
    for day_first in (None, False, True):
        found = parse_date(text, day_first=day_first)
        assert found is None or parse_date(found) == found
    order = DateOrder()
    order.add(text)
    assert isinstance(order.day_first, bool)
    assert isinstance(is_empty_date(text), bool)


@settings(deadline=None)
@given(st.dates())
def test_every_day_is_read_in_every_order(day: date) -> None:
    year, month = f"{day.year:04}", day.strftime("%B")
    iso = day.isoformat()
    assert parse_date(f"{year}:{day.month:02}:{day.day:02} 00:00:00") == f"{iso}T00:00:00"
    assert parse_date(f"{day.day}.{day.month}.{year}") == iso
    assert (
        parse_date(f"{day.month}/{day.day}/{year}", day_first=False) in (iso, None) or day.day > 12
    )
    assert parse_date(f"{day.day}/{day.month}/{year}", day_first=True) == iso
    assert parse_date(f"{day.day} {month} {year}") == iso
    assert parse_date(f"{month} {day.day}, {year}") == iso


def test_no_name_means_two_months() -> None:
    assert len(set(MONTHS.values())) == 12
    for name, month in MONTHS.items():
        assert parse_date(f"3 {name} 1993") == f"1993-{month:02}-03"


@pytest.mark.parametrize(
    ("values", "day_first", "read"),
    [
        (["3/4/2019", "24/12/2019", "1/1/2020"], True, "2019-04-03"),
        (["3/4/2019", "12/24/2019"], False, "2019-03-04"),
        (["03-04-2019 10:00", "24-12-2019"], True, "2019-04-03T10:00"),
        (["3/4/2019", "24/12/2019", "23/12/2019", "12/24/2019"], True, "2019-04-03"),
        (["3/4/2019", "2019-12-24", "", "unknown"], False, "2019-03-04"),
    ],
)
def test_all_values_of_a_column_decide_the_order(
    values: list[str], day_first: bool, read: str
) -> None:
    order = DateOrder()
    for value in values:
        order.add(value)
    assert order.day_first is day_first
    assert parse_date(values[0], day_first=order.day_first) == read
    decided = any("24" in value and "-12-" not in value[4:] for value in values)
    assert (order.note is None) == (decided or "24-12-2019" in values)


def test_a_column_without_ambiguous_dates_has_no_note() -> None:
    order = DateOrder()
    for value in ("5/5/2019", "24.12.2019", "3.4.2019", "May 1993"):
        order.add(value)
    assert order.note is None


@pytest.mark.parametrize(
    ("text", "empty"),
    [
        ("0000:00:00 00:00:00", True),
        ("0000-00-00T00:00:00Z", True),
        ("    :  :     :  :  ", True),
        ("--", True),
        ("", True),
        ("1993:00:00", False),
        ("unknown", False),
    ],
)
def test_empty_dates(text: str, empty: bool) -> None:
    assert is_empty_date(text) is empty


@settings(deadline=None)
@given(st.datetimes())
def test_the_span_is_that_of_the_calendar(at: datetime) -> None:
    start = (at.replace(microsecond=0) - datetime(1970, 1, 1)).total_seconds()
    iso = at.isoformat(timespec="seconds")
    assert date_span(iso) == (start, 0)
    assert date_span(iso[:16]) == (start - at.second, 60)
    assert date_span(iso[:13]) == (start - at.second - at.minute * 60, 3600)
    day = (at.date() - date(1970, 1, 1)) / timedelta(seconds=1)
    assert date_span(iso[:10]) == (day, 86_400)


@pytest.mark.parametrize(
    ("text", "days"),
    [("1993", 365), ("2000", 366), ("1900", 365), ("2000-02", 29), ("1999-12", 31), ("9999", 365)],
)
def test_years_and_months_last_until_the_next(text: str, days: int) -> None:
    span = date_span(text)
    assert span is not None
    assert span[1] == days * 86_400


@pytest.mark.parametrize(
    "text", ["0000", "2019-02-29", "2019-1", "2019-01-01 10:00", "x", "1993-05-12T24"]
)
def test_only_the_normal_form_has_a_span(text: str) -> None:
    assert date_span(text) is None


GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "dates.json").read_text("utf-8"))


@pytest.mark.parametrize(("text", "span"), GOLDEN["spans"].items())
def test_spans_as_in_the_browser(text: str, span: list[float] | None) -> None:
    assert date_span(text) == (None if span is None else tuple(span))


@pytest.mark.parametrize(("text", "found"), GOLDEN["exif"].items())
def test_dates_of_exif_as_in_the_browser(text: str, found: str | None) -> None:
    # Which of these the pictures of an archive may have, test_pictures_metadata.py says.
    if found is not None:
        assert parse_date(text) == found
