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
)
from imagedb_site.reader.cell_index import decode_index, decode_sizes
from imagedb_site.reader.coarse import decode_coarse

KINDS = ("coarse", "cells", "cell-sizes", "cell-codes", "cell-vectors", "row-cells", "sample")
Change = Callable[[dict[str, Any], dict[str, Any]], None]


def header(key: str, value: object) -> Change:
    return lambda head, arrays: head.__setitem__(key, value)


def array(name: str, at: int, value: float) -> Change:
    def change(head: dict[str, Any], arrays: dict[str, Any]) -> None:
        arrays[name] = arrays[name].copy()
        arrays[name].reshape(-1)[at] = value

    return change


def without(name: str) -> Change:
    return lambda head, arrays: arrays.__delitem__(name)


def retyped(name: str, dtype: Any) -> Change:
    return lambda head, arrays: arrays.__setitem__(name, arrays[name].astype(dtype))


DAMAGE: dict[str, tuple[str, Change]] = {
    "cells in the index": ("cells", header("cells", 8)),
    "directions in the index": ("cells", header("dims", 3)),
    "endless reach": ("cells", header("reach_step", 10**400)),
    "reach below 0": ("cells", header("reach_step", -1)),
    "reach that is a truth value": ("cells", header("reach_step", True)),
    "bytes of centres": ("cells", header("code_bytes", 1)),
    "eight bits": ("cells", array("bits", 0, 8)),
    "a step of 0": ("cells", array("steps", 0, 0)),
    "a step that is not a number": ("cells", array("steps", 0, np.nan)),
    "a scale of rows below 0": ("cells", array("row_scale", 3, -1)),
    "an endless scale of rows": ("cells", array("row_scale", 3, np.inf)),
    "no reach": ("cells", without("reach")),
    "cells in the sizes": ("cell-sizes", header("cells", 8)),
    "a tail of two": ("cell-sizes", header("tail", 2)),
    "no tail": ("cell-sizes", header("tail", 0)),
    "groups in the sizes": ("cell-sizes", header("groups", 1)),
    "too many rows in a cell": ("cell-sizes", array("sizes", 0, 2**32 - 1)),
    "a row too few": ("cell-sizes", array("sizes", 0, 1)),
    "an empty group": ("cell-sizes", array("group_cells", 0, 0)),
    "a group that begins elsewhere": ("cell-codes", header("first", 1)),
    "rows of a group": ("cell-codes", header("count", 1 << 60)),
    "cells of a group": ("cell-codes", header("cells", 2)),
    "bytes of a row": ("cell-codes", header("row_bytes", 3)),
    "a row that does not exist": ("cell-codes", array("rows", 0, 60)),
    "an endless row": ("cell-codes", array("rows", -1, 2**32 - 1)),
    "a factor of 0": ("cell-codes", array("factors", 2, 0)),
    "a centre of -128": ("cell-codes", array("centres", 2, -128)),
    "no centres": ("cell-codes", without("centres")),
    "rows in 16 bits": ("cell-codes", retyped("rows", np.uint16)),
    "vectors of another cell": ("cell-vectors", header("cell", 1)),
    "vectors of another place": ("cell-vectors", header("first", 1)),
    "vectors of more rows": ("cell-vectors", header("count", 8)),
    "the code -128": ("cell-vectors", array("codes", 3, -128)),
    "the scale 0": ("cell-vectors", array("scales", 1, 0)),
    "a cell that does not exist": ("row-cells", array("cells", 0, 100)),
    "a row in no cell": ("row-cells", array("cells", 0, 65535)),
    "a sample of other size": ("sample", header("count", 3)),
    "a sample with -128": ("sample", array("codes", 0, -128)),
    "directions of the codes": ("coarse", header("dims", 0)),
    "a scale of 0": ("coarse", array("scale", 0, 0)),
}


ACROSS_FILES = {"a row in no cell"}


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
    with pytest.raises(FormatError) as raised, open_site(tmp_path / "site") as site:
        verify_site(site)
    # The message names the file, if it is wrong by itself.
    if name not in ACROSS_FILES:
        assert f"data/{damaged}." in str(raised.value)


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
    # A search for few rows notices it, too.
    with open_site(tmp_path / "site") as site, pytest.raises(FormatError, match="does not lie"):
        site.vectors.embeddings(np.array([0]))


def test_a_row_that_is_there_twice(tmp_path: Path) -> None:
    def alter(kind: str, head: dict[str, Any], arrays: dict[str, Any]) -> None:
        if kind == "cell-codes" and head["first"] == 0:
            arrays["rows"] = arrays["rows"].copy()
            arrays["rows"][0] = arrays["rows"][1]

    cell_site(tmp_path / "site", change=alter)
    with pytest.raises(FormatError, match="twice"), open_site(tmp_path / "site") as site:
        verify_site(site)


