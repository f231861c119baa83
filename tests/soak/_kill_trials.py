"""What `kills` does with a command: runs it undisturbed, kills it, looks at what is left, runs it again."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from imagedb_site.layout import OWN_NAMES

KILLED = Path(__file__).with_name("_killed.py")
Tree = dict[str, str]
_PROBE = re.compile("[a-z0-9_]{8}")


@dataclass(frozen=True)
class Kill:
    """When and how a process is ended: after a number of seconds, or some milliseconds after an event."""

    number: signal.Signals
    seconds: float = 0
    event: int = 0
    delay_ms: float = 0

    def __str__(self) -> str:
        when = (
            f"event {self.event} + {self.delay_ms:.1f} ms"
            if self.event
            else f"{self.seconds:.3f} s"
        )
        return f"{self.number.name} at {when}"


@dataclass
class Scenario:
    """A command, the folder in which it starts, and what it must never change.

    `start` has what is in the folder before it runs; `arguments` are run with the folder as working folder.
    `collection` is the folder of pictures; the pictures in `untouched` and the bundle must stay as they are.
    `half` says what is wrong with the collection of a killed command.
    """

    name: str
    start: Path
    arguments: Sequence[str]
    fixed: Sequence[Path]
    half: Callable[[Path], str | None] = lambda folder: None
    seconds: float = 0
    events: list[str] = field(default_factory=list)
    before: dict[str, Tree] = field(default_factory=dict)
    after: dict[str, Tree] = field(default_factory=dict)


def tree(folder: Path) -> Tree:
    """The digest of every file below a folder, by its path."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            found[path.relative_to(folder).as_posix()] = digest
    return found


def site_of(folder: Path) -> Tree:
    """The program's own files in the published site."""
    return {
        path: digest
        for path, digest in tree(folder / "dist").items()
        if path.split("/")[0] in OWN_NAMES
    }


def command(arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "imagedb_site.cli.main", *arguments]


