"""`imagedb-site data`: the data-set verbs as a user runs them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import imagedb_site
from imagedb_site.cli.main import cli, run

SITE = str(Path(__file__).parents[1] / "golden" / "site-queries")


def say(*arguments: str) -> str:
    done = CliRunner().invoke(cli, ["data", *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_verbs_say_what_python_says() -> None:
    with imagedb_site.open(SITE) as collection:
        assert json.loads(say("stats", SITE, "--json")) == collection.stats().to_json()
        tags = json.loads(say("tag", SITE, "Black Cat", "--json"))["tags"]
        assert tags == [tag.to_json() for tag in collection.tag("black_cat")] != []
        facets = json.loads(say("facets", SITE, "tags", "--query", "tag:winter", "--json"))
        counted = collection.facets("tags", "tag:winter")
        assert [(one["value"], one["count"]) for one in facets["values"]] == counted != []
        assert facets["about"] is False
        below = say("facets", SITE, "folder", "--under", "2020", "--mode", "words")
        assert "2020/trips" in below and "archive" not in below
        sample = json.loads(say("sample", SITE, "--size", "3", "--seed", "9", "--json"))
        hits = collection.sample(3, seed=9)
        assert [image["id"] for image in sample["images"]] == [hit.image_id for hit in hits]
        page = json.loads(say("page", SITE, "2", "--size", "25", "--json"))
        assert (page["page"], page["pages"]) == (2, 3)
        assert [image["number"] for image in page["images"]] == list(range(26, 51))


def test_batches() -> None:
    made = json.loads(say("batches", SITE, "--size", "5", "--seed", "3", "--json"))
    train = made["parts"]["train"]
    seen = set()
    for number in range(train["batches"]):
        found = json.loads(say("batch", SITE, made["id"], "train", str(number), "--json"))
        seen |= {image["id"] for image in found["images"]}
    assert len(seen) == train["images"]
    assert made["id"] in say("batches", SITE, "--size", "5", "--seed", "3")


@pytest.mark.parametrize(
    ("arguments", "columns", "rows"),
    [
        (("sample", SITE, "--size", "4"), "number", 4),
        (("page", SITE, "--size", "60"), "number", 60),
        (("tag", SITE, "2021"), "id", 1),
        (("batches", SITE), "id", 3),
        (("stats", SITE, "--limit", "1"), "field", 10),
        (("facets", SITE, "place", "--limit", "3"), "value", 3),
    ],
)
def test_csv(arguments: tuple[str, ...], columns: str, rows: int) -> None:
    header, *lines = list(csv.reader(io.StringIO(say(*arguments, "--csv"))))
    assert header[0] == columns
    assert len(lines) == rows and {len(line) for line in lines} == {len(header)}


def test_text_is_readable() -> None:
    assert "60 images" in say("stats", SITE)
    assert "9 images" in say("tag", SITE, "black cat")
    assert len(say("sample", SITE, "--size", "2").splitlines()) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("batches", SITE, "--size", "0"), "from 1 to 1000"),
        (("batches", SITE, "--validation", "60", "--test", "50"), "at most 100 % together"),
        (("batches", SITE, "--seed", "-1"), "4294967295"),
        (("batch", SITE, "nonsense", "train", "0"), "has no batches nonsense"),
        (("batch", SITE, "601e7789f9c3-64-10-10-0", "train", "9"), "there are 1"),
        (("page", SITE, "9"), "there are 1"),
        (("sample", SITE, "--seed", "-1"), "4294967295"),
    ],
)
def test_bad_input(
    arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["data", *arguments]) != 0
    assert message in capsys.readouterr().err
