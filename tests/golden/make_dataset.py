"""Writes dataset.json: what the data-set verbs say about site-queries, for Python and JavaScript alike."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import imagedb_site

GOLDEN = Path(__file__).parent
TAGS = ("black cat", "BLACK-CAT", "2021", "no such tag", "<i>")
SAMPLES: tuple[dict[str, Any], ...] = (
    {"size": 5, "seed": 1},
    {"size": 4, "seed": 4294967295, "start": 10, "end": 19},
    {"size": 100, "seed": 7, "text": "cat", "start": 5},
)
BATCHES: tuple[dict[str, Any], ...] = (
    {"size": 7, "validation": 0.1, "test": 0.2, "seed": 3},
    {"size": 1000, "validation": 0.125, "test": 0, "seed": 0},
    {"size": 2000, "validation": 0.1, "test": 0, "seed": 0},
    {"size": 4, "validation": 1 / 3, "test": 0, "seed": 0},
)


def dataset() -> dict[str, Any]:
    """The answers of every verb, as JSON."""
    with imagedb_site.open(GOLDEN / "site-queries") as collection:
        batches = [collection.batches(**options) for options in BATCHES]
        return {
            "stats": collection.stats().to_json(),
            "texts": collection.stats(limit=2, texts=True).to_json(),
            "tags": {name: [tag.to_json() for tag in collection.tag(name)] for name in TAGS},
            "samples": [
                {"options": options, "rows": [hit.row for hit in collection.sample(**options)]}
                for options in SAMPLES
            ],
            "batches": [
                {
                    "options": options,
                    "id": made.id,
                    "validation": [
                        made.batch("validation", n) for n in range(made.count["validation"])
                    ],
                }
                for options, made in zip(BATCHES, batches, strict=True)
            ],
            "page": [hit.row for hit in collection.page(3, size=25)],
        }


if __name__ == "__main__":
    text = json.dumps(dataset(), ensure_ascii=False, indent=1)
    (GOLDEN / "dataset.json").write_text(text + "\n", encoding="utf-8")
