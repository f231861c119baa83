"""Writes web_assets/src/catalog/token-table.ts: the characters of tokens in SQLite, and its lower case.

Run it after an update of SQLite, with the Python of the virtual environment. `--check` only compares.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import apsw

from imagedb_site.fts import TOKENIZE

TARGET = Path(__file__).resolve().parents[1] / "src" / "catalog" / "token-table.ts"
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def characters() -> tuple[list[int], dict[int, int]]:
    """Returns the code points that separate tokens, and the lower case of each that has one."""
    kind, *options = TOKENIZE.removeprefix("porter ").replace("'", "").split(" ", 4)
    assert kind == "unicode61" and options[2] == "categories"
    tokenize = apsw.Connection(":memory:").fts5_tokenizer(kind, options)
    separators, lower = [], {}
    for code in range(1, 0x110000):
        if 0xD800 <= code < 0xE000:
            continue
        found = tokenize(f" {chr(code)} ".encode(), apsw.FTS5_TOKENIZE_DOCUMENT, None)
        inside = tokenize(f"a{chr(code)}b".encode(), apsw.FTS5_TOKENIZE_DOCUMENT, None)
        # A character that only continues a token would need a table of its own.
        assert (len(found) == 1) == (len(inside) == 1)
        if not found:
            separators.append(code)
        elif found[0][2] != chr(code):
            lower[code] = ord(found[0][2])
    return [0, *separators], lower


def base36(number: int) -> str:
    if number < 0:
        return "-" + base36(-number)
    rest, digit = divmod(number, 36)
    return (base36(rest) if rest else "") + _DIGITS[digit]


def ranges(codes: Iterable[int]) -> list[tuple[int, int]]:
    """The first and the last code of each run, surrogates counted as part of what surrounds them."""
    found: list[tuple[int, int]] = []
    for code in codes:
        if found and code == found[-1][1] + 1:
            found[-1] = (found[-1][0], code)
        else:
            found.append((code, code))
    return found


def groups(lower: dict[int, int]) -> list[tuple[int, int, int, int]]:
    """First code, how many, their distance (1 or 2), and what is added to each."""
    found: list[list[int]] = []
    for code, target in sorted(lower.items()):
        if found and found[-1][3] == target - code:
            first, count, step, _ = found[-1]
            distance = code - (first + (count - 1) * step)
            if distance in ((1, 2) if count == 1 else (step,)):
                found[-1][1:3] = [count + 1, distance]
                continue
        found.append([code, 1, 1, target - code])
    return [(a, b, c, d) for a, b, c, d in found]


def source() -> str:
    """Returns the text of the TypeScript file."""
    separators, lower = characters()
    numbers: list[int] = []
    end = 0
    for first, last in ranges(separators):
        numbers += [first - end, last + 1 - first]
        end = last + 1
    folds: list[int] = []
    before = 0
    for first, count, step, added in groups(lower):
        folds += [first - before, count, step, added]
        before = first
    return "\n".join(
        (
            "/** Written by web_assets/build/token_table.py from SQLite's own tokenizer. */",
            f'export const SEPARATORS = "{" ".join(map(base36, numbers))}";',
            f'export const FOLDED = "{" ".join(map(base36, folds))}";',
            "",
        )
    )


if __name__ == "__main__":
    text = source()
    if "--check" not in sys.argv:
        TARGET.write_text(text, encoding="utf-8")
    elif TARGET.read_text(encoding="utf-8") != text:
        sys.exit(f"{TARGET} is out of date: run {Path(__file__).name}.")
