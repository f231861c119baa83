"""How many rows lie in one file: few enough to load one for a few rows, and not too many files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from imagedb_site.site.types import SiteSettings

ROW_BLOCK, ROW_BLOCK_ABOVE = 256, 2048
"""Rows per block, and in a large site; one without pictures has little more than ids in it."""
LARGE = 500_000
DOCUMENT_BLOCK = 128
DOCUMENT_STEP = 64
MOST_DOCUMENT_FILES = 12_000
"""Hosts take about 20,000 files."""
COLUMN_BLOCK, COLUMN_BLOCK_ABOVE = 1 << 14, 1 << 16
"""Large columns have large blocks: fewer requests, while an edit costs more bytes."""
LARGE_COLUMNS = 1 << 18

_NAMES = ("row_block", "document_block", "column_block")


def with_blocks(
    settings: SiteSettings, count: int, before: Mapping[str, int] | None = None
) -> SiteSettings:
    """Returns the settings of a site of `count` rows with all block sizes set.

    `before`: the block sizes of the layout that the site continues (`blocks_of`). They stay, so that a
    site that grows or shrinks across a limit keeps its files.
    """
    step = DOCUMENT_STEP * MOST_DOCUMENT_FILES
    fitting = {
        "row_block": ROW_BLOCK if count <= LARGE else ROW_BLOCK_ABOVE,
        "document_block": max(DOCUMENT_BLOCK, DOCUMENT_STEP * -(-count // step)),
        "column_block": COLUMN_BLOCK if count <= LARGE_COLUMNS else COLUMN_BLOCK_ABOVE,
    }
    chosen = {**fitting, **(before or {})}
    given = ((name, getattr(settings, name)) for name in _NAMES)
    chosen |= {name: value for name, value in given if value is not None}
    return replace(
        settings,
        row_block=chosen["row_block"],
        document_block=chosen["document_block"],
        column_block=chosen["column_block"],
    )


def blocks_of(settings: SiteSettings) -> dict[str, int]:
    """Returns the block sizes of settings that have all of them, by the names of the settings."""
    return {name: getattr(settings, name) for name in _NAMES}
