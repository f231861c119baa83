"""Embeddings that were computed elsewhere: `build --embeddings FILE`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pytest
from pyarrow import parquet

import imagedb_site
from imagedb_site.build import build
from imagedb_site.config import load_config
from imagedb_site.errors import ImageDBError, SourceError, UsageError
from imagedb_site.export import export
from imagedb_site.report import BuildReport

from .conftest import PACK, Cli, make_pictures


def made(folder: Path, name: str, pictures: Path | None = None, **given: Any) -> BuildReport:
    given = {"model": str(PACK), "view_size": 0, **given}
    place = pictures or folder / "pictures"
    return build(load_config(None, {"output": folder / name, "pictures": place, **given}))


def tree(folder: Path) -> dict[str, bytes]:
    files = (file for file in folder.rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def dim() -> int:
    from imagedb_site.models import resolve

    return resolve(str(PACK)).dim


def write(file: Path, keys: list[str | None], vectors: Any, column: str = "embedding") -> Path:
    parquet.write_table(pyarrow.table({"key": keys, column: vectors}), file)
    return file


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `pictures`, the site `own`, and `vectors.parquet`, which `export` wrote."""
    folder = tmp_path_factory.mktemp("embeddings")
    make_pictures(folder / "pictures", 9)
    made(folder, "own")
    with imagedb_site.open(folder / "own.library") as collection:
        export(collection, folder / "vectors.parquet")
    return folder


def test_what_export_wrote_gives_the_same_site(built: Path) -> None:
    report = made(built, "given", embeddings=built / "vectors.parquet")
    assert tree(built / "given") == tree(built / "own")
    assert report.problems == [] and report.notes == made(built, "own").notes
    with (
        imagedb_site.open(built / "given.library") as given,
        imagedb_site.open(built / "own.library") as own,
    ):
        answers = [one.search("a red car", mode="meaning").hits for one in (given, own)]
        assert [hit.row for hit in answers[0]] == [hit.row for hit in answers[1]]
        rows = np.arange(own.count)
        assert np.array_equal(given.index.embeddings(rows), own.index.embeddings(rows))


