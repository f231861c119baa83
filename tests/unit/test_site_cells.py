"""Vectors of the tier cells as a plain decoder reads them, and what stays when a site grows."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from plain_site import PlainSite
from site_samples import GOLDEN, golden_pictures, make_site_cells, tree
from test_site_golden import data_of

from imagedb_site.records import FieldSpec
from imagedb_site.site import (
    ArrayEmbeddings,
    CellScheme,
    CellSettings,
    Embeddings,
    Layout,
    Quantizer,
    SiteInput,
    SiteReport,
    SiteRow,
    SiteSettings,
    write_site,
)
from imagedb_site.site.vectors import CELLS_FROM, has_cells

from plain_cells import PlainCells  # isort: skip

Floats = NDArray[np.float32]

SMALL = SiteSettings(
    pages=False,
    cells=True,
    cell_layout=CellSettings(
        count=9, least=2, most=4, rows_per_file=4, group_bytes=700, group_fanout=3, vector_fanout=5
    ),
)


def made(numbers: list[int], dim: int = 20) -> Floats:
    """The embeddings of records, which follow from their numbers: six kinds around a common mean."""
    kinds = np.random.default_rng(1).normal(size=(6, dim)) * np.linspace(1.5, 0.4, dim)
    rows = [
        kinds[n % 6] + 0.4 * np.random.default_rng(n + 10).normal(size=dim) + 1 for n in numbers
    ]
    values = np.array(rows)
    return (values / np.linalg.norm(values, axis=1, keepdims=True)).astype(np.float32)


def write(
    folder: Path,
    values: Floats | Embeddings,
    layout: Layout | None = None,
    options: SiteSettings = SMALL,
    count: int = 0,
) -> SiteReport:
    if isinstance(values, np.ndarray):
        values, count = ArrayEmbeddings(values), len(values)
    site = SiteInput(
        title="Cells",
        rows=[SiteRow(f"{row + 1:016x}", f"record {row:05}", 0, 0) for row in range(count)],
        fields=[FieldSpec("name", "Name", "text", fts=True)],
        thumbnail=lambda row: None,
        embeddings=values,
        layout=layout or Layout(),
        settings=options,
    )
    return write_site(site, folder)


def grown(report: SiteReport, source: list[int]) -> Layout:
    """The layout of a site whose row r was `source[r]` before, or is new if that is −1."""
    assert report.layout.cells is not None
    cells = report.layout.cells.moved(np.array(source))
    return Layout(None, report.layout.quantizer, None, report.layout.blocks, None, cells)


def read(folder: Path) -> PlainCells:
    return PlainCells(PlainSite(folder))


def names(site: PlainCells, key: str) -> set[str]:
    return {entry["path"] for entry in site.site.list(site.site.manifest["vectors"][key])}


def test_the_golden_site_is_what_is_written(tmp_path: Path) -> None:
    write_site(make_site_cells.grown_input(golden_pictures()), tmp_path / "site")
    written, committed = PlainSite(tmp_path / "site"), PlainSite(GOLDEN / "site-cells")
    written.check()
    assert sum(len(data) for data in committed.files().values()) < 100_000
    assert data_of(written) == data_of(committed)
    values = json.loads((GOLDEN / "site-cells.json").read_text(encoding="utf-8"))
    assert json.loads(json.dumps(make_site_cells.expected(tmp_path / "site"))) == values


def test_the_golden_site_has_every_case() -> None:
    site = read(GOLDEN / "site-cells")
    per_file = site.settings["rows_per_file"]
    assert site.tail == 1 and site.sizes[-1] > per_file
    assert min(site.sizes) <= per_file < max(site.sizes[:-1])
    assert max(site.group_cells) > 1 and site.missing and site.samples["texts"]
    # Beside each vector lies what its block of rows says, with a thumbnail and without one.
    rows = site.site.rows()
    assert site.drawn == {row: rows[row] for row in set(range(site.rows)) - site.missing}
    assert {row["length"] > 0 for row in site.drawn.values()} == {True, False}
    answers = json.loads((GOLDEN / "site-cells.json").read_text(encoding="utf-8"))
    cells = {len(search["cells"]) for search in answers["searches"]}
    assert {0, 1, 2, 3, 9} <= cells
    # Some allowed rows lie in cells that are not read.
    many = next(search for search in answers["searches"] if search["k"] == 100)
    assert len(many["rows"]) == site.rows - len(site.missing) > 52
    assert {site.row_cells[row] for row in many["rows"]} > set(many["cells"])


@pytest.fixture(scope="module")
def values() -> Floats:
    return made(list(range(150)))


def test_vectors_are_as_near_as_their_steps_allow(tmp_path: Path, values: Floats) -> None:
    write(tmp_path / "site", values)
    site = read(tmp_path / "site")
    assert site.count > 6 and site.tail == 0 and max(site.sizes) > SMALL.cell_layout.rows_per_file
    found = site.embeddings()
    for row, (scale, codes) in site.vectors.items():
        error = np.abs(np.array(found[row]) - values[row])
        assert (error <= scale / 32 * np.array(site.row_scale) * 0.501 + 1e-7).all()
        # The scale is the least that fits.
        assert max(map(abs, codes)) >= 127 * (scale - 1) / scale - 1


def test_coarse_codes_are_nearer_than_the_centres(tmp_path: Path, values: Floats) -> None:
    write(tmp_path / "site", values)
    site = read(tmp_path / "site")
    coarse = np.array(site.coarse_embeddings())
    centres = np.array([site.centre(cell) for cell in site.row_cells])
    errors = [np.square(one - values).sum(axis=1) for one in (coarse, centres)]
    assert errors[0].mean() < 0.02 * errors[1].mean()
    rough = np.array([site.rough_centre(cell) for cell in range(site.count)])
    exact = np.array([site.centre(cell) for cell in range(site.count)])
    assert np.abs(rough - exact).max() < 0.01
    # Each row lies in the cell of its nearest centre.
    distances = np.square(values[:, None] - exact).sum(axis=2)
    assert (distances.argmin(axis=1) == site.row_cells).all()


def test_searches_find_the_nearest_rows(tmp_path: Path, values: Floats) -> None:
    write(tmp_path / "site", values)
    site = read(tmp_path / "site")
    for query in made([1001, 1002, 1003]):
        exact = values @ query
        found = site.search([float(value) for value in query], 10)
        assert np.isin(np.argsort(-exact)[:10], found.rows).mean() >= 0.9
        assert found.similarities == pytest.approx(exact[found.rows], abs=0.01)


def test_the_same_input_gives_the_same_bytes(tmp_path: Path, values: Floats) -> None:
    class InBlocks:
        dim = values.shape[1]

        def blocks(self) -> Iterator[Floats]:
            for first in range(0, len(values), 7):
                yield values[first : first + 7]

    report = write(tmp_path / "a", values)
    write(tmp_path / "b", InBlocks(), count=len(values))
    again = write(tmp_path / "c", values, report.layout)
    assert tree(tmp_path / "a") == tree(tmp_path / "b") == tree(tmp_path / "c")
    assert again.layout.cells is not None and report.layout.cells is not None
    assert again.layout.cells.to_bytes() == report.layout.cells.to_bytes()


def test_added_rows_wait_in_the_tail_and_all_other_files_stay(
    tmp_path: Path, values: Floats
) -> None:
    first = write(tmp_path / "before", values)
    second = write(
        tmp_path / "after",
        np.concatenate([values, made([900, 901, 902, 903, 904])]),
        grown(first, [*range(150), *[-1] * 5]),
    )
    before, after = read(tmp_path / "before"), read(tmp_path / "after")
    assert (before.tail, after.tail, after.sizes[-1]) == (0, 1, 5)
    assert after.groups[-1].rows == [150, 151, 152, 153, 154]
    for key, more in (("groups", 1), ("files", 2)):
        assert names(after, key) >= names(before, key)
        assert len(names(after, key)) == len(names(before, key)) + more
    assert after.settings["file"] == before.settings["file"]
    found = np.array(after.embeddings())
    # Coded against the centres of the index: by those of the group files they would be 0.004 away.
    assert np.abs(found[150:] - made([900, 901, 902, 903, 904])).max() < 0.0015
    # One more row: those that wait still do.
    third = write(
        tmp_path / "third",
        np.concatenate([values, made([900, 901, 902, 903, 904, 905])]),
        grown(second, [*range(155), -1]),
    )
    assert read(tmp_path / "third").groups[-1].rows == [150, 151, 152, 153, 154, 155]
    assert third.layout.cells is not None and third.layout.cells.row_cells[155] == 0xFFFE


def test_too_many_new_rows_are_assigned(tmp_path: Path, values: Floats) -> None:
    first = write(tmp_path / "before", values)
    more = np.concatenate([values, made(list(range(900, 960)))])
    second = write(tmp_path / "after", more, grown(first, [*range(150), *[-1] * 60]))
    before, after = read(tmp_path / "before"), read(tmp_path / "after")
    assert after.tail == 0 and sum(after.sizes) == 210
    assert after.settings["file"] == before.settings["file"]
    assert after.group_cells == before.group_cells
    centres = np.array([after.centre(cell) for cell in range(after.count)])
    nearest = np.square(more[:, None] - centres).sum(axis=2).argmin(axis=1)
    assert (nearest == after.row_cells).all()
    # And a row that is added then waits again.
    write(
        tmp_path / "third",
        np.concatenate([more, made([980])]),
        grown(second, [*range(210), -1]),
    )
    assert read(tmp_path / "third").groups[-1].rows == [210]


def test_a_row_that_is_gone_changes_the_files_of_its_cell_only(
    tmp_path: Path, values: Floats
) -> None:
    first = write(tmp_path / "before", values)
    # The last row moves into the place of row 4.
    kept = values[:149].copy()
    kept[4] = values[149]
    source = list(range(149))
    source[4] = 149
    write(tmp_path / "after", kept, grown(first, source))
    before, after = read(tmp_path / "before"), read(tmp_path / "after")
    assert after.row_cells[4] == before.row_cells[149]
    touched = {before.row_cells[4], before.row_cells[149]}
    sizes = [before.sizes[cell] for cell in touched]
    gone = names(before, "files") - names(after, "files")
    assert len(gone) <= sum(-(-size // 4) for size in sizes)
    assert len(names(before, "groups") - names(after, "groups")) <= len(touched)


def test_a_row_with_another_embedding_moves_to_its_cell(tmp_path: Path, values: Floats) -> None:
    first = write(tmp_path / "before", values)
    changed = values.copy()
    changed[12] = made([1])[0]
    write(tmp_path / "after", changed, grown(first, list(range(150))))
    before, after = read(tmp_path / "before"), read(tmp_path / "after")
    different = [row for row in range(150) if before.row_cells[row] != after.row_cells[row]]
    assert different == [12] and after.tail == 0
    assert np.abs(np.array(after.embeddings()[12]) - changed[12]).max() < 0.01


def test_rows_get_and_lose_their_embeddings(tmp_path: Path, values: Floats) -> None:
    without = values.copy()
    without[[0, 70, 149]] = 0
    first = write(tmp_path / "before", without)
    before = read(tmp_path / "before")
    assert before.missing == {0, 70, 149} and len(before.samples["pictures"]) == 147
    changed = values.copy()
    changed[[1, 149]] = 0
    write(tmp_path / "after", changed, grown(first, list(range(150))))
    after = read(tmp_path / "after")
    assert after.missing == {1, 149} and after.groups[-1].rows == [0, 70]


@pytest.mark.parametrize("count", [1, 2, 5])
def test_fewer_rows_than_cells(tmp_path: Path, count: int) -> None:
    values = made(list(range(count)))
    report = write(tmp_path / "site", values)
    site = read(tmp_path / "site")
    assert 1 <= site.count <= count and sum(site.sizes) == count
    assert np.abs(np.array(site.embeddings()) - values).max() < 0.02
    # All rows but one are gone: their cells stay, without rows and without files.
    write(tmp_path / "one", values[:1], grown(report, [0]))
    assert read(tmp_path / "one").search([1.0] * 20, 3).rows == [0]


@pytest.mark.parametrize(
    "values",
    [
        np.full((40, 4), 0.5, np.float32),
        np.eye(1, 16, dtype=np.float32).repeat(3, axis=0),
        np.ones((1, 1), np.float32),
        np.array([[1.0], [-1.0], [0.0]], np.float32),
    ],
)
def test_rows_without_spread(tmp_path: Path, values: Floats) -> None:
    write(tmp_path / "site", values)
    site = read(tmp_path / "site")
    found = site.embeddings()
    for row, value in enumerate(values):
        if value.any():
            assert found[row] == pytest.approx(value, abs=1e-3)
    similarities = site.search([1.0] * values.shape[1], 5).similarities
    assert np.isfinite(similarities).all()


def test_a_sample_has_rows_of_its_kind_only(tmp_path: Path) -> None:
    values = made(list(range(1300)))
    write(tmp_path / "site", values)
    site = read(tmp_path / "site")
    assert site.samples["texts"] == [] and len(site.samples["pictures"]) == 1024
    query = [float(value) for value in values[0]]
    exact = values[np.arange(1024) * 1300 // 1024] @ values[0]
    assert site.background(query, "pictures") == pytest.approx(exact, abs=0.02)


def test_what_is_kept_is_stored_as_bytes(tmp_path: Path, values: Floats) -> None:
    kept = write(tmp_path / "site", values).layout.cells
    assert kept is not None
    again = CellScheme.from_bytes(kept.to_bytes())
    assert again.to_bytes() == kept.to_bytes() and again.count == kept.count
    moved = again.moved(np.array([3, -1, 0]))
    assert moved.row_cells.tolist() == [kept.row_cells[3], 0xFFFE, kept.row_cells[0]]


def test_the_tier_stays_until_the_layout_is_canonical_again() -> None:
    kept = Quantizer(np.zeros(2, np.float32), np.ones(2, np.float32))
    auto, flat, cells = SiteSettings(), SiteSettings(cells=False), SiteSettings(cells=True)
    assert has_cells(CELLS_FROM, Layout(), auto) and not has_cells(CELLS_FROM - 1, Layout(), auto)
    assert not has_cells(2 * CELLS_FROM, Layout(quantizer=kept), auto)
    assert not has_cells(2 * CELLS_FROM, Layout(), flat) and has_cells(1, Layout(), cells)


def test_it_keeps_the_tier_below_the_limit(tmp_path: Path, values: Floats) -> None:
    report = write(tmp_path / "site", values)
    options = replace(SMALL, cells=None)
    write(tmp_path / "again", values, report.layout, options)
    assert tree(tmp_path / "again") == tree(tmp_path / "site")
    assert write(tmp_path / "flat", values, Layout(), options).layout.cells is None


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(st.integers(0, 12), st.integers(0, 30), st.integers(0, 99)),
        min_size=1,
        max_size=4,
    )
)
def test_any_growth_leaves_a_site_that_agrees(changes: list[tuple[int, int, int]]) -> None:
    """Rows are replaced and added. Each lies in one cell, and its codes give its embedding."""
    numbers = list(range(60))
    with tempfile.TemporaryDirectory() as folder:
        report = write(Path(folder) / "0", made(numbers))
        for step, (gone, added, seed) in enumerate(changes):
            source = list(range(len(numbers))) + [-1] * added
            for row in np.random.default_rng(seed).choice(len(numbers), gone, replace=False):
                source[row] = -1
            numbers = [
                1000 * (step + 1) + row if before < 0 else numbers[before]
                for row, before in enumerate(source)
            ]
            report = write(Path(folder) / f"{step + 1}", made(numbers), grown(report, source))
            site = read(Path(folder) / f"{step + 1}")
            assert np.abs(np.array(site.embeddings()) - made(numbers)).max() < 0.05
            assert site.tail == 0 or site.sizes[-1] <= len(numbers) / 4
