"""The fields of a manifest, and what a list shows of them (docs/FORMAT.md 2.1, 2.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from imagedb_site.errors import FormatError
from imagedb_site.reader.shape import as_bool, as_list, as_object, as_text, as_texts, one_of

_FIELD_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_TYPES = ("text", "tags", "category", "number", "date", "boolean", "url")


@dataclass(frozen=True)
class Field:
    """A field of the collection; `column`: it has a column (docs/FORMAT.md 2.2).

    `separator` is the character between the components of the field's values, if these are paths.
    """

    name: str
    label: str
    type: str
    fts: bool
    facet: bool
    column: bool
    unit: str | None
    separator: str | None


@dataclass(frozen=True)
class ListView:
    """What a list shows of each row: names of fields."""

    title: str | None
    text: str | None
    columns: tuple[str, ...]


def read_fields(value: object) -> tuple[Field, ...]:
    """Checks the manifest's `fields`; raises `FormatError`."""
    fields: dict[str, Field] = {}
    for item in as_list(value, "fields"):
        definition = as_object(item, "fields")
        name = as_text(definition.get("name"), "fields.name")
        if not _FIELD_NAME.fullmatch(name) or name in fields:
            raise FormatError(
                f"“{name[:80]}” is not a valid field name, or there are two fields of that name."
            )
        unit = definition.get("unit")
        kind = one_of(definition.get("type"), _TYPES, f"fields.{name}.type")
        fields[name] = Field(
            name=name,
            label=as_text(definition.get("label"), f"fields.{name}.label"),
            type=kind,
            fts=as_bool(definition.get("fts"), f"fields.{name}.fts"),
            facet=as_bool(definition.get("facet"), f"fields.{name}.facet"),
            column=as_bool(definition.get("column"), f"fields.{name}.column"),
            unit=None if unit is None else as_text(unit, f"fields.{name}.unit"),
            separator=_separator(definition, name, kind),
        )
    return tuple(fields.values())


def _separator(definition: Mapping[str, object], name: str, kind: str) -> str | None:
    if "separator" not in definition:
        return None
    separator = as_text(definition["separator"], f"fields.{name}.separator")
    if len(separator) != 1 or kind not in ("tags", "category"):
        raise FormatError(f"fields.{name}.separator is not one character of a field of paths.")
    return separator


def read_list(value: object, fields: tuple[Field, ...]) -> ListView:
    """Checks the manifest's `list` for these fields; raises `FormatError`."""
    view = as_object(value, "list")
    known = {field.name for field in fields}
    title, text = (
        None if view.get(key) is None else as_text(view[key], f"list.{key}")
        for key in ("title", "text")
    )
    columns = tuple(as_texts(view.get("columns"), "list.columns"))
    if not known.issuperset(columns) or not {title, text} <= known | {None}:
        raise FormatError("list names a field that the collection does not have.")
    if len(set(columns)) < len(columns):
        raise FormatError("list.columns names a field twice.")
    return ListView(title, text, columns)
