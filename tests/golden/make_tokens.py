"""Makes tests/golden/tokens.json.gz: what SQLite's tokenizer makes of every character and of 24,000 words.

python tests/golden/make_tokens.py
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path

import apsw

from imagedb_site.container import canonical_json, gzip_bytes

sys.path.insert(0, str(Path(__file__).parents[2] / "web_assets" / "build"))
import token_table

FILE = Path(__file__).parent / "tokens.json.gz"
ROOT = Path(__file__).parents[2]
COUNT = 24_000
SEED = 14


def _words(text: str) -> list[str]:
    return text.split()


SYLLABLES = _words(
    """
    a e i o u y ab ac ad al an ar as at bl br ca ce ch ci co cr da de di do dr ed el em en er es et fa
    fi fl fo ga ge gi gl go gr ha he hi ho ic id il im in ir is it ka ki la le li ll lo lu ly ma me mi
    mo na ne ni no nt of ol om on or os pa pe ph pi pl po pr qu ra re ri ro ru sa sc se sh si sk sl so
    sp ss st su ta te th ti to tr tt tu ul um un ur us va ve vi vo wa we wh wi wo xa ye yo za ze zz
    """
)
SUFFIXES = _words(
    """
    s es ed ing ies eed sses ss er ers ly ational tional enci anci izer logi bli alli entli eli ousli
    ization ation ator alism iveness fulness ousness aliti iviti biliti icate ative alize iciti ical
    ful ness al ance ence ic able ible ant ement ment ent ion sion tion ou ism ate iti ous ive ize y e
    l ll tting zzing ssed pped ying yed
    """
)
OTHERS = (
    "éàüßøłñçœæþðžščabcxyzαβγσςабвёій北京猫日本ไทย한글ा्0123456789"
    "\U0001d400\U000f0431\ue000\u0301\u0130\u017f\u13a0"
)


def words() -> Iterator[str]:
    """Words with every ending that the stemmer knows, of several scripts, and short and long ones."""
    numbers = random.Random(SEED)
    names = ROOT / "builder" / "imagedb_site" / "emoji_names.txt"
    yield from names.read_text(encoding="utf-8").replace(":", " ").split()
    while True:
        kind = numbers.random()
        if kind < 0.85:
            stem = "".join(numbers.choice(SYLLABLES) for _ in range(numbers.randint(1, 4)))
            yield stem + "".join(
                numbers.choice(SUFFIXES) for _ in range(numbers.choice((0, 1, 1, 1, 2)))
            )
        elif kind < 0.98:
            stem = "".join(numbers.choice(OTHERS) for _ in range(numbers.randint(1, 5)))
            yield stem + numbers.choice((*SUFFIXES, "", "ab", "é"))
        else:
            yield numbers.choice(SYLLABLES) * numbers.randint(20, 40) + numbers.choice(SUFFIXES)


def content() -> bytes:
    tokenize = apsw.Connection(":memory:").fts5_tokenizer(
        "porter", ["unicode61", "remove_diacritics", "0", "categories", "L* M* N* Co"]
    )
    found: dict[str, list[str]] = {}
    for word in words():
        if word and word not in found and len(found) < COUNT:
            found[word] = [
                term for _, _, term in tokenize(word.encode(), apsw.FTS5_TOKENIZE_DOCUMENT, None)
            ]
        if len(found) == COUNT:
            break
    separators, lower = token_table.characters()
    golden = {
        "separators": token_table.ranges(separators),
        "lower": sorted(lower.items()),
        "words": [[word, *terms] for word, terms in found.items()],
    }
    return gzip_bytes(canonical_json(golden))


if __name__ == "__main__":
    FILE.write_bytes(content())
