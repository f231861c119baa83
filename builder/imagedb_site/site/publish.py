"""Write aside, verify, swap in: the only way in which a site is published."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from imagedb_site.records import Progress
from imagedb_site.site.swap import is_site, swap, workspace
from imagedb_site.site.types import SiteInput, SiteReport
from imagedb_site.site.writer import no_progress, write_site


def publish(
    site: SiteInput,
    out: Path,
    *,
    verify: Callable[[Path], None],
    accept: Callable[[SiteReport], bool] = lambda report: True,
    progress: Progress = no_progress,
) -> SiteReport:
    """Write `site` beside `out`, `verify` the new folder, and put it in the place of `out`.

    `verify` raises if the folder is not a valid site (`reader.open_site(folder).verify()`). If anything
    fails, or if `accept` refuses the report, the site in `out` stays as it is. Raises StorageError and
    FormatError.
    """
    with workspace(out) as folder:
        return publish_from(folder, site, out, verify=verify, accept=accept, progress=progress)


def publish_from(
    folder: Path,
    site: SiteInput,
    out: Path,
    *,
    verify: Callable[[Path], None],
    accept: Callable[[SiteReport], bool] = lambda report: True,
    progress: Progress = no_progress,
) -> SiteReport:
    """What `publish` does, with a folder from `workspace(out)`: a build holds it from the beginning."""
    previous = out if is_site(out) else None
    report = write_site(site, folder, previous=previous, progress=progress)
    if not accept(report):
        return report
    progress("verify", 0, 1)
    verify(folder)
    progress("verify", 1, 1)
    swap(folder, out)
    return report
