"""Damaged sites of the tier `cells`: the check names what is wrong, and hostile bytes never do harm."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cell_samples import cell_site
from hypothesis import given, settings
from hypothesis import strategies as st
from site_samples import edit_manifest, tree

from imagedb_site.container import read_container, write_container
from imagedb_site.errors import FormatError
from imagedb_site.reader import open_site, verify_site
from imagedb_site.reader.cell_files import (
    decode_cell_vectors,
    decode_group,
    decode_row_cells,
    decode_sample,
    decode_table,
)
from imagedb_site.reader.coarse import decode_coarse

Change = Callable[[dict[str, Any], dict[str, Any]], None]


def header(key: str, value: object) -> Change:
    return lambda head, arrays: head.__setitem__(key, value)


def array(name: str, at: int, value: float) -> Change:
    def change(head: dict[str, Any], arrays: dict[str, Any]) -> None:
        arrays[name] = arrays[name].copy()
        arrays[name].reshape(-1)[at] = value

    return change


DAMAGE: dict[str, tuple[str, Change]] = {
    "cells in the index": ("cells", header("cells", 8)),
    "groups in the index": ("cells", header("groups", 1)),
    "endless reach": ("cells", header("reach_step", 10**400)),
    "reach below 0": ("cells", header("reach_step", -1)),
    "a tail of two": ("cells", header("tail", 2)),
    "bytes of centres": ("cells", header("code_bytes", 1)),
    "eight bits": ("cells", array("bits", 0, 8)),
    "a step of 0": ("cells", array("steps", 0, 0)),
    "a step that is not a number": ("cells", array("steps", 0, np.nan)),
    "too many rows in a cell": ("cells", array("sizes", 0, 2**32 - 1)),
    "an empty group": ("cells", array("group_cells", 0, 0)),
    "too many rows in a file": ("cells", array("file_rows", 0, 9)),
    "a tail with a reach": ("cells", array("reach", -1, 1)),
    "a group that begins elsewhere": ("cell-codes", header("first", 1)),
    "rows of a group": ("cell-codes", header("count", 1 << 60)),
    "an endless row": ("cell-codes", array("rows", -1, 255)),
    "a row that does not exist": ("cell-codes", array("rows", 0, 127)),
    "a vector of another place": ("cell-vectors", header("first", 1)),
    "the code -128": ("cell-vectors", array("codes", 3, -128)),
    "a cell that does not exist": ("row-cells", array("cells", 0, 100)),
    "a row in two cells": ("row-cells", array("cells", 0, 65535)),
    "a sample of other rows": ("sample", array("codes", 0, 99)),
    "a sample of other size": ("sample", header("count", 3)),
    "directions of the codes": ("coarse", header("dims", 0)),
    "a scale of 0": ("coarse", array("scale", 0, 0)),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_the_check_finds_it(tmp_path: Path, name: str) -> None:
    damaged, change = DAMAGE[name]
    used = False

    def alter(kind: str, head: dict[str, Any], arrays: dict[str, Any]) -> None:
        nonlocal used
        if kind == damaged and not used:
            used = True
            change(head, arrays)

    cell_site(tmp_path / "site", tail=6, change=alter)
    assert used
    with pytest.raises(FormatError), open_site(tmp_path / "site") as site:
        verify_site(site)


def test_a_tail_against_a_cell_that_does_not_exist(tmp_path: Path) -> None:
    def alter(kind: str, head: dict[str, Any], arrays: dict[str, Any]) -> None:
        if "near" in arrays:
            arrays["near"] = arrays["near"] + np.uint16(6)

    cell_site(tmp_path / "site", tail=6, change=alter)
    with pytest.raises(FormatError, match="tail"), open_site(tmp_path / "site") as site:
        verify_site(site)


def test_swapped_rows(tmp_path: Path) -> None:
    """Two rows in each other's cells."""

    def alter(kind: str, head: dict[str, Any], arrays: dict[str, Any]) -> None:
        if kind == "row-cells":
            cells = arrays["cells"].copy()
            other = int(np.flatnonzero(cells != cells[0])[0])
            cells[[0, other]] = cells[[other, 0]]
            arrays["cells"] = cells

    cell_site(tmp_path / "site", change=alter)
    wanted = pytest.raises(FormatError, match="does not lie in the cell")
    with wanted, open_site(tmp_path / "site") as site:
        verify_site(site)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("cells", "count"), 0),
        (("cells", "count"), 1 << 16),
        (("cells", "probes"), 0),
        (("cells", "file"), None),
        (("groups", "count"), 7),
        (("files", "count"), 1000),
        (("row_cells", "block"), 1),
        (("row_cells", "files", "count"), 2),
        (("sample", "pictures", "count"), 1025),
        (("coarse", "file"), {}),
        (("sample",), None),
    ],
)
def test_a_manifest_that_is_not_right(tmp_path: Path, path: tuple[str, ...], value: object) -> None:
    cell_site(tmp_path / "site")

    def change(manifest: dict[str, Any]) -> None:
        inner = manifest["vectors"]
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = value

    edit_manifest(tmp_path / "site", change)
    with pytest.raises(FormatError):
        open_site(tmp_path / "site")


