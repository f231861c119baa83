"""Parquet files with pictures in a column: `build --from parquet`."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pytest
from PIL import Image
from pyarrow import parquet

import imagedb_site
from bucket_samples import FaultyStore
from imagedb_site.bucket_addresses import BucketAddress
from imagedb_site.buckets import Bucket
from imagedb_site.build import build
from imagedb_site.config import load_config
from imagedb_site.errors import ImageDBError, SourceError, StorageError, UsageError
from imagedb_site.preview import preview
from imagedb_site.report import BuildReport
from imagedb_site.sources.picture_rows import RowPictures

from .conftest import PACK, Cli

FEATURES = {"image": {"_type": "Image"}, "kind": {"_type": "ClassLabel", "names": ["cat", "dog"]}}
ADDRESS = "s3://archive/rows"


def picture(number: int) -> bytes:
    noise = np.random.default_rng(number).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(noise).resize((400, 300), Image.Resampling.BICUBIC).save(stream, "PNG")
    return stream.getvalue()


def rows(first: int, count: int) -> list[dict[str, Any]]:
    return [
        {
            "image": {"bytes": picture(n), "path": f"some/where/{n}.png"},
            "kind": n % 2,
            "caption": f"drawing number {n}",
        }
        for n in range(first, first + count)
    ]


def write(file: Path, found: list[dict[str, Any]]) -> None:
    image = pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])
    fields = [("image", image), ("kind", pyarrow.int64()), ("caption", pyarrow.string())]
    about = json.dumps({"info": {"features": FEATURES}}).encode()
    schema = pyarrow.schema(fields, metadata={b"huggingface": about})
    file.parent.mkdir(exist_ok=True)
    parquet.write_table(pyarrow.Table.from_pylist(found, schema), file, row_group_size=4)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two files with 19 pictures, one of which is damaged, a row without one, and a file that is cut."""
    first = rows(0, 11)
    first[3]["image"] = None
    first[5]["image"]["bytes"] = b"no picture"
    write(tmp_path / "rows" / "train-0.parquet", first)
    write(tmp_path / "rows" / "train-1.parquet", rows(20, 9))
    whole = (tmp_path / "rows" / "train-1.parquet").read_bytes()
    (tmp_path / "rows" / "train-2.parquet").write_bytes(whole[:-50])
    return tmp_path / "rows"


def made(folder: Path | str, output: Path, **given: Any) -> BuildReport:
    settings = {"pictures": folder, "output": output, "source": "parquet", "model": str(PACK)}
    return build(load_config(None, {**settings, **given}))


