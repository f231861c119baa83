"""What hosts accept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from imagedb_site.check.report import Finding, Level

Host = Literal["github-pages", "cloudflare-pages"]


@dataclass(frozen=True)
class Limits:
    """What a host accepts: sizes in bytes, None if it sets no limit."""

    name: str
    site_bytes: int | None
    file_bytes: int
    files: int | None


LIMITS: dict[Host, Limits] = {
    "github-pages": Limits("GitHub Pages", 1_000_000_000, 100_000_000, None),
    "cloudflare-pages": Limits("Cloudflare Pages", None, 25 * 1024 * 1024, 20_000),
}


def check_limits(sizes: Mapping[str, int], host: Host | None) -> Iterator[Finding]:
    """Going beyond the limits of `host` is an error; without it, those of all hosts are warned about."""
    level: Level = "warning" if host is None else "error"
    total = sum(sizes.values())
    for name, limits in LIMITS.items():
        if host not in (None, name):
            continue
        if limits.site_bytes is not None and total > limits.site_bytes:
            yield Finding(
                level,
                "",
                f"{limits.name} takes {limits.site_bytes:,} bytes, this site has {total:,}.",
            )
        if limits.files is not None and len(sizes) > limits.files:
            yield Finding(
                level,
                "",
                f"{limits.name} takes {limits.files:,} files, this site has {len(sizes):,}.",
            )
        for path, size in sizes.items():
            if size > limits.file_bytes:
                yield Finding(
                    level,
                    path,
                    f"{limits.name} takes {limits.file_bytes:,} bytes per file, this one has {size:,}.",
                )
