"""Rows per file: chosen from the size of a collection, and kept while it grows or shrinks a little."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rows_source import build_rows, works
from site_samples import sample_input

import imagedb_site.site.blocks as blocks
from imagedb_site.reader import open_site
from imagedb_site.site import Layout, SiteSettings, write_site
from imagedb_site.site.blocks import blocks_of, with_blocks

MILLION = 1_000_000


@pytest.mark.parametrize(
    ("count", "rows", "documents", "columns"),
    [
        (0, 256, 128, 1 << 14),
        (1 << 18, 256, 128, 1 << 14),
        ((1 << 18) + 1, 256, 128, 1 << 16),
        (1 << 19, 256, 128, 1 << 16),
        ((1 << 19) + 1, 512, 128, 1 << 16),
        (MILLION, 512, 128, 1 << 16),
        (2 * MILLION, 1024, 192, 1 << 16),
        (10 * MILLION, 2048, 896, 1 << 16),
    ],
)
def test_blocks_fit_the_collection(count: int, rows: int, documents: int, columns: int) -> None:
    chosen = with_blocks(SiteSettings(), count)
    assert (chosen.row_block, chosen.document_block, chosen.column_block) == (
        *(rows, documents, columns),
    )
    if count <= 2 * MILLION:
        # Hosts take about 20,000 files; a third may be added before the layout starts again.
        # Other files are fewer than 3,000.
        assert 4 / 3 * (count / rows + count / documents) < 17_000


@pytest.mark.parametrize("limit", [1 << 18, 500_000, 1 << 19, 1_536_000])
def test_blocks_stay_on_both_sides_of_a_limit(limit: int) -> None:
    below, above = (with_blocks(SiteSettings(), limit + step) for step in (0, 1))
    assert blocks_of(below) != blocks_of(above)
    assert with_blocks(SiteSettings(), limit + 1, blocks_of(below)) == below
    assert with_blocks(SiteSettings(), limit, blocks_of(above)) == above


def test_settings_go_first_and_missing_sizes_are_chosen() -> None:
    given = with_blocks(SiteSettings(row_block=10), 5, {"row_block": 20, "column_block": 64})
    assert (given.row_block, given.document_block, given.column_block) == (10, 128, 64)


@pytest.fixture
def low_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """One limit of all blocks, at 128 rows."""
    monkeypatch.setattr(blocks, "LARGE", 128)
    monkeypatch.setattr(blocks, "MOST_ROW_FILES", 8)
    monkeypatch.setattr(blocks, "LARGE_COLUMNS", 128)
    monkeypatch.setattr(blocks, "COLUMN_BLOCK", 16)
    monkeypatch.setattr(blocks, "ROW_BLOCK", 16)
    monkeypatch.setattr(blocks, "LARGEST_ROW_BLOCK", 32)
    monkeypatch.setattr(blocks, "MOST_DOCUMENT_FILES", 1)


def sizes(site: Path) -> tuple[int, int, int]:
    with open_site(site) as opened:
        manifest = opened.manifest
        return manifest.rows.block, manifest.documents.block, opened.column_entry("year").block


def test_a_build_keeps_the_blocks_of_the_last_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, low_limits: None
) -> None:
    site, small, large = tmp_path / "dist", (16, 128, 16), (32, 192, 1 << 16)

    def built(count: int, **settings: Any) -> tuple[int, int, int]:
        build_rows(monkeypatch, tmp_path, works(count), **settings)
        return sizes(site)

    assert built(126) == small
    before = {path.name for path in (site / "data").iterdir()}
    assert built(130) == small
    # All full blocks of documents, rows and columns are those of the last build.
    assert len(before & {path.name for path in (site / "data").iterdir()}) > 20
    assert built(130, compact=True) == large
    assert built(127) == large
    assert built(127, compact=True) == small
    # A layout that starts again because most records are new chooses again.
    assert built(300) == (32, 320, 1 << 16)


def test_a_site_that_is_written_again_gives_the_same_files(
    tmp_path: Path, low_limits: None
) -> None:
    first = write_site(sample_input(128, pages=False), tmp_path / "one")
    known = {"row_block": 16, "document_block": 128, "column_block": 16, "fanout": 256}
    assert first.layout.blocks == known
    again = write_site(sample_input(128, pages=False), tmp_path / "two")
    assert again.hash == first.hash and Layout().blocks is None
