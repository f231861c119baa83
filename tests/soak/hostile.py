"""Hostile input of every kind: parsers, model packs, hosts, a whole collection, and its pages in a browser.

`bad_inputs` counts what was tried; `hangs`, `scripts_run` and `crashes` must be 0.
"""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from playwright.sync_api import sync_playwright

from browser import ARGUMENTS, chromium_path
from hostile import pages
from hostile.running import run as command
from hostile.running import run_module
from hostile.targets import TARGETS
from hostile.texts import TEXTS
from imagedb_site.serve import SiteServer

PARSER_TRIALS = 1500
PACK_TRIALS = 400
HOST_TRIALS = 120
LINKS = 150
SECONDS = 600
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 860}

Counts = dict[str, int]


def run(folder: Path, scale: float) -> Counts:
    """All kinds; at scale 1 about 60,000 inputs."""
    total = {"bad_inputs": 0, "hangs": 0, "scripts_run": 0, "crashes": 0}
    jobs = [(name, PARSER_TRIALS) for name in TARGETS]
    jobs += [("packs", PACK_TRIALS), ("hosts", HOST_TRIALS)]
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(lambda job: trials(folder, job[0], max(1, round(job[1] * scale))), jobs)
        for counts in [*found, collection(folder), visits(folder, max(5, round(LINKS * scale)))]:
            for key, count in counts.items():
                total[key] += count
    return total


def trials(folder: Path, kind: str, number: int, seed: int = 1) -> Counts:
    """Trials of one kind in a process of their own, which may hang or crash."""
    arguments = ("soak._trials", kind, str(number), str(seed))
    try:
        done = run_module(*arguments, cwd=folder, seconds=SECONDS)
    except subprocess.TimeoutExpired:
        note(f"{kind} did not end within {SECONDS} s")
        return {"hangs": 1}
    if done.returncode:
        note(f"{kind} ended with {done.returncode}: {done.stderr[-2000:]}")
        return {"crashes": 1}
    counts: Counts = json.loads(done.stdout.splitlines()[-1])
    if counts["hangs"] or counts["crashes"]:
        note(f"{kind}: {counts} {done.stderr[-3000:]}")
    return counts


def collection(folder: Path) -> Counts:
    """A hostile collection is built, checked, exported and searched with every hostile text."""
    outcomes = [pages.build(folder)]
    queries = [" ".join(text.split()) for text in TEXTS]
    (folder / "queries.txt").write_text("\n".join(queries), encoding="utf-8", errors="replace")
    search = ["search", "--queries", "queries.txt", "--html", "found.html", "--in"]
    outcomes += [
        command("check", "dist", cwd=folder, seconds=300),
        command("export", "all.csv", "--in", "dist", "--no-embeddings", cwd=folder),
        command(*search, "dist", cwd=folder, seconds=300),
        command(*search, "dist.library", cwd=folder, seconds=300),
    ]
    for outcome in outcomes:
        if outcome.fault or outcome.code:
            note(f"{outcome.fault or outcome.err[-500:]}")
    hangs = sum(outcome.code is None for outcome in outcomes)
    bad = sum(
        outcome.code is not None and bool(outcome.fault or outcome.code) for outcome in outcomes
    )
    return {"bad_inputs": 200 + 2 * len(queries), "hangs": hangs, "crashes": bad}


def visits(folder: Path, number: int) -> Counts:
    """The pages of that collection, by hostile links, on a desk and on a phone."""
    server = SiteServer(folder / "dist", port=0, mount="/site/")
    counts = {"bad_inputs": 0, "hangs": 0, "scripts_run": 0, "crashes": 0}
    with ThreadPoolExecutor(1) as pool, sync_playwright() as playwright:
        pool.submit(server.serve_forever, 0.02)
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        try:
            for viewport in (DESK, PHONE):
                context = browser.new_context(viewport=viewport, service_workers="block")
                watch = pages.Watched(context, f"http://127.0.0.1:{server.port}/site/")
                for link in ["", *pages.links(number)][: number + 40]:
                    watch.visit(link)
                    counts["bad_inputs"] += 1
                watch.visit("#q=texts")
                counts["bad_inputs"] += watch.details(number)
                counts["hangs"] += len(watch.hangs)
                counts["scripts_run"] += len(watch.ran)
                counts["crashes"] += len(watch.broken)
                for problem in (*watch.hangs, *watch.ran, *watch.broken):
                    note(problem)
                context.close()
        finally:
            browser.close()
            server.shutdown()
            server.server_close()
    return counts


def note(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)
