"""Small checks of untrusted JSON, each raising FormatError that names the place."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from imagedb_site.container import FileEntry
from imagedb_site.errors import FormatError

_HEX64 = re.compile(r"[0-9a-f]{64}")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
FILE_LIMIT = 1 << 31


def parse_json(data: bytes, where: str) -> Any:
    """Strict JSON: NaN and infinite numbers are refused."""
    try:
        return json.loads(data.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{where} is not valid JSON.") from error


def _no_constant(text: str) -> Any:
    raise ValueError(text)


def as_object(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise FormatError(f"{where} is not an object.")
    return value


def as_list(value: object, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise FormatError(f"{where} is not a list.")
    return value


def as_text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise FormatError(f"{where} is not text.")
    return value


def as_texts(value: object, where: str) -> list[str]:
    return [as_text(item, where) for item in as_list(value, where)]


def as_bool(value: object, where: str) -> bool:
    if not isinstance(value, bool):
        raise FormatError(f"{where} is not true or false.")
    return value


def as_count(value: object, where: str, limit: int = 1 << 53) -> int:
    """A whole number from 0 to `limit`."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= limit:
        raise FormatError(f"{where} is not a number from 0 to {limit:,}.")
    return value


def one_of(value: object, allowed: Sequence[str], where: str) -> str:
    if not isinstance(value, str) or value not in allowed:
        raise FormatError(f"{where} is “{str(value)[:40]}”, which this program does not know.")
    return value


def safe_path(value: object, where: str) -> str:
    """A relative path with no way out of the site, however it is decoded."""
    path = as_text(value, where)
    decoded = unquote(path)
    parts = decoded.split("/")
    if (
        not path
        or len(path) > 1000
        or "\\" in decoded
        or "?" in decoded
        or "#" in decoded
        or any(ord(character) < 32 for character in decoded)
        or _SCHEME.match(decoded)
        or any(part in ("", ".", "..") for part in parts)
    ):
        raise FormatError(f"{where} is not a path within the site: “{path[:80]}”.")
    return path


def as_entry(value: object, where: str, *, index: bool = False) -> FileEntry:
    """A checked file entry (docs/FORMAT.md 1.2); `index`: it must say that it holds further entries."""
    entry = as_object(value, where)
    sha256 = as_text(entry.get("sha256"), f"{where}.sha256")
    if not _HEX64.fullmatch(sha256):
        raise FormatError(f"{where}.sha256 is not a SHA-256.")
    is_index = entry.get("index", False)
    if not isinstance(is_index, bool) or (index and not is_index):
        raise FormatError(f"{where} is not the entry of an index.")
    return FileEntry(
        path=safe_path(entry.get("path"), f"{where}.path"),
        size=as_count(entry.get("bytes"), f"{where}.bytes", FILE_LIMIT),
        raw_size=as_count(entry.get("raw_bytes"), f"{where}.raw_bytes", FILE_LIMIT),
        sha256=sha256,
        index=is_index,
    )


@dataclass(frozen=True)
class ListEntry:
    """A list of files (docs/FORMAT.md 1.4): how many there are, and the entry of the root node."""

    count: int
    index: FileEntry


def as_file_list(value: object, where: str) -> ListEntry:
    """A checked list of at least one file."""
    listed = as_object(value, where)
    count = as_count(listed.get("count"), f"{where}.count", 1 << 31)
    if not count:
        raise FormatError(f"{where} lists no file.")
    return ListEntry(count, as_entry(listed.get("index"), f"{where}.index", index=True))
