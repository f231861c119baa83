"""Makes tests/golden/corrections.json: what Python proposes for misspelled words and queries.

TypeScript must propose the same.

    python tests/golden/make_corrections.py
"""

from __future__ import annotations

import json
from pathlib import Path

from correction_words import CAPTIONS, misspelled, queries, site_queries, unrelated, words

import imagedb_site
from imagedb_site.folding import fold
from imagedb_site.query.correct import Known, correct
from imagedb_site.query.evaluate import Mode
from imagedb_site.query.lexicon import Lexicon
from imagedb_site.query.parse import parse
from imagedb_site.query.plan import words_of
from imagedb_site.query.plurals import plural_key
from imagedb_site.search import Collection
from imagedb_site.site.words import WordCounter
from imagedb_site.site.words import words_of as caption_words

ANSWERS = Path(__file__).parent / "corrections.json"
PACK = Path(__file__).parent / "pack-tiny"
SITE = Path(__file__).parent / "site-queries"
MODES: tuple[Mode, ...] = ("all", "words")
CANDIDATES = 3
PLURALS = """
    dog dogs|city cities|movie movies|box boxes|church churches|glass glasses|shoe shoes|horse horses|axe axes
    potato potatoes|tie ties|cache caches|quartz quartzes|bus buses|car care|new news|foot feet
    ski skis|ёлка ёлки
"""


def main() -> None:
    """Write the answers, one case a line."""
    lexicon = Lexicon(words())
    typed = [*misspelled(), *((word, None, "none") for word in unrelated())]
    cases = [
        [word, meant, origin, [one.word for one in lexicon.near(word, CANDIDATES)]]
        for word, meant, origin in typed
    ]
    pairs = [
        pair.split() for line in PLURALS.split("\n") for pair in line.split("|") if pair.strip()
    ]
    keys = [[word, plural_key(word)] for pair in pairs for word in pair]
    counter = WordCounter()
    for caption in CAPTIONS:
        counter.add([caption])
    small = counter.most_common()
    texts = [[text, *corrected(text, Lexicon(small))] for text in queries()]
    parts = {
        "words": words(),
        "cases": cases,
        "plurals": keys,
        "small": small,
        "captions": CAPTIONS,
    }
    parts["queries"] = texts
    with imagedb_site.open(SITE, model=str(PACK)) as collection:
        parts["site"] = [
            [text, mode, site_correction(collection, text, mode)]
            for text in site_queries()
            for mode in MODES
        ]
    content = ",\n".join(f'"{name}": [\n{_lines(some)}\n]' for name, some in parts.items())
    ANSWERS.write_text(f"{{\n{content}\n}}\n", encoding="utf-8")


def corrected(text: str, lexicon: Lexicon) -> tuple[list[str], str | None]:
    """The words of a query, and what it is corrected to in a collection of CAPTIONS."""
    known = Known(lambda word: any(_has(caption, word) for caption in CAPTIONS), lexicon)
    words = words_in(text)
    found = correct(text, words, known, finds)
    return words, None if found is None else found.text


def site_correction(collection: Collection, text: str, mode: Mode) -> str | None:
    """What a query is corrected to in a site."""
    found = collection.search(text, mode=mode).correction
    return None if found is None else found.text


def words_in(text: str) -> list[str]:
    """The words of the positive terms of a query."""
    terms = [term for term in parse(text).terms if term.kind == "text" and term.weight > 0]
    return list(dict.fromkeys(word for term in terms for word in words_of(term.value)))


def finds(text: str) -> int:
    """What a query finds in CAPTIONS: 2 for all its words in one, 1 for some, 0 for none."""
    having = [[_has(caption, word) for word in words_in(text)] for caption in CAPTIONS]
    return 2 if any(map(all, having)) else int(any(map(any, having)))


def _has(caption: str, word: str) -> bool:
    forms = {plural_key(fold(other)) for other in caption_words(caption)}
    return plural_key(fold(word.strip('!"'))) in forms


def _lines(items: list[object]) -> str:
    return ",\n".join(json.dumps(item, ensure_ascii=False) for item in items)


if __name__ == "__main__":
    main()
