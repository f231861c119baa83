"""Writes postings.json.gz: full text as files (docs/FORMAT.md 2.8), and what SQLite has of the same texts."""

from __future__ import annotations

import base64
import json
import random
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from imagedb_site.container import gzip_bytes
from imagedb_site.site.postings import PostingsSizes, write_postings
from imagedb_site.site.storage import SiteFiles
from imagedb_site.site.target import FolderTarget
from imagedb_site.site.term_table import Term, TermTable
from imagedb_site.site.types import SiteSettings

HERE = Path(__file__).parent
COUNT = 700
SMALL = PostingsSizes(
    terms=150, long=120, rows=60, places=90, lengths=256, ranked_above=10, head=20, scale=1
)


def texts(columns: int) -> list[list[str]]:
    """Rows with words of very different frequency, also in other scripts, and with empty ones."""
    drawn = random.Random(7)
    words = ["the", "sea", "boats", "Gärten", "東京タワー", "🐱", "IMG_0042", "sunset", "İstanbul"]
    words += [
        f"{a}{b}"
        for a in ("lamp", "rain", "qu", "zeb", "öl")
        for b in ("", "s", "ing", "er", "o", "ada")
    ]
    found = []
    for row in range(COUNT):
        lists = [
            [
                words[min(len(words) - 1, int(drawn.paretovariate(0.6)) - 1)]
                for _ in range(drawn.randint(0, 14))
            ]
            for _ in range(columns)
        ]
        if row % 50 == 0:
            lists[0].append(f"only{row}")
        found.append([" ".join(some) for some in lists])
    return found


def places(term: Term) -> dict[str, Any]:
    rows, times = np.unique(np.array(term.rows), return_counts=True)
    return {
        "rows": rows.tolist(),
        "times": times.tolist(),
        "columns": list(term.columns),
        "positions": list(term.positions),
    }


def made(
    name: str, columns: list[str], rows: list[list[str]], sizes: PostingsSizes
) -> dict[str, Any]:
    """A catalog, its files, and the terms and lengths that SQLite has."""
    with tempfile.TemporaryDirectory() as folder, TermTable(columns) as table:
        for row in rows:
            table.add(row)
        settings = SiteSettings(fanout=16)
        catalog = write_postings(
            SiteFiles(FolderTarget(Path(folder), None)), table, settings, sizes
        )
        files = {
            f"data/{path.name}": base64.b64encode(path.read_bytes()).decode()
            for path in sorted((Path(folder) / "data").iterdir())
        }
        return {
            "name": name,
            "catalog": catalog,
            "files": files,
            "terms": {term.text.decode(): places(term) for term in table.terms()},
            "lengths": table.lengths().tolist(),
        }


def main() -> None:
    catalogs = [
        made("long lists and heads", ["name", "caption"], texts(2), SMALL),
        made("one column", ["caption"], texts(1)[:60], PostingsSizes()),
        made("no texts", ["caption"], [[""], [""]], PostingsSizes()),
    ]
    data = json.dumps({"catalogs": catalogs}, separators=(",", ":"), sort_keys=True).encode()
    (HERE / "postings.json.gz").write_bytes(gzip_bytes(data))


if __name__ == "__main__":
    main()
