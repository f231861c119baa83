"""Places that cannot be written to, or not any more: one clear sentence; the published site stays."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from imagedb_site.check import check_site
from imagedb_site.errors import StorageError
from imagedb_site.locks import locked

from .conftest import make_pictures, tree

BUNDLE = Path(__file__).parents[1] / "golden" / "bundle-tiny.zip"
pytestmark = pytest.mark.skipif(os.name == "nt", reason="permissions do not bind here")

# Builds `pictures` into `dist`; when the build reports the step, the path gets the mode.
BUILD = """
import json, os, sys, tempfile
from pathlib import Path
from imagedb_site.build import build
from imagedb_site.config import BuildConfig
from imagedb_site.errors import ImageDBError

def run(step, path, mode, title):
    def progress(name, done, total):
        if name == step:
            os.chmod(path, mode)
    config = BuildConfig(
        Path("pictures"), Path("dist"), title=title, model="none", workers=1, originals="copy"
    )
    try:
        report = build(config, progress=progress)
        return {"problems": [[p.key, p.reason] for p in report.problems]}
    except ImageDBError as error:
        return {"error": str(error), "code": error.exit_code}

print(json.dumps([run(*case) for case in json.loads(sys.argv[1])]))
"""


def bound_by_permissions() -> None:
    """In a new process of root: take away the power to read and write everything."""
    if os.geteuid() == 0:
        library = ctypes.CDLL(None)
        for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
            library.prctl(24, capability)  # PR_CAPBSET_DROP


def run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        preexec_fn=bound_by_permissions,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def builds(folder: Path, *cases: tuple[str, str, int, str], **environment: str) -> list[Any]:
    done = run(folder, "-c", BUILD, json.dumps(cases), **environment)
    assert done.returncode == 0, done.stderr
    found: list[Any] = json.loads(done.stdout)
    return found


def cli(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(folder, "-m", "imagedb_site.cli.main", *arguments)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder with six pictures, in which everything is writable again at the end."""
    make_pictures(tmp_path / "pictures", 6)
    yield tmp_path
    for path in [tmp_path, *tmp_path.rglob("*")]:
        if path.is_dir():
            path.chmod(0o755)


def left_over(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


def test_permissions_that_are_lost_during_a_build_leave_the_site(folder: Path) -> None:
    assert builds(folder, ("", "", 0, "first")) == [{"problems": []}]
    before = tree(folder / "dist")
    (swapped,) = builds(folder, ("verify", ".", 0o555, "second"))
    assert swapped["code"] == 8 and "permission is denied" in swapped["error"]
    assert tree(folder / "dist") == before
    folder.chmod(0o755)
    (written,) = builds(folder, ("documents", ".dist.building", 0o555, "second"))
    assert written["code"] == 8 and "permission is denied" in written["error"]
    assert ".dist.building" in written["error"] and tree(folder / "dist") == before
    # What could not be removed then is removed now.
    if (folder / ".dist.building").exists():
        (folder / ".dist.building").chmod(0o755)
    picture = "pictures/cat/image_00.jpg"
    (lost,) = builds(folder, ("thumbnails", picture, 0, "second"))
    assert [key for key, _ in lost["problems"]] == ["cat/image_00.jpg"]
    assert "permission denied" in lost["problems"][0][1]
    assert left_over(folder) == [] and tree(folder / "dist") != before


def test_places_that_cannot_be_written_to_are_named_at_once(folder: Path) -> None:
    """Before any picture is decoded, so that hours of work do not end there."""
    pictures = str(folder / "pictures")
    (folder / "closed").mkdir(mode=0o555)
    (folder / "temporary").mkdir(mode=0o555)
    for option, place in (("-o", "closed/dist"), ("--library", "closed/library")):
        done = cli(folder, "build", pictures, "--model", "none", "-q", option, place)
        assert (done.returncode, done.stdout) == (8, "")
        first, _ = done.stderr.splitlines()
        assert first.startswith(f"Error: Cannot write {folder if option == '-o' else ''}")
        assert "closed" in first and first.endswith("permission is denied.")
        assert left_over(folder) == [] and not (folder / "dist").exists()
    (done,) = builds(folder, ("", "", 0, "t"), TMPDIR=str(folder / "temporary"))
    assert "problems" in done or done["code"] == 8


def test_pictures_on_read_only_media(folder: Path) -> None:
    """Nothing is written beside the pictures, not even for a moment; `add` says that it cannot."""
    pictures = folder / "pictures"
    paths = [pictures, *pictures.rglob("*")]
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = {path: path.stat().st_mtime_ns for path in paths}
    for options in (["--originals", "copy"], ["--originals", "link"]):
        done = cli(folder, "build", "pictures", "--model", "none", "-q", *options)
        assert done.returncode == 0, done.stderr
    assert {path: path.stat().st_mtime_ns for path in [pictures, *pictures.rglob("*")]} == before
    added = cli(folder, "add", str(BUNDLE), "pictures", "--model", "none", "-q")
    assert added.returncode == 8
    assert added.stderr.startswith("Error: Cannot write pictures: permission is denied.")
    assert sorted(path.name for path in pictures.iterdir()) == ["cat", "dog", "red_car"]


def test_two_builds_and_two_adds_at_once(folder: Path) -> None:
    pictures = str(folder / "pictures")
    busy = StorageError("never")
    with locked(folder / ".dist.lock", busy):
        done = cli(folder, "build", pictures, "--model", "none", "-q")
        assert done.returncode == 8
        assert done.stderr.startswith(f"Error: Another build is writing to {folder / 'dist'}.")
    (folder / "shared").mkdir()
    with locked(folder / "shared" / "build.lock", busy):
        done = cli(folder, "build", pictures, "--model", "none", "-q", "--library", "shared")
        assert done.returncode == 6
        assert done.stderr.startswith("Error: Another build is using the library shared.")
    with locked(folder / "pictures" / ".imagedb-add.lock", busy):
        done = cli(folder, "add", str(BUNDLE), pictures, "--model", "none", "-q")
        assert done.returncode == 8
        assert "Another `imagedb-site add` is writing to" in done.stderr
    assert sorted(path.name for path in folder.iterdir()) == ["pictures", "shared"]


def test_real_processes_at_once(folder: Path) -> None:
    """Two builds, one of which may be refused, then a build and an `add`: nothing is lost or mixed."""

    def together(*commands: tuple[str, ...]) -> list[tuple[int, str]]:
        command = [sys.executable, "-m", "imagedb_site.cli.main"]
        started = [
            subprocess.Popen(
                [*command, *arguments, "--model", "none", "-q"],
                cwd=folder,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            for arguments in commands
        ]
        said = [process.communicate(timeout=300)[0] for process in started]
        return [(process.returncode, text) for process, text in zip(started, said, strict=True)]

    build = ("build", "pictures")
    codes = [code for code, _ in together(build, build)]
    assert 0 in codes and set(codes) <= {0, 8}
    found = together(build, ("add", str(BUNDLE), "pictures"))
    assert [code for code, _ in found] == [0, 0], found
    assert cli(folder, *build, "--model", "none", "-q").returncode == 0
    report = check_site(str(folder / "dist"))
    assert (report.count, report.findings) == (9, ())
    assert left_over(folder) == [] and left_over(folder / "pictures") == []