def run(
    folder: Path, arguments: Sequence[str], *, wrapped: Kill | None = None
) -> subprocess.Popen[str]:
    """Starts the command line in `folder`, in a process group of its own."""
    chosen = command(arguments)
    if wrapped is not None:
        moment = [str(wrapped.event), str(wrapped.delay_ms), str(int(wrapped.number))]
        chosen = [sys.executable, str(KILLED), str(folder), *moment, *arguments]
    (folder / "tmp").mkdir(exist_ok=True)
    return subprocess.Popen(
        chosen,
        cwd=folder,
        env={**os.environ, "TMPDIR": str(folder / "tmp")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def finish(process: subprocess.Popen[str], timeout_s: float = 300) -> tuple[int, str]:
    """Waits for a process; returns its exit status and what it said."""
    said, _ = process.communicate(timeout=timeout_s)
    return process.returncode, said


def alive(group: int) -> list[int]:
    """The processes of a group that still run (Linux; elsewhere none are found)."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            fields = (entry / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            if int(fields[2]) == group and fields[0] not in "ZX":
                found.append(int(entry.name))
    return found


def outlived(group: int, patience_s: float = 5) -> bool:
    """Whether workers are still there some seconds after their parent was killed; ends them."""
    end = time.monotonic() + patience_s
    while alive(group):
        if time.monotonic() > end:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
            return True
        time.sleep(0.02)
    return False


def undisturbed(scenario: Scenario, folder: Path) -> None:
    """Runs the command once to its end: what it makes, how long it takes, which events it has."""
    _lay_out(scenario, folder)
    scenario.before = _look(folder)
    started = time.monotonic()
    status, said = finish(run(folder, scenario.arguments, wrapped=Kill(signal.SIGKILL)))
    scenario.seconds = time.monotonic() - started
    if status:
        raise RuntimeError(f"{scenario.name}: exit status {status}\n{said}")
    scenario.events = (folder / "events").read_text().splitlines()
    (folder / "events").unlink()
    scenario.after = _look(folder)


def trial(scenario: Scenario, folder: Path, kill: Kill) -> tuple[bool, list[str], list[str]]:
    """Kills the command once and runs it again.

    Returns whether it was killed before its end, what was lost, and what differs from an undisturbed run.
    """
    _lay_out(scenario, folder)
    fixed = [_stamp(path) for path in scenario.fixed]
    process = run(folder, scenario.arguments, wrapped=kill if kill.event else None)
    if not kill.event:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(kill.seconds)
        if process.poll() is None:
            process.send_signal(kill.number)
    status, said = finish(process)
    lost = []
    if outlived(process.pid):
        lost.append("a worker outlived its parent")
    if status not in (0, -kill.number, 128 + kill.number):
        lost.append(f"exit status {status}: {said[-600:]}")
    # Before the program has begun, an interrupt is Python's own to report.
    begun = not kill.seconds or not status or ", in main" in said
    if "Traceback" in said and begun:
        lost.append(f"a traceback: {said[-600:]}")
    lost += _lost(scenario, folder)
    if status == 128 + kill.number:
        # An interrupt that arrives while a lock is given back leaves its empty file to the next run.
        left = [path for path in _left(scenario, folder) if not path.endswith(".lock")]
        lost += [f"an interrupt left {path}" for path in left]
    killed = status != 0
    status, said = finish(run(folder, scenario.arguments))
    different = []
    if status:
        different.append(f"the next run ends with {status}: {said[-600:]}")
    else:
        different += [f"the next run leaves {path}" for path in _left(scenario, folder)]
        now = _look(folder)
        different += [f"another {name}" for name in now if now[name] != scenario.after[name]]
    if [_stamp(path) for path in scenario.fixed] != fixed:
        lost.append("the sources have changed")
    return killed, lost, different


def _lay_out(scenario: Scenario, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(scenario.start, folder, symlinks=True)


def _look(folder: Path) -> dict[str, Tree]:
    owner = {
        path: digest
        for path, digest in tree(folder / "dist").items()
        if path.split("/")[0] not in OWN_NAMES
    }
    return {"site": site_of(folder), "owner": owner, "pictures": tree(folder / "pictures")}


def _stamp(path: Path) -> object:
    """What an untouched file or folder keeps."""
    if path.is_dir():
        return [_stamp(entry) for entry in sorted(path.rglob("*")) if entry.is_file()]
    status = path.stat()
    return path, status.st_mtime_ns, status.st_size, status.st_ino, path.read_bytes()


def _lost(scenario: Scenario, folder: Path) -> list[str]:
    """What a killed command has damaged."""
    lost = []
    site = site_of(folder)
    if site not in (scenario.before["site"], scenario.after["site"]):
        lost.append("the published site is neither the old nor the new one")
    building = tree(folder / ".dist.building")
    for path, digest in scenario.before["owner"].items():
        here = tree(folder / "dist").get(path)
        # A folder of the owner follows the exchange a moment later, or with the next run.
        if digest not in (here, building.get(path) if "/" in path else None):
            lost.append(f"{path} of the owner")
    for path, digest in scenario.before["pictures"].items():
        file = folder / "pictures" / path
        if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != digest:
            lost.append(f"the picture {path}")
    wrong = scenario.half(folder)
    return [*lost, wrong] if wrong else lost


def _left(scenario: Scenario, folder: Path) -> list[str]:
    """What nothing and nobody needs after a run."""
    expected = {"dist", "dist.library", "tmp", *(path.name for path in scenario.start.iterdir())}
    found = [path for path in folder.iterdir() if path.name not in expected]
    # Python itself tries a folder for temporary files out with a file of such a name.
    found += [path for path in (folder / "tmp").iterdir() if not _PROBE.fullmatch(path.name)]
    if (folder / "dist.library").is_dir():
        names = ("library.db", "library.db-wal", "library.db-shm")
        found += [path for path in (folder / "dist.library").iterdir() if path.name not in names]
    found += [path for path in (folder / "dist").rglob(".*") if path.name.endswith(".partial")]
    found += (folder / "pictures").rglob(".imagedb-*")
    return [path.relative_to(folder).as_posix() for path in found]
