"""Publishing to a folder: complete at each moment, only what differs, the owner's files stay."""

from __future__ import annotations

import fcntl
import hashlib
import os
import sys
import threading
from pathlib import Path
from urllib.request import urlopen

import pytest
from plain_site import PlainSite
from site_samples import golden_input, make_web, sample_input, small_disk, tree

from imagedb_site.check import check_site
from imagedb_site.deploy import deploy_folder
from imagedb_site.deploy.folder import LOCK
from imagedb_site.errors import CheckError, ImageDBError, StorageError, UsageError
from imagedb_site.layout import is_immutable
from imagedb_site.reader import open_site
from imagedb_site.serve import SiteServer
from imagedb_site.site import SiteInput, swap, write_site

# The package has a function of the same name.
REPLACE = sys.modules["imagedb_site.site.replace"]


@pytest.fixture
def web(tmp_path: Path) -> Path:
    return make_web(tmp_path / "web")


def made(folder: Path, site: SiteInput) -> Path:
    write_site(site, folder)
    return folder


@pytest.fixture
def first(tmp_path: Path, web: Path) -> Path:
    return made(tmp_path / "first", sample_input(5, web=web, pages=True))


@pytest.fixture
def second(tmp_path: Path, web: Path) -> Path:
    """Another program and other pictures."""
    (web / "assets" / "main-AbCd1234.js").unlink()
    (web / "assets" / "main-EfGh5678.js").write_text("import './shared-XyZ98765.js'\nlet a\n")
    manifest = web / ".vite" / "manifest.json"
    manifest.write_text(manifest.read_text().replace("main-AbCd1234", "main-EfGh5678"))
    return made(tmp_path / "second", sample_input(6, seed=2, web=web, pages=True))


def test_a_new_folder_and_an_update(tmp_path: Path, first: Path, second: Path) -> None:
    target = tmp_path / "www"
    done = deploy_folder(first, target)
    assert tree(target) == tree(first)
    assert len(done.changes.added) == len(tree(first)) and done.changes.removed == ()
    again = deploy_folder(first, target)
    assert again.changes.added == () and again.changes.bytes == 0
    update = deploy_folder(second, target)
    assert tree(target) == tree(second)
    assert set(update.changes.removed) == set(tree(first)) - set(tree(second))
    assert update.changes.added[-1] == "manifest.json"
    assert "robots.txt" not in update.changes.added


def test_hashed_files_come_first_and_the_manifest_last(tmp_path: Path, first: Path) -> None:
    added = deploy_folder(first, tmp_path / "www", dry_run=True).changes.added
    assert not (tmp_path / "www").exists()
    in_folders = ["/" in path for path in added]
    assert in_folders == sorted(in_folders, reverse=True)
    assert added[-2:] == ("index.html", "manifest.json")


def test_a_dry_run_changes_nothing(tmp_path: Path, first: Path, second: Path) -> None:
    deploy_folder(first, tmp_path / "www")
    before = tree(tmp_path / "www")
    assert deploy_folder(second, tmp_path / "www", dry_run=True).changes.removed
    assert tree(tmp_path / "www") == before


