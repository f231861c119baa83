"""`imagedb-additions.json`: captions and tags of pictures that visitors added (docs/FORMAT.md 4.2).

The file lies at the root of the picture folder, is written by `imagedb-site add` and read by every build. It
is not a sidecar table: the values of a table decide the types of its columns, and these few values must not
change a field of the whole collection.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from imagedb_site.durable import write_whole
from imagedb_site.errors import SourceError
from imagedb_site.records import FieldSpec, FieldType, Value
from imagedb_site.sources.cells import clean
from imagedb_site.sources.columns import RESERVED

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
    """A picture that was added: the SHA-256 of its file as hex digits, and its values by field."""

    sha256: str
    fields: dict[str, Value] = field(default_factory=dict)


@dataclass
class Additions:
    """The content of the file. `pictures` has an entry for each path relative to the picture folder."""

    fields: list[FieldSpec] = field(default_factory=list)
    pictures: dict[str, Addition] = field(default_factory=dict)

    def write(self, root: Path, aside: Path) -> None:
        """Writes the file into the picture folder `root`; it is replaced as a whole or not at all.

        `aside` is a folder on the same file system. When this returns, the file is on the disk for good.
        """
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
        data = f"{text}\n".encode()
        write_whole(root / ADDITIONS_FILE, data, aside / ADDITIONS_FILE)


def added_fields(listed: Sequence[Mapping[str, object]]) -> list[FieldSpec]:
    """Returns the fields that a bundle or the file lists; raises `ValueError` if one is not valid."""
    fields = [_field(one["name"], one["label"], one["type"]) for one in listed]
    if len({spec.name for spec in fields}) != len(fields) or len(fields) > _MAX_FIELDS:
        raise ValueError("its fields are not valid")
    return fields


def _field(name: object, label: object, kind: object) -> FieldSpec:
    if not isinstance(name, str) or not _FIELD.fullmatch(name) or name in RESERVED:
        raise ValueError(f"{str(name)[:80]!r} is not a valid field name")
    if not isinstance(label, str) or kind not in _TYPES:
        raise ValueError(f"the label or the type of the field {name} is not valid")
    tags = kind == "tags"
    return FieldSpec(name, clean(label, 80) or name, kind, fts=True, facet=tags, column=tags)


def added_values(values: Mapping[str, object], fields: Sequence[FieldSpec]) -> dict[str, Value]:
    """Returns the values of a picture, cleaned; empty values are left out.

    Raises `ValueError` if a field is not in `fields` or a value does not have the type of its field.
    """
    specs = {spec.name: spec for spec in fields}
    kept: dict[str, Value] = {}
    for name, value in values.items():
        if name not in specs:
            raise ValueError(f"{str(name)[:80]!r} is not one of its fields")
        stored = _value(specs[name], value)
        if stored is not None:
            kept[name] = stored
    return kept


def _value(spec: FieldSpec, value: object) -> Value | None:
    if spec.type == "tags":
        if not isinstance(value, list) or not all(isinstance(tag, str) for tag in value):
            raise ValueError(f"the value of {spec.name} is not a list of tags")
        tags = [clean(str(tag), _MAX_TAG) for tag in value[:_MAX_TAGS]]
        return list(dict.fromkeys(tag for tag in tags if tag)) or None
    if not isinstance(value, str):
        raise ValueError(f"the value of {spec.name} is not text")
    return clean(value) or None


def load_additions(root: Path) -> Additions:
    """Reads the file of the picture folder `root`; returns empty `Additions` if there is none.

    Raises `SourceError` if it cannot be read or is not valid.
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
            f"{path} cannot be used: {reason}.", "Repair it, or move it away to build without it."
        ) from error


def _parse(table: Mapping[str, object]) -> Additions:
    if not isinstance(table, dict) or table.get("format") != FORMAT:
        raise ValueError("it is not a table of added pictures")
    if table.get("version") != VERSION:
        raise ValueError(
            f"it has version {table.get('version')}, but this program reads version {VERSION}"
        )
    additions = Additions(added_fields(table["fields"]))
    for path, picture in table["pictures"].items():
        values = added_values(picture["fields"], additions.fields)
        additions.pictures[str(path)] = Addition(str(picture["sha256"]), values)
    return additions


def fitted_values(
    addition: Addition, own: Mapping[str, Value], specs: Mapping[str, FieldSpec]
) -> dict[str, Value]:
    """Returns the values of a picture that was added, for fields that it does not have in `own`.

    A field of the collection (`specs` by name) keeps its definition; a value that does not fit is left out.
    """
    values = {
        name: _fitted(value, specs.get(name))
        for name, value in addition.fields.items()
        if name not in own
    }
    return {name: value for name, value in values.items() if value is not None}


def _fitted(value: Value, spec: FieldSpec | None) -> Value | None:
    if spec is None:
        return value
    if spec.type == "tags":
        return value if isinstance(value, list) else [str(value)[:_MAX_TAG]]
    if spec.type in ("text", "category"):
        return ", ".join(value) if isinstance(value, list) else value
    return None