def test_given_and_computed_embeddings_are_kept_apart(built: Path, tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    keys = [f"{label}/image_{n:02}.jpg" for n, label in enumerate(("cat", "dog", "red_car") * 3)]
    vectors = random.normal(size=(9, dim()))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    file = write(tmp_path / "mine.parquet", list(keys), list(vectors.astype(np.float32)))
    library = built / "mine.library"
    made(built, "mine", embeddings=file)
    assert stored(library, keys) == pytest.approx(vectors, abs=1e-6)
    assert tree(built / "mine") != tree(built / "own")
    # Without the file, the model computes them.
    made(built, "mine", compact=True)
    assert tree(built / "mine") == tree(built / "own")
    write(file, list(keys), list(np.roll(vectors, 1, axis=0)), "vector")
    made(built, "mine", embeddings=file)
    assert stored(library, keys) == pytest.approx(np.roll(vectors, 1, axis=0), abs=1e-6)


def stored(library: Path, keys: list[str]) -> Any:
    with imagedb_site.open(library) as collection:
        rows = {str(hit.document["path"]): hit.row for hit in collection.page()}
        return collection.index.embeddings(np.array([rows[key] for key in keys]))


def test_rows_that_cannot_be_used_are_named(built: Path, tmp_path: Path) -> None:
    good = np.zeros(dim())
    good[0] = 1
    broken = good.copy()
    broken[1] = np.nan
    rows: list[tuple[str | None, Any]] = [
        ("cat/image_00.jpg", good),
        ("dog/image_01.jpg", broken),
        ("red_car/image_02.jpg", np.zeros(dim())),
        ("cat/image_00.jpg", good[::-1]),
        ("nowhere.jpg", good),
        (None, good),
        ("cat/image_03.jpg", good * 5),
        ("dog/image_04.jpg", good[:-1]),
    ]
    file = write(tmp_path / "some.parquet", [key for key, _ in rows], [list(v) for _, v in rows])
    report = made(tmp_path, "site", built / "pictures", embeddings=file)
    reasons = [one.reason for one in report.problems]
    for part in (
        '"dog/image_01.jpg" has a number that is not finite',
        '"red_car/image_02.jpg" has only zeros',
        '"cat/image_00.jpg" comes again',
        '"nowhere.jpg" is the key of no picture',
        "row 6 has no key",
        f'"dog/image_04.jpg" has {dim() - 1} numbers, not {dim()}',
        '"dog/image_07.jpg" has no embedding here; it is found by words only',
    ):
        assert any(part in reason for reason in reasons), (part, reasons)
    assert any("1 vector in some.parquet did not have the length 1" in n for n in report.notes)
    assert report.count == 9
    with imagedb_site.open(tmp_path / "site") as site:
        assert {hit.document["path"] for hit in site.search("dog", mode="words").hits} >= {
            "dog/image_01.jpg"
        }
        like = next(hit for hit in site.page() if hit.document["path"] == "cat/image_00.jpg")
        assert site.similar(str(like.document["id"]), k=1).hits[0].document["path"] == (
            "cat/image_03.jpg"
        )
    with pytest.raises(ImageDBError):
        made(tmp_path, "none", built / "pictures", embeddings=tmp_path / "missing.parquet")
    assert (
        made(tmp_path, "site", built / "pictures", embeddings=file, strict=True).published is False
    )


def test_a_copy_has_the_embedding_of_the_same_picture(built: Path, tmp_path: Path) -> None:
    pictures = make_pictures(tmp_path / "pictures", 3)
    (pictures / "copy.jpg").write_bytes((pictures / "cat" / "image_00.jpg").read_bytes())
    vectors = np.eye(dim())[:4]
    keys = ["cat/image_00.jpg", "copy.jpg", "dog/image_01.jpg", "red_car/image_02.jpg"]
    report = made(tmp_path, "site", embeddings=write(tmp_path / "v.parquet", keys, list(vectors)))
    assert [one.reason for one in report.problems] == [
        '"copy.jpg" has another vector than a copy of the same picture; that one is used'
    ]


@pytest.mark.parametrize(
    ("given", "kind", "message"),
    [
        ({"model": "none"}, UsageError, "no model that encodes queries"),
        ({"embed": "text"}, UsageError, "no text is embedded"),
    ],
)
def test_settings_that_do_not_fit(
    built: Path, given: dict[str, str], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        made(built, "wrong", embeddings=built / "vectors.parquet", **given)


def test_files_that_do_not_fit_are_refused_before_anything_is_done(
    built: Path, tmp_path: Path
) -> None:
    def refused(kind: type[Exception], message: str) -> None:
        with pytest.raises(kind, match=message):
            made(tmp_path, "site", built / "pictures", embeddings=file)
        assert not (tmp_path / "site").exists()

    file = tmp_path / "v.parquet"
    refused(SourceError, "There is no file")
    file.write_bytes(b"no parquet")
    refused(SourceError, "is not a Parquet file")
    fixed = pyarrow.array([[1.0, 0.0, 0.0]], pyarrow.list_(pyarrow.float32(), 3))
    parquet.write_table(pyarrow.table({"key": ["a.jpg"], "embedding": fixed}), file)
    refused(UsageError, f"have 3 dimensions, the model has {dim()}")
    assert not (tmp_path / "site.library").exists()
    parquet.write_table(pyarrow.table({"key": ["a.jpg"], "embedding": ["text"]}), file)
    refused(SourceError, "does not have lists of numbers")
    parquet.write_table(pyarrow.table({"name": ["a.jpg"], "embedding": fixed}), file)
    refused(SourceError, "no column with the keys")
    parquet.write_table(pyarrow.table({"key": ["a.jpg"], "numbers": fixed}), file)
    refused(SourceError, "no column with the vectors")
    write(file, ["cat/image_00.jpg"], [[1.0, 0.0, 0.0]])
    refused(UsageError, "have 3 dimensions")
    write(file, ["a.jpg"], [list(np.eye(dim())[0])])
    refused(SourceError, "has no embedding for any picture")


def test_records_without_pictures(tmp_path: Path) -> None:
    table = tmp_path / "records.csv"
    table.write_text("id,title\none,A red car\ntwo,A cat\nthree,A boat\n")
    vectors = np.eye(dim())[:2]
    file = write(tmp_path / "v.parquet", ["one", "two"], list(vectors))
    report = made(tmp_path, "site", table, source="table", embeddings=file)
    assert report.problems == []
    for place in ("site", "site.library"):
        with imagedb_site.open(tmp_path / place) as collection:
            rows = {str(hit.document["fields"]["title"]): hit for hit in collection.page()}
            found = collection.index.embeddings(np.array([hit.row for hit in rows.values()]))
            wanted = {"A red car": vectors[0], "A cat": vectors[1], "A boat": np.zeros(dim())}
            for title, vector in zip(rows, found, strict=True):
                assert vector == pytest.approx(wanted[title], abs=0.02), (place, title)


def test_the_command(built: Path, cli: Cli) -> None:
    done = cli(
        *("build", str(built / "pictures"), "-o", "site", "--model", str(PACK), "-q"),
        *("--embeddings", str(built / "vectors.parquet")),
    )
    assert done.returncode == 0, done.stderr
    assert "9 images" in done.stdout
