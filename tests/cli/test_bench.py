"""`imagedb-site bench` as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from imagedb_site import measure
from imagedb_site.query.index import Floats, Mask, Near
from imagedb_site.site_index import SiteIndex

from .conftest import PACK, Cli, cli_in, make_pictures


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the site of some pictures, and one without vectors."""
    folder = tmp_path_factory.mktemp("measured")
    pictures = make_pictures(folder / "pictures")
    told = [
        {"file": path.name, "title": f"picture number {n}"}
        for n, path in enumerate(pictures.rglob("*.jpg"))
    ]
    table = folder / "table.jsonl"
    table.write_text("\n".join(map(json.dumps, told)), encoding="utf-8")
    run = cli_in(folder)
    run("build", pictures, "--model", PACK, "--metadata", table, "-q", check=True)
    run("build", pictures, "--model", "none", "-o", "words", "-q", check=True)
    return folder


def test_the_flat_tier_finds_everything_and_reads_all_vectors(folder: Path) -> None:
    done = cli_in(folder)("bench", "dist", "--json", "--output", "bench.json", "-q")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert json.loads((folder / "bench.json").read_text(encoding="utf-8")) == report
    manifest = json.loads((folder / "dist" / "manifest.json").read_text(encoding="utf-8"))
    assert report["bench"] == 1
    assert report["tier"] == "flat"
    assert report["collection"] == manifest["collection"]["hash"]
    assert report["picture"]["queries"] == report["rows"] == 12
    for kind in ("picture", "text"):
        assert report[kind]["recall"] == 1.0
        assert report[kind]["next_bytes"] == {"max": 0, "p50": 0, "p95": 0}
        # The quantizer, the list of files, and the only file of vectors.
        assert report[kind]["cold_requests"]["p50"] == 3
        assert report[kind]["cold_bytes"]["p50"] > manifest["vectors"]["dim"] * report["rows"]
    assert str(folder) not in done.stdout


def test_the_report_in_words(folder: Path) -> None:
    told = cli_in(folder)("bench", "dist", "--queries", "3", "-q").stdout
    assert "12 rows of" in told
    assert "picture queries: 3, recall@10 1.0000" in told
    assert "first query:" in told


def test_recall_falls_with_what_a_search_misses(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = SiteIndex.nearest

    def half(self: SiteIndex, query: Floats, k: int, allowed: Mask | None) -> Near:
        near = whole(self, query, k, allowed)
        return Near(near.rows[::2], near.similarities[::2])

    monkeypatch.setattr(SiteIndex, "nearest", half)
    found = measure.measure(folder / "dist")
    assert found.picture is not None
    assert 0.4 < found.picture.recall < 0.61


def test_equally_near_rows_are_all_right_answers(tmp_path: Path) -> None:
    """Every picture twice: which of two equal rows comes tenth does not count."""
    pictures = make_pictures(tmp_path / "pictures")
    for path in sorted(pictures.rglob("*.jpg")):
        path.with_stem(path.stem + "_again").write_bytes(path.read_bytes() + b"\0")
    cli_in(tmp_path)("build", pictures, "--model", PACK, "-q", check=True)
    found = measure.measure(tmp_path / "dist", seed=3)
    assert found.picture is not None
    assert (found.rows, found.picture.recall) == (24, 1.0)


def test_a_site_without_vectors_has_nothing_to_measure(folder: Path, cli_here: Cli) -> None:
    done = cli_here("bench", folder / "words", "-q")
    assert done.returncode == 2
    assert "searched by words only" in done.stderr
    assert cli_here("bench", folder / "nothing", "-q").returncode == 8
