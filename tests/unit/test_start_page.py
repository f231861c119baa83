"""The start page: cover, sections, and the pictures that they show."""

from __future__ import annotations

import dataclasses
import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from site_samples import golden_input, make_web

from golden import make_home
from imagedb_site.build import build
from imagedb_site.config import BuildConfig, load_config
from imagedb_site.cover import MOST_BYTES, make_cover
from imagedb_site.errors import FormatError, UsageError
from imagedb_site.home import different
from imagedb_site.reader.home import parse_home
from imagedb_site.site import SiteHome, write_site
from imagedb_site.site.home_entry import home_entry

GOLDEN = Path(__file__).parents[1] / "golden" / "home.json"
FIELDS = {spec.name for spec in golden_input().fields}


def png(size: tuple[int, int], colour: str = "#224466", mode: str = "RGB") -> bytes:
    stream = io.BytesIO()
    Image.new(mode, size, colour).save(stream, "PNG")
    return stream.getvalue()


def pictures(folder: Path, count: int) -> Path:
    """A folder with pictures that all differ, the last one written last."""
    folder.mkdir()
    random = np.random.default_rng(4)
    for number in range(count):
        pixels = random.integers(0, 256, (8, 12, 3), dtype=np.uint8)
        path = folder / f"{number:02}.png"
        Image.fromarray(pixels).resize((480, 320)).save(path)
        os.utime(path, (1_000_000 + number, 1_000_000 + number))
    return folder


def built(tmp_path: Path, folder: Path, **given: Any) -> dict[str, Any]:
    """The manifest of a site without a model."""
    given = {
        "pictures": folder,
        "output": tmp_path / "site",
        "model": "none",
        "workers": 1,
        **given,
    }
    build(BuildConfig(**given))
    read: dict[str, Any] = json.loads((tmp_path / "site" / "manifest.json").read_text("utf-8"))
    return read


def test_the_golden_cases_are_fresh_and_both_readers_agree() -> None:
    assert GOLDEN.read_text("utf-8") == make_home.text()
    cases = json.loads(GOLDEN.read_text("utf-8"))
    assert len(cases["accepted"]) > 3 and len(cases["refused"]) > 10
    for accepted in cases["accepted"]:
        home = parse_home(accepted, cases["rows"], FIELDS)
        assert home is not None and list(home.sections) == accepted["sections"]
    for refused in cases["refused"]:
        with pytest.raises(FormatError):
            parse_home(refused, cases["rows"], FIELDS)
    assert parse_home(None, 1, FIELDS) is None


def test_the_writer_refuses_rows_and_fields_that_do_not_exist() -> None:
    made = golden_input()
    for home in (SiteHome(sample=[24]), SiteHome(recent=[-1]), SiteHome(dated="nothing")):
        with pytest.raises(FormatError):
            home_entry(dataclasses.replace(made, home=home))


def test_a_cover_is_small_without_metadata_and_named_by_the_page(tmp_path: Path) -> None:
    cover = make_cover(png((2000, 3000)), "tall.png")
    with Image.open(io.BytesIO(cover)) as image:
        assert (image.format, image.size) == ("WEBP", (1600, 1200))
    made = golden_input(make_web(tmp_path / "web"))
    home = SiteHome(sections=["sample"], sample=[1], cover=cover)
    write_site(dataclasses.replace(made, home=home), tmp_path / "site")
    page = (tmp_path / "site" / "index.html").read_text("utf-8")
    (file,) = (tmp_path / "site" / "assets").glob("cover.*.webp")
    assert f'data-cover="assets/{file.name}"' in page
    assert file.read_bytes() == cover


def test_a_cover_of_noise_is_small_too() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (1200, 1600, 3), dtype=np.uint8)
    stream = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "a secret place"
    Image.fromarray(noise).save(stream, "JPEG", exif=exif)
    cover = make_cover(stream.getvalue(), "noise.jpg")
    assert 10_000 < len(cover) <= MOST_BYTES
    assert b"secret" not in cover


def test_a_transparent_cover_lies_on_white() -> None:
    with Image.open(io.BytesIO(make_cover(png((40, 20), "#00000000", "RGBA"), "a.png"))) as image:
        pixel = image.convert("RGB").getpixel((20, 10))
    assert isinstance(pixel, tuple) and min(pixel) > 250


@pytest.mark.parametrize("data", [b"", b"no picture", png((40, 20))[:60], b"\xff\xd8\xff" * 99])
def test_a_damaged_cover_is_refused(data: bytes) -> None:
    with pytest.raises(UsageError, match=r"cover broken\.png"):
        make_cover(data, "broken.png")


