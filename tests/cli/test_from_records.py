"""`build --from KIND`: sites of data sets, records without pictures, or with some."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from imagedb_site.reader import open_site

from .conftest import Cli, draw, tree
from .data_set_builds import documents, run


def part(folder: Path, names: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    rows = {
        name: {"p": prompt, "se": 1, "c": 7.0, "st": 50, "sa": "k_lms"}
        for name, prompt in names.items()
    }
    (folder / f"{folder.name}.json").write_text(json.dumps(rows))


def test_records_without_pictures(tmp_path):
    table = tmp_path / "records.jsonl"
    rows = [
        {"id": f"r{at}", "title": f"The record {at}", "tags": ["all", f"t{at}"]} for at in range(5)
    ]
    table.write_text("".join(json.dumps(row) + "\n" for row in rows))
    report = run(tmp_path, "table", table)
    assert (report.count, report.problems) == (5, [])
    found = documents(tmp_path)
    assert found["r3"]["fields"] == {
        "meta_id": "r3",
        "title": "The record 3",
        "tags": ["all", "t3"],
    }
    with open_site(tmp_path / "site") as site:
        assert site.manifest.source == "table"
        assert site.manifest.title == "records"
    before = tree(tmp_path / "site")
    run(tmp_path, "table", table)
    assert tree(tmp_path / "site") == before


def test_prompts_some_of_which_have_pictures(tmp_path):
    root = tmp_path / "diffusiondb"
    part(root / "part-000001", {"a.png": "a cat in a hat", "b.png": "a castle"})
    draw(root / "part-000001" / "a.png", 1)
    report = run(tmp_path, "diffusiondb", root)
    assert (report.count, report.problems) == (2, [])
    found = documents(tmp_path)
    assert found["a.png"]["fields"]["prompt"] == "a cat in a hat"
    with open_site(tmp_path / "site") as site:
        pictures = {site.document(row)["path"]: site.thumbnail(row) for row in range(2)}
    assert pictures["a.png"] and pictures["b.png"] is None


def test_users_are_private_unless_asked_for(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = [
        {"image_name": f"{at}.png", "prompt": f"prompt {at}", "user_name": "someone", "part_id": 1}
        for at in range(3)
    ]
    parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "metadata.parquet")
    report = run(tmp_path, "diffusiondb", tmp_path / "metadata.parquet")
    assert report.hidden == {"User": 3}
    assert all("user_name" not in one["fields"] for one in documents(tmp_path).values())
    assert b"someone" not in b"".join(tree(tmp_path / "site").values())
    run(tmp_path, "diffusiondb", tmp_path / "metadata.parquet", publish_location=True)
    assert {one["fields"]["user_name"] for one in documents(tmp_path).values()} == {"someone"}


def test_posts_with_numbered_tags(tmp_path):
    posts = [
        {"id": str(at), "rating": "s", "tags": [{"id": "7", "name": "1girl", "category": "0"},
         {"id": str(10 + at), "name": f"artist_{at}", "category": "1"}]}
        for at in range(1, 4)
    ]  # fmt: skip
    (tmp_path / "posts.json").write_text("".join(json.dumps(post) + "\n" for post in posts))
    report = run(tmp_path, "danbooru", tmp_path / "posts.json")
    assert (report.count, report.problems) == (3, [])
    with open_site(tmp_path / "site") as site:
        assert site.tags is not None
        tags = [(one.id, one.name, one.field, one.count) for one in site.tags]
    assert tags == [
        (7, "1girl", "tags", 3),
        *((10 + at, f"artist_{at}", "artist", 1) for at in range(1, 4)),
    ]


def test_strict_refuses_bad_rows(tmp_path, cli: Cli):
    table = tmp_path / "t.csv"
    table.write_text("id,title\na,One\na,Two\nb,Three\n")
    done = cli(
        "build", "--from", "table", table, "--key", "id", "--model", "none", "--strict", "-q"
    )
    assert done.returncode == 4, done.stderr
    assert "has the key of an earlier row" in done.stdout
    assert not (tmp_path / "dist").exists()
    done = cli("build", "--from", "table", table, "--key", "id", "--model", "none", "-q", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["count"] == 2
