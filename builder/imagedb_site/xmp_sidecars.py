"""Reads the XMP sidecars of a build into the library: those that are new or have changed."""

from __future__ import annotations

import stat
import time
from pathlib import Path

from .keys import key_of
from .library import Library, Stage, XmpFile
from .pictures import DETAILS_VERSION, MAX_SIDECAR, read_sidecar
from .records import Problem, Progress

_BATCH = 200
_SETTLED_NS = 2_000_000_000
_STEP = "read XMP sidecars"


def read_sidecars(
    stage: Stage, library: Library, progress: Progress, *, again: bool = False
) -> list[Problem]:
    """Makes sure the library knows what the sidecars of the staged pictures say.

    Returns a problem for each sidecar that cannot be read, or only in part; its picture stays. With `again`
    all of them are read, even those whose times and sizes are known.
    """
    problems: list[Problem] = []
    batch: list[XmpFile] = []
    seen: set[Path] = set()
    for key, path in stage.xmp_files():
        if path in seen:
            continue
        seen.add(path)
        known = None if again else library.xmp_file(path, details=DETAILS_VERSION)
        state = _state(path)
        if known is None or known.state != state:
            known = _read(path, state)
            batch.append(known)
        if known.reason:
            folder, slash, _ = key.rpartition("/")
            problems.append(Problem(f"{folder}{slash}{key_of(path.name)}", known.reason))
        if len(batch) >= _BATCH:
            _store(library, batch)
            batch = []
        if len(seen) % _BATCH == 0:
            progress(_STEP, len(seen), None)
    _store(library, batch)
    if seen:
        progress(_STEP, len(seen), len(seen))
    return problems


def _store(library: Library, files: list[XmpFile]) -> None:
    with library.transaction():
        for file in files:
            library.put_xmp_file(file, details=DETAILS_VERSION)


def _state(path: Path) -> str:
    """Returns what changes with the file, even if somebody puts its modification time back.

    Of a file that has just changed it is never the same, because a further change could keep its times.
    """
    try:
        found = path.stat()
    except OSError:
        return ""
    now = time.time_ns()
    recent = f" {now}" if found.st_ctime_ns > now - _SETTLED_NS else ""
    return f"{found.st_mtime_ns} {found.st_ctime_ns} {found.st_ino} {found.st_size}{recent}"


def _read(path: Path, state: str) -> XmpFile:
    try:
        # A pipe would never end.
        if not stat.S_ISREG(path.stat().st_mode):
            return XmpFile(path, state, {}, "the XMP sidecar is not a regular file")
        with path.open("rb") as file:
            data = file.read(MAX_SIDECAR + 1)
    except OSError as error:
        reason = (error.strerror or "input/output error").lower()
        return XmpFile(path, "", {}, f"the XMP sidecar cannot be read: {reason}")
    fields, damage = read_sidecar(data)
    return XmpFile(path, state, fields, damage)
