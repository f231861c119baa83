"""How well 40 questions about the artworks are answered by meaning, by words, and by both.

    imagedb-site build --from table artworks.jsonl.gz -o SITE --embed text --embed-fields title,subjects
    python benchmarks/record_meaning.py SITE [--show]

Prints one JSON object. `precision` is the share of answers (artwork_queries.py) among the first ten
results; a question with fewer than ten results counts as if the others were wrong. `likely` are the results
before the divide, at most 1,000.
"""

from __future__ import annotations

import json
import statistics
import sys
from typing import Any

from artwork_queries import NOTHING, QUESTIONS, answers

import imagedb_site
from imagedb_site.query.evaluate import Mode

MODES: tuple[Mode, ...] = ("words", "meaning", "all")


def main(place: str, show: bool) -> None:
    with imagedb_site.open(place) as site:
        found: dict[str, Any] = {"rows": site.count, "questions": len(QUESTIONS)}
        for mode in MODES:
            found[mode] = _asked(site, mode, show)
        nothing = [_likely(site, question, "meaning") for question in NOTHING]
        found["nothing"] = {
            "questions": len(NOTHING),
            "without_likely": sum(not one for one in nothing),
            "median_likely": statistics.median(nothing),
            "most_likely": max(nothing),
        }
    print(json.dumps(found))


def _asked(site: imagedb_site.Collection, mode: Mode, show: bool) -> dict[str, float]:
    precisions, shares, counts, empty = [], [], [], 0
    for question, patterns in QUESTIONS.items():
        response = site.search(question, mode=mode, k=1000)
        right = [answers(patterns, hit.document["fields"]) for hit in response.hits]
        likely = min(response.divide or 0, len(right))
        precisions.append(sum(right[:10]) / 10)
        counts.append(likely)
        empty += not likely
        if likely:
            shares.append(sum(right[:likely]) / likely)
        if show:
            titles = [hit.document["fields"].get("title", "")[:50] for hit in response.hits[:6]]
            print(mode, question, f"{precisions[-1]:.1f} likely {likely}", *titles, sep=" | ")
    return {
        "precision": round(statistics.mean(precisions), 3),
        "likely_precision": round(statistics.mean(shares), 3),
        "median_likely": statistics.median(counts),
        "without_likely": empty,
    }


def _likely(site: imagedb_site.Collection, question: str, mode: Mode) -> int:
    return site.search(question, mode=mode, k=1).divide or 0


if __name__ == "__main__":
    main(sys.argv[1], "--show" in sys.argv)
