"""Builds of a collection with the tier cells: the library keeps them, and a compact build starts again."""

from __future__ import annotations

from pathlib import Path

import pytest
from plain_site import PlainSite
from site_samples import tree

from imagedb_site import site_build
from imagedb_site.build import build
from imagedb_site.config import BuildConfig
from imagedb_site.report import BuildReport
from imagedb_site.run import WorkHere
from imagedb_site.site import vectors
from imagedb_site.site.cell_vectors import CellCodes

from plain_cells import PlainCells  # isort: skip

KINDS = ["a puppy on a meadow", "a locomotive at a station", "a ship in a storm", "old maps"]


def built(folder: Path, count: int, *, compact: bool = False) -> PlainCells:
    """Builds the site of the first `count` records."""
    build_of(folder, count, compact=compact)
    return PlainCells(PlainSite(folder / "site"))


def build_of(folder: Path, count: int, *, compact: bool = False) -> BuildReport:
    folder.mkdir(exist_ok=True)
    rows = [f'{number:03},"{KINDS[number % 4]}, number {number}"' for number in range(count)]
    table = folder / "records.csv"
    table.write_text("\n".join(["id,text", *rows, ""]))
    return build(
        BuildConfig(
            pictures=table, output=folder / "site", source="table", embed="text", compact=compact
        )
    )


def test_the_library_keeps_cells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "CELLS_FROM", 40)
    first = built(tmp_path / "a", 60)
    assert (first.tail, sum(first.sizes), first.samples["pictures"]) == (0, 60, [])
    names = set(tree(tmp_path / "a" / "site"))
    second = built(tmp_path / "a", 64)
    assert (second.tail, second.groups[-1].rows) == (1, [60, 61, 62, 63])
    assert second.settings["file"] == first.settings["file"]
    kept = {name for name in names if "/cell-vectors." in name or "/cell-codes." in name}
    assert kept and kept <= set(tree(tmp_path / "a" / "site"))
    # Fewer rows than the limit: the tier stays.
    assert built(tmp_path / "a", 38).tail == 0
    # A compact build equals a first one.
    built(tmp_path / "a", 64)
    built(tmp_path / "a", 64, compact=True)
    assert built(tmp_path / "b", 64).tail == 0
    assert tree(tmp_path / "a" / "site") == tree(tmp_path / "b" / "site")


def test_processes_work_on_the_rows_of_a_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vectors, "CELLS_FROM", 40)
    monkeypatch.setattr(CellCodes, "block", 16)
    report = build_of(tmp_path / "a", 60)
    assert report.steps["place rows in cells"].items == 4
    assert any(line.startswith("  place rows in cells") for line in report.lines(profile=True))
    monkeypatch.setattr(site_build, "row_workers", lambda config, clock: WorkHere())
    assert "place rows in cells" not in build_of(tmp_path / "b", 60).steps
    assert tree(tmp_path / "a" / "site") == tree(tmp_path / "b" / "site")
