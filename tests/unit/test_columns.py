"""Columns in blocks, their values and row sets: the same answers as in one block, few files per edit."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from column_samples import FIELDS, SMALL, TAGS, WHOLE, rows_of, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plain_site import PlainSite

from imagedb_site.container import FileEntry
from imagedb_site.errors import FormatError
from imagedb_site.library_index import make_column
from imagedb_site.query import runs
from imagedb_site.query.current import current_result
from imagedb_site.query.facets import facet_counts
from imagedb_site.query.field_values import all_values, count_of, distinct, summary_of
from imagedb_site.query.parse import parse
from imagedb_site.query.plan import filter_mask, make_plan
from imagedb_site.reader.column_values import ColumnValues
from imagedb_site.reader.verify_columns import verify_index, verify_values
from imagedb_site.records import Value
from imagedb_site.site import SiteSettings
from imagedb_site.site_index import SiteIndex


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    place = tmp_path_factory.mktemp("columns")
    rows = rows_of(60)
    write(place / "blocks", rows, SMALL).close()
    write(place / "one", rows, WHOLE).close()
    return place / "blocks", place / "one"


@pytest.fixture
def blocks(folders: tuple[Path, Path]) -> SiteIndex:
    return SiteIndex.open(folders[0])


@pytest.fixture
def one(folders: tuple[Path, Path]) -> SiteIndex:
    return SiteIndex.open(folders[1])


def test_both_sites_follow_the_format(folders: tuple[Path, Path]) -> None:
    rows = rows_of(60)
    for folder in folders:
        plain = PlainSite(folder)
        plain.check()
        columns = plain.columns()
        assert columns["tags"] == [row.get("tags", []) for row in rows]
        assert columns["kind"] == [row.get("kind") for row in rows]
        assert columns["score"] == pytest.approx([row.get("score") for row in rows])
    index = json.loads(PlainSite(folders[0]).fetch(PlainSite(folders[0]).manifest["columns"]))
    assert len(index["tags"]["files"]) == 8
    assert index["tags"]["values"]["names"]["count"] > 1
    assert len(index["tags"]["values"]["sets"]) == 4
    assert (
        "values"
        not in json.loads(PlainSite(folders[1]).fetch(PlainSite(folders[1]).manifest["columns"]))[
            "tags"
        ]
    )


QUERIES = [
    *(
        "",
        "tag:cat",
        "tag:CAT",
        "-tag:cat",
        "tag:black*",
        "tag:dog,été",
        "tag:x",
        "tag:*",
        "-tag:*",
    ),
    *('tag:"a, b"', "tag:猫", "tag:𝔘", "kind:canon", "kind:7d", "-kind:canon", "kind:n*"),
    *("folder:2020", "folder:2020/", "-folder:trips", "good:yes", "good:0", "-good:true"),
    *("score>100", "score:-5..3", "score:7", "-score<50", "score:x", "taken:2020", "taken>2020-06"),
    *("taken<1900", "-taken:2020-05", "taken:1893..1894 tag:cat kind:canon"),
]


@pytest.mark.parametrize("text", QUERIES)
def test_filters_and_facets_do_not_depend_on_blocks(
    blocks: SiteIndex, one: SiteIndex, text: str
) -> None:
    masks = [current_result(parse(text), index, None, "words") for index in (blocks, one)]
    assert (masks[0] == masks[1]).all()
    for spec in FIELDS[1:]:
        for limit in (3, 100):
            counts = [
                facet_counts(spec.name, mask, index, limit)
                for mask, index in zip(masks, (blocks, one), strict=True)
            ]
            assert counts[0] == counts[1], spec.name
            assert not counts[0].about
    levels = [
        facet_counts("folder", mask, index, 9, under="2020")
        for mask, index in zip(masks, (blocks, one), strict=True)
    ]
    assert levels[0] == levels[1]


def test_what_is_known_without_a_column(blocks: SiteIndex, one: SiteIndex) -> None:
    rows = rows_of(60)
    for spec in FIELDS[1:]:
        column = make_column((row.get(spec.name) for row in rows), spec.type)
        for index in (blocks, one):
            assert index.summary(spec.name) == summary_of(column), spec.name
    tags = Counter(tag for row in rows for tag in row.get("tags", []))  # type: ignore[union-attr]
    tags_spec = FIELDS[1]
    for index in (blocks, one):
        assert all_values(index, tags_spec) == sorted(tags.items(), key=lambda i: (-i[1], i[0]))
        assert distinct(index, tags_spec) == len(tags)
        for tag in [*TAGS, "nothing"]:
            assert count_of(index, tags_spec, tag) == tags[tag]


def test_a_filter_on_a_tag_reads_no_block(
    blocks: SiteIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = blocks._site
    monkeypatch.setattr(site, "column_block", lambda *_: pytest.fail("A block was read."))
    assert current_result(parse("tag:cat kind:canon"), blocks, None, "words").any()
    assert facet_counts("tags", np.ones(60, dtype=np.bool_), blocks, 3)


def test_tags_match_by_words_only_if_no_tag_is_equal(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = rows_of(60)

    def having(*wanted: str) -> list[bool]:
        return [any(tag in wanted for tag in row.get("tags", [])) for row in rows]  # type: ignore[union-attr]

    cats, black_cats = ("cat", "Cat", "CAT "), ("black_cat", "black cat")
    for folder in folders:
        index = SiteIndex.open(folder)
        for text, wanted in [
            ("tag:cat", cats),
            ("tag:black", black_cats),
            ("tag:black,cat", (*black_cats, *cats)),
            ("tag:tag", TAGS[:20]),
            ("tag:b,19", ("a, b", "tag 19")),
            ("tag:bla", ()),
        ]:
            found = current_result(parse(text), index, None, "words")
            assert found.tolist() == having(*wanted), text
            without = current_result(parse(f"-{text}"), index, None, "words")
            assert (without == ~found).all(), text
        index.close()
    index = SiteIndex.open(folders[0])
    monkeypatch.setattr(ColumnValues, "all", lambda _: pytest.fail("All names were read."))
    assert current_result(parse("tag:cat"), index, None, "words").any()
    index.close()


def data_files(folder: Path) -> set[str]:
    names = {spec.name for spec in FIELDS}
    return {
        file.name
        for file in (folder / "data").iterdir()
        if file.name.partition(".")[0].partition("-")[0] in names
    }


def test_an_edited_value_changes_few_files(tmp_path: Path) -> None:
    rows = rows_of(4000, seed=1)
    layout = replace(SMALL, column_block=64, column_segment=1024, values_bytes=256, fanout=256)
    write(tmp_path / "before", rows, layout).close()
    rows[2000] = {**rows[2000], "tags": ["a value of its own"]}
    write(tmp_path / "after", rows, layout).close()
    changed = data_files(tmp_path / "after") - data_files(tmp_path / "before")
    # One block, the names and their node, the head, and the sets of at most four values and their node.
    assert {name.partition(".")[0].partition("-")[0] for name in changed} == {"tags"}
    assert sum(name.startswith("tags.") for name in changed) == 1
    assert len(changed) <= 12


def test_rows_at_the_end_leave_earlier_segments(tmp_path: Path) -> None:
    rows = rows_of(3000, seed=2)
    layout = replace(SMALL, column_block=64, column_segment=1024, values_bytes=256)
    write(tmp_path / "before", rows, layout).close()
    write(tmp_path / "after", [*rows, *rows_of(20, seed=3)], layout).close()
    before, after = data_files(tmp_path / "before"), data_files(tmp_path / "after")
    blocks = {name for name in after - before if "-" not in name}
    assert len(blocks) <= 2 * (len(FIELDS) - 1)
    kept = {name for name in before if "-sets." in name}
    assert len(kept & after) > len(kept) / 2


def test_estimated_counts(blocks: SiteIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs of 16 rows in the order 0, 2, 1, 3, until 20 rows are counted."""
    monkeypatch.setattr(runs, "EXACT", 20)
    monkeypatch.setattr(runs, "RUN", 16)
    rows = rows_of(60)
    mask = np.ones(60, dtype=np.bool_)
    mask[3] = False
    chosen = [row for row in [*range(16), *range(32, 48)] if row != 3]
    kinds = Counter(str(rows[row]["kind"]) for row in chosen if "kind" in rows[row])
    wanted = [
        (kind, (2 * count * 59 + 31) // 62)
        for kind, count in sorted(kinds.items(), key=lambda item: (-item[1], item[0]))
    ]
    found = facet_counts("kind", mask, blocks, 9)
    assert found == wanted
    assert found.about
    assert not facet_counts("kind", mask, blocks, 9, exact=True).about


def test_tags_are_counted_in_few_runs(blocks: SiteIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs of 8 rows in the order 0, 4, 2, 6, …, until 15 rows are counted."""
    for name, value in (("RUN", 8), ("TAG_ROWS", 15), ("FEW", 5)):
        monkeypatch.setattr(runs, name, value)
    asked: list[int] = []
    read = blocks._site.column_block
    monkeypatch.setattr(
        blocks._site, "column_block", lambda name, at: (asked.append(at), read(name, at))[1]
    )
    mask = np.ones(60, dtype=np.bool_)
    mask[3] = False
    counts = facet_counts("tags", mask, blocks, 9)
    assert counts.about and asked == [0, 4]
    mask[5:] = False
    few = facet_counts("tags", mask, blocks, 99)
    rows = [row for row in range(5) if mask[row]]
    assert not few.about
    assert dict(few) == dict(Counter(tag for row in rows for tag in tags_of(rows_of(60)[row])))


def tags_of(row: dict[str, Value]) -> list[str]:
    tags = row.get("tags", [])
    assert isinstance(tags, list)
    return tags


def test_the_runs_of_an_estimate_are_golden() -> None:
    path = Path(__file__).parents[1] / "golden" / "runs.json"
    golden = json.loads(path.read_text(encoding="utf-8"))
    for case in golden:
        assert runs.runs_taken(case["rows"], case["tags"]) == case["taken"]
    assert {case["taken"] is None for case in golden} == {True, False}


@pytest.mark.parametrize("negated", ["", "-"])
@pytest.mark.parametrize(
    "term", ["score:9..20", "score>250", "taken:1893", "taken<2020-05", "score:x"]
)
def test_only_blocks_within_reach_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, term: str, negated: str
) -> None:
    rows = sorted(rows_of(160), key=lambda row: _score(row) if term[0] == "s" else _taken(row))
    many, one = write(tmp_path / "many", rows, SMALL), write(tmp_path / "one", rows, WHOLE)
    asked: list[int] = []
    read = many._site.column_block
    monkeypatch.setattr(many._site, "column_block", lambda *at: (asked.append(at[1]), read(*at))[1])
    found = [filter_mask(make_plan(parse(negated + term), index), index) for index in (many, one)]
    assert (found[0] == found[1]).all()
    assert len(asked) <= 10
    # What is left out has no such row.
    assert found[0].any() != found[0].all() or term == "score:x"
    many.close()
    one.close()


def _taken(row: dict[str, Value]) -> float:
    return float(str(row.get("taken", "0"))[:4])


def _score(row: dict[str, Value]) -> float:
    score = row.get("score", -99)
    assert isinstance(score, int | float)
    return score


def test_verification_finds_other_values(blocks: SiteIndex) -> None:
    site = blocks._site
    for name in ("tags", "kind", "folder", "good", "score", "taken"):
        verify_index(name, site.column_entry(name), site.column(name))
    values = site.column_values("tags")
    assert values is not None
    column = site.column("tags")
    verify_values("tags", values, column)
    assert column.codes is not None
    swapped = replace(column, codes=np.roll(column.codes, 1))
    with pytest.raises(FormatError, match=r"row sets|values"):
        verify_values("tags", values, swapped)
    entry = site.column_entry("score")
    with pytest.raises(FormatError, match="known"):
        verify_index("score", replace(entry, known=1), site.column("score"))
    assert entry.zones is not None
    with pytest.raises(FormatError, match="range"):
        verify_index(
            "score", replace(entry, zones=((0, 1), *entry.zones[1:])), site.column("score")
        )


@given(
    lists=st.lists(st.lists(st.text(max_size=3), max_size=3, unique=True), min_size=9, max_size=40),
    asked=st.text(max_size=2),
)
@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
def test_any_values(
    tmp_path_factory: pytest.TempPathFactory, lists: list[list[str]], asked: str
) -> None:
    rows: list[dict[str, Value]] = [{"title": "x", "tags": list(tags)} for tags in lists]
    place = tmp_path_factory.mktemp("any")
    small = write(place / "blocks", rows, SMALL)
    whole = write(place / "one", rows, SiteSettings(pages=False))
    PlainSite(place / "blocks").columns()
    for text in (asked, *lists[0]):
        for query in (f'tag:"{text}"', f'tag:"{text}*"', f'tag:"{text[:1]}","{text[1:]}"'):
            masks = [current_result(parse(query), index, None, "words") for index in (small, whole)]
            assert (masks[0] == masks[1]).all()


@pytest.mark.parametrize("part", ["values", "names", "sets", "names-index", "sets-index"])
def test_damaged_values_are_refused(folders: tuple[Path, Path], part: str) -> None:
    """Whatever is in the files of the values, it is taken, or refused with FormatError."""
    index = SiteIndex.open(folders[0])
    site = index._site
    entry = site.column_entry("tags").values
    assert entry is not None
    chosen = random.Random(part)
    refused = 0
    for _ in range(150):

        def read(file: FileEntry) -> bytes:
            data = bytearray(site.read(file))
            if file.path.startswith(f"data/tags-{part}."):
                for _ in range(chosen.choice([1, 1, 3])):
                    data[chosen.randrange(len(data))] = chosen.randrange(256)
                if not chosen.randrange(8):
                    del data[chosen.randrange(len(data)) :]
            return bytes(data)

        values = ColumnValues(entry, index.count, read)
        try:
            _ = values.top
            list(values.all())
            list(values.sets())
            values.mask(lambda value: value.startswith("c"), [("c", True)])
            values.count_of("dog")
        except FormatError:
            refused += 1
    assert refused > 20
