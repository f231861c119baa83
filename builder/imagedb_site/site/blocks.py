"""How many rows lie in one file: few enough to load one for a few rows, and not too many files."""

from __future__ import annotations

from dataclasses import replace

from imagedb_site.site.types import SiteSettings

ROW_BLOCK = 256
ROW_BLOCK_ABOVE = 2048
"""Rows per block of a large site; one without pictures has little more than ids in it."""
LARGE = 500_000
DOCUMENT_BLOCK = 128
DOCUMENT_STEP = 64
MOST_DOCUMENT_FILES = 12_000


def with_blocks(settings: SiteSettings, count: int) -> SiteSettings:
    """Returns the settings of a site of `count` rows with all block sizes set.

    They change at a few sizes only, so that a site that grows a little keeps its files.
    """
    step = DOCUMENT_STEP * MOST_DOCUMENT_FILES
    documents = max(DOCUMENT_BLOCK, DOCUMENT_STEP * -(-count // step))
    rows = ROW_BLOCK if count <= LARGE else ROW_BLOCK_ABOVE
    return replace(
        settings,
        row_block=settings.row_block or rows,
        document_block=settings.document_block or documents,
    )
