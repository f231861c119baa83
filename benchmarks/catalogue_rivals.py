"""What others load for the same texts: Pagefind's index in parts, and a whole database."""

from __future__ import annotations

import gzip
import json
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import apsw
from harness import ARGUMENTS, ROOT, chromium_path, note
from lookalikes import prompts
from playwright.sync_api import sync_playwright
from shaped import Line, on_line

from imagedb_site import fts
from imagedb_site.text import analyze

PAGEFIND = "pagefind@1.6.0"
_ASK = """async (text) => {
  const started = performance.now();
  const pagefind = await import("/pagefind/pagefind.js");
  await pagefind.options({});
  await pagefind.init();
  const { results } = await pagefind.search(text);
  return { ms: performance.now() - started, results: results.length };
}"""
_LOAD = """async () => {
  const started = performance.now();
  await (await fetch("/texts.db.gz")).arrayBuffer();
  return performance.now() - started;
}"""


def pagefind(sizes: Sequence[int], words: Sequence[str]) -> dict[str, Any]:
    """Medians of bytes and milliseconds of the first query with Pagefind, without the shown results."""
    result: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="imagedb-pagefind-") as temporary:
        folder = Path(temporary)
        shutil.copy(ROOT / "benchmarks" / "pagefind.mjs", folder)
        npm = ["npm", "install", "--silent", "--no-audit", "--no-fund", PAGEFIND]
        subprocess.run(npm, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        for count in sizes:
            name = f"{count // 1000}k"
            note(f"Pagefind indexes {count:,} prompts")
            rows = folder / "rows.jsonl"
            with rows.open("w") as file:
                for row in prompts(count):
                    file.write(json.dumps([row["image_name"], row["prompt"]]) + "\n")
            site = folder / name
            done = subprocess.run(
                ["node", "pagefind.mjs", str(rows), str(site / "pagefind")],
                cwd=folder,
                check=True,
                capture_output=True,
                text=True,
            )
            result[f"index_s_{name}"] = json.loads(done.stdout.splitlines()[-1])["s"]
            (site / "robots.txt").write_text("")
            result[f"files_{name}"] = sum(1 for one in site.rglob("*") if one.is_file())
            found = _asked(site, words)
            result[f"first_bytes_{name}"] = round(statistics.median(one["bytes"] for one in found))
            result[f"first_ms_{name}"] = round(statistics.median(one["ms"] for one in found))
            shutil.rmtree(site)
    return result


def _asked(site: Path, words: Sequence[str]) -> list[dict[str, Any]]:
    found = []
    with sync_playwright() as playwright, on_line(site, Line()) as server:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        for text in words:
            context = browser.new_context()
            page = context.new_page()
            page.goto(server.url + "robots.txt")
            server.taken()
            answer = page.evaluate(_ASK, text)
            found.append({**answer, "bytes": sum(size for _, size in server.taken())})
            context.close()
        browser.close()
    return found


def whole_database(count: int) -> dict[str, Any]:
    """Bytes of an FTS5 database of the prompts, packed, and milliseconds until a browser has it."""
    with tempfile.TemporaryDirectory(prefix="imagedb-whole-") as temporary:
        folder = Path(temporary)
        file = folder / "texts.db"
        note(f"writing a database of {count:,} prompts")
        database = apsw.Connection(str(file))
        database.execute("PRAGMA journal_mode = off; PRAGMA synchronous = off")
        with database:
            database.execute(fts.create_table(["prompt"]))
            database.executemany(
                fts.insert_row(["prompt"]),
                ((at + 1, analyze(row["prompt"])) for at, row in enumerate(prompts(count))),
            )
            database.execute("INSERT INTO fts(fts) VALUES ('optimize')")
        database.close()
        with file.open("rb") as source, gzip.open(folder / "texts.db.gz", "wb", 6) as packed:
            shutil.copyfileobj(source, packed, 1 << 20)
        file.unlink()
        (folder / "robots.txt").write_text("")
        with sync_playwright() as playwright, on_line(folder, Line()) as server:
            browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
            page = browser.new_page()
            page.goto(server.url + "robots.txt")
            ms = page.evaluate(_LOAD)
            browser.close()
        size = (folder / "texts.db.gz").stat().st_size
    return {"rows": count, "bytes": size, "ms": round(ms)}
