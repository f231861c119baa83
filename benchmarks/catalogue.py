"""Bytes, requests and times of full text: look-alikes of DiffusionDB of several sizes, searched in Node.

    make bench NAME=catalogue ARGS="5000 100000 1000000"

For each size a site of metadata is written, and the JavaScript library asks it for words and for expressions
over an imitated line of 40 ms and 20 Mbit/s. Queries are drawn from the prompts: one to four words of one
prompt without stop words, so each has results. `first_…`: the first query of a visit (median of 20),
beyond what a page loads before it; `next_…`: 220 further ones of one visit. Rows and documents of the results
that are shown are not counted. `mismatches`: queries, of words and of expressions, for which the first 100
rows of the site are not those of SQLite's FTS5 over the same texts.
"""

from __future__ import annotations

import json
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
from harness import ROOT, emit, note
from lookalikes import prompts

from imagedb_site import fts
from imagedb_site.records import FieldSpec
from imagedb_site.site import SiteInput, SiteRow, SiteSettings, write_site
from imagedb_site.site.assets import web_folder
from imagedb_site.site_index import SiteIndex
from imagedb_site.text import analyze, fts_query

FIELDS = [FieldSpec("prompt", "Prompt", "text", fts=True)]
STOP = frozenset(
    ["and", "are", "for", "from", "has", "its", "not", "that", "the", "this", "was", "with", "near"]
)
SIZES = {5_000: "5k", 100_000: "100k", 1_000_000: "1m", 2_000_000: "2m"}
WORDS, EXPRESSIONS, COMPARED = 221, 41, 300
COMPARED_ROWS = 100_000
"""Answers are compared with SQLite's in sites of up to this many rows."""


class Prompts:
    """The rows, generated whenever they are iterated."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[SiteRow]:
        for number, row in enumerate(prompts(self._count)):
            fields = {"prompt": row["prompt"]}
            yield SiteRow(f"{number:016x}", row["image_name"], 0, 0, fields=fields)


def queries(count: int, wanted: int) -> tuple[list[str], list[str]]:
    """Words of single prompts, and expressions with words of single prompts."""
    drawn = random.Random(5)
    chosen = set(drawn.sample(range(min(count, 50_000)), 2 * wanted))
    texts = [row["prompt"] for at, row in enumerate(prompts(min(count, 50_000))) if at in chosen]
    drawn.shuffle(texts)
    words, expressions = [], []
    for text in texts:
        found = [
            word
            for word in re.findall(r"\w+", text)
            if word.isalpha() and len(word) > 2 and word not in STOP
        ]
        if len(found) < 4:
            continue
        words.append(" ".join(drawn.sample(found, drawn.randint(1, 4))))
        at = drawn.randrange(len(found) - 1)
        pair = re.findall(r"[a-z0-9]+", text)[at : at + 2]
        expressions.append(
            drawn.choice(
                (
                    f'"{" ".join(pair)}"',
                    f"NEAR({found[0]} {found[-1]}, 10)",
                    f"{found[0]} AND {found[1][:4]}*",
                    f"({found[0]} OR {found[1]}) NOT {found[2]}",
                    f"^{pair[0]} OR {found[-1]}",
                )
            )
        )
    return words[:wanted], expressions[:wanted]


def mismatches(site: Path, count: int) -> int:
    """How many answers differ from SQLite's."""
    database = apsw.Connection(":memory:")
    database.execute(fts.create_table(["prompt"]))
    database.executemany(
        fts.insert_row(["prompt"]),
        ((at + 1, analyze(row["prompt"])) for at, row in enumerate(prompts(count))),
    )
    index = SiteIndex.open(site)
    words, expressions = queries(count, COMPARED)
    every = [" AND ".join(text.split()) for text in words] + [
        " OR ".join(text.split()) for text in words
    ]
    wrong = 0
    for asked in [*every, *expressions]:
        expected = database.execute(
            "SELECT rowid - 1 FROM fts WHERE fts MATCH ? ORDER BY rank, rowid LIMIT 100",
            (fts_query(asked),),
        )
        wrong += index.match(asked, 100).tolist() != [row for (row,) in expected]
    index.close()
    return wrong


def measured(count: int, folder: Path) -> dict[str, Any]:
    """Write a site of this size and ask it."""
    site = folder / "site"
    note(f"writing {count:,} rows")
    start = time.perf_counter()
    source = SiteInput(
        title="Prompts",
        rows=Prompts(count),
        fields=FIELDS,
        thumbnail=lambda row: None,
        settings=SiteSettings(pages=False),
    )
    write_site(source, site)
    seconds = time.perf_counter() - start
    files = [
        (file.name.partition(".")[0], file.stat().st_size) for file in (site / "data").iterdir()
    ]
    stems = ("terms", "places", "postings", "lengths", "first-terms")
    full_text = [size for name, size in files if name.removesuffix("-index") in stems]
    result: dict[str, Any] = {
        "write_s": round(seconds, 1),
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "site_files": len(files),
        "site_bytes": sum(size for _, size in files),
        "full_text_files": len(full_text),
        "full_text_bytes": sum(full_text),
    }
    words, expressions = queries(count, WORDS)
    asked = folder / "queries.json"
    asked.write_text(json.dumps({"words": words, "expressions": expressions[:EXPRESSIONS]}))
    note("asking in Node")
    script = ROOT / "benchmarks" / "catalogue.mjs"
    command = ["node", str(script), str(web_folder() / "imagedb.js"), str(site), str(asked)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    result |= json.loads(done.stdout.splitlines()[-1])
    if count <= COMPARED_ROWS:
        note("comparing with SQLite")
        result["mismatches"] = mismatches(site, count)
    return result


def main() -> None:
    sizes = [int(value) for value in sys.argv[1:]] or [5_000, 100_000, 1_000_000]
    result: dict[str, Any] = {"rows": max(sizes), "compared": 3 * COMPARED}
    for count in sizes:
        with tempfile.TemporaryDirectory(prefix="imagedb-catalogue-") as folder:
            found = measured(count, Path(folder))
        note(json.dumps(found))
        name = SIZES.get(count, str(count))
        result |= {f"{key}_{name}": value for key, value in found.items()}
    result["mismatches"] = sum(
        value for key, value in result.items() if key.startswith("mismatches_")
    )
    emit(result)


if __name__ == "__main__":
    main()
