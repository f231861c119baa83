"""Field values made fit for their field's type before they enter documents, columns and full text."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from imagedb_site.dates import parse_date
from imagedb_site.records import FieldSpec, Problem, Value

_SURROGATES = re.compile("[\ud800-\udfff]")


def clean_fields(
    key: str, fields: Mapping[str, Value], specs: Sequence[FieldSpec]
) -> tuple[dict[str, Value], list[Problem]]:
    """Returns the values of one image that fit their fields, and a problem for each that does not.

    Empty texts and lists count as unknown. A value without a field is left out.
    """
    clean: dict[str, Value] = {}
    problems: list[Problem] = []
    for spec in specs:
        value = fields.get(spec.name)
        if value is None or value == "" or value == []:
            continue
        fitting = _fit(value, spec)
        if fitting is None:
            reason = f"“{spec.name}” is not a valid {spec.type}: {str(value)[:80]!r}"
            problems.append(Problem(key, reason))
        elif fitting != []:
            clean[spec.name] = fitting
    return clean, problems


def _fit(value: Value, spec: FieldSpec) -> Value | None:
    match spec.type:
        case "text" | "category":
            return storable(value) if isinstance(value, str) else None
        case "url":
            fits = isinstance(value, str) and is_web_address(value)
            return storable(str(value)) if fits else None
        case "tags":
            if not isinstance(value, list):
                return None
            tags = [storable(tag) for tag in value if isinstance(tag, str)]
            return list(dict.fromkeys(tag for tag in tags if tag))
        case "number":
            if isinstance(value, bool) or not isinstance(value, int | float):
                return None
            return value if math.isfinite(value) and abs(value) < 1e300 else None
        case "date":
            return parse_date(value) if isinstance(value, str) else None
        case "boolean":
            return value if isinstance(value, bool) else None


def storable(text: str) -> str:
    """Returns `text` with a replacement character for everything that UTF-8 cannot hold.

    File names on Linux may have bytes that are not text, and JSON may have half of a surrogate pair.
    """
    return text if text.isascii() else _SURROGATES.sub("\ufffd", text)


def is_web_address(text: str) -> bool:
    """Whether a page may link to `text`: a `javascript:` address from a caption file must not pass."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)