@pytest.mark.parametrize("kind", ["cell-codes", "cell-vectors"])
@pytest.mark.parametrize("damage", ["missing", "cut", "flipped", "swapped"])
def test_files_that_were_damaged_later(tmp_path: Path, kind: str, damage: str) -> None:
    """A search that needs the file fails and names it; others go on."""
    cell_site(tmp_path / "site", count=200, cells=20, most=1, tail=6)
    files = sorted((tmp_path / "site" / "data").glob(f"{kind}.*"))
    whole = [file.read_bytes() for file in files]
    for number, file in enumerate(files):
        match damage:
            case "missing":
                file.unlink()
            case "cut":
                file.write_bytes(whole[number][:-1])
            case "flipped":
                file.write_bytes(whole[number][:-1] + bytes([whole[number][-1] ^ 1]))
            case "swapped":
                file.write_bytes(whole[(number + 1) % len(files)])
    with open_site(tmp_path / "site") as site:
        with pytest.raises(FormatError, match=f"data/{kind}"):
            site.vectors.search(np.ones(8, np.float32), 3)
        for number, file in enumerate(files):
            file.write_bytes(whole[number])
        assert len(site.vectors.search(np.ones(8, np.float32), 3).rows) == 3


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("cells", "count"), 0),
        (("cells", "count"), 1 << 16),
        (("cells", "count"), 65535),
        (("cells", "least"), 0),
        (("cells", "least"), 3),
        (("cells", "most"), 1 << 16),
        (("cells", "rows_per_file"), 0),
        (("cells", "rows_per_file"), (1 << 16) + 1),
        (("cells", "rows_per_file"), 7.0),
        (("cells", "sizes"), None),
        (("cells", "file"), None),
        (("groups", "count"), 8),
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
    for kind in KINDS:
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
        for kind in KINDS:
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
    tier, sizes = site.manifest.vectors.cells, store.sizes
    try:
        match kind:
            case "coarse":
                assert decode_coarse(raw, 8).matrix.shape[1] == 8
            case "cells":
                index = decode_index(raw, store.scheme, tier.count)
                assert len(index.codes) == len(index.reach) == tier.count
                assert np.isfinite(index.reach).all()
            case "cell-sizes":
                wanted = (tier.count, tier.groups.count, tier.files.count)
                got = decode_sizes(raw, *wanted, site.count, tier.rows_per_file)
                assert got.starts[-1] == got.file_starts[-1] == site.count
                assert (np.diff(got.file_starts) > 0).all()
                assert (got.file_starts[:-1] >= got.starts[got.file_cells]).all()
            case "cell-codes":
                number = int(np.searchsorted(sizes.group_starts, first, "right")) - 1
                group = decode_group(raw, number, sizes, tier.count, store.scheme, site.count)
                assert len(group.rows) == len(group.codes) == len(group.factors) == count
                assert ((group.rows >= 0) & (group.rows < site.count)).all()
            case "cell-vectors":
                number = int(np.flatnonzero(sizes.file_cells == head["cell"])[0])
                while sizes.file_starts[number] != sizes.starts[head["cell"]] + first:
                    number += 1
                file = decode_cell_vectors(raw, number, sizes, 8)
                assert file.codes.shape == (count, 8)
                assert file.scales.all()
            case "row-cells":
                assert len(decode_row_cells(raw, first, count, tier.count + 1)) == count
            case "sample":
                assert decode_sample(raw, count, 8).shape == (count, 8)
    except FormatError:
        pass


def test_noise_is_refused(files: Any) -> None:
    site, _ = files
    store, tier = site.vectors.store, site.manifest.vectors.cells
    random = np.random.default_rng(7)
    for number in range(60):
        noise = random.bytes(number * 7)
        if number % 2:
            kind = KINDS[number % len(KINDS)]
            noise = write_container(kind, {"count": 5}, {"codes": np.frombuffer(noise, np.uint8)})
        for decode in (
            lambda raw: decode_index(raw, store.scheme, tier.count),
            lambda raw: decode_sizes(raw, tier.count, tier.groups.count, 9, site.count, 7),
            lambda raw: decode_group(raw, 0, store.sizes, tier.count, store.scheme, site.count),
            lambda raw: decode_cell_vectors(raw, 0, store.sizes, 8),
            lambda raw: decode_row_cells(raw, 0, site.count, tier.count),
            lambda raw: decode_sample(raw, 7, 8),
        ):
            with pytest.raises(FormatError):
                decode(noise)
