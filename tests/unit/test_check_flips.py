"""The quick form of `make soak ARGS=flips`: every damage to every kind of file is noticed."""

from __future__ import annotations

from pathlib import Path

from site_samples import golden_input, make_web

from imagedb_site.check import check_site
from imagedb_site.site import write_site
from soak import flips


def test_no_damage_passes(tmp_path: Path) -> None:
    site = tmp_path / "site"
    write_site(golden_input(make_web(tmp_path / "web")), site)
    before = {path: path.read_bytes() for path in site.rglob("*") if path.is_file()}
    counts = flips.each_kind(site)
    assert counts["flips"] > 200
    assert counts["flips_undetected"] == 0
    # What found all of it finds nothing in the site itself.
    assert {path: path.read_bytes() for path in site.rglob("*") if path.is_file()} == before
    assert check_site(site).findings == ()
