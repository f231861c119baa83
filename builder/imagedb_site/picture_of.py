"""The picture and the caption of a row, as data sets for training have them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from .errors import UsageError
from .hits import SearchIndex
from .keys import split_suffix
from .records import FieldSpec

PictureKind = Literal["none", "thumbnail", "view", "original"]
PICTURE_KINDS: tuple[PictureKind, ...] = ("view", "thumbnail", "original", "none")

_CAPTIONS = (
    *("caption", "captions", "description", "prompt", "abstract", "summary", "text", "content"),
    *("title", "headline"),
)
_MAGIC = (
    (b"\xff\xd8\xff", "jpg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF8", "gif"),
    (b"II*\0", "tif"),
    (b"MM\0*", "tif"),
)


def picture_of(index: SearchIndex, row: int, kind: PictureKind) -> bytes | None:
    """Returns the bytes of a row's picture, or None if it has no picture of this kind.

    `view` is the larger picture, or the thumbnail if no larger one is published. A picture that is only on
    another host is not fetched. Raises StorageError or FormatError if a file cannot be read.
    """
    if kind == "none":
        return None
    if kind == "original":
        return index.original(row)
    view = index.view(row) if kind == "view" else None
    return view if view is not None else index.thumbnail(row)


def picture_suffix(data: bytes, key: str) -> str:
    """Returns the suffix, without a dot, of a picture file: by its content, else as the key has it."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    for magic, suffix in _MAGIC:
        if data.startswith(magic):
            return suffix
    suffix = split_suffix(key.rpartition("/")[2])[1].removeprefix(".")
    return suffix if suffix.isascii() and suffix.isalnum() and len(suffix) <= 8 else "bin"


def caption_fields(fields: Sequence[FieldSpec], chosen: str | None) -> list[str]:
    """The fields that may have a caption, the best first; only `chosen` if it is given.

    Raises UsageError if the collection has no such field.
    """
    names = {field.name for field in fields}
    if chosen is not None:
        if chosen not in names:
            raise UsageError(
                f"This collection has no field “{chosen}”.",
                f"Its fields are {', '.join(sorted(names))}.",
            )
        return [chosen]
    texts = {field.name for field in fields if field.type in ("text", "tags", "category")}
    return [name for name in _CAPTIONS if name in texts]


def caption_of(document: Mapping[str, Any], names: Sequence[str]) -> str | None:
    """The first of the fields `names` that a document has, as text; None without one."""
    for name in names:
        value = document["fields"].get(name)
        if value is not None:
            return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return None
