"""Finds the workers of a build on Ray among the processes of this machine (Linux)."""

from __future__ import annotations

import os
from pathlib import Path


def ray_workers() -> list[int]:
    """The workers of a Ray that this process has started: their parent is its raylet, a child of ours."""
    parents, found = {}, []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            # The name, in brackets, may contain anything; state and parent follow it (proc(5)).
            status = (path / "stat").read_text(errors="replace").rpartition(")")[2].split()
            name = (path / "cmdline").read_bytes()
        except OSError:
            continue
        parents[int(path.name)] = int(status[1])
        if name.startswith(b"ray::") and b"_Actor" in name:
            found.append(int(path.name))
    return [pid for pid in found if parents.get(parents.get(pid, 0)) == os.getpid()]
