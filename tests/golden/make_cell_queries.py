"""Makes tests/golden/cell-queries.json: whole queries of tests/golden/site-cells, and what they find.

    python tests/golden/make_cell_queries.py

The site has no model, so pictures and records are compared with others of the site (`like:`). Both languages
read the file and compare their answers by the rule of agreement in docs/QUERY.md.
"""

from __future__ import annotations

import json
import re
from typing import Any

from make_queries import answered
from make_site_tiny import HERE

from imagedb_site.index import SiteIndex
from imagedb_site.query.parse import Term, parse

SITE, ANSWERS = HERE / "site-cells", HERE / "cell-queries.json"
MODES = ("all", "meaning")
QUERIES = [
    "like:{id:0}",
    "like:{id:10}",
    "like:{id:96}",
    "like:{id:3}",
    "like:{id:0} like:{id:50}",
    "like:{id:0} -like:{id:30}",
    "3*like:{id:40} like:{id:12}",
    'like:{id:10} kind:"kind 0"',
    'like:{id:96} kind:"kind 1","kind 2"',
    'like:{id:11} -kind:"kind 0"',
    'like:{id:11} kind:"kind 999"',
    "like:{id:0} sort:kind",
    "like:{id:0} k:5",
]


def with_ids(text: str, index: SiteIndex) -> str:
    """`{id:3}` as the image id of row 3."""
    return re.sub(r"\{id:(\d+)\}", lambda match: index.ids[int(match[1])], text)


def embed(term: Term) -> None:
    """Texts have no embedding: there is no model."""


def make_cases() -> list[dict[str, Any]]:
    cases = []
    for text in QUERIES:
        # What an earlier query has read does not matter.
        index = SiteIndex.open(SITE)
        query = parse(with_ids(text, index))
        answers = {mode: answered(query, index, embed, mode) for mode in MODES}
        cases.append({"query": query.source, "answers": answers})
        index.close()
    return cases


def main() -> None:
    lines = ",\n".join(json.dumps(case, sort_keys=True) for case in make_cases())
    ANSWERS.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
