"""Makes tests/golden/expressions.json.gz: what SQLite answers to 2,600 expressions over 160 rows.

    python tests/golden/make_expressions.py

The ranks are those of the first rows only; the order says the rest.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from expression_cases import COLUMNS, SPECIAL, Generator, Oracle

from imagedb_site.container import canonical_json, gzip_bytes

FILE = Path(__file__).parent / "expressions.json.gz"
SEED = 14
ROWS = 160
COUNT = 2600
RANKS = 4


def content() -> bytes:
    generator = Generator(SEED)
    texts = generator.texts(ROWS)
    oracle = Oracle(texts)
    expressions = [*SPECIAL, *(generator.expression() for _ in range(COUNT - len(SPECIAL)))]
    cases = []
    for expression in expressions:
        answer = oracle.answer(expression)
        if answer.problem is None:
            ranks = [float(f"{rank:.12g}") for rank in answer.ranks[:RANKS]]
            cases.append({"expression": expression, "rows": answer.rows, "ranks": ranks})
        else:
            cases.append({"expression": expression, "problem": answer.problem})
    return gzip_bytes(canonical_json({"columns": COLUMNS, "texts": texts, "cases": cases}))


if __name__ == "__main__":
    FILE.write_bytes(content())
