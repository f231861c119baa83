"""Documents of a published site (docs/FORMAT.md 2.7), checked value by value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from imagedb_site.errors import FormatError
from imagedb_site.reader.manifest_fields import Field
from imagedb_site.reader.shape import as_count, as_list, as_object, as_text, parse_json, safe_path
from imagedb_site.web_addresses import is_remote, origin_of

_TEXT = (str,)
_KINDS: dict[str, tuple[type, ...]] = {"tags": (list,), "number": (int, float), "boolean": (bool,)}
"""Which types JSON gives for the values of a field; text for all other types of field."""


def decode_documents(
    data: bytes, ids: Sequence[str], fields: Sequence[Field], origins: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """A block of documents, which must be those of the images `ids`, with pictures on `origins` only."""
    documents = as_list(parse_json(data, "A block of documents"), "A block of documents")
    if len(documents) != len(ids):
        raise FormatError(f"The block has {len(documents):,} documents, not {len(ids):,}.")
    kinds = {field.name: _KINDS.get(field.type, _TEXT) for field in fields}
    for value, image_id in zip(documents, ids, strict=True):
        document = as_object(value, "A document")
        if document.get("id") != image_id:
            raise FormatError(f"The document of {image_id} is that of another image.")
        where = f"The document of {image_id}"
        as_text(document.get("path"), "The path of a document")
        as_count(document.get("width"), "The width of a document")
        as_count(document.get("height"), "The height of a document")
        for name, field_value in as_object(document.get("fields"), "A document's fields").items():
            kind = type(field_value)
            if kind not in kinds.get(name, (kind,)) or (
                kind is list and name in kinds and not all(type(tag) is str for tag in field_value)
            ):
                raise FormatError(f"{where} has a “{name[:80]}” of the wrong type.")
        if "view" in document:
            view = as_object(document["view"], f"{where}: view")
            safe_path(view.get("path"), f"{where}: view.path")
            as_count(view.get("width"), f"{where}: view.width")
            as_count(view.get("height"), f"{where}: view.height")
        if "remote" in document:
            _check_remote(as_object(document["remote"], f"{where}: remote"), where, origins)
        if "original" in document:
            safe_path(document["original"], f"{where}: original")
    return documents


def _check_remote(remote: dict[str, Any], where: str, origins: Sequence[str]) -> None:
    addresses = [remote[key] for key in ("image", "thumbnail") if key in remote]
    if not addresses:
        raise FormatError(f"{where} has no address in “remote”.")
    for address in addresses:
        if not isinstance(address, str):
            raise FormatError(f"{where} has an address that is not a text.")
        if not is_remote(address, origins):
            origin = origin_of(address)
            if origin is None or origin in origins:
                raise FormatError(f"{where} has an address of a picture that is not valid.")
            raise FormatError(
                f"{where} names a picture at {origin}, which the site does not allow."
            )
