"""Builds the wheel and its bill of materials.

    python release/build_wheel.py FOLDER

The time stamps in the wheel are those of the last commit, so the same commit gives the same bytes.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import sbom

ROOT = Path(__file__).resolve().parents[1]


def build(source: Path, folder: Path, epoch: int) -> Path:
    """Build the wheel of the checkout in `source` into `folder`, and return its path."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    env = dict(os.environ, SOURCE_DATE_EPOCH=str(epoch))
    subprocess.run(command, cwd=source, env=env, check=True, stdout=subprocess.DEVNULL)
    return max(folder.glob("*.whl"), key=lambda path: path.stat().st_mtime_ns)


def commit_time() -> int:
    """The time of the last commit in seconds, or 1980 outside of git."""
    command = ["git", "log", "-1", "--format=%ct"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return int(done.stdout.strip() or 315532800)


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "wheels").resolve()
    target.mkdir(parents=True, exist_ok=True)
    wheel = build(ROOT, target, commit_time())
    print(wheel)
    print(sbom.main(wheel))
