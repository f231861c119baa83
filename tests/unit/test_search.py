"""`imagedb_site.open`: a published site and a library give the same answers, like the JavaScript library."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import imagedb_site
from imagedb_site.cli.interactive import Session
from imagedb_site.errors import PictureError, UsageError
from imagedb_site.query.typed import plain
from imagedb_site.search import Collection

GOLDEN = Path(__file__).parents[1] / "golden"
sys.path.insert(0, str(GOLDEN))

import make_queries  # noqa: E402

IDS: list[str] = json.loads((GOLDEN / "queries.json").read_text(encoding="utf-8"))["ids"]
PACK = str(GOLDEN / "pack-tiny")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_queries.build(tmp_path_factory.mktemp("search")).parent


@pytest.fixture(scope="module", params=["site", "library"])
def collection(request: pytest.FixtureRequest, built: Path) -> Iterator[Collection]:
    with imagedb_site.open(built / request.param, model=PACK) as opened:
        yield opened


def test_hits_have_their_fields_and_reasons(collection: Collection) -> None:
    found = collection.search("old lighthouse", k=3)
    best = next(hit for hit in found.hits if hit.document["path"] == "picture-16.bmp")
    assert best.matched == ("old", "lighthouse")
    assert best.ranks["words"] == 0
    assert best.to_json()["matched"] == ["old", "lighthouse"]
    assert found.divide is not None
    assert [hit.likely for hit in found.hits] == [at < found.divide for at in range(3)]


def test_the_number_of_hits(collection: Collection) -> None:
    assert len(collection.search("").hits) == 20
    assert len(collection.search("sea k:3").hits) == 3
    assert len(collection.search("sea k:3", k=10).hits) == 3
    sizes = [len(r.hits) for r in collection.search_many(["sea", "sea k:30"], default_k=7)]
    assert sizes == [7, 30]


def test_a_refused_expression_is_reported(collection: Collection) -> None:
    found = collection.search("cat OR (dog", mode="words")
    assert [notice.kind for notice in found.notices] == ["fts-syntax"]
    assert found.notices[0].suggestion == "cat dog"
    assert found.hits


def test_similar(collection: Collection, built: Path) -> None:
    hits = collection.similar(IDS[3], k=35).hits
    assert len(hits) == 35
    assert IDS[3] not in [hit.image_id for hit in hits]
    later = collection.similar(IDS[3], k=5, offset=10).hits
    assert [hit.row for hit in later] == [hit.row for hit in hits[10:15]]
    picture = built / "pictures" / collection.index.document(3)["path"]
    by_file = collection.similar(str(picture), k=36).hits
    assert by_file[0].similarity == pytest.approx(1, abs=0.02)
    with pytest.raises(UsageError, match="no image"):
        collection.similar("0" * 16)
    with pytest.raises(PictureError):
        collection.similar("nowhere.jpg")


def test_facets(collection: Collection) -> None:
    every = dict(collection.facets("place"))
    assert sum(every.values()) == 50
    few = collection.facets("place", "rating>0", limit=3)
    assert [count for _, count in few] == sorted((count for _, count in few), reverse=True)
    assert len(few) == 3
    for value, count in few:
        assert collection.search(f'place:"{value}" rating>0').total == count
    assert dict(collection.facets("rating"))["3"] > 0
    assert set(dict(collection.facets("taken"))) == {"2018", "2019", "2020", "2021"}
    assert dict(collection.facets("tags", "tag:winter"))["winter"] == len(
        collection.random(99, text="tag:winter")
    )
    assert collection.facets("camera", "castle OR (")
    with pytest.raises(UsageError, match="cannot be counted"):
        collection.facets("title")


def test_facets_of_paths_count_every_level(collection: Collection) -> None:
    every = dict(collection.facets("folder"))
    assert every["2020"] == 4 and every["2020/trips"] == 3 and every["2020/trips/italy"] == 1
    assert every["archive"] == 2 and every["archive/2020"] == 1
    for path, count in every.items():
        typed = plain(path).replace('"', '""')
        assert collection.search(f'folder:"{typed}/"').total == count, path
    assert collection.facets("folder", limit=3) == [("trip", 5), ("2020", 4), ("2020/trips", 3)]
    assert collection.facets("folder", under="", limit=2) == [("trip", 5), ("2020", 4)]
    assert collection.facets("folder", under="2020/trips") == [
        ("2020/trips/italy", 1),
        ("2020/trips/norway", 1),
    ]
    assert collection.facets("folder", under="2020/") == [("2020/trips", 3)]
    assert collection.facets("folder", "-folder:trips", under="2021") == [
        ("2021/New York, spring", 1)
    ]
    assert collection.facets("folder", under="nowhere") == []
    with pytest.raises(UsageError, match="not paths"):
        collection.facets("place", under="")


def test_random_and_batches(collection: Collection) -> None:
    sample = [hit.image_id for hit in collection.random(5, seed=9)]
    assert len(set(sample)) == 5
    assert [hit.image_id for hit in collection.random(5, seed=9)] == sample
    batches = collection.batches(size=8, validation=0.25, test=0.25, seed=1)
    rows = [row for part in batches.rows.values() for row in part]
    assert sorted(rows) == list(range(60))


def test_pictures(collection: Collection) -> None:
    hit = collection.image(IDS[5])
    assert hit is not None
    assert hit.row == 5
    assert (collection.thumbnail(hit) or b"")[:4] == b"RIFF"
    assert collection.image("f" * 16) is None


def test_site_and_library_give_the_same(built: Path) -> None:
    def answers_of(name: str) -> Any:
        with imagedb_site.open(built / name, model=PACK) as opened:
            return (
                opened.facets("tags", "winter"),
                opened.facets("place"),
                [hit.row for hit in opened.random(9, seed=4, text="sea")],
                opened.batches(size=5, test=0.2, seed=2),
            )

    assert answers_of("site") == answers_of("library")


def test_a_session(collection: Collection, capsys: pytest.CaptureFixture[str]) -> None:
    session = Session(collection)

    def ask(line: str) -> tuple[str, str]:
        assert session.ask(line)
        said = capsys.readouterr()
        return said.out, said.err

    assert len([line for line in ask("tag:winter k:2")[0].splitlines() if ".bmp" in line]) == 2
    assert "3 results" in ask("k:3")[0]
    assert len([line for line in ask("sea")[0].splitlines() if ".bmp" in line]) == 3
    assert "words" in ask("mode:words")[0]
    assert "No results" in ask("nothinglikethis")[1]
    assert "no image" in ask("mode:all")[0] + ask("like:" + "0" * 16)[1]
    assert "modes are" in ask("mode:loud")[1]
    assert "tag:" in ask("help")[0]
    assert ask("") == ("", "")
    assert not session.ask("quit")


def test_completion(collection: Collection, tmp_path: Path) -> None:
    session = Session(collection)
    assert session.complete("cam") == ["camera:"]
    assert session.complete("-cam") == ["-camera:"]
    assert session.complete("tag:win") == ["tag:winter"]
    assert session.complete("place:s") == ['place:"São Paulo"']
    assert "sort:-taken" in session.complete("sort:-ta")
    assert session.complete("title:a") == []
    assert 'author:"Doe, Jane"' in session.complete("author:doe")
    assert 'objects:"5"" disk"' in session.complete("objects:5")
    (tmp_path / "cat.jpg").touch()
    assert session.complete(f"image:{tmp_path}/c") == [f"image:{tmp_path}/cat.jpg"]