def test_every_file_is_part_of_the_site(tmp_path: Path) -> None:
    cell_site(tmp_path / "site", tail=6)
    with open_site(tmp_path / "site") as site:
        paths = {entry.path for entry in site.entries()}
    for kind in ("coarse", "cells", "cell-codes", "cell-vectors", "row-cells", "sample"):
        of_kind = {
            path
            for path, data in tree(tmp_path / "site").items()
            if f'"kind":"{kind}"'.encode() in data[:2000]
        }
        assert of_kind
        assert of_kind <= paths


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A site of cells, and its containers by kind."""
    folder = tmp_path_factory.mktemp("cells") / "site"
    cell_site(folder, tail=6)
    site = open_site(folder)
    found: dict[str, bytes] = {}
    for entry in site.entries():
        data = site.read(entry)
        for kind in ("coarse", "cells", "cell-codes", "cell-vectors", "row-cells", "sample"):
            if f'"kind":"{kind}"'.encode() in data[:2000] and entry.path.startswith("data/"):
                found[kind] = data
    return site, found


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_hostile_bytes(files: Any, data: st.DataObject) -> None:
    """A decoder gives arrays of the announced sizes, or FormatError; nothing else."""
    site, found = files
    store = site.vectors.store
    kind = data.draw(st.sampled_from(sorted(found)))
    changed = bytearray(found[kind])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(changed) - 1))
        changed[at] = data.draw(st.sampled_from([0, 1, 34, 48, 57, 91, 127, 128, 255]))
    head, _ = read_container(found[kind], kind)
    first, count = head.get("first", 0), head.get("count", 0)
    raw = bytes(changed[: data.draw(st.sampled_from([len(changed), len(changed) // 2]))])
    tier = site.manifest.vectors.cells
    try:
        match kind:
            case "coarse":
                assert decode_coarse(raw, 8).matrix.shape[1] == 8
            case "cells":
                table = decode_table(
                    raw, store.scheme, tier.count, tier.groups.count, tier.files.count, site.count
                )
                assert table.starts[-1] == site.count
            case "cell-codes":
                number = int(np.searchsorted(store.table.group_starts, first, "right")) - 1
                group = decode_group(raw, number, store.table, store.scheme, site.count)
                assert len(group.rows) == count
                assert ((group.rows >= 0) & (group.rows < site.count)).all()
            case "cell-vectors":
                assert decode_cell_vectors(raw, first, count, 8).shape == (count, 8)
            case "row-cells":
                assert len(decode_row_cells(raw, first, count, tier.count)) == count
            case "sample":
                assert decode_sample(raw, count, 8).shape == (count, 8)
    except FormatError:
        pass


def test_rows_in_more_bytes_than_a_row_has(files: Any) -> None:
    site, found = files
    head, arrays = read_container(found["cell-codes"], "cell-codes")
    number = site.manifest.vectors.cells.groups.count - 1
    long = np.concatenate([np.full(9, 128, np.uint8), arrays["rows"]])
    rest = {key: value for key, value in head.items() if key not in ("kind", "sections")}
    raw = write_container("cell-codes", rest, {**arrays, "rows": long})
    store = site.vectors.store
    with pytest.raises(FormatError):
        decode_group(raw, number, store.table, store.scheme, site.count)
