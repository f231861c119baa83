"""A large collection keeps its thumbnails in packs: which of them change from build to build."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import noise_pictures
import pytest
from noise_pictures import files

from imagedb_site import site_build as building
from imagedb_site.build import build
from imagedb_site.config import BuildConfig
from imagedb_site.library import Library
from imagedb_site.site import SiteSettings

PACK = Path(__file__).parents[1] / "golden" / "pack-tiny"
LARGE = partial(SiteSettings, pack_above=10, pack_bytes=8000, cover_rows=4, cover_bytes=2000)


draw = partial(noise_pictures.draw, size=(80, 60))


def packs(site: Path) -> set[str]:
    return {path.name for path in (site / "thumbs").iterdir()}


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BuildConfig:
    """A collection of 60 pictures, built as if it were large."""
    monkeypatch.setattr(building, "SiteSettings", LARGE)
    for number in range(60):
        draw(tmp_path / "pictures" / f"{number:03}.png", number)
    config = BuildConfig(
        tmp_path / "pictures", tmp_path / "dist", model=str(PACK), view_size=0, workers=1
    )
    assert build(config).count == 60
    return config


def test_only_packs_that_get_or_lose_a_thumbnail_change(config: BuildConfig) -> None:
    before = packs(config.output)
    assert len(before) > 6
    assert all(name.endswith(".bin") for name in before)
    draw(config.pictures / "000b.png", 100)
    draw(config.pictures / "050b.png", 101)
    report = build(config)
    assert (report.added, report.compacted) == (2, False)
    after = packs(config.output)
    # The added ones are a cover and a look-alike: a new pack and the last one, topped up or a new one.
    assert len(after - before) == 2 and len(before - after) <= 1
    (config.pictures / "030.png").unlink()
    assert build(config).removed == 1
    last = packs(config.output)
    assert (len(after - last), len(last - after)) == (1, 1)


def test_the_quantizer_stays_until_the_layout_is_compacted(config: BuildConfig) -> None:
    def quantizer() -> set[str]:
        return {name for name in files(config.output) if name.startswith("data/quantizer")}

    before = quantizer()
    assert len(before) == 1
    for number in range(15):
        draw(config.pictures / f"new_{number}.png", 100 + number)
    assert build(config).compacted is False
    assert quantizer() == before
    draw(config.pictures / "one_more.png", 200)
    draw(config.pictures / "two_more.png", 201)
    draw(config.pictures / "five_more.png", 202)
    draw(config.pictures / "six_more.png", 203)
    draw(config.pictures / "seven_more.png", 204)
    draw(config.pictures / "eight_more.png", 205)
    assert build(config).compacted is True
    assert quantizer().isdisjoint(before)


def test_compaction_equals_a_build_from_an_empty_library(config: BuildConfig) -> None:
    draw(config.pictures / "000b.png", 100)
    (config.pictures / "010.png").unlink()
    (config.pictures / "059.png").unlink()
    build(config)
    grown = files(config.output)
    compact = BuildConfig(**{**vars(config), "compact": True})
    assert build(compact).compacted is True
    fresh = BuildConfig(
        **{**vars(config), "output": config.output.with_name("fresh"), "library": None}
    )
    build(fresh)
    assert files(config.output) == files(fresh.output) != grown


def test_the_library_is_the_site(config: BuildConfig) -> None:
    draw(config.pictures / "000b.png", 100)
    (config.pictures / "010.png").unlink()
    build(config)
    with Library.open(config.library_folder / "library.db") as library:
        order = library.order()
        assert order is not None
        keys = [row.key for row in library.rows()]
        assert keys[10] == "000b.png"
        assert [keys[row] for row in order] == sorted(keys)
        assert library.count() == len(keys) == 60
