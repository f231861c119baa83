"""Corrections of misspelled words: which are proposed, by which errors, and in agreement with the page."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import imagedb_site
from imagedb_site.folding import fold
from imagedb_site.query.correct import Known, correct
from imagedb_site.query.lexicon import Lexicon, highest_cost
from imagedb_site.query.plurals import plural_key
from imagedb_site.query.spelling import within
from imagedb_site.search import Collection

GOLDEN = Path(__file__).parents[1] / "golden"
ANSWERS: dict[str, Any] = json.loads((GOLDEN / "corrections.json").read_text(encoding="utf-8"))
LEXICON = Lexicon(ANSWERS["words"])
MISSPELLED = [case for case in ANSWERS["cases"] if case[1] is not None]


def cost(typed: str, word: str) -> int:
    """The cost in quarters of an error."""
    return next((cost for _, cost in within(typed, [word], 1000)), -1)


def test_python_proposes_what_the_golden_file_has() -> None:
    found = [[one.word for one in LEXICON.near(case[0], 3)] for case in ANSWERS["cases"]]
    assert found == [case[3] for case in ANSWERS["cases"]]
    assert [plural_key(word) for word, _ in ANSWERS["plurals"]] == [
        key for _, key in ANSWERS["plurals"]
    ]


def test_the_word_that_was_meant_comes_first() -> None:
    assert len(ANSWERS["words"]) >= 400
    assert len(MISSPELLED) >= 200
    hits: Counter[str] = Counter()
    cases: Counter[str] = Counter()
    for _, meant, origin, found in MISSPELLED:
        cases[origin] += 1
        hits[origin] += bool(found) and plural_key(fold(found[0])) == plural_key(fold(meant))
    assert sum(hits.values()) / sum(cases.values()) >= 0.95
    assert len(cases) >= 10
    assert all(hits[origin] / cases[origin] >= 0.85 for origin in cases)


def test_words_that_are_spelled_correctly_stay() -> None:
    def finds(text: str) -> int:
        return 2

    known = Known(lambda word: False, LEXICON)
    for word, _ in ANSWERS["words"]:
        assert correct(word, [word], known, finds) is None
        assert correct(word.upper(), [word.upper()], known, finds) is None


def test_words_that_are_similar_to_none_have_no_correction() -> None:
    assert [case[3] for case in ANSWERS["cases"] if case[1] is None] == [[]] * 15


@pytest.mark.parametrize(
    ("typed", "word", "quarters"),
    [
        ("elefant", "elephant", 2),
        ("elefant", "elegant", 3),
        ("elexant", "elegant", 4),
        ("mountan", "mountain", 4),
        ("montan", "mountain", 6),
        ("hosre", "horse", 4),
        ("yelow", "yellow", 2),
        ("ritm", "rhythm", 6),
        ("strase", "strasse", 2),
        ("nife", "knife", 3),
        ("cirkle", "circle", 2),
        ("kastle", "castle", 3),
        ("same", "same", 0),
        ("", "ab", 9),
    ],
)
def test_errors_that_people_make_cost_less(typed: str, word: str, quarters: int) -> None:
    assert cost(typed, word) == quarters


def test_shared_beginnings_and_the_limit_change_no_cost() -> None:
    words = sorted({fold(word) for word, _ in ANSWERS["words"] if word.isalpha()})
    for typed in ("elefant", "fotograf", "kristmas", "quene", "bycicle", "собакка", "a", "xyzzy"):
        alone = {word: cost(typed, word) for word in words}
        for limit in (2, 5, 8, 10, 14):
            found = {words[place]: value for place, value in within(typed, words, limit)}
            assert found == {word: value for word, value in alone.items() if value <= limit}


def test_frequency_decides_between_similar_words() -> None:
    assert _first("rivex", [("river", 2), ("rivet", 1)]) == "river"
    assert _first("rivex", [("rivet", 3), ("river", 2)]) == "rivet"
    assert _first("elefant", [("elephant", 12), ("elegant", 4)]) == "elephant"
    assert _first("elefant", [("elegant", 30), ("elephant", 12)]) == "elephant"
    assert _first("elefant", [("elegant", 4000), ("elephant", 12)]) == "elegant"
    assert _first("wintre", [("winter", 1), ("wonder", 50)]) == "winter"


def test_singular_and_plural_are_one_word_with_both_frequencies() -> None:
    counted = [("rivets", 5), ("river", 4), ("rivers", 3), ("rivet", 1)]
    assert _first("rivex", counted) == "river"
    assert _first("rivexs", [("rivets", 5), ("rivet", 1)]) == "rivets"
    assert "rivet" in Lexicon([("rivets", 5)])
    assert "shoes" in Lexicon([("shoe", 5)])
    assert "buses" not in Lexicon([("bus", 5)])


def test_short_words_need_more_similar_ones() -> None:
    words = [("cat", 50), ("dog", 40), ("fox", 30), ("lake", 20), ("seal", 10)]
    assert _first("kat", words) is None
    assert _first("catt", words) == "cat"
    assert _first("dgo", words) is None
    assert _first("phox", words) == "fox"
    assert _first("do", words) is None
    assert _first("leka", words) is None
    assert _first("laek", words) == "lake"
    assert [highest_cost(length) for length in (3, 4, 5, 6, 8, 9, 32)] == [2, 4, 5, 8, 8, 10, 10]


@pytest.mark.parametrize("case", ANSWERS["queries"], ids=lambda case: case[0])
def test_whole_queries_are_corrected_as_on_the_page(
    case: tuple[str, list[str], str | None],
) -> None:
    text, words, expected = case
    found = correct(text, words, _small(), _finds)
    assert (found and found.text) == expected


@pytest.fixture(scope="module")
def site() -> Iterator[Collection]:
    with imagedb_site.open(GOLDEN / "site-queries", model=str(GOLDEN / "pack-tiny")) as opened:
        yield opened


def test_a_site_has_the_corrections_of_the_golden_file(site: Collection) -> None:
    found = []
    for text, mode, _ in ANSWERS["site"]:
        response = site.search(text, mode=mode, k=1)
        corrected = None if response.correction is None else response.correction.text
        found.append([text, mode, corrected])
        if corrected is not None:
            assert site.search(corrected, mode=mode, k=1).hits
    assert found == ANSWERS["site"]
    assert sum(corrected is not None for _, _, corrected in found) >= 20


def test_a_query_without_results_is_never_proposed() -> None:
    asked = []

    def nothing(text: str) -> int:
        asked.append(text)
        return 0

    assert correct("yelow elefant", ["yelow", "elefant"], _small(), nothing) is None
    assert "yellow elephant" in asked and len(asked) > 1
    assert correct("elefant", ["elefant"], _small(), lambda text: int("legant" in text)) is not None


def test_the_first_corrections_that_occur_together_win() -> None:
    words = [("beer", 30), ("bear", 20), ("brown", 10)]
    known = Known(lambda word: False, Lexicon(words))
    found = correct("browm baer", ["browm", "baer"], known, lambda text: 1 + ("bear" in text))
    assert found is not None and found.text == "brown bear"
    found = correct("browm beir", ["browm", "beir"], known, lambda text: 1)
    assert found is not None and found.text == "brown beer"


def test_words_of_the_model_are_spelled_correctly_and_rarer_than_those_of_the_collection() -> None:
    model = Lexicon((word, 0.1) for word in ("zebra", "jackets", "elegant", "tent"))
    known = Known(
        lambda word: word.startswith("walk"),
        Lexicon([("jacket", 3), ("elephant", 2), ("ten", 1)]),
        model,
        lambda word: word == "tenor",
    )
    for text, expected in {
        "jakcet": "jacket",
        "zebar": "zebra",
        "elegant": None,
        "elefant": "elephant",
        "tenor": None,
        "walkin": None,
    }.items():
        found = correct(text, [text], known, lambda text: 1)
        assert (found and found.text) == expected


def test_a_hostile_query_is_bounded() -> None:
    words = [f"elefan{chr(97 + i % 26) * (i // 26 + 1)}" for i in range(100)]
    asked = []

    def finds(text: str) -> int:
        asked.append(text)
        return 0

    assert correct(" ".join(words), words, _small(), finds) is None
    assert len(asked) <= 27
    large = Lexicon(
        (f"{word}{a}{b}", 1) for word, _ in ANSWERS["words"] for a in "aeo" for b in "nst"
    )
    for word in ("e" * 10_000, "elefan" * 1600, "a-" * 5000 + "b", "'" * 9999 + "a"):
        assert correct(word, [word], Known(lambda word: False, large), finds) is None
    assert large.near("elefantas", 3)


def _first(typed: str, words: Sequence[tuple[str, int]]) -> str | None:
    found = Lexicon(words).near(typed, 1)
    return found[0].word if found else None


def _small() -> Known:
    return Known(lambda word: any(_has(caption, word) for caption in ANSWERS["captions"]), SMALL)


SMALL = Lexicon(ANSWERS["small"])


def _has(caption: str, word: str) -> bool:
    forms = {plural_key(fold(other)) for other in caption.split()}
    return plural_key(fold(word.strip('!"*()-'))) in forms


def _finds(text: str) -> int:
    words = [word for word in text.split() if word not in ("an", "OR", "-yellow", "-", "of", "the")]
    words = [word.removeprefix("2*") for word in words if ":" not in word and '"' not in word]
    having = [[_has(caption, word) for word in words] for caption in ANSWERS["captions"]]
    return 2 if any(map(all, having)) else int(any(map(any, having)))
