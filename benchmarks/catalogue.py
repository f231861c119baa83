"""Collections of records at scale: full text, look-alikes of DiffusionDB and of Danbooru's posts, and rivals.

    make bench NAME=catalogue
    make bench NAME=catalogue ARGS="--sizes 5000 100000 --large 0 --posts 0 --keep FOLDER"

All sites are built by `imagedb-site build --model none` from look-alikes (`lookalikes.py`), and asked in
Chromium over a line of 40 ms and 20 Mbit/s. `--sizes`: sites whose full text is measured. `--large` and
`--posts`: rows of the largest site of prompts, and of the site of posts. `--pagefind`: texts that Pagefind
indexes. With `--keep` the sites stay in a folder, and those that are there are used again, with the figures
of their build. 0 or nothing leaves a part out. The defaults take hours and 12 GB of disk.

Queries are one to four words of one prompt without stop words. `first_words_…`: the first query of a visit
(median of 20); `next_words_…`: 220 further ones of one visit, `newest_…`: 40 with the newest rows first;
`expression_…`: 40 expressions. None counts the rows and documents that are shown; `visit` does, and has the
largest resident memory of the page's process. `mismatches`: expressions with other first 100 rows than those
of SQLite's FTS5, and queries for words whose first ten rows in the browser are not those of Python's rule.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from catalogue_asks import Asker, asked, visited
from catalogue_oracle import expression_mismatches, word_mismatches
from catalogue_rivals import pagefind, whole_database
from catalogue_sites import built, queries
from harness import ARGUMENTS, chromium_path, emit, note
from lookalikes import posts
from playwright.sync_api import sync_playwright
from shaped import Line, on_line


def name_of(count: int) -> str:
    """5000 as 5k, 1000000 as 1m."""
    if count % 1_000_000 == 0:
        return f"{count // 1_000_000}m"
    return f"{count // 1000}k" if count % 1000 == 0 else str(count)


def of_sizes(folder: Path, sizes: Sequence[int], wanted: int) -> dict[str, Any]:
    """The figures of full text; the names without a size are those of the largest site."""
    result: dict[str, Any] = {}
    wrong = 0
    for count in sorted(sizes):
        site, figures = built(folder, "diffusiondb", count)
        words, expressions = queries(count, wanted)
        note(f"asking {count:,} rows")
        found = asked(site, words, expressions[:41])
        wrong += word_mismatches(site, count, found.pop("answers"))
        visit = visited(site, words[0])
        name = name_of(count)
        result |= {f"{key}_{name}": value for key, value in found.items() if "first_" in key}
        result |= {f"build_{name}": figures, f"visit_{name}": visit}
        result |= {key: value for key, value in found.items() if not key.startswith("first_words")}
        result |= {"rows": count, "page_bytes": visit["page_bytes"], "queries": len(words) - 1}
        note(json.dumps(found))
    return {**result, "word_mismatches": wrong}


def of_large(folder: Path, count: int) -> dict[str, Any]:
    """The build of the largest site, and a visit of it."""
    site, figures = built(folder, "diffusiondb", count)
    name = name_of(count)
    words, _ = queries(count, 5)
    return {
        f"build_{name}_s": figures.get("s"),
        f"build_{name}_cpu_s": figures.get("cpu_s"),
        f"build_{name}_peak_rss_mb": figures.get("peak_rss_mb"),
        f"site_{name}_bytes": figures["bytes"],
        f"site_{name}_files": figures["files"],
        f"visit_{name}": visited(site, words[0]),
    }


def of_posts(folder: Path, count: int) -> dict[str, Any]:
    """The build of the site of posts, and the bytes of the first query for a tag: medians by frequency."""
    site, figures = built(folder, "danbooru", count)
    counts: Counter[str] = Counter()
    for post in posts(min(count, 20_000)):
        counts.update(tag["name"] for tag in post["tags"] if tag["category"] == "0")
    ranked = [tag for tag, _ in counts.most_common()]
    bands = {"common": ranked[:5], "middle": ranked[300:305], "rare": ranked[5000:5005]}
    found: dict[str, list[int]] = {}
    with sync_playwright() as playwright, on_line(site, Line()) as server:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        for band, tags in bands.items():
            for tag in tags:
                asker = Asker(browser, server)
                found.setdefault(band, []).append(asker.ask(f'tag:"{tag}"')["bytes"])
                asker.close()
        browser.close()
    medians = {
        f"tag_query_bytes_{band}": round(statistics.median(of)) for band, of in found.items()
    }
    every = [size for of in found.values() for size in of]
    return {
        "posts": count,
        **figures,
        "tag_query_bytes": round(statistics.median(every)),
        **medians,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])  # type: ignore[union-attr]
    numbers: dict[str, Any] = {"type": int, "nargs": "*"}
    parser.add_argument("--sizes", default=[5_000, 100_000, 1_000_000], **numbers)
    parser.add_argument("--large", type=int, default=2_000_000)
    parser.add_argument("--posts", type=int, default=3_700_000)
    parser.add_argument("--pagefind", default=[10_000, 100_000], **numbers)
    parser.add_argument("--whole", type=int, default=1_000_000, help="rows of the whole database")
    parser.add_argument("--expressions", type=int, default=2_000)
    parser.add_argument("--oracle-rows", type=int, default=20_000)
    parser.add_argument("--queries", type=int, default=221)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    result: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="imagedb-catalogue-") as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if options.expressions:
            found = expression_mismatches(options.oracle_rows, options.expressions)
            result |= {"mismatches": found.pop("mismatches"), "expressions": found}
        if options.sizes:
            result |= of_sizes(folder, options.sizes, options.queries)
            result["mismatches"] = result.get("mismatches", 0) + result["word_mismatches"]
        if options.pagefind:
            words, _ = queries(min(options.pagefind), 5)
            result["pagefind"] = pagefind(options.pagefind, words)
        if options.whole:
            result["whole_database"] = whole_database(options.whole)
        if options.large:
            result |= of_large(folder, options.large)
        if options.posts:
            result["danbooru"] = of_posts(folder, options.posts)
    emit(result)


if __name__ == "__main__":
    main()
