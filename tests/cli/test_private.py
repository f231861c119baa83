"""What a build keeps private unless it is told to publish it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from .conftest import PACK, Cli


def build(cli: Cli, pictures: Path, *more: str | Path) -> dict[str, object]:
    done = cli("build", pictures, "--model", PACK, "--json", *more)
    assert done.returncode == 0, done.stderr
    report: dict[str, object] = json.loads(done.stdout)
    return report


def test_positions_stay_private(cli: Cli, pictures: Path, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0110] = "EOS 7D"
    exif.get_ifd(0x8825).update({1: "N", 2: (47.0, 22.0, 30.0), 3: "E", 4: (8.0, 32.0, 0.0)})
    with Image.open(pictures / "cat" / "image_00.jpg") as picture:
        picture.save(pictures / "cat" / "gps.jpg", exif=exif)
    build(cli, pictures, "--originals", "copy")
    names = {f["name"] for f in json.loads((tmp_path / "dist/manifest.json").read_text())["fields"]}
    assert "camera" in names and "latitude" not in names
    originals = sorted((tmp_path / "dist" / "originals").iterdir())
    assert len(originals) == 13
    for path in originals:
        with Image.open(path) as original:
            assert not original.getexif().get_ifd(0x8825)
    build(cli, pictures, "--publish-location")
    names = {f["name"] for f in json.loads((tmp_path / "dist/manifest.json").read_text())["fields"]}
    assert "latitude" in names


PRIVATE_TABLES = {
    "exiftool.csv": "SourceFile,GPSPosition,SerialNumber,Artist,Caption\n"
    "./cat/image_00.jpg,\"48 deg 12' N, 16 deg 22' E\",SECRET1,Ann Example,A caption\n"
    "./cat/image_03.jpg,-,SECRET1,Ann Example,Another caption\n",
    "german.csv": "Datei;Breitengrad;Besitzer;Fotograf;Caption\n"
    "image_00.jpg;48,2;SECRET2;Ann Example;A caption\nimage_03.jpg;;SECRET2;Ann Example;Another caption\n",
    "list.json": json.dumps(
        [
            {
                "file": "image_00.jpg",
                "lat": 48.2,
                "owner": "SECRET3",
                "creator": "Ann",
                "caption": "A",
            },
            {"file": "image_03.jpg", "owner": "SECRET3", "creator": "Ann", "caption": "B"},
        ]
    ),
}


@pytest.mark.parametrize("name", PRIVATE_TABLES)
def test_private_columns_of_tables(cli: Cli, pictures: Path, tmp_path: Path, name: str) -> None:
    def fields() -> set[str]:
        manifest = json.loads((tmp_path / "dist/manifest.json").read_text())
        return {field["label"] for field in manifest["fields"]}

    (tmp_path / name).write_text(PRIVATE_TABLES[name], encoding="utf-8")
    report = build(cli, pictures, "--metadata", name)
    hidden = report["hidden"]
    assert isinstance(hidden, dict) and sorted(hidden.values()) == [1, 2]
    assert fields().isdisjoint(hidden) and "Caption" in fields()
    assert {"Artist", "Fotograf", "Creator"} & fields()
    done = cli("build", pictures, "--model", PACK, "--metadata", name)
    (line,) = [line for line in done.stdout.splitlines() if "--publish-location" in line]
    first, second = sorted(hidden, key=lambda label: hidden[label])
    assert line == (
        f"Private, not published: {first} (1 picture), {second} (2 pictures). "
        "--publish-location publishes them."
    )
    for words, results in (("SECRET1 OR SECRET2 OR SECRET3", 0), ("caption OR A OR B", 2)):
        found = cli("search", words, "--in", "dist", "--mode", "words", "--json", check=True)
        assert len(json.loads(found.stdout)["results"]) == results
    report = build(cli, pictures, "--metadata", name, "--publish-location")
    assert report["hidden"] == {} and fields() >= set(hidden)
