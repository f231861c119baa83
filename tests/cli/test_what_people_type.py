"""What people have and what people type, from the folder to the first result on the command line."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest

from .conftest import PACK, Cli, draw

FILES = {
    "harbour": "norway/DSC01235.jpg",
    "plain": "norway/IMG_1234.JPG",
    "screenshot": "Screenshot 2024-05-01 at 3.15.07\u202fPM.png",
    "korean": unicodedata.normalize("NFD", "여행/한글 사진.jpg"),
    "thai": "asia/วัดพระแก้ว.jpg",
    "garden": "P1040519.jpg",
    "tree": "MyHolidayPhoto.jpg",
    "resume": "scan-007.jpg",
    "curriculum": "scan-008.jpg",
}
TABLE = [
    ("harbour", "The harbour of Tromsø", "🚢"),
    ("plain", "Tromso without its letter", "cat"),
    ("garden", "Kinder im Kindergarten", "👍🏽"),
    ("tree", "Новогодняя ёлка", "❤️"),
    ("resume", "resume of work", "dog"),
    ("curriculum", "résumé of work", "dog"),
]
FOUND = {
    # A file name in every form in which people read it, and its number.
    "DSC01235.jpg": "harbour",
    "dsc01235": "harbour",
    "norway/IMG_1234.JPG": "plain",
    "name:DSC01235.jpg": "harbour",
    "1235": "harbour",
    "1040519": "garden",
    "Screenshot 3.15.07 PM": "screenshot",
    "holiday": "tree",
    # Unicode forms, letters that do not decompose, scripts without spaces.
    "한글": "korean",
    "사진": "korean",
    "พระ": "thai",
    "елка": "tree",
    "ёлка": "tree",
    # The form that was typed comes first.
    "tromso": "plain",
    "tromsø": "harbour",
    "resume": "resume",
    "résumé": "curriculum",
    # Emoji with and without skin tone and variation selector.
    "👍": "garden",
    "👍🏿": "garden",
    "❤": "tree",
    "🚢": "harbour",
    # Words inside words.
    "garten": "garden",
}


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("collection") / "pictures"
    for number, name in enumerate(FILES.values()):
        draw(folder / name, number)
    rows = [
        {"file": FILES[name], "caption": caption, "tags": [tag]} for name, caption, tag in TABLE
    ]
    table = folder.parent / "captions.jsonl"
    table.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return folder


def test_each_query_finds_its_picture_first(cli: Cli, collection: Path, tmp_path: Path) -> None:
    table = collection.parent / "captions.jsonl"
    built = cli("build", collection, "--model", PACK, "--metadata", table, "--json")
    assert built.returncode == 0, built.stderr
    assert json.loads(built.stdout.splitlines()[-1])["problems"] == []
    (tmp_path / "queries.txt").write_text("\n".join(FOUND), encoding="utf-8")
    for place in ("dist", "dist.library"):
        found = cli(
            "search", "--queries", "queries.txt", "--in", place, "--mode", "words", "--json"
        )
        assert found.returncode == 0, found.stderr
        answers = [json.loads(line) for line in found.stdout.splitlines()]
        first = {
            answer["query"]: answer["results"][0]["path"] if answer["results"] else None
            for answer in answers
        }
        assert first == {query: FILES[name] for query, name in FOUND.items()}, place


def test_a_file_name_is_the_first_result_of_an_ordinary_search(
    cli: Cli, collection: Path, tmp_path: Path
) -> None:
    cli("build", collection, "--model", PACK, "-q", check=True)
    for query in ("DSC01235.jpg", "norway/IMG_1234.JPG", "1040519"):
        answer = json.loads(cli("search", query, "--in", "dist", "--json", check=True).stdout)
        name = next(name for name in FILES.values() if query.split("/")[-1].split(".")[0] in name)
        assert answer["results"][0]["path"] == name
        assert answer["divide"] == 1
