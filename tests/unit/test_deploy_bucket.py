"""Publishing to a bucket: only what changed, the manifest last, nothing half-published."""

from __future__ import annotations

import errno
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from site_samples import make_web, sample_input, tree

import imagedb_site
from bucket_samples import FaultyStore, content_of, new_address, new_bucket
from imagedb_site.bucket_addresses import is_bucket, parse_bucket
from imagedb_site.buckets import open_bucket
from imagedb_site.check import check_site
from imagedb_site.cli.main import cli
from imagedb_site.deploy import deploy_bucket
from imagedb_site.deploy.bucket import MARKER
from imagedb_site.deploy.unused import RECORD
from imagedb_site.errors import CheckError, FormatError, StorageError, UsageError
from imagedb_site.layout import REPLACED
from imagedb_site.site import write_site

DAY = timedelta(days=1)
START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two sites of one program: the second one has other pictures."""
    folder = tmp_path_factory.mktemp("sites")
    web = make_web(folder / "web")
    write_site(sample_input(5, web=web, pages=True), folder / "first")
    write_site(sample_input(6, seed=2, web=web, pages=True), folder / "second")
    return folder / "first", folder / "second"


def own(content: dict[str, bytes]) -> dict[str, bytes]:
    """Without what deployments keep beside the site."""
    return {path: data for path, data in content.items() if path not in (RECORD, MARKER)}


def test_only_what_changed_is_uploaded(sites: tuple[Path, Path]) -> None:
    first, second = sites
    bucket, store = new_bucket()
    done = deploy_bucket(first, bucket)
    assert content_of(store, bucket) == tree(first)
    assert (len(done.uploaded), done.unchanged, done.old) == (len(tree(first)), 0, 0)
    assert done.bytes == sum(map(len, tree(first).values()))
    again = deploy_bucket(first, bucket)
    assert (again.uploaded, again.unchanged) == ((), len(tree(first)))
    update = deploy_bucket(second, bucket)
    old = set(tree(first)) - set(tree(second))
    assert own(content_of(store, bucket)) == tree(second) | {p: tree(first)[p] for p in old}
    differ = {p for p, data in tree(second).items() if tree(first).get(p) != data}
    assert set(update.uploaded) == differ and "robots.txt" not in differ
    assert (update.old, update.removed) == (len(old), ())
    everything = deploy_bucket(second, bucket, everything=True)
    assert set(everything.uploaded) == set(tree(second))


def test_the_manifest_is_last_and_hashed_files_are_first(sites: tuple[Path, Path]) -> None:
    bucket, store = new_bucket()
    deploy_bucket(sites[0], bucket)
    written = [place.removeprefix("photos/site/") for place in store.of("write")]
    assert written[0] == MARKER and written[-2:] == ["index.html", "manifest.json"]
    replaced = [path in REPLACED for path in written[1:]]
    assert replaced == sorted(replaced)
    assert MARKER not in content_of(store, bucket)


def test_browsers_get_types_and_lifetimes(sites: tuple[Path, Path]) -> None:
    bucket, store = new_bucket()
    deploy_bucket(sites[0], bucket)
    root = "photos/site/"
    headers = {place.removeprefix(root): given for place, given in store.headers.items()}
    assert headers["index.html"] == {
        "ContentType": "text/html; charset=utf-8",
        "CacheControl": "no-cache",
    }
    for path in ("manifest.json", "sw.js", "imagedb.js"):
        assert headers[path]["CacheControl"] == "no-cache"
    hashed = [path for path in headers if path.startswith(("data/", "thumbs/", "assets/"))]
    assert len(hashed) > 5
    for path in hashed:
        assert headers[path]["CacheControl"] == "public, max-age=31536000, immutable"
    assert headers["sw.js"]["ContentType"] == "text/javascript; charset=utf-8"


def test_an_upload_that_stops_anywhere_leaves_the_earlier_site(sites: tuple[Path, Path]) -> None:
    first, second = sites
    total = len(deploy_bucket(second, _with(first)[0], dry_run=True).uploaded)
    for stop in range(1, total + 1):
        bucket, store = _with(first)
        store.asked.clear()
        lost = ConnectionResetError("Connection reset by peer")
        store.fault = lambda verb, place, store=store, stop=stop, lost=lost: (  # type: ignore[misc]
            lost if verb == "write" and len(store.of("write")) >= stop else None
        )
        with pytest.raises(StorageError, match="the store cannot be reached"):
            deploy_bucket(second, bucket)
        content = content_of(store, bucket)
        assert content["manifest.json"] == tree(first)["manifest.json"]
        named = {path: data for path, data in tree(first).items() if path not in REPLACED}
        assert content.items() >= named.items()
        store.fault = lambda verb, place: None
        deploy_bucket(second, bucket)
        assert own(content_of(store, bucket)).items() >= tree(second).items()


def _with(site: Path) -> tuple[imagedb_site.buckets.Bucket, FaultyStore]:  # type: ignore[name-defined]
    bucket, store = new_bucket()
    deploy_bucket(site, bucket, now=START)
    return bucket, store


def test_a_write_that_is_cut_is_noticed(sites: tuple[Path, Path]) -> None:
    bucket, store = new_bucket()
    store.fault = lambda verb, place: 3 if verb == "write" and "/data/" in place else None
    with pytest.raises(CheckError, match="is damaged after uploading"):
        deploy_bucket(sites[0], bucket)
    store.fault = lambda verb, place: None
    assert deploy_bucket(sites[0], bucket).uploaded
    assert content_of(store, bucket) == tree(sites[0])


def test_old_files_go_when_their_time_of_grace_is_over(sites: tuple[Path, Path]) -> None:
    first, second = sites
    bucket, store = _with(first)
    old = set(tree(first)) - set(tree(second))
    deploy_bucket(second, bucket, now=START + DAY, prune=True, grace_days=7)
    early = deploy_bucket(second, bucket, now=START + 7 * DAY, prune=True, grace_days=7)
    assert (early.old, early.removed) == (len(old), ())
    assert set(content_of(store, bucket)) == set(tree(first)) | set(tree(second)) | {RECORD}
    shown = deploy_bucket(second, bucket, now=START + 8 * DAY, prune=True, dry_run=True)
    assert set(shown.removed) == old and old < set(content_of(store, bucket))
    late = deploy_bucket(second, bucket, now=START + 8 * DAY, prune=True)
    assert set(late.removed) == old and late.old == 0
    assert own(content_of(store, bucket)) == tree(second)
    assert check_site(second).ok


def test_a_file_that_is_used_again_begins_anew(sites: tuple[Path, Path]) -> None:
    first, second = sites
    bucket, _ = _with(first)
    deploy_bucket(second, bucket, now=START + DAY)
    back = deploy_bucket(first, bucket, now=START + 2 * DAY)
    assert set(back.uploaded) <= set(REPLACED)
    deploy_bucket(second, bucket, now=START + 20 * DAY)
    done = deploy_bucket(second, bucket, now=START + 21 * DAY, prune=True, grace_days=7)
    assert done.removed == ()


def test_old_files_with_odd_names_are_removed_too(sites: tuple[Path, Path]) -> None:
    bucket, store = _with(sites[0])
    for path in ("data/a [1].bin", "data/*", "data/1.bin"):
        bucket.put(path, b"x", "text/plain", "no-cache")
    deploy_bucket(sites[0], bucket, now=START)
    assert len(deploy_bucket(sites[0], bucket, now=START + 8 * DAY, prune=True).removed) == 3
    assert own(content_of(store, bucket)) == tree(sites[0])


@pytest.mark.parametrize("record", [b"", b"[]", b'{"since": {"data/x": 3}}', b"\xff" * 9])
def test_a_damaged_record_only_delays(sites: tuple[Path, Path], record: bytes) -> None:
    first, second = sites
    bucket, _ = _with(first)
    deploy_bucket(second, bucket, now=START)
    bucket.put(RECORD, record, "application/json", "no-cache")
    assert deploy_bucket(second, bucket, now=START + 9 * DAY, prune=True).removed == ()
    assert deploy_bucket(second, bucket, now=START + 17 * DAY, prune=True).removed


def test_a_record_names_nothing_but_old_files(sites: tuple[Path, Path]) -> None:
    bucket, store = _with(sites[0])
    bucket.put("notes/mine.txt", b"mine", "text/plain", "no-cache")
    since = {path: START.isoformat() for path in ("notes/mine.txt", "index.html", "../other")}
    bucket.put(RECORD, json.dumps({"since": since}).encode(), "application/json", "no-cache")
    assert deploy_bucket(sites[0], bucket, now=START + 99 * DAY, prune=True).removed == ()
    assert own(content_of(store, bucket)) == {**tree(sites[0]), "notes/mine.txt": b"mine"}


def test_what_others_wrote_is_not_replaced(sites: tuple[Path, Path]) -> None:
    for path, data in (("index.html", b"hello"), ("manifest.json", b'{"format": "other"}')):
        bucket, store = new_bucket()
        bucket.put(path, data, "text/html", "no-cache")
        with pytest.raises(StorageError, match="did not write"):
            deploy_bucket(sites[0], bucket)
        assert content_of(store, bucket) == {path: data}


def test_a_first_upload_that_stopped_is_continued(sites: tuple[Path, Path]) -> None:
    bucket, store = new_bucket()
    lost = TimeoutError("timed out")
    store.fault = lambda verb, place: lost if place.endswith("index.html") else None
    with pytest.raises(StorageError, match="does not answer in time"):
        deploy_bucket(sites[0], bucket)
    assert "manifest.json" not in content_of(store, bucket)
    store.fault = lambda verb, place: None
    assert set(deploy_bucket(sites[0], bucket).uploaded) <= set(REPLACED)
    assert content_of(store, bucket) == tree(sites[0])


class NoCredentialsError(Exception):
    """As the library for S3 calls it."""


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (NoCredentialsError("Unable to locate credentials"), "there are no valid credentials"),
        (PermissionError("The provided token has expired."), "the credentials have expired"),
        (OSError("An error occurred (InvalidAccessKeyId)"), "does not know the credentials"),
        (PermissionError("Access Denied"), "permission is denied"),
        (OSError(errno.EBUSY, "Please reduce your request rate."), "too busy"),
        (OSError("An error occurred (SlowDown)"), "too busy"),
        (ConnectionRefusedError(), "cannot be reached"),
        (TimeoutError(), "does not answer in time"),
        (FileNotFoundError("The specified bucket does not exist"), "does not exist"),
        (ValueError("odd answer"), "odd answer"),
    ],
)
@pytest.mark.parametrize("verb", ["list", "write"])
def test_errors_are_clear(
    sites: tuple[Path, Path], error: Exception, message: str, verb: str
) -> None:
    bucket, store = new_bucket()
    store.fault = lambda kind, place: error if kind == verb else None
    with pytest.raises(StorageError, match=message) as raised:
        deploy_bucket(sites[0], bucket)
    assert raised.value.hint and "s3://photos/site" in str(raised.value)
    assert "manifest.json" not in content_of(store, bucket)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(scheme: str) -> None:
        raise ImportError(f"no library for {scheme}")

    monkeypatch.setattr("fsspec.get_filesystem_class", missing)
    for address, package, command in (
        ("s3://photos/site", "s3fs", 'Run: pip install "imagedb-site[bucket]"'),
        ("gs://photos/site", "gcsfs", "Run: pip install gcsfs"),
        ("az://photos/site", "adlfs", "Run: pip install adlfs"),
    ):
        with pytest.raises(StorageError, match=package) as raised:
            open_bucket(address)
        assert raised.value.hint == command
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(StorageError, match="s3fs"):
        open_bucket("s3://photos/site")


def test_addresses() -> None:
    found = parse_bucket("s3://photos/a/b c/")
    assert (found.bucket, found.prefix, found.name) == ("photos", "a/b c", "b c")
    assert str(found) == "s3://photos/a/b c"
    assert parse_bucket("gs://photos").name == "photos"
    assert is_bucket("az://x/y") and not is_bucket("https://x/y") and not is_bucket("s3:/x")
    for wrong in (
        "s3://",
        "s3:///x",
        "https://x/y",
        "s3://key:secret@photos/x",
        "s3://a/../b",
        "s3://a/b//c",
    ):
        with pytest.raises(UsageError):
            parse_bucket(wrong)


def test_the_command_and_what_reads_the_site_back(sites: tuple[Path, Path]) -> None:
    first, second = sites
    place = new_address()

    def run(*words: str) -> str:
        done = CliRunner().invoke(cli, [*words], catch_exceptions=False)
        assert done.exit_code in (0, None), done.output
        return done.output

    assert "files (" in run("deploy", "bucket", str(first), place, "--dry-run", "-q")
    assert open_bucket(place).objects() == []
    assert f"{place}: {len(tree(first))} files (" in run(
        "deploy", "bucket", str(first), place, "-q"
    )
    said = run("deploy", "bucket", str(second), place, "-q", "--prune", "--grace", "0")
    assert "unchanged" in said and "old removed" in said
    assert {one.path for one in open_bucket(place).objects()} >= set(tree(second))
    report = check_site(place)
    assert report.ok and report.count == 6, report.findings
    assert "nothing wrong" in run("check", place, "-q")
    assert "6" in run("info", place)
    with imagedb_site.open(place) as there, imagedb_site.open(second) as here:
        assert there.count == 6
        assert [hit.row for hit in there.page()] == [hit.row for hit in here.page()]
        word = next(iter(here.index.words))[0]
        hits = [hit.row for hit in there.search(word, mode="words").hits]
        assert hits == [hit.row for hit in here.search(word, mode="words").hits] != []


def test_damage_in_the_bucket_is_found(sites: tuple[Path, Path]) -> None:
    place = new_address()
    bucket = open_bucket(place)
    deploy_bucket(sites[0], place)
    path = next(one.path for one in bucket.objects() if one.path.startswith("thumbs/"))
    data = bucket.read(path, 1 << 20)
    bucket.put(path, data[:-1] + bytes([data[-1] ^ 1]), "image/webp", "no-cache")
    assert [found.file for found in check_site(place).findings if found.level == "error"] == [path]
    bucket.remove([path])
    assert not check_site(place).ok
    with pytest.raises(FormatError, match="missing"):
        imagedb_site.open(place + "/nothing")
