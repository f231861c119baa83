"""`imagedb-additions.json`: what was said of pictures that visitors of the site added (docs/FORMAT.md 4.2).

It lies at the root of the picture folder, is written by `imagedb-site add` and read by every build. A sidecar
table would not do: the types of its columns are told by their values, and these few must not change what a
field of the whole collection is.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from imagedb_site.errors import SourceError
from imagedb_site.records import FieldSpec, FieldType, Problem, Record, Value
from imagedb_site.sources.infer import RESERVED, clean

ADDITIONS_FILE = "imagedb-additions.json"
FORMAT, VERSION = "imagedb-additions", 1

_FIELD = re.compile(r"[a-z][a-z0-9_]{0,62}")
_TYPES: tuple[FieldType, ...] = ("text", "tags")
_MAX_BYTES = 1 << 30
_MAX_FIELDS = 100
_MAX_TAGS = 1_000
_MAX_TAG = 200


@dataclass
class Addition:
    """A picture that was added: the SHA-256 of its file in hex, and its values by field."""

    sha256: str
    fields: dict[str, Value] = field(default_factory=dict)


@dataclass
class Additions:
    """The file's content. `pictures` are by path relative to the picture folder."""

    fields: list[FieldSpec] = field(default_factory=list)
    pictures: dict[str, Addition] = field(default_factory=dict)

    def write(self, root: Path) -> None:
        """Replaces the file in the picture folder `root` as a whole."""
        table = {
            "format": FORMAT,
            "version": VERSION,
            "fields": [{"name": s.name, "label": s.label, "type": s.type} for s in self.fields],
            "pictures": {
                path: {"sha256": picture.sha256, "fields": picture.fields}
                for path, picture in self.pictures.items()
            },
        }
        text = json.dumps(table, ensure_ascii=False, indent=1, sort_keys=True)
        aside = root / f".{ADDITIONS_FILE}.{os.getpid()}"
        try:
            aside.write_text(text + "\n", encoding="utf-8")
            aside.replace(root / ADDITIONS_FILE)
        finally:
            aside.unlink(missing_ok=True)


def added_fields(listed: Sequence[Mapping[str, object]]) -> list[FieldSpec]:
    """Returns the definitions of fields as a bundle or the file lists them; raises `ValueError`."""
    fields = [_field(one["name"], one["label"], one["type"]) for one in listed]
    if len({spec.name for spec in fields}) != len(fields) or len(fields) > _MAX_FIELDS:
        raise ValueError("its fields are not valid")
    return fields


def _field(name: object, label: object, kind: object) -> FieldSpec:
    if not isinstance(name, str) or not _FIELD.fullmatch(name) or name in RESERVED:
        raise ValueError(f"no valid field name: {str(name)[:80]!r}")
    if not isinstance(label, str) or kind not in _TYPES:
        raise ValueError(f"the field {name} has no valid label or type")
    tags = kind == "tags"
    return FieldSpec(name, clean(label, 80) or name, kind, fts=True, facet=tags, column=tags)


def added_values(values: Mapping[str, object], fields: Sequence[FieldSpec]) -> dict[str, Value]:
    """Returns a picture's values without what does not belong into text; empty ones are left out.

    Raises `ValueError` where a field is not among `fields` or a value is not of its field's type.
    """
    specs = {spec.name: spec for spec in fields}
    kept: dict[str, Value] = {}
    for name, value in values.items():
        if name not in specs:
            raise ValueError(f"{str(name)[:80]!r} is not among its fields")
        stored = _value(specs[name], value)
        if stored is not None:
            kept[name] = stored
    return kept


def _value(spec: FieldSpec, value: object) -> Value | None:
    if spec.type == "tags":
        if not isinstance(value, list) or not all(isinstance(tag, str) for tag in value):
            raise ValueError(f"the value of {spec.name} is no list of tags")
        tags = [clean(str(tag), _MAX_TAG) for tag in value[:_MAX_TAGS]]
        return list(dict.fromkeys(tag for tag in tags if tag)) or None
    if not isinstance(value, str):
        raise ValueError(f"the value of {spec.name} is no text")
    return clean(value) or None


def load_additions(root: Path) -> Additions:
    """Reads the file of the picture folder `root`; empty where there is none.

    Raises `SourceError` where it cannot be read or is not what it should be.
    """
    path = root / ADDITIONS_FILE
    try:
        with path.open("rb") as stream:
            data = stream.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        return Additions()
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}.") from error
    try:
        if len(data) > _MAX_BYTES:
            raise ValueError("it is too large")
        return _parse(json.loads(data))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        reason = str(error) if type(error) is ValueError else "it is damaged"
        raise SourceError(
            f"{path} cannot be used: {reason}.", "Mend it, or move it away to build without it."
        ) from error


def _parse(table: Mapping[str, object]) -> Additions:
    if not isinstance(table, dict) or table.get("format") != FORMAT:
        raise ValueError("it is no table of added pictures")
    if table.get("version") != VERSION:
        raise ValueError(f"it has version {table.get('version')}, this program reads {VERSION}")
    additions = Additions(added_fields(table["fields"]))
    for path, picture in table["pictures"].items():
        values = added_values(picture["fields"], additions.fields)
        additions.pictures[str(path)] = Addition(str(picture["sha256"]), values)
    return additions


def join_additions(
    records: Sequence[Record], fields: Sequence[FieldSpec], additions: Additions
) -> tuple[list[Record], list[FieldSpec], list[Problem]]:
    """Gives the pictures their added values, where no table says something else of the field.

    A field that the collection has keeps its definition; a value is made to fit it or left out.
    """
    specs = {spec.name: spec for spec in fields}
    joined: list[Record] = []
    used: set[str] = set()
    for record in records:
        picture = additions.pictures.get(record.key)
        own: dict[str, Value] = {}
        for name, value in picture.fields.items() if picture else ():
            fitted = _fitted(value, specs.get(name))
            if name not in record.fields and fitted is not None:
                own[name] = fitted
        used.update(own)
        joined.append(replace(record, fields={**own, **record.fields}) if own else record)
    new = [spec for spec in additions.fields if spec.name not in specs and spec.name in used]
    keys = {record.key for record in records}
    problems = [
        Problem(key, f"named in {ADDITIONS_FILE}, but there is no such picture")
        for key in additions.pictures
        if key not in keys
    ]
    return joined, [*fields, *new], problems


def _fitted(value: Value, spec: FieldSpec | None) -> Value | None:
    if spec is None:
        return value
    if spec.type == "tags":
        return value if isinstance(value, list) else [str(value)[:_MAX_TAG]]
    if spec.type in ("text", "category"):
        return ", ".join(value) if isinstance(value, list) else value
    return None
