"""What a map of meaning costs.

    make bench NAME=map
    make bench NAME=map ARGS="--site dist"     # takes the real embeddings of a site that is there

umap_s_10k, umap_s_100k                       seconds of UMAP in two and in three dimensions
topics_s_…, topics_…                          seconds of finding topics, and how many there are
umap_peak_rss_mb_10k, umap_peak_rss_mb_100k   peak memory of the process
trustworthiness_…, neighbours_kept_…          how good the flat map is (docs/FORMAT.md 2.18)
"""

from __future__ import annotations

import argparse
from pathlib import Path

from harness import emit
from map_builder import SIZES, builder_keys


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--site", type=Path, help="a site with embeddings; default: that of `open`")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    options = parser.parse_args()
    emit({"benchmark": "map", **builder_keys(options.site, tuple(options.sizes))})


if __name__ == "__main__":
    main()
