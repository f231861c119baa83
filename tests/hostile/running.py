"""Runs the program under limits and says what went wrong: a traceback, a hang, a crash, too much memory."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from imagedb_site.display import shown

MEMORY = 6 << 30
"""Bytes of address space for each process; a build with a model needs about half of it."""
CODES = frozenset({*range(10)})
"""The exit codes that the program documents (errors.py), and 0."""


@dataclass(frozen=True)
class Outcome:
    """The end of a command. `fault` says what should never happen; empty if nothing did."""

    code: int | None
    out: str
    err: str
    fault: str


def run(*arguments: str | Path, cwd: Path, seconds: float = 120, memory: int = MEMORY) -> Outcome:
    """Runs `imagedb-site` in a folder with a limit on time and memory."""
    command = [sys.executable, "-m", "imagedb_site.cli.main", *map(str, arguments)]

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))

    try:
        done = subprocess.run(
            command, cwd=cwd, capture_output=True, timeout=seconds, preexec_fn=limit, check=False
        )
    except subprocess.TimeoutExpired:
        return Outcome(None, "", "", f"it did not end within {seconds:.0f} s")
    out, err = (text.decode("utf-8", "replace") for text in (done.stdout, done.stderr))
    return Outcome(done.returncode, out, err, _fault(done.returncode, out, err))


def run_module(
    *arguments: str, cwd: Path, seconds: float | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs a module of the tests in another folder. The child finds modules where this process does."""
    places = os.pathsep.join(str(Path(place).resolve()) for place in sys.path)
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": places},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def _fault(code: int, out: str, err: str) -> str:
    if "Traceback" in err:
        return f"a traceback: {err.strip().splitlines()[-1][:300]}"
    if code not in CODES:
        return f"exit code {code}: {err[-300:]}"
    for text in (out, err):
        for line in text.split("\n"):
            if shown(line) != line:
                return f"a line that is not safe to show: {line[:200]!r}"
    return ""
