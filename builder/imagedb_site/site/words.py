"""The words of the collection's texts, for suggestions (docs/FORMAT.md 2.10)."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from imagedb_site.site.storage import SiteFiles
from imagedb_site.text import UNSPACED

MOST_WORDS = 20_000
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_LETTER = re.compile(r"[^\W\d_]")
_LONGEST = 32


def words_of(text: str) -> set[str]:
    """Returns the different words of `text` in lower case: 3 to 32 characters, at least one letter.

    Scripts without spaces are left out: their words cannot be told apart.
    """
    if text.isascii():
        found = set(_WORD.findall(text.lower()))
        return {word for word in found if 3 <= len(word) <= _LONGEST and _LETTER.search(word)}
    return {
        word
        for word in _WORD.findall(unicodedata.normalize("NFC", text).lower())
        if 3 <= len(word) <= _LONGEST and _LETTER.search(word) and not UNSPACED.search(word)
    }


class WordCounter:
    """Counts in how many rows each word of full text occurs."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def add(self, texts: Sequence[str]) -> None:
        """Count the words of the next row: the text of every full-text column."""
        # A line per column: no word runs from one column into the next.
        self._counts.update(words_of("\n".join(texts)))

    def most_common(self, most: int = MOST_WORDS) -> list[tuple[str, int]]:
        """Returns words with their counts, most frequent first, ties in code-point order."""
        return sorted(self._counts.items(), key=lambda item: (-item[1], item[0]))[:most]

    def finish(self, files: SiteFiles) -> dict[str, Any] | None:
        """Write the words; gives the manifest's `suggestions`, or None if there are no words."""
        found = self.most_common()
        if not found:
            return None
        counts = np.array([count for _, count in found], dtype=np.uint32)
        header = {"words": [word for word, _ in found]}
        entry = files.put_container("words", "words", header, {"counts": counts}, compress=True)
        return {"file": entry.to_json(), "count": len(found)}
