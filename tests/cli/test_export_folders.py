"""Exports of pictures for training, read back by the libraries that define the layouts."""

from __future__ import annotations

import io
import json
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import imagedb_site
from imagedb_site.build import build
from imagedb_site.cli.main import run
from imagedb_site.config import BuildConfig
from imagedb_site.errors import UsageError
from imagedb_site.export import export
from imagedb_site.export_table import Split
from imagedb_site.search import Collection

from .conftest import PACK, make_pictures, tree

SPLIT = Split(0.25, 0.25, seed=3)
PARTS = ("train", "validation", "test")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a site and its library: 12 pictures, two with captions and ratings."""
    folder = tmp_path_factory.mktemp("exports")
    lines: list[dict[str, Any]] = [
        {"file": "cat/image_00.jpg", "caption": "a cat, “asleep”", "rating": 1.5, "text": "x"},
        {"file": "cat/image_03.jpg", "caption": "another cat", "rating": 2, "tags": ["a", "b"]},
    ]
    sidecar = folder / "facts.jsonl"
    sidecar.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    config = BuildConfig(
        make_pictures(folder / "pictures"),
        output=folder / "dist",
        metadata=(sidecar,),
        model=str(PACK),
        view_size=360,
        originals="copy",
    )
    assert build(config).published
    return folder


@pytest.fixture(scope="module", params=["dist", "dist.library"])
def collection(built: Path, request: pytest.FixtureRequest) -> Iterator[Collection]:
    with imagedb_site.open(built / request.param) as opened:
        yield opened


def parts_of(collection: Collection) -> dict[str, list[str]]:
    rows = collection.batches(size=1, validation=0.25, test=0.25, seed=3).rows
    ids = collection.index.ids
    return {str(part): [ids[row] for row in of] for part, of in rows.items()}


def metadata(folder: Path) -> list[dict[str, Any]]:
    """The rows of an imagefolder, whichever file it has."""
    lines = folder / "metadata.jsonl"
    if lines.exists():
        return [json.loads(line) for line in lines.read_text("utf-8").splitlines()]
    parquet = pytest.importorskip("pyarrow.parquet")
    rows: list[dict[str, Any]] = parquet.read_table(folder / "metadata.parquet").to_pylist()
    return rows


def test_webdataset_reads_the_shards(collection: Collection, tmp_path: Path) -> None:
    webdataset = pytest.importorskip("webdataset")
    count = export(collection, tmp_path / "out", to="webdataset", split=SPLIT)
    assert count == 12
    wanted = parts_of(collection)
    assert all(wanted[part] for part in PARTS)
    for part in PARTS:
        shards = sorted(map(str, (tmp_path / "out").glob(f"{part}-*.tar")))
        samples = list(webdataset.WebDataset(shards, shardshuffle=False).decode("pil"))
        assert [sample["__key__"] for sample in samples] == wanted[part]
        for sample in samples:
            row = collection.index.row_of(sample["__key__"])
            assert row is not None
            assert max(sample["webp"].size) == 360
            document = collection.index.document(row)
            assert sample["json"]["path"] == document["path"]
            assert sample.get("txt") == document["fields"].get("caption")
            np.testing.assert_array_equal(
                sample["npy"], collection.index.embeddings(np.array([row]))[0]
            )


def test_the_same_export_has_the_same_bytes(collection: Collection, tmp_path: Path) -> None:
    for name in ("one", "two"):
        export(collection, tmp_path / name, to="webdataset", split=SPLIT)
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


def test_datasets_reads_an_imagefolder(collection: Collection, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    export(collection, tmp_path / "out", to="imagefolder", split=SPLIT, embeddings=False)
    found = datasets.load_dataset(
        "imagefolder", data_dir=str(tmp_path / "out"), cache_dir=str(tmp_path / "cache")
    )
    wanted = parts_of(collection)
    assert set(found) == set(PARTS)
    for part in PARTS:
        assert [row["id"] for row in found[part]] == wanted[part]
        for row in found[part]:
            number = collection.index.row_of(row["id"])
            assert number is not None
            fields = collection.index.document(number)["fields"]
            assert row["image"].size == (360, 270)
            assert row["caption"] == row["text"] == fields.get("caption")
            assert row["rating"] == fields.get("rating")
            assert row["text_"] == fields.get("text")
            assert (row["tags"] or None) == fields.get("tags")


def test_an_imagefolder_without_pyarrow(
    collection: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(collection, tmp_path / "parquet", to="imagefolder")
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    export(collection, tmp_path / "lines", to="imagefolder")
    monkeypatch.undo()
    plain, typed = (metadata(tmp_path / name / "train") for name in ("lines", "parquet"))
    assert (tmp_path / "lines" / "train" / "metadata.jsonl").is_file()
    for row in (*plain, *typed):
        vector = row.pop("embedding")
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
    assert len(plain) == 12 and plain == typed


def test_pictures_of_every_kind(collection: Collection, tmp_path: Path) -> None:
    sizes = {"view": 360, "thumbnail": 320, "original": 400}
    for kind, size in sizes.items():
        export(collection, tmp_path / kind, to="imagefolder", pictures=kind, text="label:cat")
        lines = metadata(tmp_path / kind / "train")
        assert len(lines) == 4
        for line in lines:
            with Image.open(tmp_path / kind / "train" / line["file_name"]) as picture:
                assert max(picture.size) == size
            assert len(line["embedding"]) == 16
    export(collection, tmp_path / "texts", to="webdataset", pictures="none")
    with tarfile.open(tmp_path / "texts" / "train-000000.tar") as tar:
        names = tar.getnames()
        assert len([name for name in names if name.endswith(".json")]) == 12
        assert not any(name.endswith((".webp", ".jpg")) for name in names)


def test_shards_have_a_limit(
    collection: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imagedb_site.export_folders._SAMPLES", 5)
    export(collection, tmp_path / "out", to="webdataset")
    counts = []
    for shard in sorted((tmp_path / "out").glob("*.tar")):
        with tarfile.open(shard) as tar:
            counts.append(sum(name.endswith(".json") for name in tar.getnames()))
    assert counts == [5, 5, 2]


def test_a_folder_of_the_owner_is_never_replaced(built: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "letter.txt").write_text("mine")
    place = ("--in", str(built / "dist"))
    for more in ((), ("--overwrite",)):
        assert run(["export", str(own), "--to", "imagefolder", *place, *more]) == 2
    assert tree(own) == {"letter.txt": b"mine"}
    target = str(tmp_path / "out")
    assert run(["export", target, "--to", "imagefolder", *place]) == 0
    assert run(["export", target, "--to", "imagefolder", *place]) == 2
    assert run(["export", target, "--to", "webdataset", "--overwrite", *place]) == 0
    info = json.loads((tmp_path / "out" / "imagedb-export.json").read_bytes())
    assert (info["format"], info["counts"], info["left_out"]) == ("webdataset", {"train": 12}, 0)


def test_mistakes(collection: Collection, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no field “nothing”"):
        export(collection, tmp_path / "out", to="webdataset", caption="nothing")
    with pytest.raises(UsageError, match="made of pictures"):
        export(collection, tmp_path / "out", to="imagefolder", pictures="none")
    assert list(tmp_path.iterdir()) == []


def test_originals_of_a_library_have_no_position(tmp_path: Path) -> None:
    """What an export holds is meant for others, like a site."""
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 8.0, 1.0), 3: "E", 4: (11.0, 34.0, 1.0)})
    (tmp_path / "pictures").mkdir()
    picture = Image.effect_noise((64, 48), 80).convert("RGB")
    picture.save(tmp_path / "pictures" / "a.jpg", exif=exif)
    picture.rotate(180).save(tmp_path / "pictures" / "b.bmp")
    build(BuildConfig(tmp_path / "pictures", output=tmp_path / "dist", model="none"))
    with imagedb_site.open(tmp_path / "dist.library") as library:
        export(library, tmp_path / "out", to="imagefolder", pictures="original")
    [line] = metadata(tmp_path / "out" / "train")
    data = (tmp_path / "out" / "train" / line["file_name"]).read_bytes()
    with Image.open(io.BytesIO(data)) as found:
        assert not found.getexif().get_ifd(0x8825)
    # The position cannot be removed from a BMP file.
    assert json.loads((tmp_path / "out" / "imagedb-export.json").read_bytes())["left_out"] == 1
