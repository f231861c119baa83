"""Texts of records without a picture are embedded, and search by meaning finds them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import imagedb_site
from imagedb_site import embed_texts
from imagedb_site.build import build
from imagedb_site.config import BuildConfig
from imagedb_site.embed_texts import text_hash, text_of
from imagedb_site.errors import UsageError

ROWS = ["a puppy runs over a meadow", "a locomotive at a station", "a puppy runs over a meadow"]


def _config(folder: Path, texts: list[str], **more: Any) -> BuildConfig:
    table = folder / "prompts.csv"
    table.write_text("id,prompt\n" + "".join(f"{i},{t}\n" for i, t in enumerate(texts)))
    return BuildConfig(
        pictures=table, output=folder / "site", source="table", **{"embed": "text", **more}
    )


def test_equal_texts_once_and_changes_only(tmp_path: Path) -> None:
    def built(texts: list[str]) -> int:
        return build(_config(tmp_path, texts)).texts

    assert built(ROWS) == 2
    assert built(ROWS) == 0
    assert built([*ROWS[:2], "a ship on the sea"]) == 1
    assert built(ROWS) == 0
    # A text that no record has any more is forgotten.
    assert built([*ROWS[:2], "a ship on the sea"]) == 1


def test_needs_a_model(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="without a model"):
        BuildConfig(pictures=tmp_path, output=tmp_path / "o", model="none", embed="text")
    with pytest.raises(UsageError, match="no text is embedded"):
        BuildConfig(pictures=tmp_path, output=tmp_path / "o", embed_fields=("title",))


def test_turned_on_later_and_found_by_meaning(tmp_path: Path) -> None:
    build(_config(tmp_path, ROWS[:2], embed="none"))
    with imagedb_site.open(tmp_path / "site") as site:
        assert site.index.temperature is None
    assert build(_config(tmp_path, ROWS[:2])).texts == 2
    for place in ("site", "site.library"):
        with imagedb_site.open(tmp_path / place) as site:
            hits = site.search("railway train", k=2).hits
            assert [hit.document["fields"]["prompt"] for hit in hits] == [ROWS[1], ROWS[0]]
    # Turned off again, nothing is left of it in the site.
    build(_config(tmp_path, ROWS[:2], embed="none"))
    with imagedb_site.open(tmp_path / "site") as site:
        assert site.index.temperature is None


def test_resumes_after_interruption(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embed_texts, "_BATCH", 1)

    def stop(step: str, done: int, total: int | None) -> None:
        if step == "embed texts":
            assert total == len(ROWS)
            raise KeyboardInterrupt

    config = _config(tmp_path, ROWS)
    with pytest.raises(KeyboardInterrupt):
        build(config, stop)
    assert build(config).texts == 1


def test_which_text(tmp_path: Path) -> None:
    fields = {"title": " A\n ship ", "subjects": ["sea", "storm"], "year": 1802}
    assert text_of(fields, ["title", "none", "year", "subjects"]) == "A ship. sea, storm"
    assert len(text_of({"title": "word " * 1000}, ["title"])) == embed_texts.LONGEST
    assert text_hash("", "m") == ""
    assert text_hash("a", "m") != text_hash("a", "n")


def test_chosen_fields(tmp_path: Path) -> None:
    table = tmp_path / "museum.csv"
    table.write_text("id,title,medium\n1,Study no. 5,steam locomotive\n2,Study no. 6,oil\n")
    common: dict[str, Any] = {"pictures": table, "output": tmp_path / "site", "source": "table"}
    with pytest.raises(UsageError, match=r"“colour” cannot be embedded.*\n?"):
        build(BuildConfig(**common, embed="text", embed_fields=("colour",)))
    build(BuildConfig(**common, embed="text", embed_fields=("title", "medium")))
    with imagedb_site.open(tmp_path / "site") as site:
        hits = site.search("railway train", mode="meaning", k=1).hits
    assert hits[0].document["fields"]["medium"] == "steam locomotive"


def test_unknown_text_has_no_embedding(tmp_path: Path) -> None:
    report = build(_config(tmp_path, [ROWS[0], "쀍쀎쀏"]))
    assert report.texts == 1
    with imagedb_site.open(tmp_path / "site") as site:
        assert len(site.search("a dog", mode="meaning").hits) == 1
