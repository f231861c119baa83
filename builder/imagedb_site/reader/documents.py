"""Documents of a published site (docs/FORMAT.md 2.4), checked value by value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from imagedb_site.errors import FormatError
from imagedb_site.reader.manifest import Field
from imagedb_site.reader.shape import as_count, as_list, as_object, as_text, parse_json, safe_path


def decode_documents(
    data: bytes, ids: Sequence[str], fields: Sequence[Field]
) -> list[dict[str, Any]]:
    """A block of documents, which must be those of the images `ids`."""
    documents = as_list(parse_json(data, "A block of documents"), "A block of documents")
    if len(documents) != len(ids):
        raise FormatError(f"The block has {len(documents):,} documents, not {len(ids):,}.")
    types = {field.name: field.type for field in fields}
    for value, image_id in zip(documents, ids, strict=True):
        document = as_object(value, "A document")
        if document.get("id") != image_id:
            raise FormatError(f"The document of {image_id} is that of another image.")
        where = f"The document of {image_id}: "
        as_text(document.get("path"), where + "path")
        as_count(document.get("width"), where + "width")
        as_count(document.get("height"), where + "height")
        values = as_object(document.get("fields"), where + "fields")
        for name, field_value in values.items():
            if name in types and not _fits(field_value, types[name]):
                raise FormatError(f"{where}“{name}” is no {types[name]}.")
        if "view" in document:
            view = as_object(document["view"], where + "view")
            safe_path(view.get("path"), where + "view.path")
            as_count(view.get("width"), where + "view.width")
            as_count(view.get("height"), where + "view.height")
        if "original" in document:
            safe_path(document["original"], where + "original")
    return documents


def _fits(value: object, field_type: str) -> bool:
    match field_type:
        case "tags":
            return isinstance(value, list) and all(isinstance(tag, str) for tag in value)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool)
        case _:
            return isinstance(value, str)
