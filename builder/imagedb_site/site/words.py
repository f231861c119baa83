"""The words of the collection's texts, for suggestions (docs/FORMAT.md 2.7)."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from imagedb_site.records import FieldSpec, Value
from imagedb_site.site.storage import SiteFolder
from imagedb_site.text import CJK_CHARACTER, fts_text

MOST_WORDS = 20_000
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_LETTER = re.compile(r"[^\W\d_]")
_LONGEST = 32


def words_of(text: str) -> set[str]:
    """The different words of `text`, in lower case: three characters at least, one of them a letter.

    Chinese, Japanese and Korean are left out: without spaces their words are not to be told apart.
    """
    return {
        word
        for word in _WORD.findall(unicodedata.normalize("NFC", text).lower())
        if 3 <= len(word) <= _LONGEST and _LETTER.search(word) and not CJK_CHARACTER.search(word)
    }


def count_words(
    columns: Sequence[str], values: Sequence[Mapping[str, Value]], most: int = MOST_WORDS
) -> list[tuple[str, int]]:
    """How many rows have each word of full text, most frequent first, ties in code-point order."""
    counts: Counter[str] = Counter()
    for fields in values:
        # A field after the other: no word runs from one into the next.
        counts.update(words_of("\n".join(fts_text(fields.get(name)) for name in columns)))
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:most]


def write_words(
    folder: SiteFolder, fields: Sequence[FieldSpec], values: Sequence[Mapping[str, Value]]
) -> dict[str, Any] | None:
    """Write the words; gives the manifest's `suggestions`, `None` where there is no word."""
    found = count_words([spec.name for spec in fields if spec.fts], values)
    if not found:
        return None
    counts = np.array([count for _, count in found], dtype=np.uint32)
    header = {"words": [word for word, _ in found]}
    entry = folder.put_container("words", "words", header, {"counts": counts}, compress=True)
    return {"file": entry.to_json(), "count": len(found)}
