"""Publishing: the old site stays complete until the new one is, and no file of the owner is ever lost."""

from __future__ import annotations

import ctypes
import dataclasses
import errno
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from plain_site import PlainSite
from site_samples import sample_input, small_disk, tree

from imagedb_site.errors import FormatError, StorageError
from imagedb_site.site import SiteInput, SiteReport, publish, swap, workspace, write_site

SWAP = sys.modules["imagedb_site.site.swap"]
REPLACE = sys.modules["imagedb_site.site.replace"]


def put(site: SiteInput, out: Path) -> SiteReport:
    return publish(site, out, verify=lambda folder: PlainSite(folder).check())


class Refusing:
    """A C library whose calls for exchanging two folders fail with an error number."""

    def __init__(self, number: int) -> None:
        self.number = number

    def renameat2(self, *_: object) -> int:
        ctypes.set_errno(self.number)
        return -1

    renamex_np = renameat2


def without_exchange(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: Refusing(number))


@pytest.fixture(params=["exchange", "two renames", "mount point"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every way of replacing the site must give the same guarantees."""
    if request.param == "two renames":
        without_exchange(monkeypatch, errno.ENOSYS)
    if request.param == "mount point":
        real = os.path.ismount
        monkeypatch.setattr(
            os.path, "ismount", lambda path: Path(path).name == "dist" or real(path)
        )
    return request.param


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_first_and_second_build(tmp_path: Path, way: str) -> None:
    out = tmp_path / "dist"
    put(sample_input(5), out)
    put(sample_input(6, seed=2), out)
    PlainSite(out).check()
    write_site(sample_input(6, seed=2), tmp_path / "fresh")
    assert tree(out) == tree(tmp_path / "fresh")
    assert names(tmp_path) == ["dist", "fresh"]


def test_an_unchanged_build_changes_nothing(tmp_path: Path, way: str) -> None:
    out = tmp_path / "dist"
    put(sample_input(5), out)
    before = tree(out)
    report = put(sample_input(5), out)
    assert tree(out) == before
    assert report.reused == report.files - 1


def test_the_owners_files_stay(tmp_path: Path, way: str) -> None:
    out = tmp_path / "dist"
    put(sample_input(5), out)
    (out / "CNAME").write_text("pictures.example.org\n")
    (out / ".git").mkdir()
    (out / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    put(sample_input(6, seed=2), out)
    assert (out / "CNAME").read_text() == "pictures.example.org\n"
    assert (out / ".git" / "HEAD").is_file()
    assert PlainSite(out).count == 6


@pytest.mark.parametrize("content", ["file in it", "foreign manifest", "a file"])
def test_refuses_what_is_not_a_site(tmp_path: Path, content: str) -> None:
    out = tmp_path / "Pictures"
    if content == "a file":
        out.write_text("not a folder")
    else:
        out.mkdir()
        name = "photo.jpg" if content == "file in it" else "manifest.json"
        (out / name).write_text('{"name": "a web app"}')
    before = names(tmp_path)
    with pytest.raises(StorageError):
        put(sample_input(), out)
    assert names(tmp_path) == before
    fresh = tmp_path / "fresh"
    write_site(sample_input(), fresh)
    with pytest.raises(StorageError):
        swap(fresh, out)
    assert fresh.is_dir()


@pytest.mark.parametrize("step", ["write", "verify", "swap"])
def test_a_failure_leaves_the_old_site(
    tmp_path: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "dist"
    put(sample_input(5), out)
    before = tree(out)
    site = sample_input(6, seed=2)
    verify = lambda folder: None  # noqa: E731
    if step == "write":

        def broken(row: int) -> bytes:
            if row == 3:
                raise StorageError("Cannot write x: the disk is full.")
            return b"x" * (row + 1)

        site = dataclasses.replace(site, thumbnail=broken)
    elif step == "verify":

        def verify(folder: Path) -> None:
            raise FormatError("wrong")
    else:
        without_exchange(monkeypatch, errno.ENOSPC)
    with pytest.raises((StorageError, FormatError)):
        publish(site, out, verify=verify)
    assert tree(out) == before
    assert names(tmp_path) == ["dist"]


def test_a_failed_second_rename_is_undone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "dist"
    put(sample_input(5), out)
    before = tree(out)
    without_exchange(monkeypatch, errno.ENOSYS)
    real = Path.rename

    def rename(self: Path, target: Path) -> Path:
        if self.name.endswith(".building"):
            raise OSError(errno.EIO, "Input/output error")
        return real(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(StorageError):
        put(sample_input(6, seed=2), out)
    assert tree(out) == before
    assert names(tmp_path) == ["dist"]


def test_remains_of_a_killed_build_are_cleaned(tmp_path: Path) -> None:
    out = tmp_path / "dist"
    put(sample_input(5), out)
    half = tmp_path / ".dist.building"
    (half / "thumbs").mkdir(parents=True)
    (half / "thumbs" / "0123456789abcdef.webp").write_bytes(b"half")
    put(sample_input(6, seed=2), out)
    assert names(tmp_path) == ["dist"]
    assert not (out / "thumbs" / "0123456789abcdef.webp").exists()
    PlainSite(out).check()


def test_a_kill_between_two_renames_is_repaired(tmp_path: Path) -> None:
    out = tmp_path / "dist"
    put(sample_input(5), out)
    (out / "CNAME").write_text("pictures.example.org")
    out.rename(tmp_path / ".dist.before")
    with pytest.raises(RuntimeError), workspace(out):
        raise RuntimeError("this build fails too")
    assert PlainSite(out).count == 5
    assert (out / "CNAME").is_file()
    assert names(tmp_path) == ["dist"]


def test_a_kill_after_the_exchange_loses_no_file_of_the_owner(tmp_path: Path) -> None:
    out = tmp_path / "dist"
    put(sample_input(5), out)
    (out / ".git").mkdir()
    (out / ".git" / "HEAD").write_text("ref")
    write_site(sample_input(6, seed=2), tmp_path / "new")
    out.rename(tmp_path / ".dist.building")
    (tmp_path / "new").rename(out)
    put(sample_input(7, seed=3), out)
    assert (out / ".git" / "HEAD").read_text() == "ref"
    assert names(tmp_path) == ["dist"]


def test_files_of_the_owner_that_clash_are_kept_aside(tmp_path: Path) -> None:
    out = tmp_path / "dist"
    put(sample_input(5), out)
    (out / "CNAME").write_text("new")
    aside = tmp_path / ".dist.building"
    aside.mkdir()
    (aside / "CNAME").write_text("old")
    with pytest.raises(StorageError, match="also in"):
        put(sample_input(5), out)
    assert (aside / "CNAME").read_text() == "old"
    assert (out / "CNAME").read_text() == "new"


def test_one_build_at_a_time(tmp_path: Path) -> None:
    out = tmp_path / "dist"
    with (
        workspace(out) as folder,
        pytest.raises(StorageError, match="Another build"),
        workspace(out),
    ):
        pass
    assert not folder.exists()
    put(sample_input(), out)


def test_a_link_to_the_folder_stays_a_link(tmp_path: Path) -> None:
    real = tmp_path / "disk" / "site"
    real.mkdir(parents=True)
    out = tmp_path / "dist"
    out.symlink_to(real)
    put(sample_input(5), out)
    put(sample_input(6, seed=2), out)
    assert out.is_symlink()
    assert PlainSite(real).count == 6


def test_a_half_site_is_not_swapped_in(tmp_path: Path) -> None:
    put(sample_input(5), tmp_path / "dist")
    (tmp_path / "half").mkdir()
    with pytest.raises(StorageError, match="not a finished site"):
        swap(tmp_path / "half", tmp_path / "dist")
    assert PlainSite(tmp_path / "dist").count == 5


KILLED = """
import os, signal, sys
sys.path.insert(0, {tests!r})
from pathlib import Path
from site_samples import sample_input
import ctypes
import dataclasses
from imagedb_site.site import publish
site = sample_input(40, seed=2)
real = site.thumbnail
def thumbnail(row):
    if row == {row}:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(row)
publish(dataclasses.replace(site, thumbnail=thumbnail), Path({out!r}), verify=lambda f: None)
"""


def test_kill_9_in_the_middle(tmp_path: Path) -> None:
    out = tmp_path / "dist"
    put(sample_input(5), out)
    before = tree(out)
    code = KILLED.format(tests=str(Path(__file__).parent), row=20, out=str(out))
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    assert tree(out) == before
    assert names(tmp_path) == [".dist.building", ".dist.lock", "dist"]
    put(sample_input(40, seed=2), out)
    write_site(sample_input(40, seed=2), tmp_path / "fresh")
    assert tree(out) == tree(tmp_path / "fresh")
    assert names(tmp_path) == ["dist", "fresh"]


def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    """A file system of 300 kB holds the first site and not the second one beside it."""
    with small_disk(tmp_path / "disk", "300k") as disk:
        out = disk / "dist"
        put(sample_input(20), out)
        before = tree(out)
        with pytest.raises(StorageError, match="disk is full"):
            put(sample_input(400, seed=2), out)
        assert tree(out) == before
        assert names(disk) == ["dist"]
        put(sample_input(21), out)
        PlainSite(out).check()


class Stop(BaseException):
    """Ends a build in a test like a kill: nothing catches it."""


@pytest.mark.parametrize("at", range(0, 30, 3))
def test_a_mount_point_is_resumed_after_a_kill_in_its_first_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """Files are put into the empty folder one by one; what is there without a manifest is ours."""
    out = tmp_path / "dist"
    out.mkdir()
    real, copied = REPLACE._copy_whole, []

    def stops(source: Path, target: Path) -> None:
        if len(copied) == at:
            raise Stop
        copied.append(target)
        real(source, target)

    ismount = os.path.ismount
    monkeypatch.setattr(os.path, "ismount", lambda path: Path(path).name == "dist" or ismount(path))
    with monkeypatch.context() as patch, suppress(Stop):
        patch.setattr(REPLACE, "_copy_whole", stops)
        put(sample_input(5), out)
    put(sample_input(6, seed=2), out)
    write_site(sample_input(6, seed=2), tmp_path / "fresh")
    assert tree(out) == tree(tmp_path / "fresh")


def test_a_folder_is_not_taken_for_a_started_site(tmp_path: Path) -> None:
    out = tmp_path / "dist"
    (out / "data").mkdir(parents=True)
    (out / "index.html").write_text("mine")
    with pytest.raises(StorageError, match="did not write"):
        put(sample_input(5), out)
    assert (out / "index.html").read_text() == "mine"


def test_an_interrupt_after_the_exchange_keeps_the_owners_files_in_the_site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "dist"
    put(sample_input(5), out)
    (out / "CNAME").write_text("pictures.example.org")
    (out / ".git").mkdir()
    (out / ".git" / "HEAD").write_text("ref")

    def stopped(folder: Path) -> None:
        # A file has both names: a deployment at this moment would not lack it.
        assert (out / "CNAME").read_text() == "pictures.example.org"
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(SWAP, "settle_names", stopped)
        put(sample_input(6, seed=2), out)
    assert PlainSite(out).count == 6
    assert (out / ".git" / "HEAD").read_text() == "ref"
    assert names(tmp_path) == ["dist"]


def test_files_that_a_killed_build_was_writing_are_removed(tmp_path: Path, way: str) -> None:
    out = tmp_path / "dist"
    put(sample_input(5), out)
    for name in ("index.html", "manifest.json"):
        (out / f".{name}.partial").write_text("half")
    put(sample_input(6, seed=2), out)
    assert not list(out.rglob("*.partial"))
