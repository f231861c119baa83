"""How fast a site is built, and how much a visitor loads before the first results by meaning.

    make bench NAME=build [ARGS="--pictures FOLDER --query TEXT"]

images_per_second    gathering, decoding, thumbnails and embeddings of a first build
model_share          part of that time that the model takes
unchanged_seconds    a second build of the same pictures, the whole process
bytes_first_result   all bytes the server sends to an empty cache until the first result by meaning
ms_first_result      milliseconds from the navigation to that result (this machine, no limited link)
bytes_start_page     all bytes until the pictures of the start page are loaded, without a search
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from harness import browsing, collection, emit, median, note, run_cli, serving, show_results


def first_result(site: Path, query: str) -> tuple[int, float, float]:
    """Bytes and milliseconds to the final results with a picture; milliseconds to any results."""
    with serving(site) as server, browsing() as page:
        start = time.perf_counter()
        page.add_init_script(
            "new MutationObserver(() => { if (!window.__first && "
            "document.querySelector('[data-stage] a[data-row]')) window.__first = performance.now() })"
            ".observe(document, {childList: true, subtree: true})"
        )
        show_results(page, server.url, query, "meaning")
        milliseconds = (time.perf_counter() - start) * 1000
        return server.sent, milliseconds, float(page.evaluate("window.__first ?? NaN"))


def start_page(site: Path) -> int:
    with serving(site) as server, browsing() as page:
        page.goto(server.url)
        page.wait_for_selector("a[data-row]")
        page.wait_for_load_state("networkidle")
        return server.sent


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--query", default="something to play music on")
    parser.add_argument("--model", default="builtin")
    options = parser.parse_args()
    pictures = options.pictures or collection("labelled")
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder) / "dist"
        arguments = ["build", pictures, "-o", site, "--model", options.model]
        note("first build")
        report, total = run_cli(*arguments)
        seconds = report["seconds"]
        work = sum(seconds.get(step, 0.0) for step in ("gather", "scan", "derive"))
        note("second build, nothing changed")
        unchanged = [run_cli(*arguments)[1] for _ in range(3)]
        note("first visits")
        visits = [first_result(site, options.query) for _ in range(3)]
        emit(
            {
                "images": report["count"],
                "images_per_second": round(report["count"] / work, 1),
                "model_share": round(seconds.get("model inference", 0.0) / work, 3),
                "total_seconds": round(total, 1),
                "unchanged_seconds": round(median(unchanged), 2),
                "bytes_first_result": round(median([visit[0] for visit in visits])),
                "ms_first_result": round(median([visit[1] for visit in visits])),
                "bytes_start_page": start_page(site),
                "site_bytes": report["bytes"],
                "model": report["model"],
            }
        )


if __name__ == "__main__":
    main()
