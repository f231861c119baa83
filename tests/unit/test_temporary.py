"""Locks and temporary folders: a killed process leaves nothing that stays, and a living one loses nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from imagedb_site.errors import StorageError
from imagedb_site.locks import locked
from imagedb_site.temporary import TemporaryFolder, remove_abandoned

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has none of these locks")

FOLDER = """
import sys, time
from pathlib import Path
from imagedb_site.temporary import TemporaryFolder
with TemporaryFolder("work-", Path(sys.argv[1])) as folder:
    Path(folder, "data").write_text("x")
    print(folder, flush=True)
    time.sleep(60)
"""
LOCK = """
import sys, time
from pathlib import Path
from imagedb_site.errors import StorageError
from imagedb_site.locks import locked
with locked(Path(sys.argv[1]), StorageError("busy")):
    print("locked", flush=True)
    time.sleep(60)
"""


@contextmanager
def process(code: str, argument: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has done its part; it is killed at the end."""
    command = [sys.executable, "-c", code, str(argument)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        assert started.stdout.readline()
        try:
            yield started
        finally:
            started.kill()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_folder_of_a_killed_process_is_removed_and_that_of_a_living_one_stays(
    tmp_path: Path,
) -> None:
    with process(FOLDER, tmp_path) as other:
        (theirs,) = names(tmp_path)
        with TemporaryFolder("work-", tmp_path) as mine:
            assert names(tmp_path) == sorted([theirs, Path(mine).name])
        assert names(tmp_path) == [theirs]
        assert (tmp_path / theirs / "data").exists()
        other.kill()
        other.wait()
        with TemporaryFolder("work-", tmp_path) as mine:
            assert names(tmp_path) == [Path(mine).name]
    assert names(tmp_path) == []


def test_only_folders_of_this_program_and_user_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("work-empty", "work-new", "work-full", "work-free", "other", "elsewhere"):
        (tmp_path / name).mkdir()
    (tmp_path / "work-new" / "lock.new").touch()
    (tmp_path / "work-full" / "photo.jpg").touch()
    (tmp_path / "work-free" / "lock").touch()
    (tmp_path / "elsewhere" / "lock").touch()
    (tmp_path / "work-file").touch()
    (tmp_path / "work-link").symlink_to(tmp_path / "elsewhere")
    with monkeypatch.context() as patch:
        patch.setattr(os, "geteuid", lambda: 12345)
        remove_abandoned("work-", tmp_path)
    assert len(names(tmp_path)) == 8
    remove_abandoned("work-", tmp_path)
    kept = ["elsewhere", "other", "work-file", "work-full", "work-link"]
    assert names(tmp_path) == kept
    assert (tmp_path / "elsewhere" / "lock").exists()
    # A folder of an earlier version, which has no lock, goes after a week.
    week = time.time() - 8 * 24 * 3600
    os.utime(tmp_path / "work-full", (week, week))
    remove_abandoned("work-", tmp_path)
    assert names(tmp_path) == [name for name in kept if name != "work-full"]


def test_many_folders_at_once_do_not_remove_each_other(tmp_path: Path) -> None:
    lost = []

    def work() -> None:
        for _ in range(30):
            with TemporaryFolder("work-", tmp_path) as folder:
                file = Path(folder, "data")
                file.write_text("x")
                if not file.exists():
                    lost.append(folder)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert lost == [] and names(tmp_path) == []


def test_a_lock_is_held_by_one_process_and_free_after_a_kill(tmp_path: Path) -> None:
    file = tmp_path / "build.lock"
    refusal = StorageError("Another build is at work.")
    with process(LOCK, file) as other:
        with pytest.raises(StorageError, match="Another build"), locked(file, refusal):
            pass
        other.kill()
        other.wait()
        assert file.exists()
        with locked(file, refusal), pytest.raises(StorageError), locked(file, refusal):
            pass
    assert names(tmp_path) == []


def test_one_at_a_time_whatever_happens_to_the_lock_file(tmp_path: Path) -> None:
    """Threads that take turns as fast as they can: the file is removed and created again all the time."""
    file, inside, most, taken = tmp_path / "lock", [0], [0], [0]

    def work() -> None:
        for _ in range(60):
            try:
                with locked(file, StorageError("busy")):
                    inside[0] += 1
                    most[0] = max(most[0], inside[0])
                    taken[0] += 1
                    time.sleep(0.0005)
                    inside[0] -= 1
            except StorageError:
                time.sleep(0.0005)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] and taken[0] > 10


def test_without_locks_a_folder_in_use_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows and some network drives: only age tells there."""
    monkeypatch.setattr("imagedb_site.temporary.try_lock", lambda descriptor: None)
    with TemporaryFolder("work-", tmp_path) as mine, TemporaryFolder("work-", tmp_path) as other:
        assert Path(mine).exists() and Path(other).exists()
        with locked(tmp_path / "lock", StorageError("busy")):
            pass
    assert names(tmp_path) == []
