"""The words of a collection's texts: what is written, what is read back, what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from plain_site import PlainSite
from site_samples import sample_input

from imagedb_site.container import write_container
from imagedb_site.errors import FormatError
from imagedb_site.reader.decode import decode_words
from imagedb_site.site import write_site
from imagedb_site.site.catalog import full_text
from imagedb_site.site.words import WordCounter, words_of


def count_words(columns: Sequence[str], rows: Sequence[dict], most: int = 100) -> list:
    counter = WordCounter()
    for row in rows:
        counter.add(full_text(row, columns))
    return counter.most_common(most)


def test_words_are_runs_of_letters_and_digits() -> None:
    text = "Don't re-enter Café MÜNCHEN b2b 2019 of_the-_ (x) ’tis 東京タワー 'quoted'"
    assert words_of(text) == {"don't", "re-enter", "café", "münchen", "b2b", "the", "tis", "quoted"}


def test_a_row_counts_a_word_once_whatever_field_has_it() -> None:
    rows = [
        {"title": "A red, red rose", "tags": ["rose", "red"]},
        {"title": "Rose", "tags": ["tea"], "hidden": "secret"},
        {"tags": []},
    ]
    found = count_words(["title", "tags"], rows)
    assert found == [("rose", 2), ("red", 1), ("tea", 1)]
    assert count_words(["title", "tags"], rows, most=1) == [("rose", 2)]


def test_words_do_not_span_two_fields() -> None:
    assert count_words(["a", "b"], [{"a": "sun-", "b": "flower"}]) == [("flower", 1), ("sun", 1)]


def test_a_site_without_words_offers_none(tmp_path: Path) -> None:
    numbers = {row: {"name": f"{row} 2019 (x)"} for row in range(3)}
    write_site(sample_input(3, fields=numbers), tmp_path / "site")
    assert PlainSite(tmp_path / "site").manifest["suggestions"] is None


@pytest.mark.parametrize(
    ("words", "counts", "reason"),
    [
        (["a", "b"], [1, 2], "order"),
        (["a", "b"], [9, 1], "fit"),
        (["a", "b"], [1, 0], "fit"),
        (["a"], [1, 1], "fit"),
        (["a", 3], [1, 1], "words"),
    ],
)
def test_damaged_words_are_refused(words: list[str], counts: Sequence[int], reason: str) -> None:
    arrays = {"counts": np.array(counts, dtype=np.uint32)}
    with pytest.raises(FormatError, match=reason):
        decode_words(write_container("words", {"words": words}, arrays), len(counts), rows=5)
