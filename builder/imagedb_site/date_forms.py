"""The forms of dates, as patterns of a text that is folded first."""

from __future__ import annotations

import re

from imagedb_site.date_names import WEEKDAYS, folded

MAX_LENGTH = 100
"""A longer text is not a date."""

_DASHES = str.maketrans("‐‑‒–—−⁄∕", "------//")
_ABOUT = re.compile(
    r"(?:(?:c|ca|cca)(?=[ .\d])|(?:circa|approx|approximately|about|around|um|etwa|vers|environ|env)\b|~)"
    r" ?\.? ?"
)
_DOUBT = re.compile(r"(?: ?(?:\(\?\)|[?~%.]|г\.?|года)|,? (?:c|ca|circa)\.?)$")

# The parts of the patterns below; all texts are folded to lower case and single spaces first.
_TAIL = r"(?P<tail>[t ,_].*)?"
_PART = r"{0}| ?[x?u*_]{{1,2}}"
_NUMBER = r" ?\d{1,2}"
_ERA = r"(?: ?(?:ad|ce|a\.d\.|c\.e\.|n\.? ?chr\.?))"
_OF = r"(?:(?:of|de|del|di) |d')?"
_NTH = r"(?:st|nd|rd|th|er|e|o|a|º|\.)?"
_WORD = r"(?P<word>[^\W\d_]{3,12})\.?"
_YEAR = r"(?P<year>\d{4})"
_D = r"(?P<day>\d{1,2})"

FORMS = [
    re.compile(form)
    for form in (
        # 1993, 1993-05, 1993:05:12, "1993: :", 1993-XX-XX, 2019/12/24
        rf"{_YEAR}{_ERA}?",
        rf"{_YEAR}(?P<sep>[-/:])(?P<month>{_PART.format(_NUMBER)})"
        rf"(?:(?P=sep)(?P<day>{_PART.format(_NUMBER)}){_TAIL})?",
        rf"{_YEAR}:(?P<month>{_NUMBER}| ?)(?::(?P<day>{_NUMBER}| ?){_TAIL})?",
        rf"{_YEAR}\. ?(?P<month>\d{{1,2}})\. ?(?P<day>\d{{1,2}})\.?{_TAIL}",
        # 19930512, 20191224_153000
        rf"{_YEAR}(?P<month>\d\d)(?P<day>\d\d)"
        r"(?P<compact>[t _-]?(?:[01]\d|2[0-4])[0-5]\d(?:[0-6]\d(?:[.,]\d{1,9})?)?)?(?P<zone>.*)",
        # 24.12.2019, 12/24/2019, 05.1993, 12/2019
        rf"(?P<first>\d{{1,2}})(?P<sep>[-/.]) ?(?P<second>\d{{1,2}})(?P=sep) ?{_YEAR}{_TAIL}",
        rf"(?P<month>\d\d)\.{_YEAR}|(?P<month2>\d{{1,2}}) ?[-/] ?(?P<year2>\d{{4}})",
        # 24 December 2019, Dec 24, 2019, May 1993, 1993 May 12, Dec 24 15:30:00 2019
        rf"{_D}{_NTH}[ /-]?{_OF}{_WORD},?[ /-]?{_OF}{_YEAR}{_TAIL}",
        rf"{_D}\.?[ ./-]?(?P<word>[ivx]{{1,4}})\.?[ ./-]?{_YEAR}{_TAIL}",
        rf"{_WORD}[ -]?{_D}{_NTH},?[ -]{_YEAR}{_TAIL}",
        rf"{_WORD},?[ -/]{_OF}{_YEAR}",
        rf"{_YEAR}[ -/]{_WORD}(?:[ -/]{_D}{_TAIL})?",
        rf"{_WORD} {_D}(?P<tail> \d\d:\d\d(?::\d\d)?)(?: [a-z]{{2,5}}| [+-]\d{{4}})? {_YEAR}",
        # 2019年12月24日, 2019년 12월 24일, AD 79
        rf"{_YEAR} ?[年년](?: ?(?P<month>\d{{1,2}}) ?[月월]"
        rf"(?: ?(?P<day>\d{{1,2}}) ?[日일](?: ?\(.\))?{_TAIL})?)?",
        rf"ad ?(?P<year>\d{{1,4}})|(?P<year2>\d{{1,4}}){_ERA}",
    )
]
ZONE = r"(?: ?(?:z|[a-z]{1,5}))?(?: ?[+-]\d\d?(?::?\d\d)?)?(?: ?\([^()]*\)| ?\[[^\[\]]*\]| [a-z_]+/[a-z_]+)?"
TIME = re.compile(
    r"(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d\d?)(?:[:.](?P<second>\d\d?)(?:[.,:](?P<fraction>\d+))?)?|"
    r"(?P<open>: ?(?:: ?)?)|h)?(?:[: ]*)(?: ?uhr)?(?: ?(?P<half>[ap])\.? ?m\.?)?" + ZONE
)
PARTED = re.compile(r"^(\d\d)(?:-(?=\d\d-\d\d$))?(\d\d)-?(\d\d)(?!\d)")
"""The figures of a time without colons, as in file names: 103005 and 10-30-05."""
NO_TIME = re.compile(r"[\s:.x?_-]*")


def plain_text(text: str) -> str:
    """Folded to lower case, plain dashes and single spaces, without weekday and signs of doubt."""
    # EXIF fills its texts up with NUL or blanks.
    text = text[: 10 * MAX_LENGTH + 1].partition("\0")[0]
    if len(text) > 10 * MAX_LENGTH or not 0 < len(text := text.strip()) <= MAX_LENGTH:
        return ""
    text = " ".join(folded(text).translate(_DASHES).split())
    if text[:1] + text[-1:] in ("[]", "()"):
        text = text[1:-1].strip()
    text = WEEKDAYS.sub("", text, count=1)
    about = _ABOUT.match(text)
    return _DOUBT.sub("", text[about.end() :] if about else text)
