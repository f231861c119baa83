"""A damaged library, and files that change during a build: what people see, and what is published."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import apsw
import pytest
from PIL import Image

import imagedb_site
import soak.library_damage
from imagedb_site.build import build
from imagedb_site.cli import interactive
from imagedb_site.cli.main import run
from imagedb_site.config import BuildConfig, load_config
from imagedb_site.errors import DamagedLibraryError

from .conftest import PACK, draw, tree


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> BuildConfig:
    """A site of five pictures with its library; tests put back what they change."""
    folder = tmp_path_factory.mktemp("built")
    for number in range(5):
        draw(folder / "pictures" / "ab"[number % 2] / f"p{number}.jpg", number)
    given = {"pictures": folder / "pictures", "output": folder / "dist", "model": str(PACK)}
    config = load_config(None, {**given, "view_size": 0, "workers": 1})
    build(config)
    shutil.copytree(config.library_folder, folder / "sound")
    return config


@pytest.fixture
def config(built: BuildConfig) -> BuildConfig:
    shutil.rmtree(built.library_folder)
    shutil.copytree(built.output.parent / "sound", built.library_folder)
    return built


def halve(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.truncate(file.stat().st_size // 2)


def nonsense(file: Path) -> None:
    file.write_bytes(b"no database" * 5000)


def bad_rows(file: Path) -> None:
    db = apsw.Connection(str(file))
    db.execute("UPDATE rows SET fields = fields || 'x'")
    db.execute("UPDATE meta SET value = value || 'x'")
    db.execute("UPDATE layout SET value = x'00'")
    db.close()


DAMAGES = [halve, nonsense, bad_rows]


@pytest.mark.parametrize("damage", DAMAGES)
def test_every_command_says_in_one_sentence_what_is_damaged_and_what_to_do(
    config: BuildConfig,
    damage: Callable[[Path], None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = config.library_folder / "library.db"
    damage(file)
    monkeypatch.setattr(interactive, "run", lambda session: session.ask("p1"))
    place = str(config.library_folder)
    for words in (
        ["search", "p1", "--in", place],
        ["search", "--interactive", "--in", place],
        ["info", place],
        ["export", str(tmp_path / "all.csv"), "--in", place],
        ["add", str(tmp_path / "none.zip"), "--library", place],
    ):
        assert run(words) == 6, words
        message = capsys.readouterr().err.strip().splitlines()
        assert message[0].startswith(f"Error: The library {file} is damaged: "), words
        assert "imagedb-site build" in message[1]
    assert run(["check", place, "--json"]) == 9
    assert json.loads(capsys.readouterr().out)["findings"]
    with pytest.raises(DamagedLibraryError), imagedb_site.open(place) as collection:
        collection.search("p1", mode="words")
    before = tree(config.output)
    report = build(config)
    assert tree(config.output) == before
    assert (report.published, report.problems) == (True, [])
    assert any("layout" in note for note in report.notes)
    assert run(["check", place]) == 0
    assert "nothing wrong" in capsys.readouterr().out
    assert build(config).notes == []


def test_a_damaged_row_is_named_and_made_again_from_its_picture(
    config: BuildConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    before = tree(config.output)
    file = config.library_folder / "library.db"
    db = apsw.Connection(str(file))
    sql = "SELECT content_hash FROM files WHERE key = ?"
    first, second = (db.execute(sql, (key,)).get for key in ("a/p0.jpg", "b/p1.jpg"))
    db.execute("UPDATE derivatives SET data = x'0011' WHERE content_hash = ?", (first,))
    db.execute(
        "UPDATE embeddings SET vector = zeroblob(length(vector)) "
        "WHERE image = (SELECT id FROM images WHERE content_hash = ?)",
        (second,),
    )
    db.close()
    assert run(["check", str(file)]) == 9
    said = capsys.readouterr().out
    assert "a/p0.jpg: Damaged: a smaller picture." in said and "b/p1.jpg" in said
    # The picture of a damaged row that cannot be read is left out, not published damaged.
    moved = config.pictures / "b" / "p1.jpg"
    moved.rename(config.pictures / "b" / "p1.away")
    report = build(config)
    assert {one.key for one in report.repaired} == {"a/p0.jpg", "b/p1.jpg"}
    assert (report.count, report.derived) == (4, 1)
    (config.pictures / "b" / "p1.away").rename(moved)
    report = build(replace(config, compact=True))
    assert (report.repaired, report.derived) == ([], 1)
    assert tree(config.output) == before
    assert "a/p0.jpg: a smaller picture" in "\n".join(
        replace_repaired(report, {"a/p0.jpg": "a smaller picture"})
    )


def replace_repaired(report: object, what: dict[str, str]) -> list[str]:
    """The lines of a report that names these."""
    from imagedb_site.records import Problem
    from imagedb_site.report import BuildReport

    assert isinstance(report, BuildReport)
    named = [Problem(key, reason) for key, reason in what.items()]
    return list(replace(report, repaired=named).lines())


def test_an_empty_library_is_mentioned(config: BuildConfig) -> None:
    before = tree(config.output)
    (config.library_folder / "library.db").write_bytes(b"")
    assert run(["search", "p1", "--in", str(config.library_folder)]) == 6
    assert run(["check", str(config.library_folder)]) == 9
    report = build(config)
    assert "was empty" in report.notes[-1]
    assert tree(config.output) == before


def test_random_damage_never_changes_a_site(tmp_path: Path) -> None:
    counts = soak.library_damage.run(tmp_path, 0.04)
    assert counts["flips"] == 10
    assert (counts["flips_undetected"], counts["different_bytes"]) == (0, 0)


# -- pictures that change during a build -------------------------------------------------------


def gone(file: Path) -> None:
    file.unlink()


def a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def another(file: Path) -> None:
    Image.new("RGB", (400, 300), "red").save(file)


@pytest.mark.parametrize("change", [gone, a_folder, another])
@pytest.mark.parametrize("location", [False, True])
def test_an_original_that_changes_during_a_build_is_named_and_not_published(
    tmp_path: Path, change: Callable[[Path], None], location: bool
) -> None:
    for number in range(3):
        draw(tmp_path / "pictures" / f"p{number}.jpg", number)
    given = {"pictures": tmp_path / "pictures", "output": tmp_path / "dist", "model": "none"}
    given |= {"view_size": 0, "workers": 1, "originals": "copy", "publish_location": location}

    def progress(step: str, done: int, total: int | None) -> None:
        if (step, done) == ("thumbnails", 1):
            change(tmp_path / "pictures" / "p2.jpg")

    report = build(load_config(None, given), progress)
    assert report.count == 3
    [problem] = report.problems
    assert problem.key == "p2.jpg" and "its original is not published" in problem.reason
    assert len(list((tmp_path / "dist" / "originals").iterdir())) == 2


def test_a_linked_original_that_changes_in_place_makes_the_build_start_again(
    tmp_path: Path,
) -> None:
    for number in range(3):
        draw(tmp_path / "pictures" / f"p{number}.jpg", number)
    given = {"pictures": tmp_path / "pictures", "output": tmp_path / "dist", "model": "none"}
    config = load_config(
        None,
        {**given, "view_size": 0, "workers": 1, "originals": "link", "publish_location": True},
    )
    changed = []

    def progress(step: str, done: int, total: int | None) -> None:
        if step == "catalog" and not changed:
            changed.append(step)
            with (tmp_path / "pictures" / "p2.jpg").open("r+b") as file:
                another_bytes = (tmp_path / "pictures" / "p1.jpg").read_bytes()
                file.write(another_bytes[:2000])

    report = build(config, progress)
    assert changed and report.published
    assert run(["check", str(config.output)]) == 0
