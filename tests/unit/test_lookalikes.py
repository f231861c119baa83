"""The look-alikes of data sets are the same at every size and have the shape that they claim."""

from __future__ import annotations

import sys
from collections import Counter
from itertools import combinations, islice, pairwise
from pathlib import Path

import pytest

from imagedb_site.sources.danbooru import open_danbooru
from imagedb_site.sources.diffusiondb import open_diffusiondb

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import lookalikes


@pytest.fixture(params=["real", "without data"])
def data(request, monkeypatch, tmp_path):
    """With the frequencies of the test data, if they are there, and without."""
    if request.param == "real" and not (lookalikes.DATA / "tag-counts.tsv.gz").is_file():
        pytest.skip("../shared/data is not there")
    if request.param != "real":
        monkeypatch.setattr(lookalikes, "DATA", tmp_path)
    for one in (lookalikes.caption_words, lookalikes.tags):
        one.cache_clear()
    yield
    for one in (lookalikes.caption_words, lookalikes.tags):
        one.cache_clear()


def test_a_prefix_of_a_larger_set_is_the_smaller_set(data):
    for make in (lookalikes.prompts, lookalikes.posts):
        small, large = list(make(300)), list(islice(make(lookalikes.BLOCK * 2 + 7), 300))
        assert small == large
        assert len(list(make(lookalikes.BLOCK + 3))) == lookalikes.BLOCK + 3


def test_prompts_repeat_and_have_a_long_tail(data):
    rows = list(lookalikes.prompts(5_000))
    assert len({row["image_name"] for row in rows}) == 5_000
    repeated = sum(one["prompt"] == two["prompt"] for one, two in pairwise(rows))
    assert 0.2 < repeated / 5_000 < 0.28
    lengths = [len(row["prompt"].split()) for row in rows]
    assert 15 < sum(lengths) / 5_000 < 30
    words = Counter(word.strip(",") for row in rows for word in row["prompt"].split())
    assert len(words) > 8_000
    assert words.most_common(1)[0][1] > 1_000


def test_posts_have_tags_that_come_together(data):
    rows = list(lookalikes.posts(3_000))
    assert len({row["id"] for row in rows}) == 3_000
    sets = [{tag["name"] for tag in row["tags"]} for row in rows]
    assert 25 < sum(map(len, sets)) / 3_000 < 38
    names = {tag["id"]: (tag["name"], tag["category"]) for row in rows for tag in row["tags"]}
    assert len(set(names.values())) == len(names)
    assert {category for _, category in names.values()} == set(lookalikes.CATEGORIES)
    counts = Counter(name for one in sets for name in one)
    pairs: Counter[tuple[str, str]] = Counter()
    rare = {name for name, count in counts.items() if 8 <= count <= 60}
    for one in sets:
        pairs.update(combinations(sorted(one & rare), 2))
    # Independent tags of these frequencies would hardly ever come together five times.
    assert sum(count >= 5 for count in pairs.values()) > 50


def test_the_importers_read_them_without_a_problem(data, tmp_path):
    pytest.importorskip("pyarrow")
    table, lines = tmp_path / "metadata.parquet", tmp_path / "posts.jsonl.gz"
    lookalikes.write_prompts(table, 700)
    lookalikes.write_posts(lines, 700)
    for source in (open_diffusiondb(table), open_danbooru(lines)):
        assert (len(source), source.problems) == (700, [])
        assert len({record.key for record in source.records()}) == 700