@pytest.mark.parametrize("start", ["empty", "first"])
def test_visitors_find_a_complete_site_at_each_moment(
    tmp_path: Path, first: Path, second: Path, start: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deployment is stopped before each of its copies; the next one completes it."""
    target = tmp_path / "www"
    if start == "first":
        deploy_folder(first, target)
    count = len(deploy_folder(second, target, dry_run=True).changes.added)
    assert count > 10
    real = REPLACE._copy_whole

    def stops(source: Path, copy: Path) -> None:
        nonlocal left
        if not left:
            raise OSError(5, "Input/output error", str(copy))
        left -= 1
        real(source, copy)

    for steps in range(count):
        left = min(1, steps)
        with monkeypatch.context() as patch, pytest.raises(StorageError, match="Input/output"):
            patch.setattr(REPLACE, "_copy_whole", stops)
            deploy_folder(second, target)
        if start == "first":
            # The manifest is that of the first site, and all that it names is there.
            assert (target / "manifest.json").read_bytes() == (first / "manifest.json").read_bytes()
            missing = set(tree(first)) - set(tree(target))
            assert missing == set()
            PlainSite(target).rows()
        else:
            assert not (target / "manifest.json").exists()
    deploy_folder(second, target)
    assert tree(target) == tree(second)


def test_a_reader_during_deployments_finds_one_whole_build(
    tmp_path: Path, first: Path, second: Path
) -> None:
    """With `keep_old`, a reader that has a manifest gets everything that it names."""
    target = tmp_path / "www"
    deploy_folder(first, target)
    titles: list[int] = []
    problems: list[Exception] = []

    def read(url: str) -> None:
        while deploying.is_alive() or not titles:
            try:
                with open_site(url) as site:
                    # The pages and sw.js are read on their own, not by their names in a manifest.
                    named = [entry for entry in site.entries() if is_immutable(entry.path)]
                    for entry in named:
                        data = urlopen(url + entry.path, timeout=20).read()
                        assert hashlib.sha256(data).hexdigest() == entry.sha256
                    assert len(named) > 10
                    titles.append(site.count)
            except (AssertionError, ImageDBError, OSError) as error:
                problems.append(error)

    def deploy() -> None:
        for number in range(400):
            # A slow reader gets as many deployments as it needs to see both builds.
            if number < 12 or len(set(titles)) < 2:
                deploy_folder(first if number % 2 else second, target, keep_old=True)

    deploying = threading.Thread(target=deploy)
    with SiteServer(target, port=0) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        deploying.start()
        read(server.url)
        server.shutdown()
        serving.join()
    deploying.join()
    assert problems == []
    assert set(titles) == {5, 6}
    deploy_folder(second, target)
    assert tree(target) == tree(second)


def test_old_files_can_be_kept_until_the_next_deployment(
    tmp_path: Path, first: Path, second: Path
) -> None:
    target = tmp_path / "www"
    deploy_folder(first, target)
    done = deploy_folder(second, target, keep_old=True)
    assert done.old > 3 and set(tree(first)) <= set(tree(target))
    assert check_site(target).ok
    deploy_folder(second, target)
    assert tree(target) == tree(second)


def test_a_damaged_file_in_the_target_is_replaced(tmp_path: Path, first: Path) -> None:
    target = tmp_path / "www"
    deploy_folder(first, target)
    damaged = sorted((target / "data").iterdir())[0]
    data = bytearray(damaged.read_bytes())
    data[len(data) // 2] ^= 1
    damaged.write_bytes(data)
    done = deploy_folder(first, target)
    assert done.changes.added == (damaged.relative_to(target).as_posix(),)
    assert tree(target) == tree(first)


def test_a_damaged_site_is_not_published(tmp_path: Path, first: Path, second: Path) -> None:
    deploy_folder(first, tmp_path / "www")
    before = tree(tmp_path / "www")
    sorted((second / "data").iterdir())[0].write_bytes(b"damaged")
    with pytest.raises(CheckError, match="was not published") as raised:
        deploy_folder(second, tmp_path / "www")
    assert "imagedb-site check" in (raised.value.hint or "")
    assert tree(tmp_path / "www") == before


def test_a_disk_that_returns_other_bytes_is_noticed(
    tmp_path: Path, first: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = REPLACE._copy_whole

    def lossy(source: Path, copy: Path) -> None:
        real(source, copy)
        if copy.parent.name == "thumbs":
            copy.write_bytes(b"x")

    with monkeypatch.context() as patch:
        patch.setattr(REPLACE, "_copy_whole", lossy)
        with pytest.raises(CheckError, match="damaged after copying"):
            deploy_folder(first, tmp_path / "www")
    deploy_folder(first, tmp_path / "www")
    assert tree(tmp_path / "www") == tree(first)


def test_the_owners_files_stay(tmp_path: Path, first: Path, second: Path) -> None:
    target = tmp_path / "www"
    (target / ".well-known").mkdir(parents=True)
    (target / ".well-known" / "token").write_text("t")
    (target / ".htaccess").write_text("h")
    (first / "notes.txt").write_text("mine")
    assert deploy_folder(first, target).not_copied == ("notes.txt",)
    deploy_folder(second, target)
    assert (target / ".well-known" / "token").read_text() == "t"
    assert (target / ".htaccess").read_text() == "h"
    assert not (target / "notes.txt").exists()


def test_a_folder_of_something_else_is_refused(tmp_path: Path, first: Path) -> None:
    target = tmp_path / "www"
    target.mkdir()
    (target / "index.html").write_text("another site")
    with pytest.raises(StorageError, match=r"has a file index.html that this program did not"):
        deploy_folder(first, target)
    assert tree(target) == {"index.html": b"another site"}
    with pytest.raises(StorageError, match="does not exist"):
        deploy_folder(first, tmp_path / "not mounted" / "www")
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="is a file"):
        deploy_folder(first, tmp_path / "file")
    for inside in (first, first / "www", first.parent):
        with pytest.raises(UsageError, match="two separate folders"):
            deploy_folder(first, inside)


def test_two_deployments_at_once(tmp_path: Path, first: Path) -> None:
    target = tmp_path / "www"
    target.mkdir()
    other = os.open(target / LOCK, os.O_RDONLY | os.O_CREAT)
    fcntl.flock(other, fcntl.LOCK_EX)
    with pytest.raises(StorageError, match="Another deployment is writing"):
        deploy_folder(first, target)
    os.close(other)
    deploy_folder(first, target)


def test_a_full_disk_leaves_the_old_site(tmp_path: Path, web: Path) -> None:
    small = made(tmp_path / "small", golden_input(web))
    large = made(tmp_path / "large", sample_input(200, web=web, pages=True))
    with small_disk(tmp_path / "www", "640k") as target:
        deploy_folder(small, target)
        before = tree(target)
        with pytest.raises(StorageError, match="the disk is full"):
            deploy_folder(large, target)
        after = tree(target)
        assert {path: after[path] for path in before} == before
        assert check_site(target).ok
        deploy_folder(small, target)
        assert tree(target) == before


def test_a_build_into_a_mount_point_replaces_damaged_files(tmp_path: Path, first: Path) -> None:
    """`swap` uses the same steps if the folder cannot be renamed."""
    target = tmp_path / "www"
    deploy_folder(first, target)
    damaged = sorted((target / "data").iterdir())[0]
    damaged.write_bytes(b"damaged")
    inside = target / ".imagedb-site.building"
    write_site(sample_input(5), inside)
    swap(inside, target)
    assert check_site(target).findings[0].message == "The file is missing."  # no pages
    PlainSite(target).check()
