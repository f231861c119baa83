"""The sites that are photographed, and how each is built."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
KEPT = ROOT / ".cache" / "screens"


class MissingError(Exception):
    """What is not there; the site or the state is left out."""


@dataclass(frozen=True)
class Site:
    """A site, and words that find something in it."""

    words: str
    build: Callable[[], Path]


def _made(target: str, folder: str) -> Callable[[], Path]:
    """A site that a make target builds."""

    def build() -> Path:
        done = subprocess.run(["make", target, "SERVE=0"], cwd=ROOT, stdout=sys.stderr)
        if done.returncode:
            raise MissingError(f"`make {target}` failed")
        return ROOT / folder

    return build


def _pictures(name: str, *options: str) -> Callable[[], Path]:
    """A site of a folder of the test data."""

    def build() -> Path:
        folder = DATA / name
        if not folder.is_dir():
            raise MissingError(f"{folder.relative_to(ROOT.parent)} is not there")
        site = KEPT / name
        command = [sys.executable, "-m", "imagedb_site.cli.main", "build", str(folder)]
        command += ["-o", str(site), "-q", *options]
        subprocess.run(command, check=True, stdout=sys.stderr)
        return site

    return build


def _artworks() -> Path:
    if not (DATA / "artworks").is_dir():
        raise MissingError("shared/data/artworks is not there")
    return _made("demo-artworks", "dist-artworks")()


SITES = {
    "demo": Site("something to drink", _made("demo", "dist")),
    "open": Site(
        "fruit",
        _pictures("open", "--metadata", str(DATA / "open" / "captions.jsonl"), "--map"),
    ),
    "camera": Site("mountain", _pictures("camera")),
    "artworks": Site("Turner sailing boats 1832", _artworks),
}
