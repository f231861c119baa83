"""Makes tests/golden/runs.json: which runs of rows a count looks at, for both implementations.

PYTHONPATH=builder python tests/golden/make_runs.py
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from imagedb_site.query.runs import EXACT, FEW, RUN, TAG_ROWS, TAG_RUNS, runs_taken

TARGET = Path(__file__).with_name("runs.json")


def cases() -> list[dict[str, Any]]:
    """Matching rows per run around every limit, and at random."""
    draw = random.Random(14)
    rows = [[0], [FEW], [EXACT - RUN, RUN], [EXACT - RUN, RUN, 1], [RUN] * TAG_RUNS]
    rows += [[RUN] * runs for runs in (TAG_RUNS + 1, 8, 16, 37)]
    for total in (FEW, FEW + 1, TAG_ROWS, EXACT, EXACT + 16):
        rows.append([total // 16] * 15 + [total - total // 16 * 15])
        rows.append([0, 0, total - 1, 0, 0, 0, 1, 0, 0])
    for most in (3, 50, 900, 9000, RUN):
        for runs in (5, 16, 31, 64):
            rows.append([draw.choice((0, 1)) * draw.randrange(most + 1) for _ in range(runs)])
    return [
        {"rows": counts, "tags": tags, "taken": runs_taken(counts, tags)}
        for counts in rows
        for tags in (False, True)
    ]


if __name__ == "__main__":
    lines = ",\n".join(json.dumps(case, sort_keys=True) for case in cases())
    TARGET.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
