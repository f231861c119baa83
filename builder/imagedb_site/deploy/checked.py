"""Checks before and after publishing."""

from __future__ import annotations

from pathlib import Path

from imagedb_site.check import Host, check_site
from imagedb_site.errors import CheckError
from imagedb_site.layout import MANIFEST, OWN_NAMES


def check_before(site: Path, host: Host | None = None) -> None:
    """Raise CheckError if the site is not fit to publish, StorageError if it cannot be read."""
    problem = _first_error(site, host)
    if problem:
        option = f" --host {host}" if host else ""
        raise CheckError(
            f"{site} was not published: {problem}",
            f"`imagedb-site check {site}{option}` lists everything that is wrong.",
        )


def check_after(site: Path, copy: Path) -> None:
    """Raise CheckError unless `copy` is a site without errors, and the same build as `site`."""
    problem = _first_error(copy, None)
    if not problem and (site / MANIFEST).read_bytes() != (copy / MANIFEST).read_bytes():
        problem = f"{MANIFEST}: It is another build than that in {site}."
    if problem:
        raise CheckError(
            f"{copy} is damaged after copying: {problem}",
            "Deploy again: files that differ are copied again.",
        )


def others(site: Path) -> list[Path]:
    """What lies at the top of a site's folder without belonging to the site."""
    return sorted(entry for entry in site.iterdir() if entry.name not in OWN_NAMES)


def _first_error(site: Path, host: Host | None) -> str:
    errors = check_site(site, host=host).errors
    if not errors:
        return ""
    text = f"{errors[0].file}: {errors[0].message}" if errors[0].file else errors[0].message
    more = len(errors) - 1
    return text if not more else f"{text} ({more:,} more problem{'s' if more > 1 else ''})"
