"""Text from files and the network made safe to show: in a terminal, a log, a report, a page of results.

A file name may hold characters that drive a terminal, end a line or turn the direction of what follows. They
are replaced by something that can be seen. What is stored keeps them. web_assets/src/base/visible.ts does the
same for the page.
"""

from __future__ import annotations

import json
import re

_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufff9-\ufffb]"
)
_CONTROL_PICTURES = 0x2400
_DELETE = 0x7F


def shown(text: str) -> str:
    """Returns `text` as one safe line.

    Control characters become their pictures (`␊` for a line feed) or, like bidirectional embeddings,
    overrides and isolates, their code points (`\\u{202E}`). Bytes that are not text become U+FFFD and two
    hexadecimal digits, as in a key.
    """
    return text if text.isascii() and text.isprintable() else _UNSAFE.sub(_visible, text)


def json_line(value: object) -> str:
    """Returns `value` as one line of JSON in which everything unsafe is escaped; it reads back the same."""
    return _UNSAFE.sub(
        lambda match: f"\\u{ord(match[0]):04x}",
        json.dumps(value, ensure_ascii=False, sort_keys=True),
    )


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(_CONTROL_PICTURES + code)
    if code == _DELETE:
        return "␡"
    if 0xDC80 <= code <= 0xDCFF:
        return f"\ufffd{code - 0xDC00:02X}"
    return f"\\u{{{code:X}}}"
