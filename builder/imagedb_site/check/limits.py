"""What hosts accept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from imagedb_site.check.report import Verdict

Host = Literal["github-pages", "cloudflare-pages"]
_NAMED = 3


@dataclass(frozen=True)
class Limits:
    """What a host accepts: sizes in bytes, None if it sets no limit."""

    name: str
    site_bytes: int | None
    file_bytes: int
    files: int | None


LIMITS: dict[Host, Limits] = {
    # Whole sites of 1 GB; git refuses files of more than 100 MB.
    "github-pages": Limits("GitHub Pages", 1_000_000_000, 100_000_000, None),
    # The free plan: 20,000 files of 25 MiB.
    "cloudflare-pages": Limits("Cloudflare Pages", None, 25 * 1024 * 1024, 20_000),
}


def verdicts(sizes: Mapping[str, int]) -> tuple[Verdict, ...]:
    """Whether each known host takes files of these sizes."""
    found = []
    for host, limits in LIMITS.items():
        reasons = tuple(_reasons(limits, sizes))
        found.append(Verdict(host, limits.name, not reasons, reasons))
    return tuple(found)


def _reasons(limits: Limits, sizes: Mapping[str, int]) -> Iterator[str]:
    total = sum(sizes.values())
    if limits.site_bytes is not None and total > limits.site_bytes:
        yield f"it takes {limits.site_bytes:,} bytes and the site has {total:,}"
    if limits.files is not None and len(sizes) > limits.files:
        yield f"it takes {limits.files:,} files and the site has {len(sizes):,}"
    large = sorted((-size, path) for path, size in sizes.items() if size > limits.file_bytes)
    if large:
        names = [f"{path} ({-size:,})" for size, path in large[:_NAMED]]
        if len(large) > _NAMED:
            names.append(f"{len(large) - _NAMED:,} more")
        yield f"it takes {limits.file_bytes:,} bytes per file and these have more: {', '.join(names)}"
