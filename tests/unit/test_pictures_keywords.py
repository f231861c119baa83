"""Keywords in trees, ratings and colour labels, as the programs write them."""

from __future__ import annotations

from html import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagedb_site.pictures.keywords import read_keywords
from metadata_samples import bag, with_exif, with_iptc, with_xmp

LIGHTROOM = bag("lr:hierarchicalSubject", "Places|Europe|Norway", "Animals|Cat")
DIGIKAM = bag("digiKam:TagsList", "Places/Europe/Norway", "Animals/Cat")
WINDOWS = bag("MicrosoftPhoto:LastKeywordXMP", "Places/Europe/Norway", "Animals/Cat")
MEDIAPRO = bag("mediapro:CatalogSets", "Places|Europe|Norway", "Animals|Cat")
ACDSEE = (
    '<Categories><Category Assigned="0">Places<Category Assigned="0">Europe<Category Assigned="1">'
    'Norway</Category></Category></Category><Category Assigned="0">Animals<Category Assigned="1">'
    "Cat</Category></Category></Categories>"
)
PATHS = ["Places|Europe|Norway", "Animals|Cat"]


@pytest.mark.parametrize(
    "inner",
    [
        LIGHTROOM,
        DIGIKAM,
        WINDOWS,
        MEDIAPRO,
        f"<acdsee:categories>{escape(ACDSEE)}</acdsee:categories>",
        LIGHTROOM + DIGIKAM + WINDOWS + MEDIAPRO,
        bag("dc:subject", *PATHS),
    ],
)
def test_keywords_in_trees_are_paths(inner):
    assert with_xmp(inner)["keywords"] == PATHS


def test_a_flat_keyword_that_is_a_part_of_a_path_is_not_repeated():
    lightroom = LIGHTROOM + bag("dc:subject", "Places", "Europe", "Norway", "Animals", "Cat")
    assert with_xmp(lightroom)["keywords"] == PATHS
    inner = LIGHTROOM + bag("dc:subject", "norway", "Cat", "sunset", "sunset", "Norwegian")
    assert with_xmp(inner)["keywords"] == [*PATHS, "sunset", "Norwegian"]
    digikam = DIGIKAM + bag("dc:subject", "Norway", "Cat")
    assert with_xmp(digikam)["keywords"] == PATHS
    windows = WINDOWS + bag("dc:subject", "Places/Europe/Norway", "Animals/Cat", "sun/moon")
    assert with_xmp(windows)["keywords"] == [*PATHS, "sun/moon"]


def test_the_beginning_of_a_path_is_not_repeated():
    for inner in (
        bag("lr:hierarchicalSubject", "Places", "Places|Europe", "Places|Europe|Norway"),
        bag("digiKam:TagsList", "Places/Europe/Norway", "Places/Europe"),
        bag("lr:hierarchicalSubject", "Places|Europe|Norway") + bag("dc:subject", "Places"),
    ):
        assert with_xmp(inner)["keywords"] == ["Places|Europe|Norway"]


def test_tags_that_programs_keep_for_themselves_are_left_out():
    internal = "_Digikam_Internal_Tags_/Color Label Green"
    assert with_xmp(bag("digiKam:TagsList", internal, "sea"))["keywords"] == ["sea"]
    darktable = bag("lr:hierarchicalSubject", "darktable|format|nef", "darktable|exported", "sea")
    flat = bag("dc:subject", "darktable", "format", "nef", "exported", "sea")
    assert with_xmp(darktable + flat)["keywords"] == ["sea"]
    assert with_xmp(bag("lr:hierarchicalSubject", "darktable|exported")) == {}


def test_flat_keywords_are_as_they_were():
    assert with_iptc((25, b"sea"), (25, b"sky"), (25, b"sea"))["keywords"] == ["sea", "sky"]
    wide = {0x9C9E: "sea; sky;;Sea".encode("utf-16-le")}
    assert with_exif(wide)["keywords"] == ["sea", "sky"]
    assert with_xmp(bag("dc:subject", " a  b ", "c\nd", "e, f"))["keywords"] == [
        "a b",
        "c d",
        "e, f",
    ]


