"""Locks what the project is built, tested and released with, for all platforms and Pythons.

    python release/lock.py            # keeps the locked versions as far as they still fit
    python release/lock.py --upgrade  # takes the newest versions

Every file pins every package with the hashes of its files; pip refuses anything else.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HEADER = (
    "# Made by `make lock`. pip checks the hashes: `pip install --require-hashes -r` this file.\n"
)
# Name of the file, what it locks, and the file whose versions it keeps to.
FILES = {
    "run.txt": (["pyproject.toml"], None),
    "build.txt": (["pyproject.toml", "requirements/build.in"], "run.txt"),
    "dev.txt": (
        [
            *("pyproject.toml", "requirements/build.in"),
            *("--extra", "dev", "--extra", "map", "--extra", "parquet", "--extra", "ray"),
        ],
        "build.txt",
    ),
    "map.txt": (["pyproject.toml", "--extra", "map"], "dev.txt"),
    "release.txt": (["requirements/release.in"], "dev.txt"),
}
OPTIONS = ["--universal", "--python-version", "3.11", "--generate-hashes"]
QUIET = ["--quiet", "--no-header", "--no-annotate"]


def main(extra: list[str]) -> int:
    for name, (sources, base) in FILES.items():
        target = ROOT / "requirements" / name
        kept = ["--constraint", f"requirements/{base}"] if base else []
        command = ["uv", "pip", "compile", *OPTIONS, *QUIET, *extra, *sources, *kept]
        done = subprocess.run([*command, "--output-file", str(target)], cwd=ROOT)
        if done.returncode:
            print(f"{name} was not locked. The message above says why.", file=sys.stderr)
            return done.returncode
        target.write_text(HEADER + target.read_text(encoding="utf-8"), encoding="utf-8")
        print(f"{name}: {target.read_text(encoding='utf-8').count('==')} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
