"""A second build of the same records leaves the site as it is, and anything that differs is built."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from imagedb_site import build as builds
from imagedb_site import unchanged
from imagedb_site.build import build
from imagedb_site.config import load_config
from imagedb_site.index import LIBRARY_FILE
from imagedb_site.report import BuildReport

ROWS = [{"id": f"r{number}", "title": f"row {number}", "size": number} for number in range(40)]


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A table that counts as written long ago."""
    monkeypatch.setattr(unchanged, "_SETTLED_NS", -1_000_000_000)
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return file


def run(table: Path, **settings: object) -> BuildReport:
    output = table.parent / "site"
    given = {"pictures": table, "source": "table", "model": "none", "output": output}
    return build(load_config(None, {**given, **settings}))


def times(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_ctime_ns for path in sorted(folder.rglob("*"))}


def content(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_nothing_is_read_or_written_if_nothing_has_changed(
    table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run(table)
    before = times(table.parent / "site")
    monkeypatch.setattr(builds, "gather_source", lambda *_: pytest.fail("the table was read"))
    second = run(table, workers=2)
    assert times(table.parent / "site") == before
    assert (second.count, second.files, second.bytes) == (first.count, first.files, first.bytes)
    assert (second.added, second.removed, second.reused) == (0, 0, first.files)
    assert second.published and second.problems == first.problems


def test_a_table_that_was_just_written_is_read_again(
    table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unchanged, "_SETTLED_NS", 2_000_000_000)
    run(table)
    read = []
    known = builds.gather_source
    monkeypatch.setattr(builds, "gather_source", lambda *given: read.append(1) or known(*given))
    run(table)
    assert read


def edit(table: Path) -> None:
    table.write_text(table.read_text().replace("row 7", "row seven"))


def damage(table: Path) -> None:
    file = next((table.parent / "site" / "data").iterdir())
    file.write_bytes(b"x" + file.read_bytes()[1:])


def remove(table: Path) -> None:
    next((table.parent / "site" / "data").iterdir()).unlink()


def add(table: Path) -> None:
    (table.parent / "site" / "data" / "other.bin").write_bytes(b"x")


def spoil(table: Path) -> None:
    with sqlite3.connect(table.parent / "site.library" / LIBRARY_FILE) as library:
        library.execute("UPDATE meta SET value = '{}' WHERE name = 'unchanged'")


@pytest.mark.parametrize("change", [edit, damage, remove, add, spoil])
def test_whatever_differs_is_built(table: Path, change: Callable[[Path], None]) -> None:
    run(table)
    change(table)
    run(table)
    fresh = table.parent / "fresh"
    run(table, output=fresh, title="rows")
    assert content(table.parent / "site") == content(fresh)


def test_a_picture_beside_the_file_that_names_it_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unchanged, "_SETTLED_NS", -1_000_000_000)
    folder = tmp_path / "part"
    folder.mkdir()
    part = folder / "part-000001.json"
    part.write_text(json.dumps({"a.png": {"p": "a red square", "se": 1}}))

    def build_with(colour: str) -> bytes:
        Image.new("RGB", (64, 48), colour).save(folder / "a.png")
        run(part, source="diffusiondb", output=tmp_path / "site")
        (thumbnail,) = (tmp_path / "site" / "thumbs").iterdir()
        return thumbnail.read_bytes()

    assert build_with("red") != build_with("blue")


def test_other_settings_are_built(table: Path) -> None:
    run(table)
    run(table, title="Another")
    manifest = json.loads((table.parent / "site" / "manifest.json").read_text())
    assert manifest["collection"]["title"] == "Another"


def test_a_build_that_is_asked_to_look_again_does(
    table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(table)
    monkeypatch.setattr(builds, "gather_source", lambda *_: pytest.fail("the table was read"))
    for name in ("rehash", "compact", "repair", "retry_failed"):
        with pytest.raises(pytest.fail.Exception):
            run(table, **{name: True})


def test_strict_fails_again(table: Path) -> None:
    lines = table.read_text().splitlines()
    table.write_text("\n".join([*lines, "{no json}", ""]))
    assert run(table).problems
    assert not run(table, strict=True).published


def test_the_owners_files_do_not_matter(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(table)
    (table.parent / "site" / "CNAME").write_text("pictures.example.org")
    monkeypatch.setattr(builds, "gather_source", lambda *_: pytest.fail("the table was read"))
    run(table)
    assert (table.parent / "site" / "CNAME").exists()
