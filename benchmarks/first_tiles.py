"""What a visitor loads until the first pictures are on screen, from an empty cache.

    python benchmarks/first_tiles.py SITE

Serves the folder SITE as GitHub Pages does, with gzip for text, opens it in a new browser on a desk
(1280 × 720) and on a phone (390 × 844), and counts the bytes of all answers that were sent until every
thumbnail in view is shown. The last line is a JSON object: `first_tiles_bytes` is the larger of the two;
`desk` and `phone` have `bytes`, `thumbnails` (in view), `ms` and `requests`, a list of [path, bytes].
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

from harness import browsing, emit, note
from shaped import on_line

VIEWS = {"desk": (1280, 720), "phone": (390, 844)}
_TIMEOUT_S = 120

# Every tile in view shows its picture, and there is at least one.
SHOWN = """() => {
  const inView = [...document.querySelectorAll("ul.grid > li.tile")].filter((tile) => {
    const box = tile.getBoundingClientRect();
    return box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  });
  const shown = inView.filter((tile) => {
    const image = tile.querySelector("img");
    return image?.complete && image.naturalWidth > 0;
  });
  return inView.length > 0 && shown.length === inView.length ? shown.length : 0;
}"""


def visit(site: Path, width: int, height: int) -> dict[str, Any]:
    """Open a site in a new browser and wait for its first pictures.

    Raises playwright's TimeoutError if they do not appear within two minutes.
    """
    with on_line(site) as server, browsing(width, height) as page:
        start = time.perf_counter()
        page.goto(server.url, wait_until="commit")
        shown = page.wait_for_function(SHOWN, timeout=_TIMEOUT_S * 1000, polling="raf")
        with server.lock:
            requests = [list(record) for record in server.requests]
        seconds = time.perf_counter() - start
        thumbnails = int(shown.json_value())
    return {
        "bytes": sum(size for _, size in requests),
        "thumbnails": thumbnails,
        "ms": round(1000 * seconds),
        "requests": requests,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("site", type=Path, help="folder of a built site")
    options = parser.parse_args()
    if not (options.site / "manifest.json").is_file():
        sys.exit(f"{options.site} is not a site: it has no manifest.json.")
    result: dict[str, Any] = {}
    for name, (width, height) in VIEWS.items():
        result[name] = visit(options.site, width, height)
        note(f"{name}: {result[name]['bytes']:,} bytes, {result[name]['thumbnails']} thumbnails")
    result["first_tiles_bytes"] = max(result[name]["bytes"] for name in VIEWS)
    emit(result)


if __name__ == "__main__":
    main()
