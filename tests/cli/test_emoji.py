"""Emoji by their names, and texts that the model does not know, on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .conftest import PACK, Cli, draw

CAPTIONS = {
    "a": "A cat's face in the sun",
    "b": "Two dogs 🐕 play",
    "c": "Flag of Germany, red rose",
    "d": "Россия, мир",
}


@pytest.fixture
def built(cli: Cli, tmp_path: Path) -> Cli:
    for number, name in enumerate(CAPTIONS):
        draw(tmp_path / "pictures" / f"{name}.jpg", number)
    rows = [{"file": f"{name}.jpg", "caption": text} for name, text in CAPTIONS.items()]
    (tmp_path / "table.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    cli("build", "pictures", "--model", PACK, "--metadata", "table.jsonl", "-q", check=True)
    return cli


@pytest.mark.parametrize("place", ["dist", "dist.library"])
def test_emoji_find_what_has_them_or_their_names(built: Cli, place: str) -> None:
    def first(query: str) -> str | None:
        answer = _answer(built, query, place, "words")
        return answer["results"][0]["path"] if answer["results"] else None

    for query in ("🐱", "🐱️", "sun 🐱", "emoji:🐱 sun"):
        assert first(query) == "a.jpg", query
    for query in ("🐕", "🐕️", "🐕‍🦺 🐕"):
        assert first(query) == "b.jpg", query
    for query in ("🇩🇪", "🌹🇩🇪"):
        assert first(query) == "c.jpg", query
    for query in ("🐙", '"🐱"', "caption:🐱"):
        assert first(query) is None, query


@pytest.mark.parametrize("place", ["dist", "dist.library"])
def test_what_the_model_does_not_know_is_searched_in_words_only(built: Cli, place: str) -> None:
    answer = _answer(built, "мир", place)
    assert [result["path"] for result in answer["results"]] == ["d.jpg"]
    assert answer["notices"] == [
        "The model does not know “мир”, so only the text of the pictures was searched for it."
    ]
    answer = _answer(built, "нет", place)
    assert (answer["results"], answer["total"], len(answer["notices"])) == ([], 0, 1)
    answer = _answer(built, "мир", place, "meaning")
    assert answer["results"] == []
    assert answer["notices"] == [
        "The model does not know “мир”, so the pictures were not searched for it."
    ]
    assert _answer(built, "cat мир", place)["notices"] == []
    plain = built("search", "нет", "--in", place)
    assert "The model does not know “нет”" in plain.stderr
    assert "Traceback" not in plain.stderr


def _answer(cli: Cli, query: str, place: str, mode: str = "all") -> dict[str, Any]:
    found = cli("search", query, "--in", place, "--mode", mode, "--json")
    assert found.returncode == 0, found.stderr
    answer: dict[str, Any] = json.loads(found.stdout)
    answer.setdefault("notices", [])
    return answer
