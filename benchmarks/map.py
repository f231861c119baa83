"""What a map of meaning costs: to make, and in the browser.

    make bench NAME=map                        # all of it; the map of 100,000 rows takes half an hour
    make bench NAME=map ARGS="--only page"     # in the browser; the sites are kept in .cache/bench-map
    make bench NAME=map ARGS="--site dist"     # takes the real embeddings of a site that is there

umap_s_10k, umap_s_100k                       seconds of UMAP in two and in three dimensions
umap_cpu_s_…                                  … and of processor time, which other programs hardly change
topics_s_…, topics_…                          seconds of finding topics, and how many there are
umap_peak_rss_mb_10k, umap_peak_rss_mb_100k   peak memory of the process
trustworthiness_…, neighbours_kept_…          how good the flat map is (docs/FORMAT.md 2.18)

points                                        the sizes of the maps in the browser
load_bytes_…, map_bytes_…                     bytes of a visit that opens the map, and of the map's own files
first_frame_ms_…                              milliseconds from the address to the first points
frame_p50_ms_…, frame_p95_ms_…                between two drawings while the map moves, drawn without a GPU
renderer_rss_mb_…                             peak memory of the page's process
embedding_atlas_…                             the component of embedding-atlas with 100,000 points
load_bytes, first_frame_ms, frame_…           those of 100,000 points
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from harness import emit
from map_builder import SIZES, builder_keys
from map_page import SIZES as PAGE_SIZES
from map_page import page_keys


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--site", type=Path, help="a site with embeddings; default: that of `open`")
    parser.add_argument("--sizes", type=int, nargs="+", help="other numbers of points")
    parser.add_argument("--only", choices=("builder", "page"))
    options = parser.parse_args()
    result: dict[str, Any] = {"benchmark": "map"}
    if options.only != "page":
        result |= builder_keys(options.site, tuple(options.sizes or SIZES))
    if options.only != "builder":
        result |= page_keys(tuple(options.sizes or PAGE_SIZES))
    emit(result)


if __name__ == "__main__":
    main()
