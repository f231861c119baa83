"""Pictures in a bucket: the same site as from a folder, and nothing is downloaded twice."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from .conftest import PACK, draw, make_pictures

memory = pytest.importorskip(
    "fsspec.implementations.memory", reason="fsspec is not installed (the extra bucket)"
)

import imagedb_site.fetched_pictures  # noqa: E402
import imagedb_site.parts.pictures  # noqa: E402
from bucket_samples import FaultyStore  # noqa: E402
from imagedb_site.bucket_addresses import BucketAddress  # noqa: E402
from imagedb_site.buckets import CONNECTIONS, Bucket  # noqa: E402
from imagedb_site.build import build  # noqa: E402
from imagedb_site.config import load_config  # noqa: E402
from imagedb_site.errors import ImageDBError, SourceError, StorageError, UsageError  # noqa: E402
from imagedb_site.preview import preview  # noqa: E402
from imagedb_site.report import BuildReport  # noqa: E402

ADDRESS = "s3://archive/all/photos"


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> FaultyStore:
    """What every address is opened in."""
    found = FaultyStore()

    def opened(place: BucketAddress) -> Bucket:
        return Bucket(place, found)

    monkeypatch.setattr(imagedb_site.fetched_pictures, "open_bucket", opened)
    return found


def fill(store: FaultyStore, folder: Path, address: str = ADDRESS) -> None:
    """Make the objects at an address equal to the files of a folder."""
    root = "/" + address.partition("://")[2]
    wanted = {
        f"{root}/{file.relative_to(folder).as_posix()}": file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }
    for place in [place for place in store.store if place not in wanted]:
        del store.store[place]
    for place, data in wanted.items():
        if place not in store.store or store.store[place].getvalue() != data:
            store.pipe_file(place, data)
    store.asked.clear()


def made(tmp_path: Path, pictures: Path | str, name: str, **given: Any) -> BuildReport:
    settings = {"model": str(PACK), "output": tmp_path / name, "pictures": pictures, **given}
    return build(load_config(None, settings))


def tree(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


def fetched(store: FaultyStore) -> list[str]:
    return sorted(place.removeprefix("archive/all/photos/") for place in store.of("read"))


def full_folder(folder: Path) -> Path:
    """Pictures with sidecars, a copy, a table, a broken picture, and files that are not pictures."""
    make_pictures(folder, 9)
    shutil.copy(folder / "cat" / "image_00.jpg", folder / "dog" / "the same.jpg")
    (folder / "cat" / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing")
    (folder / "cat" / "image_03.jpg.xmp").write_text(
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title><rdf:Alt>'
        '<rdf:li xml:lang="x-default">A striped cat</rdf:li></rdf:Alt></dc:title></rdf:Description>'
        "</rdf:RDF></x:xmpmeta>"
    )
    (folder / "captions.csv").write_text("file,caption\ncat/image_00.jpg,Asleep\nnone.jpg,Lost\n")
    (folder / "dog" / "raw.nef").write_bytes(b"raw")
    (folder / ".hidden").mkdir()
    draw(folder / ".hidden" / "x.jpg", 99)
    draw(folder / "Übung [1]" / "größe 10.jpg", 50)
    draw(folder / "Übung [1]" / "größe 9.jpg", 51)
    return folder


def test_the_same_site_as_from_a_folder(tmp_path: Path, store: FaultyStore) -> None:
    folder = full_folder(tmp_path / "photos")
    table = folder / "captions.csv"
    here = made(tmp_path, folder, "here", metadata=(table,), originals="copy")
    fill(store, folder)
    there = made(
        tmp_path, ADDRESS, "there", metadata=(f"{ADDRESS}/captions.csv",), originals="copy"
    )
    assert tree(tmp_path / "there") == tree(tmp_path / "here")
    assert [(one.key, one.reason) for one in there.problems] == [
        (one.key, one.reason) for one in here.problems
    ]
    assert {one.key for one in there.problems} >= {"cat/broken.jpg", "dog/raw.nef", "none.jpg"}
    # Nothing of the pictures stays on this machine but what the library keeps.
    kept = {path.name for path in (tmp_path / "there.library" / "bucket").rglob("*.*")}
    assert kept == {"kept.json", "captions.csv", "image_03.jpg.xmp"}


def test_what_did_not_change_is_not_downloaded_again(tmp_path: Path, store: FaultyStore) -> None:
    folder = full_folder(tmp_path / "photos")
    fill(store, folder)
    made(tmp_path, ADDRESS, "there")
    pictures = [path for path in fetched(store) if path.endswith(".jpg")]
    assert len(pictures) == len(set(pictures)) == 13
    store.asked.clear()
    again = made(tmp_path, ADDRESS, "there")
    assert (fetched(store), again.derived) == ([], 0)
    for place in list(store.store):
        store.pipe_file(place, store.cat_file(place))
    store.asked.clear()
    assert (made(tmp_path, ADDRESS, "there").derived, fetched(store)) == (0, [])
    draw(folder / "cat" / "image_00.jpg", 77)
    draw(folder / "dog" / "new.jpg", 78)
    (folder / "cat" / "image_06.jpg").unlink()
    fill(store, folder)
    update = made(tmp_path, ADDRESS, "there")
    assert fetched(store) == ["cat/image_00.jpg", "dog/new.jpg"]
    assert update.derived == 2
    sidecar = folder / "cat" / "image_03.jpg.xmp"
    sidecar.write_text(sidecar.read_text().replace("striped", "spotted"))
    fill(store, folder)
    made(tmp_path, ADDRESS, "there")
    assert fetched(store) == ["cat/image_03.jpg.xmp"]
    sidecar.unlink()
    fill(store, folder)
    made(tmp_path, ADDRESS, "there", compact=True)
    made(tmp_path, folder, "here")
    assert tree(tmp_path / "there") == tree(tmp_path / "here")


def test_objects_that_cannot_be_read_are_named_and_left_out(
    tmp_path: Path, store: FaultyStore
) -> None:
    folder = make_pictures(tmp_path / "photos", 6)
    fill(store, folder)
    bad = {
        "cat/image_00.jpg": PermissionError("Access Denied"),
        "dog/image_01.jpg": FileNotFoundError("The specified key does not exist."),
    }
    store.pipe_file("/archive/all/photos/a//b.jpg", b"x")
    store.pipe_file("/archive/all/photos/../b.jpg", b"x")
    store.fault = lambda verb, place: (
        bad.get(place.removeprefix("archive/all/photos/")) if verb == "read" else None
    )
    report = made(tmp_path, ADDRESS, "there")
    reasons = {one.key: one.reason for one in report.problems}
    assert "permission is denied" in reasons["cat/image_00.jpg"]
    assert "no such object" in reasons["dog/image_01.jpg"]
    assert any("not a path" in reason for reason in reasons.values())
    assert report.count == 4
    store.fault = lambda verb, place: None
    store.asked.clear()
    assert made(tmp_path, ADDRESS, "there").count == 6
    assert fetched(store) == sorted(bad)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (PermissionError("The provided token has expired."), "the credentials have expired"),
        (OSError("An error occurred (SlowDown)"), "too busy"),
        (ConnectionResetError(), "cannot be reached"),
    ],
)
def test_a_store_that_fails_ends_the_build_and_the_next_one_goes_on(
    tmp_path: Path, store: FaultyStore, error: Exception, message: str
) -> None:
    folder = make_pictures(tmp_path / "photos", 40)
    fill(store, folder)
    store.fault = lambda verb, place: error if verb == "list" else None
    with pytest.raises(StorageError, match=message):
        made(tmp_path, ADDRESS, "there")
    assert not (tmp_path / "there").exists() and not (tmp_path / "there.library").exists()
    store.fault = lambda verb, place: error if len(store.of("read")) > 25 else None
    with pytest.raises(StorageError, match=message):
        made(tmp_path, ADDRESS, "there", batch_size=4, workers=1)
    assert not (tmp_path / "there").exists()
    store.fault = lambda verb, place: None
    made(tmp_path, ADDRESS, "there")
    made(tmp_path, folder, "here")
    assert tree(tmp_path / "there") == tree(tmp_path / "here")


def test_few_pictures_are_on_this_machine_at_once(
    tmp_path: Path, store: FaultyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store, make_pictures(tmp_path / "photos", 160))
    most = 0
    whole = imagedb_site.parts.pictures.FetchedPictures._fetch

    def noted(self: Any, picture: Any) -> Any:
        nonlocal most
        found = whole(self, picture)
        most = max(most, sum(1 for _ in self._folder.glob("*.jpg")))
        return found

    monkeypatch.setattr(imagedb_site.parts.pictures.FetchedPictures, "_fetch", noted)
    made(tmp_path, ADDRESS, "there", workers=1, model="none", batch_size=16)
    # Those that wait for a decoder, those that are stored together, and those that are fetched meanwhile.
    assert 0 < most <= 64 + 16 + 3 * CONNECTIONS < 160


def tars(folder: Path) -> Path:
    folder.mkdir()
    for shard in range(2):
        with tarfile.open(folder / f"{shard:05}.tar", "w") as archive:
            for number in range(6):
                stem = f"{shard}{number:03}"
                stream = io.BytesIO()
                draw(folder.parent / "x.png", shard * 10 + number)
                Image.open(folder.parent / "x.png").save(stream, "JPEG", quality=80)
                add(archive, f"{stem}.jpg", stream.getvalue())
                add(archive, f"{stem}.txt", f"caption {number}".encode())
                add(archive, f"{stem}.json", json.dumps({"number": number}).encode())
            add(archive, "9999.jpg", b"not a picture")
    (folder.parent / "x.png").unlink()
    whole = (folder / "00001.tar").read_bytes()
    (folder / "00002.tar").write_bytes(whole[: len(whole) // 2])
    (folder / "00003.tar").write_bytes(b"no tar file at all" * 99)
    return folder


def add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    archive.addfile(member, io.BytesIO(data))


def test_tar_files_of_a_webdataset(tmp_path: Path, store: FaultyStore) -> None:
    folder = tars(tmp_path / "photos")
    here = made(tmp_path, folder, "here", source="webdataset")
    fill(store, folder)
    there = made(tmp_path, ADDRESS, "there", source="webdataset")
    assert tree(tmp_path / "there") == tree(tmp_path / "here")
    assert there.problems == here.problems and there.count > 14
    one = made(tmp_path, folder / "00000.tar", "one", source="webdataset")
    assert made(tmp_path, f"{ADDRESS}/00000.tar", "two", source="webdataset").count == one.count
    assert tree(tmp_path / "two") == tree(tmp_path / "one")
    outline = next((tmp_path / "there.library").rglob("00000.tar"))
    assert outline.stat().st_size == (folder / "00000.tar").stat().st_size
    store.asked.clear()
    assert made(tmp_path, ADDRESS, "there", source="webdataset").derived == 0
    assert [place for place in fetched(store) if not place.endswith(("2.tar", "3.tar"))] == []


def test_a_table_and_an_imagefolder(tmp_path: Path, store: FaultyStore) -> None:
    table = tmp_path / "photos.csv"
    table.write_text("id,title\n1,One\n2,Two\n")
    made(tmp_path, table, "here", source="table", model="none")
    store.pipe_file("/archive/all/photos.csv", table.read_bytes())
    made(tmp_path, ADDRESS + ".csv", "there", source="table", model="none")
    assert tree(tmp_path / "there") == tree(tmp_path / "here")
    folder = make_pictures(tmp_path / "train", 4)
    shutil.move(folder, tmp_path / "photos" / "train")
    (tmp_path / "photos" / "train" / "metadata.csv").write_text(
        "file_name,note\ncat/image_00.jpg,a note\n"
    )
    made(tmp_path, tmp_path / "photos", "here2", source="imagefolder")
    fill(store, tmp_path / "photos")
    made(tmp_path, ADDRESS, "there2", source="imagefolder")
    assert tree(tmp_path / "there2") == tree(tmp_path / "here2")


def test_a_dry_run_says_the_same(tmp_path: Path, store: FaultyStore) -> None:
    folder = full_folder(tmp_path / "photos")
    fill(store, folder)
    places: list[Path | str] = [folder, ADDRESS]
    here, there = (
        preview(load_config(None, {"pictures": place, "output": tmp_path / "site"}))
        for place in places
    )
    assert there.to_json() == here.to_json()
    assert not (tmp_path / "site.library").exists()


def refused(call: Callable[[], object], kind: type[ImageDBError], match: str) -> None:
    with pytest.raises(kind, match=match):
        call()


def test_what_cannot_be_built(tmp_path: Path, store: FaultyStore) -> None:
    refused(lambda: made(tmp_path, ADDRESS, "x"), SourceError, "There is nothing in s3://archive")
    fill(store, make_pictures(tmp_path / "photos", 2))
    one = f"{ADDRESS}/cat/image_00.jpg"
    refused(lambda: made(tmp_path, one, "x"), SourceError, "is an object, not a folder")
    refused(lambda: made(tmp_path, ADDRESS, "x", originals="link"), UsageError, "can be linked")
    refused(lambda: made(tmp_path, ADDRESS, "x", source="danbooru"), UsageError, "from a bucket")
    other = ("s3://other/table.csv",)
    refused(lambda: made(tmp_path, ADDRESS, "x", metadata=other), UsageError, "is not below")
    local = tmp_path / "photos"
    refused(lambda: made(tmp_path, local, "x", metadata=other), UsageError, "is in a bucket")
    refused(
        lambda: made(tmp_path, ADDRESS, "x", source="webdataset"),
        SourceError,
        "There is no tar file in s3://archive/all/photos",
    )


def test_a_settings_file_and_excluded_folders(tmp_path: Path, store: FaultyStore) -> None:
    fill(store, make_pictures(tmp_path / "photos", 6))
    file = tmp_path / "imagedb-site.toml"
    file.write_text(
        f'pictures = "{ADDRESS}"\nexclude = ["{ADDRESS}/dog"]\nmodel = "none"\noutput = "site"\n'
    )
    config = load_config(file, {})
    assert config.site_title == "photos" and config.shown_pictures == ADDRESS
    assert build(config).count == 4
    assert not any(path.startswith("dog/") for path in fetched(store))
