"""Builds of data sets in this process, and what they published."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from imagedb_site.build import build
from imagedb_site.config import BuildConfig
from imagedb_site.reader import open_site
from imagedb_site.report import BuildReport


def run(tmp_path: Path, source: Any, path: Path, **options: Any) -> BuildReport:
    settings = {"model": "none", "view_size": 0, "workers": 1, **options}
    return build(BuildConfig(path, tmp_path / "site", source=source, **settings))


def documents(tmp_path: Path) -> dict[str, dict[str, Any]]:
    """What is published about each row, by its path."""
    with open_site(tmp_path / "site") as site:
        found = [site.document(row) for row in range(site.count)]
    return {one["path"]: one for one in found}
