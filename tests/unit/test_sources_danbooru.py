"""Danbooru's dumps: fields, numbered tags, pictures beside the data, and what is left out of bad lines."""

from __future__ import annotations

import gzip
import json
import lzma
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagedb_site.errors import SourceError
from imagedb_site.sources.danbooru import FIELDS, open_danbooru, read_post
from imagedb_site.sources.faults import Faults


def post(number: int, **more: Any) -> dict[str, Any]:
    """A line as the dumps have it: all values are texts."""
    return {
        "id": str(number),
        "created_at": "2008-06-10 03:08:07.34205 UTC",
        "uploader_id": "7",
        "score": "-3",
        "source": "http://example.org/a b",
        "md5": f"{number:032x}",
        "rating": "s",
        "image_width": "797",
        "image_height": "600",
        "file_ext": "png",
        "file_size": "123456",
        "pixiv_id": "0",
        "parent_id": "0",
        "is_deleted": False,
        "favs": ["1", "2"],
        "pools": [],
        "tags": [
            {"id": "10", "name": "long_hair", "category": "0"},
            {"id": "11", "name": "1girl", "category": "0"},
            {"id": "20", "name": "some_artist", "category": "1"},
            {"id": "30", "name": "original", "category": "3"},
            {"id": "40", "name": "alice", "category": "4"},
            {"id": "50", "name": "highres", "category": "5"},
        ],
        **more,
    }


def lines(*posts: object) -> bytes:
    return "".join(json.dumps(one) + "\n" for one in posts).encode()


def test_a_post_as_the_dumps_have_it(tmp_path):
    path = tmp_path / "2019.json"
    path.write_bytes(
        lines(post(263162), post(5, pixiv_id="99", created_at="1970-01-01 00:00:00 UTC"))
    )
    source = open_danbooru(path)
    assert (source.name, len(source), source.problems) == ("danbooru", 2, [])
    first, second = source.records()
    assert first.key == "263162"
    assert first.fields == {
        "tags": ["long_hair", "1girl"],
        "artist": ["some_artist"],
        "copyright": ["original"],
        "character": ["alice"],
        "meta": ["highres"],
        "rating": "s",
        "score": -3,
        "created": "2008-06-10T03:08:07",
        "width": 797,
        "height": 600,
        "file_ext": "png",
        "file_size": 123456,
        "post_id": 263162,
        "md5": f"{263162:032x}",
        "source": "http://example.org/a b",
        "deleted": False,
    }
    assert second.fields["pixiv_id"] == 99
    assert "created" not in second.fields
    assert {spec.name for spec in source.fields} == {spec.name for spec in FIELDS}
    assert source.tags is not None
    assert list(source.tags) == [
        (10, "long_hair", "tags", 2),
        (11, "1girl", "tags", 2),
        (20, "some_artist", "artist", 2),
        (30, "original", "copyright", 2),
        (40, "alice", "character", 2),
        (50, "highres", "meta", 2),
    ]


def test_a_folder_of_files_of_any_packing(tmp_path):
    (tmp_path / "a.json").write_bytes(lines(post(1)))
    (tmp_path / "b.json.gz").write_bytes(gzip.compress(lines(post(2))))
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "c.jsonl.xz").write_bytes(lzma.compress(lines(post(3))))
    (tmp_path / "more" / "d.json").write_text(json.dumps([post(4), post(5)]))
    (tmp_path / ".hidden.json").write_bytes(lines(post(6)))
    (tmp_path / "readme.txt").write_text("no data")
    source = open_danbooru(tmp_path)
    assert [record.key for record in source.records()] == ["1", "2", "3", "4", "5"]
    assert [record.key for record in open_danbooru(tmp_path, limit=3).records()] == ["1", "2", "3"]


def test_what_is_wrong_is_named_and_the_rest_is_used(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(
        lines(post(1))
        + b"not json\n"
        + lines(
            post(2, id="x"), post(3, image_width="wide", rating="z", md5="short", file_ext="../x")
        )
        + lines(
            post(4, tags=[1, {"id": "1"}, {"id": "2", "name": "cat", "category": "9"}]), post(1)
        )
        + lines(post(5, tags="cat dog"), post(6, id=None))
    )
    source = open_danbooru(path)
    records = {record.key: record.fields for record in source.records()}
    assert list(records) == ["1", "3", "4", "5"]
    assert not {"width", "rating", "md5", "file_ext"} & records["3"].keys()
    assert "tags" not in records["4"] and "tags" not in records["5"]
    reasons = "\n".join(problem.reason for problem in source.problems)
    for expected in (
        "row 2 is not JSON", "row 3 has no post number", "row 8 has no post number",
        '"wide" for "width", which is not a number', '"z" for "rating"', '"short" for "md5"',
        '"../x" for "file_ext"', "row 5 has tags that cannot be read", "row 7 has tags",
        "row 6 of a.json has the key of an earlier row",
    ):  # fmt: skip
        assert expected in reasons
    # The post that occurs twice counts once.
    assert source.tags is not None
    assert [count for *_, count in source.tags] == [2, 2, 2, 2, 2, 2]


def test_tags_without_numbers(tmp_path):
    path = tmp_path / "a.json"
    given = {"tags": None, "tag_string_general": "1girl long_hair", "tag_string_artist": "bob"}
    path.write_bytes(lines(post(1, **given)))
    source = open_danbooru(path)
    [record] = source.records()
    assert record.fields["tags"] == ["1girl", "long_hair"]
    assert record.fields["artist"] == ["bob"]
    assert source.tags is not None and list(source.tags) == []


def test_pictures_beside_the_data(tmp_path):
    (tmp_path / "meta.json").write_bytes(lines(post(263162), post(1001), post(2), post(3)))
    for place in ("original/0162/263162.png", "512px/0001/1001.jpg"):
        (tmp_path / place).parent.mkdir(parents=True)
        (tmp_path / place).write_bytes(b"picture")
    outside = tmp_path.parent / "secret.png"
    outside.write_bytes(b"secret")
    (tmp_path / "original" / "0002").mkdir()
    (tmp_path / "original" / "0002" / "2.png").symlink_to(outside)
    found = {record.key: record.picture for record in open_danbooru(tmp_path).records()}
    paths = {key: picture.path.name for key, picture in found.items() if picture is not None}
    assert paths == {"263162": "263162.png", "1001": "1001.jpg"}
    assert list(found) == ["263162", "1001", "2", "3"]


def test_no_post_is_an_error(tmp_path):
    with pytest.raises(SourceError, match="no row that can be used"):
        open_danbooru(tmp_path)
    with pytest.raises(SourceError, match="no file or folder"):
        open_danbooru(tmp_path / "none")


SIMPLE = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
VALUES = SIMPLE | st.lists(st.text(max_size=3), max_size=2)
TAGS = st.lists(
    st.dictionaries(st.sampled_from(["id", "name", "category"]), VALUES, max_size=3) | VALUES,
    max_size=4,
)


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(st.sampled_from([*post(1), "tag_string_meta"]), VALUES),
    VALUES | TAGS,
)
def test_any_values_give_fields_or_faults(item, tags):
    found = read_post({**item, "tags": tags}, Faults("t"), 1)
    if found is not None:
        fields, numbered = found
        assert isinstance(fields["post_id"], int)
        assert fields.keys() <= {spec.name for spec in FIELDS}
        assert all(number > 0 and name for number, name, _ in numbered)
        json.dumps(fields, allow_nan=False).encode()
        assert "/" not in str(fields.get("file_ext", ""))
