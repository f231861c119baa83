"""Hostile collections as a whole: built, checked, searched and exported, with nothing written elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hostile import trees
from hostile.running import Outcome, run
from hostile.texts import INHERITED, LONG, MARKUP, PLACES


def good(outcome: Outcome) -> Outcome:
    assert outcome.fault == "" and outcome.code == 0, (outcome.fault, outcome.err[-500:])
    return outcome


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a hostile collection `pictures`, its site `dist` and the report of the build."""
    place = tmp_path_factory.mktemp("hostile")
    count = trees.write(place / "pictures")
    before = trees.surroundings(place / "pictures")
    options = ["--model", "none", "--view-size", "0", "--originals", "copy", "--json"]
    outcome = good(
        run("build", "pictures", "--metadata", "pictures/table.jsonl", *options, cwd=place)
    )
    (place / "report.json").write_text(outcome.out, encoding="utf-8")
    assert trees.surroundings(place / "pictures") == before
    assert sorted(path.name for path in place.iterdir()) == [
        *("dist", "dist.library", "pictures", "report.json")
    ]
    report = json.loads(outcome.out)
    assert report["count"] == count
    return place


def test_all_that_is_left_out_is_named(built: Path) -> None:
    report = json.loads((built / "report.json").read_text(encoding="utf-8"))
    named = {problem["path"] for problem in report["problems"]}
    assert {
        "../../../etc/passwd",
        "etc/passwd",
        "file:/etc/passwd",
        "evil.invalid/x",
        "?#",
    } <= named
    assert {"bombs/icc.png", "bombs/packed-text.png", "bombs/packed-xmp.png"} == {
        problem["path"] for problem in report["damaged"]
    }


def test_the_site_is_whole_and_names_no_place_outside(built: Path) -> None:
    good(run("check", "dist", cwd=built))
    files = [path.relative_to(built / "dist").as_posix() for path in (built / "dist").rglob("*")]
    assert all(name.isascii() and ".." not in name for name in files)
    for name in ("index.html", "404.html"):
        page = (built / "dist" / name).read_text("utf-8")
        assert not any(text in page for text in MARKUP)


def test_a_field_of_any_name_is_searched_sorted_and_exported(built: Path) -> None:
    manifest = json.loads((built / "dist" / "manifest.json").read_bytes())
    labels = {field["label"]: field["name"] for field in manifest["fields"]}
    labels = {
        name: labels.get(name) or labels[name.replace("_", " ").strip().capitalize()]
        for name in INHERITED
    }
    assert labels["constructor"] == "constructor"
    queries = built / "queries.txt"
    lines = [f"{labels[label]}:name sort:{labels[label]}" for label in INHERITED]
    queries.write_text("\n".join(lines), encoding="utf-8")
    for place in ("dist", "dist.library"):
        out = good(
            run("search", "--queries", "queries.txt", "--in", place, "--json", cwd=built)
        ).out
        answers = [json.loads(line) for line in out.splitlines()]
        assert [len(answer["results"]) > 0 for answer in answers] == [True] * len(INHERITED)
    good(run("export", "table.csv", "--in", "dist", "--no-embeddings", "--overwrite", cwd=built))
    header = (built / "table.csv").read_text("utf-8-sig").split("\n")[0].split(",")
    assert {labels[label] for label in INHERITED} <= set(header)


def test_any_query_is_answered(built: Path) -> None:
    texts = (*MARKUP, *PLACES, *LONG, *INHERITED, *(f"{name}:x" for name in INHERITED))
    queries = [" ".join(text.split()) for text in texts]
    (built / "queries.txt").write_text("\n".join(queries), encoding="utf-8", errors="replace")
    for place in ("dist", "dist.library"):
        arguments = ["search", "--queries", "queries.txt", "--in", place, "--html", "found.html"]
        good(run(*arguments, cwd=built))
        page = (built / "found.html").read_text("utf-8")
        assert not any(text in page for text in MARKUP if "<" in text)
