"""The pages of objects (docs/FORMAT.md 2.19)."""

from __future__ import annotations

from typing import Any

import numpy as np

from imagedb_site.objects import Pages
from imagedb_site.site.lists import ListWriter
from imagedb_site.site.storage import Arrays, SiteFiles

LARGEST_BLOCK = 1 << 16


def write_objects(files: SiteFiles, pages: Pages, block: int, fanout: int | None) -> dict[str, Any]:
    """Write the pages of all rows; returns the manifest's `objects`."""
    listed = ListWriter(files, "objects", fanout)
    block = min(block, LARGEST_BLOCK)
    for first in range(0, len(pages.first), block):
        rows = slice(first, first + block)
        arrays: Arrays = {
            "first": pages.first[rows],
            "place": pages.place[rows],
            "pages": pages.pages[rows],
        }
        header = {"first": first, "count": len(pages.first[rows])}
        listed.add(files.put_container("objects", "objects", header, arrays, compress=True))
    several = pages.several
    return {
        "count": int(np.count_nonzero(several & (pages.place == 0))),
        "rows": int(np.count_nonzero(several)),
        "block": block,
        "files": listed.finish(),
    }
