"""Writes object-queries.json: answers in which the pages of an object are one result (docs/QUERY.md).

Run `python tests/golden/make_object_queries.py` after make_queries.py. The collection is that of queries.json
with objects that its documents do not name. Queries whose order rounding could change are left out.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from make_queries import SITE, make_embed, query_pictures  # noqa: E402

from imagedb_site.errors import UsageError  # noqa: E402
from imagedb_site.index import SiteIndex  # noqa: E402
from imagedb_site.objects import PageCollector, Pages  # noqa: E402
from imagedb_site.query.evaluate import Mode, evaluate  # noqa: E402
from imagedb_site.query.parse import parse  # noqa: E402
from imagedb_site.reader import open_site  # noqa: E402

ANSWERS = HERE / "object-queries.json"
QUERIES = HERE / "queries.json"
OBJECTS, PAGED = 9, 45
"""Row r below `PAGED` is a page of object r % `OBJECTS`; the others are alone."""
K = 7
GAP = 1e-4
EVERY = 4


class WithObjects(SiteIndex):
    """The collection of queries.json with objects."""

    @cached_property
    def objects(self) -> Pages | None:  # type: ignore[override]
        return make_pages(self.count)


def make_pages(count: int) -> Pages:
    collector = PageCollector()
    for row in range(count):
        page = (row * 7) % 11
        given = {"object": f"object {row % OBJECTS}", "page": page} if row < PAGED else {}
        collector.add(given, f"{row}.bmp")
    pages = collector.finish()
    assert pages is not None
    return pages


def answered(index: SiteIndex, text: str, mode: Mode, offset: int) -> dict[str, Any] | None:
    """A page of the answer; None for an error, or if results are too near to each other."""
    embed = make_embed(query_pictures())
    query = parse(text)
    try:
        whole = evaluate(replace(query, k=None), index, embed, mode=mode, k=index.count)
        answer = evaluate(query, index, embed, mode=mode, k=K, offset=offset, by_object=True)
    except UsageError:
        return None
    near = np.sort([r.similarity for r in whole.results if r.similarity is not None])
    if mode != "words" and len(near) > 1 and float(np.diff(near).min()) < GAP:
        return None
    return {
        "rows": [result.row for result in answer.results],
        "pages": [
            None
            if result.object_page is None
            else [result.object_page.number, result.object_page.of]
            for result in answer.results
        ],
        "total": answer.total,
        "pictures": answer.pictures,
        "strict_total": answer.strict_total,
        "divide": answer.divide,
    }


def text() -> str:
    index = WithObjects(open_site(SITE))
    pages = index.objects
    assert pages is not None
    queries = json.loads(QUERIES.read_text(encoding="utf-8"))["cases"]
    cases = []
    texts = [("", ["all"]), ("sort:-rating", ["all"]), ("-tag:cat sort:taken", ["all"])]
    texts += [(case["query"], list(case["answers"])) for case in queries[::EVERY]]
    for number, (query, modes) in enumerate(texts):
        for mode in modes:
            offset = K * (number % 3)
            answer = answered(index, query, mode, offset)
            if answer is not None:
                cases.append({"query": query, "mode": mode, "offset": offset, **answer})
    index.close()
    head = {"k": K, "first": pages.first.tolist(), "place": pages.place.tolist()}
    head |= {"pages": pages.pages.tolist()}
    lines = ",\n".join(json.dumps(case, ensure_ascii=True, sort_keys=True) for case in cases)
    return f'{json.dumps(head)[:-1]}, "cases": [\n{lines}\n]}}\n'


if __name__ == "__main__":
    ANSWERS.write_text(text(), encoding="utf-8")
