"""OpenCLIP's text cleaning as normalizers of a tokenizer.json, so that every language runs it.

OpenCLIP repairs a text with ftfy, resolves HTML entities twice, and then folds case or removes
punctuation. Everything of that which is a replacement is written out here, from the very tables of
ftfy and of Python. Not covered, and tested to be the only differences: repairing mojibake (text
decoded with a wrong character set), numeric character references outside the Latin ranges, entities
outside HTML 4, and that OpenCLIP straightens the quotes of entities only in lines without a `<`.
"""

from __future__ import annotations

import html
import string
from html.entities import html5, name2codepoint
from typing import Any, Literal

Cleaning = Literal["lower", "whitespace", "canonicalize"]
Normalizer = dict[str, Any]


def cleaning_normalizers(cleaning: Cleaning) -> list[Normalizer]:
    """The normalizers that do what OpenCLIP's clean function of that name does."""
    steps = [*_entities(), *_ftfy()]
    if cleaning == "canonicalize":
        punctuation = "".join(f"\\{mark}" for mark in string.punctuation if mark != "_")
        steps += [_text("_", " "), _regex(f"[{punctuation}]", "")]
    if cleaning in ("canonicalize", "lower"):
        steps += lowercase()
    return [*steps, _regex(r"\s+", " "), {"type": "Strip", "strip_left": True, "strip_right": True}]


def lowercase() -> list[Normalizer]:
    """Python's `str.lower`: the tokenizers library alone would miss the Greek final sigma."""
    cased, mark = r"\p{Lu}\p{Ll}\p{Lt}", r"[\p{M}'’.:·]"
    return [
        _regex(f"(?<=[{cased}\\p{{M}}])Σ(?!{mark}*[{cased}])", "ς"),
        {"type": "Lowercase"},
    ]


def _text(old: str, new: str) -> Normalizer:
    return {"type": "Replace", "pattern": {"String": old}, "content": new}


def _regex(pattern: str, new: str) -> Normalizer:
    return {"type": "Replace", "pattern": {"Regex": pattern}, "content": new}


def _entities() -> list[Normalizer]:
    """HTML entities: those of HTML 4 and references to Latin-1 and common punctuation; the
    ampersand first, since OpenCLIP resolves twice."""
    numbers = [*range(33, 127), *range(160, 256), *range(0x2010, 0x2027), 0x20AC, 0x2122]
    steps = [_regex("&(?:(?:amp|AMP|#0*38|#[xX]0*26);?){1,3}", "&")]
    # Longer names first: `&notin;` is not `&not` and "in;".
    for name in sorted(name2codepoint, key=lambda name: (-len(name), name)):
        if name != "amp":
            optional = "?" if name in html5 else ""
            steps.append(_regex(f"&{name};{optional}", html5[f"{name};"]))
    for number in numbers:
        if number != 38:
            resolved = html.unescape(f"&#{number};")
            steps.append(_regex(f"&#(?:0*{number}|[xX]0*{_hex(number)})(?:;|(?![0-9a-fA-F]))",
                                resolved))  # fmt: skip
    return steps


def _hex(number: int) -> str:
    digits = f"{number:x}"
    return "".join(f"[{d}{d.upper()}]" if d.isalpha() else d for d in digits)


def _ftfy() -> list[Normalizer]:
    """ftfy.fix_text without the repair of encodings, in its order."""
    from ftfy.chardata import LIGATURES, WIDTH_MAP

    steps = []
    for code in range(0x80, 0xA0):
        # Control characters that are Windows-1252 punctuation; its gaps stay.
        try:
            steps.append(_text(chr(code), bytes([code]).decode("windows-1252")))
        except UnicodeDecodeError:
            continue
    steps += [_text(chr(code), plain) for code, plain in sorted(LIGATURES.items())]
    steps += [_text(chr(code), plain) for code, plain in sorted(WIDTH_MAP.items())]
    steps += [
        _regex("[\u02bc\u2018-\u201b]", "'"),
        _regex("[\u201c-\u201f]", '"'),
        _regex("\r\n|[\r\u2028\u2029\u0085]", "\n"),
        _regex("\u001b\\[[0-9;]*[a-zA-Z]", ""),
        _regex("[\u0000-\u0008\u000b\u000e-\u001f\u007f\u206a-\u206f\ufeff\ufff9-\ufffc]", ""),
        {"type": "NFC"},
    ]
    return steps
