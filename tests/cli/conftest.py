"""A small generated collection, and the command line run on it."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from imagedb_site.cli.main import run

ROOT = Path(__file__).parents[2]
PACK = ROOT / "tests" / "golden" / "pack-tiny"
WEB = ROOT / "builder" / "imagedb_site" / "_web"

Cli = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session", autouse=True)
def web() -> None:
    if not (WEB / ".vite" / "manifest.json").exists():
        pytest.fail("The web application is not built; `make test` builds it (`make web` alone).")


def make_pictures(folder: Path, count: int = 12) -> Path:
    """Different pictures like photographs of noise, in three class folders."""
    for number in range(count):
        label = ("cat", "dog", "red_car")[number % 3]
        draw(folder / label / f"image_{number:02}.jpg", number)
    return folder


def draw(file: Path, number: int) -> None:
    """Draw noise that is smooth like a photograph, different for each number."""
    random = np.random.default_rng(number)
    coarse = random.integers(0, 256, (6 + number % 3, 8, 3), dtype=np.uint8)
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(coarse).resize((400, 300), Image.Resampling.BICUBIC).save(file, quality=90)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return make_pictures(tmp_path / "pictures")


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """Run `imagedb-site` as a user does: as a process, in an empty folder."""
    return cli_in(tmp_path)


def cli_in(folder: Path) -> Cli:
    """Run `imagedb-site` in a folder. What several tests only read is built once in a folder of its own."""

    def start(*arguments: str | Path, check: bool = False) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "imagedb_site.cli.main", *map(str, arguments)]
        return subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=check, timeout=300
        )

    return start


@pytest.fixture
def cli_here(tmp_path: Path) -> Cli:
    """The same as `cli` without a process for each command, for tests with many of them."""

    def invoke(*arguments: str | Path, check: bool = False) -> subprocess.CompletedProcess[str]:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.chdir(tmp_path), redirect_stdout(out), redirect_stderr(err):
            code = run([str(argument) for argument in arguments])
        done = subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())
        if check:
            done.check_returncode()
        return done

    return invoke


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder and its bytes."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
