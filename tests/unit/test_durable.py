"""A power cut at any moment leaves the old or the new site, and after the end of a build the new one."""

from __future__ import annotations

from pathlib import Path

import pytest
from power_cuts import File, Folder, cuts, files, read, recorded, swapping
from site_samples import sample_input
from test_add import BUNDLE, draw

from imagedb_site import durable
from imagedb_site.add import add
from imagedb_site.build import build
from imagedb_site.config import BuildConfig
from imagedb_site.errors import StorageError
from imagedb_site.layout import OWN_NAMES
from imagedb_site.library import Library
from imagedb_site.site import publish
from imagedb_site.sources import ADDITIONS_FILE


def own(site: Folder | None) -> dict[str, File]:
    return {p: file for p, file in files(site).items() if p.split("/")[0] in OWN_NAMES}


def stored(found: dict[str, File]) -> bool:
    return all(file.stored for file in found.values())


def each_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Linux writes out a whole file system in one call; elsewhere every file is written out."""
    monkeypatch.setattr(durable, "_settle_file_system", lambda folder: False)


@pytest.mark.parametrize(
    "way", ["first", "exchange", "two renames", "each file"], ids=lambda way: way.replace(" ", "-")
)
def test_a_power_cut_leaves_the_old_or_the_new_site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    first = way == "first"
    out = tmp_path / "dist"
    if not first:
        publish(sample_input(5), out, verify=lambda folder: None)
        (out / "CNAME").write_text("pictures.example.org")
        (out / ".git").mkdir()
        (out / ".git" / "HEAD").write_text("ref")
    if way == "each file":
        each_file(monkeypatch)
    if way == "two renames":
        monkeypatch.setattr(swapping, "exchange", lambda one, other: False)
    before = read(tmp_path)
    old = own(before.get("dist"))
    git = before["dist"][".git"]["HEAD"] if not first else None
    with recorded(tmp_path, monkeypatch) as events:
        publish(sample_input(6, seed=2), out, verify=lambda folder: None)
    expected = set(own(read(tmp_path)["dist"]))
    seen = set()
    for over, disk in cuts(tmp_path, before, events):
        site = own(disk.get("dist"))
        place = "dist" if site or first else ".dist.before"
        site = site or own(disk.get(place))
        assert stored(site)
        assert site == old or (set(site) == expected and site != old), (over, sorted(site))
        seen.add(set(site) == expected)
        if not first:
            beside = [files(disk.get(name)) for name in ("dist", ".dist.building", ".dist.before")]
            assert any("CNAME" in found for found in beside)
            assert any(found.get(".git/HEAD") is git for found in beside)
        if over:
            assert set(own(disk.get("dist"))) == expected
            assert first or disk["dist"][".git"]["HEAD"] is git
    assert seen == {True, False}


def test_without_waiting_a_power_cut_loses_the_site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test of the test: a swap that does not wait for the disk is found out."""
    out = tmp_path / "dist"
    publish(sample_input(5), out, verify=lambda folder: None)
    monkeypatch.setattr(swapping, "settle", lambda folder: None)
    before = read(tmp_path)
    with recorded(tmp_path, monkeypatch) as events:
        publish(sample_input(6, seed=2), out, verify=lambda folder: None)
    assert not all(stored(own(disk.get("dist"))) for _, disk in cuts(tmp_path, before, events))


@pytest.mark.parametrize("way", ["file system", "each file"])
def test_a_power_cut_during_add_leaves_no_picture_without_its_caption(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    if way == "each file":
        each_file(monkeypatch)
    pictures = tmp_path / "pictures"
    draw(pictures / "a.png", (1, 2, 3))
    before = read(pictures)
    with recorded(pictures, monkeypatch) as events:
        report = add(BUNDLE, BuildConfig(pictures, tmp_path / "dist", model="none", workers=1))
    for over, disk in cuts(pictures, before, events):
        added = files(disk.get("added"))
        assert stored(added)
        captions = disk.get(ADDITIONS_FILE)
        assert (captions is None and not added) or captions.stored
        if over:
            assert set(added) == {key.rpartition("/")[2] for key in report.added}


def test_waiting_reports_what_the_disk_reports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error of the disk, which systems tell only to those who wait, fails the build."""
    out = tmp_path / "dist"
    publish(sample_input(5), out, verify=lambda folder: None)

    def broken(folder: Path) -> bool:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(durable, "_settle_file_system", broken)
    with pytest.raises(StorageError, match="Input/output error"):
        publish(sample_input(6, seed=2), out, verify=lambda folder: None)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dist"]


def test_a_build_waits_for_its_library(tmp_path: Path) -> None:
    """What `add` and builds have stored in the library is on the disk when they end."""
    draw(tmp_path / "pictures" / "a.png", (1, 2, 3))
    build(BuildConfig(tmp_path / "pictures", tmp_path / "dist", model="none", workers=1))
    file = tmp_path / "dist.library" / "library.db"
    with Library.open(file) as library:
        assert library._db.pragma("synchronous") == 2
