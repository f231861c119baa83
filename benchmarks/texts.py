"""What full text costs: the catalog's bytes and the time to write it, with and without the parts of words.

    make bench NAME=texts            # on captioned and artworks of the test data

`terms_bytes` is the gzipped table of the texts' words alone, `catalog_bytes` the table that a site has:
with numbers in names, words of CamelCase names and exact forms (docs/FORMAT.md 2.8). `longer_words` is how
many of the 500 most frequent words of four letters or more are found inside other words as well.
"""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import apsw
from harness import collection, emit, note

from imagedb_site import fts
from imagedb_site.folding import fold
from imagedb_site.query.words_arm import longer_words
from imagedb_site.site.words import WordCounter
from imagedb_site.text import analyze, terms

COLUMNS = ("file", "caption")
ASKED = 500


def vocabulary(rows: Sequence[tuple[str, str]]) -> list[str]:
    """The words of suggestions, folded, most frequent first."""
    counter = WordCounter()
    for row in rows:
        counter.add(row)
    return [fold(word) for word, _ in counter.most_common()]


def captioned(folder: Path) -> Iterator[tuple[str, str]]:
    for line in (folder / "captions.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        yield row["file"], " ".join(row["captions"])


def artworks(folder: Path) -> Iterator[tuple[str, str]]:
    with gzip.open(folder / "artworks.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            said = [row["title"], *row.get("artists", ()), row.get("medium") or ""]
            yield f"artworks/{row['id']}.jpg", ", ".join(map(str, said))


def table(rows: Sequence[tuple[str, str]], prepare: Callable[[str], str]) -> tuple[int, float]:
    """The gzipped bytes of the full-text table, and the processor seconds to write it."""
    start = time.process_time()
    database = apsw.Connection(":memory:")
    database.execute(f"PRAGMA page_size = {fts.PAGE_SIZE}")
    database.execute(fts.create_table(COLUMNS))
    with database:
        database.executemany(
            fts.insert_row(COLUMNS),
            ((at + 1, *map(prepare, texts)) for at, texts in enumerate(rows)),
        )
        database.execute("INSERT INTO fts(fts) VALUES ('optimize')")
    database.execute("VACUUM")
    seconds = time.process_time() - start
    return len(gzip.compress(database.serialize("main"), 6)), seconds


def measure(rows: Sequence[tuple[str, str]]) -> dict[str, Any]:
    plain, plain_seconds = table(rows, terms)
    whole, seconds = table(rows, analyze)
    words = vocabulary(rows)
    asked = [word for word in words if len(word) >= 4][:ASKED]
    inside = sum(bool(longer_words(word, words)) for word in asked)
    return {
        "rows": len(rows),
        "terms_bytes": plain,
        "catalog_bytes": whole,
        "parts_percent": round(100 * (whole - plain) / plain, 1),
        "terms_cpu_s": round(plain_seconds, 2),
        "catalog_cpu_s": round(seconds, 2),
        "longer_words": f"{inside}/{len(asked)}",
    }


def main() -> None:
    found = {}
    for name, read in (("captioned", captioned), ("artworks", artworks)):
        note(f"{name} …")
        found[name] = measure(list(read(collection(name))))
    emit(found)


if __name__ == "__main__":
    main()