def test_parts_with_other_separators_stay_whole():
    inner = bag("lr:hierarchicalSubject", "Bands|AC/DC")
    assert with_xmp(inner)["keywords"] == ["Bands|AC/DC"]
    inner = bag("digiKam:TagsList", "Signs/a|b", "//x///y/")
    assert with_xmp(inner)["keywords"] == ["Signs|a/b", "x|y"]


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            ["XMP lr:hierarchicalSubject", "XMP digiKam:TagsList", "XMP acdsee:categories"]
        ),
        st.lists(st.text(alphabet="ab|/<> ", max_size=30)),
    ),
    st.lists(st.text(alphabet="ab|/;", max_size=9)),
)
def test_any_keywords_are_distinct_bounded_and_whole(paths, flat):
    found = read_keywords({**paths, "XMP dc:subject": flat})
    assert len(found) == len(set(found)) <= 200
    for keyword in found:
        assert all(part == part.strip() != "" for part in keyword.split("|"))
        assert not any(other != keyword and other.startswith(f"{keyword}|") for other in found)


def test_many_and_long_keywords_are_bounded():
    long = "|".join("x" * 500 for _ in range(100))
    many = [long, *(f"a|{n}" for n in range(900))]
    found = read_keywords({"XMP lr:hierarchicalSubject": many})
    assert len(found) == 200 and max(len(keyword) for keyword in found) <= 20 * 101
    deep = "<Categories>" + '<Category Assigned="1">x' * 300 + "</Category>" * 300
    assert len(read_keywords({"XMP acdsee:categories": [deep]})) == 1
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa">]><Categories><Category Assigned="1">&a;</Category>'
    assert read_keywords({"XMP acdsee:categories": [bomb]}) == []


# -- ratings -----------------------------------------------------------------------------------


@pytest.mark.parametrize("stars", [1, 2, 3, 4, 5, -1, 2.5])
def test_stars_of_xmp(stars):
    assert with_xmp("", f'xmp:Rating="{stars}"') == {"rating": stars}
    assert with_xmp(f"<xmp:Rating>{stars}</xmp:Rating>") == {"rating": stars}


@pytest.mark.parametrize(("percent", "stars"), [(1, 1), (25, 2), (50, 3), (75, 4), (99, 5)])
def test_percent_of_windows(percent, stars):
    assert with_xmp("", f'MicrosoftPhoto:Rating="{percent}"') == {"rating": stars}
    assert with_exif({0x4749: percent}) == {"rating": stars}
    assert with_exif({0x4746: stars, 0x4749: percent}) == {"rating": stars}


def test_no_rating_and_values_that_are_none():
    for attributes in ('xmp:Rating="0"', 'xmp:Rating="six"', 'xmp:Rating="6"', 'xmp:Rating="nan"'):
        assert with_xmp("", attributes) == {}
    assert with_exif({0x4746: 0, 0x4749: 0}) == {}
    # Programs write 0 where somebody took the stars away.
    assert with_xmp("", 'xmp:Rating="0" MicrosoftPhoto:Rating="75"') == {}
    assert with_xmp("", 'xmp:Rating="x" MicrosoftPhoto:Rating="75"') == {"rating": 4}


@pytest.mark.parametrize(
    ("inner", "label"),
    [
        ("<xmp:Label>Red</xmp:Label>", "Red"),
        ("<xmp:Label>Grün</xmp:Label>", "Grün"),
        ("<xmp:Label>To Do</xmp:Label><digiKam:ColorLabel>4</digiKam:ColorLabel>", "To Do"),
        ("<digiKam:ColorLabel>4</digiKam:ColorLabel>", "Green"),
        (bag("darktable:colorlabels", "4", "0"), "Purple"),
        ("<digiKam:ColorLabel>0</digiKam:ColorLabel>", None),
        ("<digiKam:ColorLabel>77</digiKam:ColorLabel>", None),
    ],
)
def test_colour_labels(inner, label):
    assert with_xmp(inner).get("color_label") == label