def tree(folder: Path) -> dict[str, bytes]:
    files = (file for file in folder.rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def test_pictures_labels_and_texts(folder: Path, tmp_path: Path) -> None:
    report = made(folder, tmp_path / "site", originals="copy", publish_location=True)
    assert report.count == 18
    reasons = {one.key: one.reason for one in report.problems}
    assert reasons["train-0.parquet/000003"] == "the row has no picture"
    assert "damaged" in reasons["train-0.parquet/000005.png"]
    assert "is not a Parquet file" in reasons["train-2.parquet"]
    with imagedb_site.open(tmp_path / "site") as site:
        hits = {str(hit.document["path"]): hit for hit in site.page()}
        one = hits["train-1.parquet/000008.png"].document
        assert one["fields"]["caption"] == "drawing number 28"
        assert one["fields"]["kind"] == "cat"
        assert (tmp_path / "site" / one["original"]).read_bytes() == picture(28)
        assert site.search("number 28", mode="words").hits[0].document["path"] == one["path"]


def test_unchanged_rows_are_not_decoded_again(folder: Path, tmp_path: Path) -> None:
    # A file that has only just changed could change again without any difference in its times.
    time.sleep(2.1)
    made(folder, tmp_path / "site")
    assert made(folder, tmp_path / "site", title="Another").derived == 0
    write(folder / "train-3.parquet", rows(40, 3))
    assert made(folder, tmp_path / "site").derived == 3
    made(folder, tmp_path / "fresh")
    made(folder, tmp_path / "site", compact=True)
    assert tree(tmp_path / "site") == tree(tmp_path / "fresh")


def test_the_same_site_from_a_bucket(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FaultyStore()

    def opened(place: BucketAddress) -> Bucket:
        return Bucket(place, store)

    monkeypatch.setattr("imagedb_site.fetched_pictures.open_bucket", opened)
    for file in folder.iterdir():
        store.pipe_file(f"/archive/rows/{file.name}", file.read_bytes())
    here = made(folder, tmp_path / "here", originals="copy")
    there = made(ADDRESS, tmp_path / "there", originals="copy")
    assert tree(tmp_path / "there") == tree(tmp_path / "here")
    assert there.problems == here.problems
    assert made(ADDRESS, tmp_path / "there").derived == 0
    kept = [path.name for path in (tmp_path / "there.library" / "bucket").rglob("*.parquet")]
    assert kept == []
    one = made(f"{ADDRESS}/train-1.parquet", tmp_path / "one")
    assert one.count == made(folder / "train-1.parquet", tmp_path / "two").count == 9
    assert tree(tmp_path / "one") == tree(tmp_path / "two")
    # A store that fails in the middle is not taken for a damaged file.
    real, counted = store.open, [0]
    most = 1 << 30

    def counting(path: str, *given: Any, **more: Any) -> Any:
        stream = real(path, *given, **more)

        def read(size: int = -1) -> bytes:
            counted[0] += 1
            if counted[0] > most:
                raise PermissionError("The provided token has expired.")
            return bytes(type(stream).read(stream, size))

        monkeypatch.setattr(stream, "read", read, raising=False)
        return stream

    monkeypatch.setattr(store, "open", counting)
    made(ADDRESS, tmp_path / "count", model="none")
    most, counted[0] = counted[0] - 2, 0
    assert most > 10
    with pytest.raises(StorageError, match="the credentials have expired"):
        made(ADDRESS, tmp_path / "late", model="none")
    assert not (tmp_path / "late").exists()


def test_rows_in_any_order(folder: Path) -> None:
    reader = RowPictures()
    file = folder / "train-1.parquet"
    for row in (8, 0, 3, 4, 2, 7, 7, 8, 1):
        assert reader.read(file, row) == picture(20 + row)
    assert reader.read(folder / "train-0.parquet", 3) is None
    assert reader.read(file, 5) == picture(25)
    with pytest.raises(SourceError):
        reader.read(file, 9)
    reader.close()


def test_a_dry_run_and_the_command(folder: Path, tmp_path: Path, cli: Cli) -> None:
    settings = {"pictures": folder, "output": tmp_path / "site", "source": "parquet"}
    assert preview(load_config(None, settings)).pictures == 18
    done = cli("build", "--from", "parquet", str(folder), "--model", "none", "-q", "--limit", "6")
    assert done.returncode == 0 and "4 images" in done.stdout, done.stdout + done.stderr


def test_what_cannot_be_built(tmp_path: Path) -> None:
    def refused(kind: type[ImageDBError], message: str, **given: Any) -> None:
        with pytest.raises(kind, match=message):
            made(tmp_path / "rows", tmp_path / "site", **given)

    (tmp_path / "rows").mkdir()
    refused(SourceError, "There is no Parquet file")
    table = pyarrow.table({"image": ["text"], "n": [1]})
    parquet.write_table(table, tmp_path / "rows" / "a.parquet")
    refused(SourceError, "no column with pictures")
    refused(UsageError, "can be linked", originals="link")
    refused(UsageError, "of a cluster", engine="ray")
    plain = pyarrow.table({"jpg": [picture(1), picture(2)]})
    parquet.write_table(plain, tmp_path / "rows" / "a.parquet")
    assert made(tmp_path / "rows", tmp_path / "site", model="none").count == 2
