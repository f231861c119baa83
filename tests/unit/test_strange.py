"""Texts in a language that the model does not know. tests/web/strange.test.ts has the same cases."""

from __future__ import annotations

import pytest

from imagedb_site.encoders import Encoder
from imagedb_site.models import resolve
from imagedb_site.query.lexicon import Lexicon
from imagedb_site.query.strange import Strangeness, runs

LIST = ["dog", "beach", "house", "garden", "cafe"]
SINGLE = {"a", "on", "the", "man", "ein", "am", "strand", "花"}
CASES = {
    "a dog on the beach": False,
    "dogs in gardens": False,
    "café": False,
    # One rare word, or a name.
    "axolotl": False,
    "a man on the axolotl": False,
    "ein hund am strand": False,
    "blumen": False,
    # Two unknown words of two or three, and a letter that the list lacks.
    "blumen garten": True,
    "rote blumen am haus": True,
    "Brücke": True,
    "Alte Brücke": True,
    # Other scripts, also where a character is a token.
    "собака": True,
    "花": True,
    "日本の橋": True,
    "dog собака": True,
    "a dog on the beach 花": False,
    # No words.
    "12 34": False,
    "\u2764\ufe0f": False,
    "": False,
}


@pytest.mark.parametrize(("text", "strange"), CASES.items())
def test_cases(text: str, strange: bool) -> None:
    lexicon = Lexicon((word, 1.0) for word in LIST)
    asked = Strangeness(LIST, lexicon.__contains__, lambda word: word not in SINGLE)
    assert asked(text) is strange


def test_a_list_with_the_letters_of_a_language_knows_its_script() -> None:
    words = [*LIST, "собака", "цветок", "brücke"]
    lexicon = Lexicon((word, 1.0) for word in words)
    asked = Strangeness(words, lexicon.__contains__, lambda word: True)
    assert not asked("собака") and not asked("ток") and not asked("lücke") and asked("花")


def test_runs() -> None:
    assert runs("it's 3D, naïve–été\u0301!") == ["it", "s", "D", "naïve", "été\u0301"]


def test_the_built_in_model() -> None:
    encoder = Encoder(resolve("builtin"))
    lexicon = Lexicon((word, 1.0) for word in encoder.vocabulary)
    tokenizer = encoder.text.tokenizer
    asked = Strangeness(
        encoder.vocabulary, lexicon.__contains__, lambda word: len(tokenizer.encode(word)) > 3
    )
    foreign = [
        "kinder spielen im garten",
        "etwas zu trinken",
        "quelque chose à boire",
        "alte brücke",
    ]
    foreign += [
        "puente viejo",
        "macchina rossa",
        "собака на пляже",
        "犬が海辺で走る",
        "花",
        "فنجان قهوة",
    ]
    english = [
        "a golden retriever catches a frisbee",
        "something to wear in winter",
        "old map",
        "broccoli",
    ]
    english += [
        "latte art",
        "the Eiffel Tower at night",
        "gerenuk",
        "café",
        "people kayaking in Alaska",
    ]
    assert [text for text in foreign if not asked(text)] == []
    assert [text for text in english if asked(text)] == []
