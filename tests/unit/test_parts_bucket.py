"""The workers of a cluster fetch pictures from a bucket themselves: the same site as from a folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_parts import PACK, Here, draw, files

from bucket_samples import FaultyStore
from imagedb_site.bucket_addresses import BucketAddress, parse_bucket
from imagedb_site.buckets import Bucket
from imagedb_site.build import build
from imagedb_site.config import BuildConfig, load_config
from imagedb_site.errors import StorageError
from imagedb_site.report import BuildReport

pytest.importorskip("pyarrow", reason="pip install 'imagedb-site[ray]'")

ADDRESS = "s3://archive/pictures"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FaultyStore:
    """Has eight pictures, two of them equal, and a damaged one. Workers run in this process."""
    found = FaultyStore()

    def opened(place: BucketAddress | str) -> Bucket:
        return Bucket(parse_bucket(place) if isinstance(place, str) else place, found)

    monkeypatch.setattr("imagedb_site.fetched_pictures.open_bucket", opened)
    monkeypatch.setattr("imagedb_site.parts.task.open_bucket", opened)
    monkeypatch.setattr("imagedb_site.run.ray_runner.check_installed", lambda: None)
    monkeypatch.setattr("imagedb_site.run.ray_runner.RayRunner", lambda *_, **__: Here())
    folder = tmp_path / "pictures"
    for number in range(8):
        draw(folder / f"{number % 2}" / f"{number}.png", min(number, 6))
    (folder / "bad.png").write_bytes(b"\x89PNG")
    for file in folder.rglob("*.png"):
        place = f"/archive/pictures/{file.relative_to(folder).as_posix()}"
        found.pipe_file(place, file.read_bytes())
    return found


def by_workers(tmp_path: Path) -> BuildReport:
    given = {"pictures": ADDRESS, "output": tmp_path / "there", "engine": "ray", "part_size": 3}
    return build(load_config(None, {**given, "model": str(PACK), "workers": 1}))


def test_the_same_site_as_from_a_folder(store: FaultyStore, tmp_path: Path) -> None:
    here = build(BuildConfig(tmp_path / "pictures", tmp_path / "here", model=str(PACK)))
    store.asked.clear()
    there = by_workers(tmp_path)
    assert files(tmp_path / "there") == files(tmp_path / "here")
    assert there.problems == here.problems and there.count == 8
    assert len(store.of("read")) == 9
    store.asked.clear()
    by_workers(tmp_path)
    # What a worker could not decode is fetched again: nobody has its bytes any more to remember them.
    assert store.of("read") == ["archive/pictures/bad.png"]


def test_what_cannot_be_fetched_is_named(store: FaultyStore, tmp_path: Path) -> None:
    denied = PermissionError("Access Denied")
    store.fault = lambda verb, place: denied if verb == "read" and "1/3.png" in place else None
    report = by_workers(tmp_path)
    assert report.count == 7
    reasons = {one.key: one.reason for one in report.problems}
    assert "permission is denied" in reasons["1/3.png"] and "bad.png" in reasons


def test_a_store_that_fails_ends_the_build(store: FaultyStore, tmp_path: Path) -> None:
    gone = PermissionError("The provided token has expired.")
    store.fault = lambda verb, place: gone if len(store.of("read")) > 5 else None
    with pytest.raises(StorageError, match="the credentials have expired"):
        by_workers(tmp_path)
    assert not (tmp_path / "there").exists()
    store.fault = lambda verb, place: None
    assert by_workers(tmp_path).count == 8
