"""Runs a target under atheris, which finds inputs that reach new code. Install it with `pip install atheris`.

    PYTHONPATH=tests python -m hostile.guided queries -max_total_time=60

What comes after the target's name are options of libFuzzer. An input that fails is written to the current
folder; put it into tests/fuzz/cases/TARGET.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris  # type: ignore[import-not-found, unused-ignore]

with atheris.instrument_imports(include=["imagedb_site"]):
    from hostile.targets import TARGETS, attempt


def main(name: str) -> None:
    """Fuzzes the target with its seeds as the first inputs."""
    target = TARGETS[name]
    with tempfile.TemporaryDirectory(prefix="hostile-corpus-") as folder:
        for number, seed in enumerate(target.seeds()):
            (Path(folder) / str(number)).write_bytes(seed)

        def try_one(data: bytes) -> None:
            attempt(target, data)

        atheris.Setup([sys.argv[0], *sys.argv[2:], folder], try_one)
        atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1])
