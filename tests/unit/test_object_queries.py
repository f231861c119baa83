"""The pages of an object as one result: golden answers, the library, the command line."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from imagedb_site.cli.info import command as info
from imagedb_site.cli.search import command as search
from imagedb_site.index import LibraryIndex
from imagedb_site.search import Collection, open_collection

GOLDEN = Path(__file__).parents[1] / "golden"
sys.path.insert(0, str(GOLDEN))

import make_object_queries  # noqa: E402
import make_queries  # noqa: E402

from imagedb_site.build import build  # noqa: E402
from imagedb_site.config import BuildConfig  # noqa: E402

TABLE = """file,object,page,title
a.bmp,Diary,2,Second page with a harbour
b.bmp,Diary,1,First page
c.bmp,Diary,3,Third page with a harbour and a harbour wall
d.bmp,Coin,verso,A ship
e.bmp,Coin,recto,A king
f.bmp,,,A harbour of its own
g.bmp,Single,1,One page
"""


def test_the_golden_file_is_up_to_date() -> None:
    assert make_object_queries.ANSWERS.read_text(encoding="utf-8") == make_object_queries.text()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("objects")
    (folder / "pictures").mkdir()
    for number, name in enumerate("abcdefg"):
        (folder / "pictures" / f"{name}.bmp").write_bytes(make_queries.picture(number))
    (folder / "table.csv").write_text(TABLE, encoding="utf-8")
    build(
        BuildConfig(
            pictures=folder / "pictures",
            output=folder / "site",
            library=folder / "library",
            metadata=(folder / "table.csv",),
            model="none",
        )
    )
    return folder


@pytest.fixture(scope="module", params=["site", "library"])
def collection(built: Path, request: pytest.FixtureRequest) -> Any:
    with open_collection(built / request.param) as opened:
        yield opened


def paths(collection: Collection, text: str, *, by_object: bool) -> list[str]:
    return [hit.document["path"] for hit in collection.search(text, by_object=by_object).hits]


def test_an_object_is_one_hit(collection: Collection) -> None:
    assert paths(collection, "", by_object=True) == ["b.bmp", "e.bmp", "f.bmp", "g.bmp"]
    assert paths(collection, "", by_object=False) == [f"{name}.bmp" for name in "abcdefg"]
    found = collection.search("", by_object=True)
    assert (found.total, found.pictures) == (4, 7)
    assert [
        hit.object_page and (hit.object_page.number, hit.object_page.of) for hit in found.hits
    ] == [
        *((1, 3), (1, 2)),
        *(None, None),
    ]


def test_the_best_page_stands_for_an_object(collection: Collection) -> None:
    found = collection.search("harbour", by_object=True)
    assert [hit.document["path"] for hit in found.hits] == ["c.bmp", "f.bmp"]
    assert (found.total, found.pictures) == (2, 3)
    assert found.hits[0].object_page is not None
    assert found.hits[0].to_json()["object_page"] == {"number": 3, "of": 3}
    # Of pages that only meet conditions, the first one does.
    assert paths(collection, "-page:1 object:diary", by_object=True) == ["a.bmp"]
    assert paths(collection, "k:1", by_object=True) == ["b.bmp"]


def test_all_pages_of_a_hit(collection: Collection) -> None:
    hit = collection.search("harbour", by_object=True).hits[0]
    assert [page.document["path"] for page in collection.pages(hit)] == ["b.bmp", "a.bmp", "c.bmp"]
    alone = collection.search("title:own").hits[0]
    assert [page.row for page in collection.pages(alone)] == [alone.row]


def test_the_library_knows_the_objects_of_the_site(built: Path) -> None:
    with open_collection(built / "site") as site, open_collection(built / "library") as library:
        assert isinstance(library.index, LibraryIndex)
        one, other = site.index.objects, library.index.objects
        assert one is not None and other is not None
        for name in ("first", "place", "pages"):
            assert (getattr(one, name) == getattr(other, name)).all()


def test_the_command_line_shows_objects_or_all_pages(built: Path) -> None:
    run = CliRunner().invoke
    place = ["--in", str(built / "site"), "--mode", "words"]
    found = run(search, ["harbour", *place])
    assert found.exit_code == 0 and len(found.stdout.splitlines()) == 2
    assert "(page 3 of 3)" in found.stdout
    every = run(search, ["harbour", *place, "--all-pages"])
    assert len(every.stdout.splitlines()) == 3
    answer = json.loads(run(search, ["harbour", *place, "--json"]).stdout)
    assert (answer["total"], answer["pictures"]) == (2, 3)
    facts = json.loads(run(info, [str(built / "site"), "--json"]).stdout)
    assert (facts["objects"], facts["pages"]) == (2, 5)
