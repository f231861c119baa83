"""Invented records with values of every kind, and sites of them with small and with large blocks."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from imagedb_site.records import FieldSpec, Value
from imagedb_site.site import SiteInput, SiteRow, SiteSettings, write_site
from imagedb_site.site_index import SiteIndex

FIELDS = [
    FieldSpec("title", "Title", "text", fts=True),
    FieldSpec("tags", "Tags", "tags", facet=True, column=True),
    FieldSpec("kind", "Kind", "category", facet=True, column=True),
    FieldSpec("folder", "Folder", "category", facet=True, column=True, separator="/"),
    FieldSpec("good", "Good", "boolean", facet=True, column=True),
    FieldSpec("score", "Score", "number", column=True),
    FieldSpec("taken", "Taken", "date", column=True),
]
SMALL = SiteSettings(pages=False, column_block=8, column_segment=16, values_bytes=32, fanout=3)
WHOLE = SiteSettings(pages=False)
TAGS = [
    *(f"tag {number}" for number in range(20)),
    "cat",
    "Cat",
    "CAT ",
    "black_cat",
    "black cat",
    "dog",
    "été",
    "ete",
    "猫",
    "a, b",
    "𝔘",
    "\uffee",
]


def rows_of(count: int, seed: int = 0) -> list[dict[str, Value]]:
    chosen = random.Random(seed)
    rows: list[dict[str, Value]] = []
    for row in range(count):
        fields: dict[str, Value] = {"title": f"row {row}"}
        tags: list[str] = chosen.sample(TAGS, chosen.randrange(4))
        if tags:
            fields["tags"] = tags
        if chosen.random() < 0.8:
            fields["kind"] = chosen.choice(["Canon EOS 7D", "canon eos 5D", "NIKON D70", "x"])
            fields["folder"] = chosen.choice(["2020/trips/norway", "2020/trips", "2021", "a b/c"])
        if chosen.random() < 0.7:
            fields["good"] = chosen.random() < 0.5
            fields["score"] = chosen.choice([chosen.randrange(-5, 300), chosen.random() * 10])
            fields["taken"] = chosen.choice(
                ["2020", "2020-05", "2021-01-01T10:00:00", "1893-07-09"]
            )
        rows.append(fields)
    return rows


def write(
    folder: Path, rows: Sequence[dict[str, Value]], layout: SiteSettings, **more: Any
) -> SiteIndex:
    made = [
        SiteRow(f"{row:016x}", f"{row}", 0, 0, fields=fields) for row, fields in enumerate(rows)
    ]
    write_site(
        SiteInput(
            title="Columns", rows=made, fields=FIELDS, thumbnail=lambda row: None, settings=layout
        ),
        folder,
        **more,
    )
    return SiteIndex.open(folder)
