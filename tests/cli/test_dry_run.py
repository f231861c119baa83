"""`build --dry-run`: what would be public, before anything is."""

from __future__ import annotations

import json
import random
from pathlib import Path

from soak import _secrets

from .conftest import Cli, tree


def test_it_says_what_would_be_public_and_what_not(cli: Cli, tmp_path: Path) -> None:
    secrets = _secrets.Secrets(random.Random(1))
    pictures, table = _secrets.collection(tmp_path, secrets, 1)
    before = tree(tmp_path)
    options = (pictures, "--metadata", table, "--originals", "copy", "--title", "A walk")
    done = cli("build", *options, "--dry-run", check=True)
    assert tree(tmp_path) == before
    assert not (tmp_path / "dist").exists() and not (tmp_path / "dist.library").exists()
    lines = done.stdout.splitlines()
    assert (
        "Dry run: nothing was written. dist would have 11 images, with the title “A walk”." in lines
    )
    assert "Public pictures: thumbnails of 320 px and views of 1,280 px, without metadata." in lines
    assert (
        "Original files: 6, without private metadata; 5 not, because it cannot be removed from them."
    ) in lines
    public, private = (lines.index(line) for line in lines if line.endswith(":") and line[0] == "P")
    shown = lines[public + 1 : private]
    assert "  Caption (11 pictures): A walk with a dog" in shown
    assert any(line.startswith("  Path in the folder (11 pictures): ") for line in shown)
    assert not any(word in line for word in secrets.known for line in lines)
    hidden = {line.split(" (")[0].strip(): line.split(": ", 1)[1] for line in lines[private + 1 :]}
    assert hidden["GPSLatitude"] == hidden["OwnerName"]
    assert "column" in hidden["OwnerName"] and "camera's owner" in hidden["Owner"]
    assert (
        hidden["Directory"]
        == hidden["Position"]
        == "values that are a position or a path of a computer"
    )
    assert hidden["Latitude"] == "where a picture was taken"


def test_it_agrees_with_the_build_and_its_check(cli: Cli, tmp_path: Path) -> None:
    secrets = _secrets.Secrets(random.Random(2))
    pictures, table = _secrets.collection(tmp_path, secrets, 2)
    options = (
        pictures,
        "--metadata",
        table,
        "--model",
        "none",
        "--originals",
        "copy",
        "--json",
        "-q",
    )
    dry = json.loads(cli("build", *options, "--dry-run", check=True).stdout)
    assert dry["dry_run"] is True
    built = json.loads(cli("build", *options, check=True).stdout)
    assert dry["count"] == built["count"]
    assert {one["label"]: one["count"] for one in dry["hidden"]} == built["hidden"]
    checked = json.loads(cli("check", "dist", "--privacy", "--json", check=True).stdout)
    assert checked["privacy"]["leak_count"] == 0
    assert checked["privacy"]["originals"] == dry["originals"]

    def fields(found: list[dict[str, object]]) -> dict[object, object]:
        return {one["name"]: one["count"] for one in found if one["name"] != "path"}

    assert fields(checked["privacy"]["fields"]) == fields(dry["fields"])
    done = cli("check", "dist", "--privacy")
    assert "Nothing private was found." in done.stdout


def test_nothing_usable_is_an_error_as_in_a_build(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "a.jpg").write_bytes(b"no picture")
    done = cli("build", "pictures", "--dry-run")
    assert done.returncode == 3
    assert not (tmp_path / "dist").exists() and not (tmp_path / "dist.library").exists()


def test_with_publish_location_it_shows_the_position(cli: Cli, tmp_path: Path) -> None:
    pictures, _ = _secrets.collection(tmp_path, _secrets.Secrets(random.Random(3)), 3)
    done = cli(
        "build", pictures, "--dry-run", "--publish-location", "--originals", "copy", check=True
    )
    assert "  Latitude (8 pictures): 47.281" in done.stdout
    assert "unchanged, with everything that is in them" in done.stdout
    assert "Private, not published" not in done.stdout
