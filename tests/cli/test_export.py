"""`imagedb-site export`: other tools can read its files."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import imagedb_site

from .conftest import PACK, Cli, cli_in, make_pictures


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a site and its library."""
    folder = tmp_path_factory.mktemp("exported")
    table = [{"file": "cat/image_00.jpg", "title": "=SUM(1,2)", "tags": ["one", "two"]}]
    sidecar = folder / "facts.jsonl"
    sidecar.write_text("".join(json.dumps(row) + "\n" for row in table), encoding="utf-8")
    pictures = make_pictures(folder / "pictures")
    done = cli_in(folder)("build", pictures, "--model", PACK, "--metadata", sidecar)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def site(built: Path, tmp_path: Path) -> Path:
    for name in ("dist", "dist.library"):
        shutil.copytree(built / name, tmp_path / name)
    return tmp_path / "dist"


@pytest.mark.parametrize("place", ["dist", "dist.library"])
def test_parquet_has_every_row_and_its_embedding(
    cli_here: Cli, site: Path, tmp_path: Path, place: str
) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    done = cli_here("export", "out.parquet", "--in", place, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"count": 12, "target": "out.parquet"}
    found = parquet.read_table(tmp_path / "out.parquet")
    with imagedb_site.open(tmp_path / place) as collection:
        assert found["id"].to_pylist() == list(collection.index.ids)
        vectors = np.stack(found["embedding"].to_numpy(zero_copy_only=False))
        wanted = collection.index.embeddings(np.arange(12))
    np.testing.assert_array_equal(vectors, wanted)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    first = found["path"].to_pylist().index("cat/image_00.jpg")
    assert found["tags"][first].as_py() == ["one", "two"]
    assert found["width"].to_pylist() == [400] * 12


@pytest.mark.parametrize("place", ["dist", "dist.library"])
def test_thumbnails_are_exported_on_request(
    cli_here: Cli, site: Path, tmp_path: Path, place: str
) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    done = cli_here("export", "out.parquet", "--in", place, "--thumbnails", "--query", "label:cat")
    assert done.returncode == 0, done.stderr
    found = parquet.read_table(tmp_path / "out.parquet").to_pylist()
    assert len(found) == 4
    with imagedb_site.open(tmp_path / place) as collection:
        for row in found:
            hit = collection.image(row["id"])
            assert hit is not None
            assert row["thumbnail"]["bytes"] == collection.thumbnail(hit)
            with Image.open(io.BytesIO(row["thumbnail"]["bytes"])) as image:
                assert image.format == "WEBP"


def test_json_lines_of_a_query_with_a_split(cli_here: Cli, site: Path, tmp_path: Path) -> None:
    more = ("--query", "label:cat", "--split", "0.25,0.25", "--seed", "3")
    assert cli_here("export", "out.jsonl", *more).returncode == 0
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert {row["path"].split("/")[0] for row in rows} == {"cat"}
    assert len(rows) == 4
    with imagedb_site.open(site) as collection:
        parts = collection.batches(size=1, validation=0.25, test=0.25, seed=3).rows
        part = {collection.index.ids[row]: name for name, of in parts.items() for row in of}
    assert {row["id"]: row["split"] for row in rows} == {row["id"]: part[row["id"]] for row in rows}
    assert len(rows[0]["embedding"]) == 16


def test_csv_cells_cannot_become_formulas(cli_here: Cli, site: Path, tmp_path: Path) -> None:
    assert cli_here("export", "out.csv").returncode == 0
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["path"]: row for row in csv.DictReader(file)}
    assert len(rows) == 12
    assert rows["cat/image_00.jpg"]["title"] == "'=SUM(1,2)"
    assert rows["cat/image_00.jpg"]["tags"] == "one; two"
    assert "embedding" not in rows["cat/image_00.jpg"]


def nearest(site: Path) -> tuple[np.ndarray, list[int], list[str]]:
    """A picture's embedding, the rows most like it, and the ids of all rows."""
    with imagedb_site.open(site) as collection:
        query = collection.index.embeddings(np.array([5]))[0]
        rows = collection.index.nearest(query, 3, None).rows.tolist()
        return query, rows, list(collection.index.ids)


def test_faiss_finds_what_we_find(cli_here: Cli, site: Path, tmp_path: Path) -> None:
    faiss = pytest.importorskip("faiss")
    assert cli_here("export", "out.faiss").returncode == 0
    query, wanted, ids = nearest(site)
    _, rows = faiss.read_index(str(tmp_path / "out.faiss")).search(query[None], 3)
    assert rows[0].tolist() == wanted
    beside = (tmp_path / "out.faiss.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["id"] for line in beside] == ids


def test_lancedb_finds_what_we_find(cli_here: Cli, site: Path, tmp_path: Path) -> None:
    lancedb = pytest.importorskip("lancedb")
    assert cli_here("export", "out.lancedb").returncode == 0
    query, wanted, ids = nearest(site)
    table = lancedb.connect(str(tmp_path / "out.lancedb")).open_table("images")
    found = table.search(query).metric("cosine").limit(3).to_list()
    assert [row["id"] for row in found] == [ids[row] for row in wanted]


def test_mistakes_leave_existing_files_unchanged(cli_here: Cli, site: Path, tmp_path: Path) -> None:
    kept = tmp_path / "out.jsonl"
    kept.write_text("mine")
    for arguments, words in (
        (("out.jsonl",), "exists already"),
        (("out.txt",), "Cannot tell the export format"),
        (("out.csv", "--thumbnails"), "cannot hold thumbnails"),
        (("out.csv", "--split", "half"), "pair of shares"),
        (("out.csv", "--split", "0.9,0.9"), "at most 1"),
    ):
        done = cli_here("export", *arguments)
        assert done.returncode != 0
        assert words in done.stderr
        assert "Traceback" not in done.stderr
    assert kept.read_text() == "mine"
    assert cli_here("export", "out.jsonl", "--overwrite").returncode == 0
    assert len(kept.read_text("utf-8").splitlines()) == 12
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []
