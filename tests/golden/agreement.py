"""When two implementations give the same answer: the rule of docs/QUERY.md, "Agreement".

Similarities differ a little between an exact library, quantised vectors and another order of summation,
so that near ties may swap places; no other difference is allowed.
"""

from __future__ import annotations

from collections.abc import Sequence

from imagedb_site.query.evaluate import Mode
from imagedb_site.query.ranking import RRF_K


def disagreement(
    rows: Sequence[int],
    words: Sequence[int],
    coverage: Sequence[float] | None,
    similarities: Sequence[float] | None,
    found: Sequence[int],
    *,
    mode: Mode,
    tolerance: float,
    limit: int | None = None,
    ordered: bool = False,
) -> str | None:
    """Why `found` does not agree with a whole ranking; None if it does.

    `rows` is the ranking without `k:`, `words` its rows in the words arm, `coverage` theirs
    (None: 1), `similarities` those of `rows`;
    None if nothing was ranked by meaning. `limit` is the `k:` of the query; `ordered` means that `sort:`
    decided.
    """
    size = len(rows) if limit is None else min(limit, len(rows))
    if len(found) != size or len(set(found)) != size or not set(found) <= set(rows):
        return f"{len(found)} results, expected {size} of the same rows"
    if similarities is None or ordered:
        return None if list(found) == list(rows[:size]) else "another order"
    shares = {
        row: (coverage[at] if coverage else 1.0) / (RRF_K + 1 + at) for at, row in enumerate(words)
    }
    spans = []
    for row, similarity in zip(rows, similarities, strict=True):
        first = sum(other > similarity + 2 * tolerance for other in similarities)
        last = sum(other >= similarity - 2 * tolerance for other in similarities) - 1
        share = shares.get(row, 0.0) if mode == "all" else 0.0
        spans.append((share + 1 / (RRF_K + 1 + last), share + 1 / (RRF_K + 1 + first)))
    at_found = {row: at for at, row in enumerate(found)}
    missing = len(found)
    for better, row in enumerate(rows):
        for worse in range(better + 1, len(rows)):
            other = rows[worse]
            swapped = at_found.get(other, missing) < at_found.get(row, missing)
            if swapped and spans[worse][1] < spans[better][0] - 1e-5:
                return f"row {other} comes before row {row}"
    return None
