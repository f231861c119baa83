"""`imagedb-site add` as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

from .conftest import PACK, ROOT, Cli

BUNDLE = ROOT / "tests" / "golden" / "bundle-tiny.zip"


def test_added_pictures_are_published_by_the_next_build(cli: Cli, pictures: Path) -> None:
    cli("build", pictures, "--model", PACK, "-q", check=True)
    # The library knows the folder of the pictures and the model.
    done = cli("add", BUNDLE, "-q", check=True)
    assert "3 pictures added" in done.stdout
    assert "2 with the embeddings of the bundle" in done.stdout
    again = json.loads(cli("add", BUNDLE, "-q", "--json", check=True).stdout)
    assert [entry["path"] for entry in again["known"]] == [
        "added/Leuchtturm am Abend.png",
        "added/猫 und 😀.jpg",
        "added/no caption.webp",
    ]
    built = json.loads(cli("build", pictures, "--model", PACK, "-q", "--json", check=True).stdout)
    assert (built["count"], built["derived"]) == (15, 0)
    found = cli("search", "lighthouse", "--mode", "words", "--json", check=True)
    assert "Leuchtturm" in found.stdout


def test_failures_are_reported(cli: Cli, pictures: Path, tmp_path: Path) -> None:
    nowhere = cli("add", BUNDLE)
    assert nowhere.returncode == 2
    assert "imagedb-site add BUNDLE" in nowhere.stderr
    missing = cli("add", "nothing.zip", pictures)
    assert missing.returncode == 3
    assert "There is no file" in missing.stderr
    outside = cli("add", BUNDLE, pictures, "--into", "../elsewhere")
    assert outside.returncode == 2
    assert not (tmp_path / "elsewhere").exists()
