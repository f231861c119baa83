"""DiffusionDB: parts, metadata.parquet, both together, and pictures beside their parts."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pytest

from imagedb_site.errors import SourceError
from imagedb_site.sources.diffusiondb import open_diffusiondb


def part(folder: Path, number: int, rows: dict[str, Any]) -> Path:
    place = folder / f"part-{number:06d}"
    place.mkdir(parents=True, exist_ok=True)
    file = place / f"part-{number:06d}.json"
    file.write_text(json.dumps(rows))
    return file


def settings_of(prompt: str, seed: int = 1) -> dict[str, Any]:
    return {"p": prompt, "se": seed, "c": 7.0, "st": 50, "sa": "k_lms"}


def metadata(path: Path, names: list[str], parts: list[int]) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    count = len(names)
    time = datetime.datetime(2022, 8, 9, 1, 2, 3, tzinfo=datetime.UTC)
    table = pyarrow.table(
        {
            "image_name": names,
            "prompt": [f"prompt of {name}" for name in names],
            "part_id": pyarrow.array(parts, pyarrow.uint16()),
            "seed": pyarrow.array([4294967295] * count, pyarrow.uint32()),
            "step": pyarrow.array([50] * count, pyarrow.uint16()),
            "cfg": pyarrow.array([7.1] * count, pyarrow.float32()),
            "sampler": pyarrow.array([8, *[4] * (count - 1)], pyarrow.uint8()),
            "width": pyarrow.array([512] * count, pyarrow.uint16()),
            "height": pyarrow.array([704] * count, pyarrow.uint16()),
            "user_name": ["someone"] * count,
            "timestamp": pyarrow.array([time] * count, pyarrow.timestamp("us", tz="UTC")),
            "image_nsfw": pyarrow.array([0.3] * count, pyarrow.float32()),
            "prompt_nsfw": pyarrow.array([0.0001] * count, pyarrow.float32()),
        }
    )
    parquet.write_table(table, path)


def test_parts_without_pictures(tmp_path):
    part(tmp_path, 1, {"a.png": settings_of("a cat", 7), "b.png": settings_of("a dog")})
    part(tmp_path, 2, {"c.png": settings_of("a cat")})
    source = open_diffusiondb(tmp_path)
    assert (source.name, len(source), source.problems) == ("diffusiondb", 3, [])
    first, *_, last = source.records()
    assert (first.key, last.key) == ("a.png", "c.png")
    assert first.fields == {
        "prompt": "a cat", "seed": 7, "cfg": 7, "step": 50, "sampler": "k_lms", "part_id": 1,
    }  # fmt: skip
    assert first.picture is None
    assert last.fields["part_id"] == 2


def test_pictures_beside_their_part(tmp_path):
    file = part(tmp_path, 1, {"a.png": settings_of("a cat"), "b.png": settings_of("a dog")})
    (file.parent / "a.png").write_bytes(b"picture")
    for source in (open_diffusiondb(tmp_path), open_diffusiondb(file)):
        first, second = source.records()
        assert first.picture is not None and first.picture.path == file.parent / "a.png"
        assert first.picture.size == 7
        assert second.picture is None


def test_metadata_alone(tmp_path):
    metadata(tmp_path / "metadata.parquet", ["a.png", "b.png"], [1, 9])
    source = open_diffusiondb(tmp_path / "metadata.parquet")
    first, second = source.records()
    assert first.fields == {
        "prompt": "prompt of a.png",
        "seed": 4294967295,
        "step": 50,
        "cfg": 7.1,
        "sampler": "k_lms",
        "width": 512,
        "height": 704,
        "user_name": "someone",
        "timestamp": "2022-08-09T01:02:03",
        "image_nsfw": 0.3,
        "prompt_nsfw": 0.0001,
        "part_id": 1,
    }
    assert second.fields["sampler"] == "k_euler_ancestral"
    assert source.private == {"user_name"}


def test_parts_decide_which_rows_there_are_and_metadata_adds_to_them(tmp_path):
    file = part(
        tmp_path, 2, {"b.png": settings_of("a dog"), "c.png": settings_of("not in the table")}
    )
    (file.parent / "b.png").write_bytes(b"picture")
    part(tmp_path, 3, {"d.png": settings_of("a bird"), "b.png": settings_of("again")})
    metadata(tmp_path / "metadata.parquet", ["a.png", "b.png", "d.png", "e.png"], [1, 2, 3, 3])
    source = open_diffusiondb(tmp_path)
    records = {record.key: record for record in source.records()}
    assert list(records) == ["b.png", "d.png", "c.png"]
    assert records["b.png"].fields["user_name"] == "someone"
    assert records["b.png"].picture is not None
    assert records["c.png"].fields["prompt"] == "not in the table"
    assert [record.key for record in source.records()] == ["b.png", "d.png", "c.png"]
    reasons = [problem.reason for problem in source.problems]
    assert reasons == ["1 names occur in several places; each is taken once"]


def test_bad_rows_are_named_and_left_out(tmp_path):
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"secret")
    root = tmp_path / "data"
    part(root, 1, {
        "../../secret.png": settings_of("a path"),
        "": settings_of("nothing"),
        "a.png": {"p": 5, "se": "many", "c": None, "st": 50, "sa": 77},
        "b.png": settings_of("fine"),
    })  # fmt: skip
    (root / "part-000002").mkdir()
    (root / "part-000002" / "part-000002.json").write_text('{"c.png": {"p": "cut"}, "d.p')
    (root / "part-000003").mkdir()
    (root / "part-000003" / "part-000003.json").write_text("no json")
    source = open_diffusiondb(root)
    records = {record.key: record for record in source.records()}
    assert list(records) == ["a.png", "b.png", "c.png"]
    assert records["a.png"].fields == {"step": 50, "part_id": 1}
    assert all(record.picture is None for record in records.values())
    reasons = "\n".join(f"{one.key}: {one.reason}" for one in source.problems)
    for expected in (
        "row 1 has no name of an image file", "row 2 has no name", '"5" for "prompt", which is not a text',
        '"many" for "seed"', '"77" for "sampler"', "only the rows before that were read",
        "part-000003.json is neither a list of objects nor an object of objects by file name",
    ):  # fmt: skip
        assert expected in reasons


def test_nothing_to_read_is_an_error_that_helps(tmp_path):
    with pytest.raises(SourceError, match="no data of DiffusionDB"):
        open_diffusiondb(tmp_path)
    (tmp_path / "part-000001.zip").write_bytes(b"PK")
    with pytest.raises(SourceError) as caught:
        open_diffusiondb(tmp_path)
    assert "Unpack" in str(caught.value.hint)
