"""What a grid draws of a row, beside its vector: written, checked, and few files change with a picture."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cell_samples import cell_site
from plain_site import PlainSite
from site_samples import edit_manifest, sample_input, tree

from imagedb_site.errors import FormatError
from imagedb_site.reader import open_site, verify_site
from imagedb_site.site import CellSettings, SiteInput, SiteSettings, write_site

from plain_cells import PlainCells  # isort: skip

LAYOUT = CellSettings(count=9, least=2, most=4, rows_per_file=4, group_bytes=700)


def sample(packed: bool, **changed: Any) -> SiteInput:
    settings = SiteSettings(
        pages=False,
        cells=True,
        cell_layout=LAYOUT,
        pack_above=4 if packed else 1000,
        pack_bytes=400,
        cover_rows=5,
    )
    return dataclasses.replace(sample_input(60, dim=12), settings=settings, **changed)


def vector_files(folder: Path) -> set[str]:
    return {path for path in tree(folder) if path.startswith("data/cell-vectors.")}


@pytest.mark.parametrize("packed", [False, True])
def test_it_is_what_the_blocks_of_rows_say(tmp_path: Path, packed: bool) -> None:
    write_site(sample(packed), tmp_path / "site")
    plain = PlainSite(tmp_path / "site")
    cells = PlainCells(plain)
    assert cells.settings["drawn"] is True
    assert [cells.drawn[row] for row in range(60)] == plain.rows()
    assert any(row["length"] for row in plain.rows())
    with open_site(tmp_path / "site") as site:
        verify_site(site)


def test_a_site_without_pictures_does_not_have_it(tmp_path: Path) -> None:
    base = sample(False)
    rows = [
        dataclasses.replace(row, width=0, height=0, thumbnail=None, placeholder=b"")
        for row in base.rows
    ]
    none = np.zeros(60, dtype=np.bool_)
    write_site(
        dataclasses.replace(base, rows=rows, thumbnail=lambda row: None, pictures=none),
        tmp_path / "site",
    )
    cells = PlainCells(PlainSite(tmp_path / "site"))
    assert "drawn" not in cells.settings and not cells.drawn
    with open_site(tmp_path / "site") as site:
        verify_site(site)


def test_a_row_that_changes_changes_one_file(tmp_path: Path) -> None:
    base = sample(False)
    report = write_site(base, tmp_path / "a")
    rows = list(base.rows)
    rows[17] = dataclasses.replace(rows[17], width=rows[17].width + 1)
    write_site(dataclasses.replace(base, rows=rows, layout=report.layout), tmp_path / "b")
    before, after = vector_files(tmp_path / "a"), vector_files(tmp_path / "b")
    assert len(before - after) == len(after - before) == 1
    cells = PlainCells(PlainSite(tmp_path / "b"))
    assert cells.drawn[17]["width"] == rows[17].width
    # What a search reads besides is the same file.
    kept = {
        path
        for path in tree(tmp_path / "a")
        if re.match(r"data/(cell-codes|cells|cell-sizes)\.", path)
    }
    assert len(kept) > 3 and kept <= set(tree(tmp_path / "b"))


def test_unchanged_rows_change_nothing(tmp_path: Path) -> None:
    base = sample(True)
    report = write_site(base, tmp_path / "a")
    write_site(dataclasses.replace(base, layout=report.layout), tmp_path / "b")
    assert tree(tmp_path / "a") == tree(tmp_path / "b")


def other_size(header: dict[str, Any], arrays: dict[str, Any]) -> None:
    arrays["width"] = arrays["width"] + 1


def other_picture(header: dict[str, Any], arrays: dict[str, Any]) -> None:
    arrays["pack"] = arrays["pack"] ^ 1


def cut_off(header: dict[str, Any], arrays: dict[str, Any]) -> None:
    arrays["placeholder"] = arrays["placeholder"][:-1]


def without_ids(header: dict[str, Any], arrays: dict[str, Any]) -> None:
    del arrays["id"]


def retyped(header: dict[str, Any], arrays: dict[str, Any]) -> None:
    arrays["offset"] = arrays["offset"].astype(np.int32)


@pytest.mark.parametrize("change", [other_size, other_picture, cut_off, without_ids, retyped])
def test_the_check_names_a_file_that_differs(tmp_path: Path, change: Any) -> None:
    seen: list[str] = []

    def alter(kind: str, header: dict[str, Any], arrays: dict[str, Any]) -> None:
        if kind == "cell-vectors":
            seen.append(kind)
            if len(seen) == 3:
                change(header, arrays)

    cell_site(tmp_path / "site", tail=6, missing=(4,), drawn=True, change=alter)
    with open_site(tmp_path / "site") as site:
        with pytest.raises(FormatError, match=r"data/cell-vectors\.[0-9a-f]{16}\.bin: ") as raised:
            verify_site(site)
        # Vectors are read all the same.
        assert np.isfinite(site.vectors.embeddings(np.arange(site.count))).all()
    if change in (other_size, other_picture):
        assert re.search(r"drawn of row \d+ is not what its block of rows says", str(raised.value))


def test_the_unchanged_site_is_whole(tmp_path: Path) -> None:
    cell_site(tmp_path / "site", tail=6, missing=(4,), drawn=True)
    with open_site(tmp_path / "site") as site:
        verify_site(site)


@pytest.mark.parametrize("value", [False, None, 1, "true"])
def test_only_true_says_that_it_is_there(tmp_path: Path, value: object) -> None:
    cell_site(tmp_path / "site", drawn=True)

    def change(manifest: dict[str, Any]) -> None:
        manifest["vectors"]["cells"]["drawn"] = value

    edit_manifest(tmp_path / "site", change)
    with pytest.raises(FormatError, match=r"vectors\.cells\.drawn"):
        open_site(tmp_path / "site")
