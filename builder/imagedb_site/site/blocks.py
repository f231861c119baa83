"""How many rows lie in one file: few enough to load one for a few rows, and not too many files.

Twenty results lie in twenty blocks of rows and of documents. So a block must be small, and so must the nodes
of the lists that lead to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from imagedb_site.site.types import SiteSettings

ROW_BLOCK, LARGEST_ROW_BLOCK = 256, 2048
MOST_ROW_FILES = 2_048
"""Blocks of rows double until there are no more files than this, or until they have the largest size."""
DOCUMENT_BLOCK = 128
DOCUMENT_STEP = 64
MOST_DOCUMENT_FILES = 12_000
"""Hosts take about 20,000 files, and a third may be added before the layout starts again."""
FANOUT, FANOUT_ABOVE = 256, 128
LARGE = 500_000
"""Larger collections have the smaller nodes: each of a few results leads through another node."""
COLUMN_BLOCK, COLUMN_BLOCK_ABOVE = 1 << 14, 1 << 16
"""Large columns have large blocks: fewer requests, while an edit costs more bytes."""
LARGE_COLUMNS = 1 << 18

_NAMES = ("row_block", "document_block", "column_block", "fanout")


def with_blocks(
    settings: SiteSettings, count: int, before: Mapping[str, int] | None = None
) -> SiteSettings:
    """Returns the settings of a site of `count` rows with all block sizes and the fan-out set.

    `before`: those of the layout that the site continues (`blocks_of`). They stay, so that a
    site that grows or shrinks across a limit keeps its files.
    """
    step = DOCUMENT_STEP * MOST_DOCUMENT_FILES
    row_block = ROW_BLOCK
    while row_block < LARGEST_ROW_BLOCK and count > row_block * MOST_ROW_FILES:
        row_block *= 2
    fitting = {
        "row_block": row_block,
        "document_block": max(DOCUMENT_BLOCK, DOCUMENT_STEP * -(-count // step)),
        "column_block": COLUMN_BLOCK if count <= LARGE_COLUMNS else COLUMN_BLOCK_ABOVE,
        "fanout": FANOUT if count <= LARGE else FANOUT_ABOVE,
    }
    chosen = {**fitting, **(before or {})}
    given = ((name, getattr(settings, name)) for name in _NAMES)
    chosen |= {name: value for name, value in given if value is not None}
    return replace(
        settings,
        row_block=chosen["row_block"],
        document_block=chosen["document_block"],
        column_block=chosen["column_block"],
        fanout=chosen["fanout"],
    )


def blocks_of(settings: SiteSettings) -> dict[str, int]:
    """Returns the block sizes and the fan-out of settings that have all of them, by their names."""
    return {name: getattr(settings, name) for name in _NAMES}
