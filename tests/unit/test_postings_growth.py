"""A small change of the texts changes few files of full text (docs/FORMAT.md 2.8)."""

from __future__ import annotations

import random
from pathlib import Path

from imagedb_site.site.postings import write_postings
from imagedb_site.site.storage import SiteFiles
from imagedb_site.site.target import FolderTarget
from imagedb_site.site.term_table import TermTable
from imagedb_site.site.types import SiteSettings

COUNT = 3000


def texts() -> list[list[str]]:
    drawn = random.Random(1)
    words = [f"word{number}" for number in range(4000)]
    return [
        [
            f"{row:06d}.jpg",
            " ".join(drawn.choice(words[: drawn.randint(1, 4000)]) for _ in range(9)),
        ]
        for row in range(COUNT)
    ]


def written(rows: list[list[str]], folder: Path) -> dict[str, int]:
    """The files of full text with their sizes."""
    with TermTable(["file", "caption"]) as table:
        for row in rows:
            table.add(row)
        write_postings(SiteFiles(FolderTarget(folder, None)), table, SiteSettings())
    return {file.name: file.stat().st_size for file in (folder / "data").iterdir()}


def new_bytes(before: dict[str, int], after: dict[str, int]) -> int:
    return sum(size for name, size in after.items() if name not in before)


def test_a_changed_text_changes_the_files_of_its_terms(tmp_path: Path) -> None:
    rows = texts()
    before = written(rows, tmp_path / "before")
    rows[COUNT // 2][1] += " lighthouse"
    after = written(rows, tmp_path / "after")
    # Its file of terms, that of its places, a file of lengths, and the lists of these files; an end may move.
    assert len(after.keys() - before.keys()) <= 16
    assert new_bytes(before, after) < sum(before.values()) // 8


def test_the_same_texts_give_the_same_files(tmp_path: Path) -> None:
    assert written(texts(), tmp_path / "one") == written(texts(), tmp_path / "two")
