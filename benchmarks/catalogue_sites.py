"""The sites of the catalogue's benchmark, how they are built, and what is asked of them."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from harness import note
from lookalikes import prompts, write_posts, write_prompts

STOP = frozenset(
    ["and", "are", "for", "from", "has", "its", "not", "that", "the", "this", "was", "with", "near"]
)


def built(folder: Path, kind: str, count: int) -> tuple[Path, dict[str, Any]]:
    """The site of `count` look-alikes in `folder`, built by the command line unless it is there already.

    Gives its folder, and the figures of the build: `s` (wall clock), `cpu_s`, `peak_rss_mb`, `bytes` and
    `files`. A site that was there already has no times unless this benchmark built it.
    """
    site = folder / f"{kind}-{count}"
    figures = folder / f"{kind}-{count}.json"
    if not (site / "manifest.json").is_file():
        table = folder / f"{kind}-{count}.{'parquet' if kind == 'diffusiondb' else 'jsonl.gz'}"
        if not table.is_file():
            note(f"drawing {count:,} rows like {kind}")
            (write_prompts if kind == "diffusiondb" else write_posts)(table, count)
        note(f"building {site}")
        figures.write_text(json.dumps(_build(kind, table, site)))
    found = json.loads(figures.read_text()) if figures.is_file() else {}
    sizes = [file.stat().st_size for file in site.rglob("*") if file.is_file()]
    return site, {**found, "bytes": sum(sizes), "files": len(sizes)}


def _build(kind: str, table: Path, site: Path) -> dict[str, Any]:
    arguments = ["build", "--from", kind, str(table), "-o", str(site), "--model", "none"]
    start = time.perf_counter()
    child = subprocess.Popen([sys.executable, "-m", "imagedb_site.cli.main", *arguments])
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"The build of {table} failed.")
    return {
        "s": round(time.perf_counter() - start, 1),
        "cpu_s": round(used.ru_utime + used.ru_stime, 1),
        "peak_rss_mb": used.ru_maxrss // 1024,
    }


def queries(count: int, wanted: int) -> tuple[list[str], list[str]]:
    """Words of single prompts (one to four, without stop words), and expressions with such words."""
    drawn = random.Random(5)
    of = min(count, 50_000)
    chosen = set(drawn.sample(range(of), min(of, 2 * wanted)))
    texts = [row["prompt"] for at, row in enumerate(prompts(of)) if at in chosen]
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
