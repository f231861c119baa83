"""The addresses of diffusiondb-api, for any collection. The twin of web_assets/src/http/diffusiondb.ts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from imagedb_site.errors import QuerySyntaxError
from imagedb_site.http_api.request import ApiError
from imagedb_site.http_api.state import State
from imagedb_site.query.characters import split
from imagedb_site.records import FieldSpec

TEXTS = ("prompt", "caption", "title", "description", "headline", "alt", "annotation")
"""The fields that may have what `p` is, the first one counts."""
SEEDS, SCALES, STEPS, SAMPLERS = (
    ("seed",),
    ("cfg", "cfg_scale", "guidance"),
    ("step", "steps"),
    ("sampler",),
)


def root(state: State) -> dict[str, Any]:
    return {
        "search": f"{state.mount}search?q=your+query&l=10",
        "stats": f"{state.mount}stats",
        "api": f"{state.mount}api",
    }


def prompt_search(state: State, given: Mapping[str, Any]) -> dict[str, Any]:
    text, limit = (given["q"] or "").strip(" \t\n\r"), given["l"]
    if not text:
        return {"error": "query is empty"}
    try:
        rows = state.index.match(text, limit)
    except QuerySyntaxError as error:
        words = " ".join(f'"{word}"' for word in split(text.replace('"', " ")))
        raise ApiError(400, "q is not a full-text expression", suggestion=words) from error
    names = [field_name(state.index.fields, TEXTS) or _first_text(state)]
    names += [field_name(state.index.fields, of) for of in (SEEDS, SCALES, STEPS, SAMPLERS)]
    keys = ("p", "se", "c", "st", "sa")
    results = []
    for row in rows.tolist():
        document = state.index.document(row)
        fields = document["fields"]
        values = [None if name is None else scalar(fields.get(name)) for name in names]
        results.append({"id": stem(document["path"]), **dict(zip(keys, values, strict=True))})
    return {"results": results, "l": limit, "q": text}


def prompt_stats(state: State) -> dict[str, Any]:
    return {"count": state.count, "mtime": state.changed}


def field_name(fields: Sequence[FieldSpec], names: Sequence[str]) -> str | None:
    """The first of these names that the collection has."""
    known = {field.name for field in fields}
    return next((name for name in names if name in known), None)


def _first_text(state: State) -> str | None:
    """The first text field that is not about the file."""
    texts = [field.name for field in state.index.fields if field.type == "text"]
    return next((name for name in texts if name not in ("name", "file")), None)


def scalar(value: Any) -> Any:
    """A value as one text, number or boolean; None if it is missing."""
    return ", ".join(value) if isinstance(value, list) else value


def stem(path: str) -> str:
    """The name of a file without its folder and its suffix."""
    name = path.rpartition("/")[2]
    before, dot, _ = name.rpartition(".")
    return before if dot and before else name
