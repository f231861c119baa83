"""tests/golden/queries.json: the reader and the library still give the same answers."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imagedb_site.index import LibraryIndex, SiteIndex
from imagedb_site.query.current import current_result
from imagedb_site.query.evaluate import evaluate
from imagedb_site.query.facets import facet_counts
from imagedb_site.query.index import Index
from imagedb_site.query.parse import parse

GOLDEN = Path(__file__).parents[1] / "golden"
sys.path.insert(0, str(GOLDEN))

import make_queries  # noqa: E402
import query_cases  # noqa: E402
from agreement import disagreement  # noqa: E402

FILE: dict[str, Any] = json.loads((GOLDEN / "queries.json").read_text(encoding="utf-8"))
CASES: list[dict[str, Any]] = FILE["cases"]
GROUPS = sorted({case["group"] for case in CASES})


def of_group(group: str) -> list[dict[str, Any]]:
    return [case for case in CASES if case["group"] == group]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_queries.build(tmp_path_factory.mktemp("queries"))


@pytest.fixture(scope="module")
def site() -> Iterator[SiteIndex]:
    index = SiteIndex.open(GOLDEN / "site-queries")
    yield index
    index.close()


@pytest.fixture(scope="module")
def library(built: Path) -> Iterator[LibraryIndex]:
    index = LibraryIndex.open(built.parent / "library", str(GOLDEN / "pack-tiny"))
    yield index
    index.close()


def test_there_are_many_and_all_come_from_the_list(site: SiteIndex) -> None:
    documents = [site.document(row) for row in range(site.count)]
    ids = {document["path"]: document["id"] for document in documents}
    listed = [
        (group, make_queries.with_ids(text, ids), modes)
        for group, (texts, modes) in query_cases.GROUPS.items()
        for text in texts
    ]
    assert [(case["group"], case["query"], tuple(case["answers"])) for case in CASES] == listed
    assert len(listed) >= 300


@pytest.mark.parametrize("group", GROUPS)
def test_parsing(group: str) -> None:
    assert of_group(group)
    for case in of_group(group):
        parsed = json.loads(json.dumps(make_queries.parsed(parse(case["query"]))))
        assert parsed == case["parsed"], case["query"]


def test_the_collection_built_now_is_the_golden_one(library: LibraryIndex, site: SiteIndex) -> None:
    assert [library.document(row)["id"] for row in range(library.count)] == FILE["ids"]
    assert [site.document(row)["id"] for row in range(site.count)] == FILE["ids"]
    assert list(library.fts_columns) == list(site.fts_columns)
    described = [{s.name: (s.type, s.separator) for s in index.fields} for index in (library, site)]
    assert described[0] == described[1]
    assert described[0]["folder"] == ("category", "/")


@pytest.mark.parametrize("group", GROUPS)
def test_the_reader_answers_as_written(site: SiteIndex, group: str) -> None:
    check(site, group, 2e-5)


@pytest.mark.parametrize("group", GROUPS)
def test_the_library_gives_the_same_answers_except_for_quantisation(
    library: LibraryIndex, site: SiteIndex, group: str
) -> None:
    rows = np.arange(library.count)
    exact, coded = library.embeddings(rows), site.embeddings(rows)
    # A query's similarity moves by at most the length of the difference; `like:` moves the query as well.
    check(library, group, 2 * float(np.linalg.norm(exact - coded, axis=1).max()) + 2e-5)


def check(index: Index, group: str, tolerance: float) -> None:
    embed = make_queries.make_embed(FILE["images"])
    checked = 0
    for case in of_group(group):
        query = parse(case["query"])
        for mode, want in case["answers"].items():
            where = f"{case['query'][:200]!r} in mode {mode}"
            if want.get("error"):
                with pytest.raises(Exception, match="no image"):
                    evaluate(query, index, embed, mode=mode)
                continue
            if want.get("margin", 9) < 3 * tolerance:
                continue  # Quantisation may move a row over the limit of an unwanted term.
            checked += 1
            answer = evaluate(query, index, embed, mode=mode, k=FILE["count"])
            assert answer.total == want["total"], where
            assert answer.strict_total == want.get("strict_total"), where
            if isinstance(index, SiteIndex):
                assert answer.divide == want.get("divide"), where
                if query.k is None and answer.divide is not None:
                    likely = sum(bool(result.likely) for result in answer.results)
                    assert likely == min(answer.divide, len(answer.results)), where
            assert [n.kind for n in answer.notices] == want.get("notices", []), where
            found = [result.row for result in answer.results]
            problem = disagreement(
                want["rows"],
                want.get("words", []),
                want.get("coverage"),
                [value / 1e5 for value in want["similarity"]] if "similarity" in want else None,
                found,
                mode=mode,
                tolerance=tolerance,
                limit=query.k,
                ordered=query.sort is not None,
            )
            assert problem is None, f"{where}: {problem}\nwant {want['rows']}\ngot  {found}"
            places = {r.ranks["words"]: r.row for r in answer.results if "words" in r.ranks}
            if query.k is None:
                assert [places[place] for place in sorted(places)] == want.get("words", []), where
    assert checked > 10


def test_the_rule_detects_wrong_answers() -> None:
    similar = [0.9, 0.8, 0.5, 0.1]
    rows = [3, 1, 0, 2]

    def judge(found: list[int], tolerance: float, limit: int | None = None) -> str | None:
        return disagreement(
            rows, [], None, similar, found, mode="meaning", tolerance=tolerance, limit=limit
        )

    assert judge(rows, 0) is None
    assert judge([1, 3, 0, 2], 0.06) is None
    assert judge([1, 3, 0, 2], 0.04) is not None
    assert judge([3, 1, 2, 0], 0.06) is not None
    assert judge([3, 1, 0], 0.06) is not None
    assert judge([3, 1, 0, 0], 0.06) is not None
    assert judge([1], 0.06, limit=1) is None
    assert judge([1], 0.04, limit=1) is not None
    assert judge([0], 0.06, limit=1) is not None


@pytest.mark.parametrize("name", ["site", "library"])
def test_facets_count_the_current_result(name: str, request: pytest.FixtureRequest) -> None:
    """The library has no blocks and no row sets, and other likely matches; the rest is the same."""
    index: SiteIndex | LibraryIndex = request.getfixturevalue(name)
    embed = make_queries.make_embed(make_queries.query_pictures())
    cases = json.loads((GOLDEN / "facets.json").read_text(encoding="utf-8"))
    assert len(cases) > 100
    for case in cases:
        mode = case["mode"]
        if name == "library" and mode != "words":
            continue
        mask = current_result(parse(case["query"]), index, None if mode == "words" else embed, mode)
        assert int(mask.sum()) == case["rows"], case
        for field, counts in case["counts"].items():
            found = [list(line) for line in facet_counts(field, mask, index, 5)]
            assert found == counts, (case["query"], mode, field)
