"""Do plain class names find the right pictures first, in the browser and in the exact search?

    make bench NAME=precision

Builds the class-folder collection, searches for every class name (mode meaning, so that the labels
themselves cannot help) in Chromium and of the library's exact search, and counts the right ones
among the first ten. Prints both, and how far the two lists of ten agree.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from harness import browsing, collection, emit, note, run_cli, serving, show_results, shown_rows

import imagedb_site

K = 10


def plain(label: str) -> str:
    """A folder name as a person would say it."""
    return label.replace("_", " ").lower()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="builtin")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder) / "dist"
        note("building")
        run_cli("build", collection("labelled"), "-o", site, "--model", options.model)
        with (
            imagedb_site.open(site.with_name("dist.library")) as exact,
            imagedb_site.open(site) as published,
        ):
            labels = [
                str(published.index.document(r)["fields"]["label"]) for r in range(exact.count)
            ]
            names = sorted(set(labels))
            wanted = {
                name: [hit.row for hit in exact.search(plain(name), mode="meaning", k=K).hits]
                for name in names
            }
        shown = {}
        with serving(site) as server, browsing() as page:
            for number, name in enumerate(names, 1):
                show_results(page, server.url, plain(name), "meaning", group=False)
                page.wait_for_selector(f"a[data-index='{K - 1}']")
                shown[name] = shown_rows(page, K)
                if number % 20 == 0:
                    note(f"{number} of {len(names)} classes")

    def precision(found: dict[str, list[int]], name: str) -> float:
        possible = min(K, labels.count(name))
        return sum(labels[row] == name for row in found[name]) / possible

    browser = {name: precision(shown, name) for name in names}
    oracle = {name: precision(wanted, name) for name in names}
    agreement = sum(len(set(shown[n]) & set(wanted[n])) for n in names) / (K * len(names))
    worst = sorted(names, key=lambda name: browser[name])[:10]
    emit(
        {
            "classes": len(names),
            "precision_at_10_browser": round(sum(browser.values()) / len(names), 4),
            "precision_at_10_exact": round(sum(oracle.values()) / len(names), 4),
            "same_top_10": round(agreement, 4),
            "worst": {name: round(browser[name], 2) for name in worst},
        }
    )


if __name__ == "__main__":
    main()
