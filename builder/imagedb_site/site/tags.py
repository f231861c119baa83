"""The table of tags that have numbers, in blocks (docs/FORMAT.md 2.15)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from imagedb_site.container import canonical_json
from imagedb_site.errors import FormatError
from imagedb_site.site.storage import SiteFiles

Tag = tuple[int, str, str, int]
"""The number of a tag, its name, the field that has it, and the number of rows with it."""


def write_tags(files: SiteFiles, tags: Iterable[Tag], block: int) -> dict[str, Any] | None:
    """Writes tags with rising numbers, at most `block` in a file.

    Gives the manifest's `tags`, or None if there are none.

    Raises `FormatError` if the numbers do not rise.
    """
    blocks: list[dict[str, Any]] = []
    held: list[Tag] = []
    total, last = 0, -1

    def write() -> None:
        entry = files.put_entry("data", "tags", "bin", canonical_json(held), compress=True)
        blocks.append({"first": held[0][0], "count": len(held), **entry.to_json()})
        held.clear()

    for tag in tags:
        if tag[0] <= last:
            raise FormatError(f"The tag number {tag[0]} does not come after {last}.")
        held.append(tag)
        last = tag[0]
        total += 1
        if len(held) == block:
            write()
    if held:
        write()
    if not blocks:
        return None
    return files.put_index("tags-index", {"count": total, "blocks": blocks}).to_json()