def test_a_cover_is_a_picture_of_the_collection_or_any_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = pictures(tmp_path / "pictures", 3)
    other = tmp_path / "other.png"
    other.write_bytes(png((300, 100), "#00ff00"))
    monkeypatch.chdir(tmp_path)
    for cover in ("01.png", "pictures/01.png", str(folder / "01.png"), "other.png"):
        built(tmp_path, folder, cover=cover)
        (file,) = (tmp_path / "site" / "assets").glob("cover.*.webp")
        with Image.open(file) as image:
            assert image.size == ((300, 100) if cover == "other.png" else (480, 320))
    (folder / "bad.png").write_bytes(b"no picture")
    page = (tmp_path / "site" / "index.html").read_bytes()
    for cover in ("nothing.png", "../../nothing.png", "pictures", "bad.png", "01.png\0"):
        with pytest.raises(UsageError, match="cover"):
            built(tmp_path, folder, cover=cover)
    assert (tmp_path / "site" / "index.html").read_bytes() == page


def test_sections_show_what_there_is(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "pictures", 64)
    home = built(tmp_path, folder)["home"]
    assert home == {
        "sections": ["topics", "on-this-day"],
        "sample": [],
        "recent": [],
        "dated": None,
    }
    manifest = built(tmp_path, folder, home=("recent", "sample"))
    home = manifest["home"]
    assert home["sections"] == ["recent", "sample"]
    assert len(set(home["sample"])) == 24 and home["dated"] is None
    assert len(home["recent"]) == 24
    # No picture says when it was taken: the files that were changed last come first.
    with_rows = {row: number for number, row in enumerate(home["recent"])}
    assert len(with_rows) == 24
    assert built(tmp_path, folder, home=("recent", "sample"))["home"] == home
    assert built(tmp_path, folder, home=("none",))["home"]["sections"] == []
    few = pictures(tmp_path / "few", 3)
    assert built(tmp_path, few, home=("sample",))["home"]["sample"] == []


def test_the_newest_are_the_first_by_date(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "pictures", 3)
    table = tmp_path / "table.csv"
    table.write_text("file,taken\n00.png,2001-05-01\n01.png,2020-01\n02.png,\n", encoding="utf-8")
    home = built(tmp_path, folder, home=("recent",), metadata=(table,))["home"]
    assert home["dated"] == "taken" and len(home["recent"]) == 2


def test_pictures_of_a_sample_come_from_different_groups() -> None:
    random = np.random.default_rng(3)
    centres = random.normal(size=(6, 8)).astype(np.float32) * 10
    sizes = [40, 30, 20, 10, 5, 1]
    group = np.repeat(np.arange(6), sizes)
    vectors = centres[group] + random.normal(size=(len(group), 8)).astype(np.float32) * 0.1
    places = different(vectors.astype(np.float32), 6)
    assert len(places) == len(set(places))
    assert len({int(group[place]) for place in places}) == 6
    assert different(vectors.astype(np.float32), 6) == places
    assert different(vectors[:1].astype(np.float32), 24) == [0]
    same = np.ones((100, 8), dtype=np.float32)
    found = different(same, 24)
    assert 1 <= len(found) == len(set(found))


@pytest.mark.parametrize(
    ("home", "message"),
    [
        (("topics", "news"), "'news'"),
        (("topics", "topics"), "twice"),
        (("none", "topics"), "beside"),
        (("",), "does not exist"),
    ],
)
def test_unknown_sections_are_refused(home: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        BuildConfig(pictures=Path("a"), home=home)


@pytest.mark.parametrize("line", ["home = 'topics'", "home = [1]", "cover = 3", "cover = ['a']"])
def test_settings_of_other_types_are_refused(tmp_path: Path, line: str) -> None:
    file = tmp_path / "imagedb-site.toml"
    file.write_text(f"pictures = 'a'\n{line}\n", encoding="utf-8")
    with pytest.raises(UsageError, match="must be"):
        load_config(file, {})


def test_a_cover_of_a_file_of_settings_is_relative_to_it(tmp_path: Path) -> None:
    file = tmp_path / "imagedb-site.toml"
    (tmp_path / "cover.png").write_bytes(png((30, 10)))
    for name, found in (("cover.png", str(tmp_path / "cover.png")), ("2019/a.jpg", "2019/a.jpg")):
        file.write_text(f"pictures = 'a'\ncover = '{name}'\nhome = ['recent']\n", encoding="utf-8")
        config = load_config(file, {})
        assert (config.cover, config.home) == (found, ("recent",))
