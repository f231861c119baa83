"""The addresses of danbooru-meta-api, for any collection. The twin of web_assets/src/http/danbooru.ts."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from imagedb_site.batches import MOST_PER_BATCH, Definition
from imagedb_site.errors import UsageError
from imagedb_site.http_api.diffusiondb import scalar
from imagedb_site.http_api.request import ApiError, whole
from imagedb_site.http_api.state import State, span
from imagedb_site.query.field_values import distinct

CATEGORIES = {"artist": 1, "copyright": 3, "character": 4, "meta": 5}
"""The numbers of the tags fields; all others are 0, the general tags."""


def stat(state: State) -> dict[str, Any]:
    return {
        "num_posts": state.count,
        "num_ratings": _ratings(state),
        "num_tags": len(state.collection.tags),
    }


def _ratings(state: State) -> int:
    """How many different values the field `rating` has."""
    spec = next((one for one in state.index.fields if one.name == "rating" and one.column), None)
    if spec is None:
        return 0
    if spec.type in ("number", "date"):
        numbers = state.index.column("rating").numbers
        assert numbers is not None
        return len(np.unique(numbers[~np.isnan(numbers)]))
    return distinct(state.index, spec)


def tag(state: State, number: str) -> dict[str, Any]:
    tags = state.collection.tags
    found = tags.get(int(number)) if number.isascii() and number.isdecimal() else None
    if found is None:
        raise ApiError(
            404, f"There is no tag {number[:40]}: {span(tags.greatest, first=tags.least)}."
        )
    return {"id": found.id, "name": found.name, "category": CATEGORIES.get(found.category, 0)}


def posts_random(state: State, given: Mapping[str, Any]) -> dict[str, Any]:
    seed = secrets.randbits(32) if given["seed"] is None else given["seed"]
    return posts_of(state, state.sample(given["size"], seed, "", given["start"], given["end"]))


def posts(state: State, given: Mapping[str, Any]) -> dict[str, Any]:
    return posts_of(state, state.page(given["batch_number"], given["batch_size"], "batch"))


def batch_new(state: State, body: Mapping[str, Any]) -> dict[str, Any]:
    standard = Definition()
    size = whole(body.get("batch_size"), standard.size)
    seed = whole(body.get("seed"), standard.seed)
    if not (size.is_integer() and 1 <= size <= MOST_PER_BATCH):
        raise ApiError(400, f"batch_size must be a whole number from 1 to {MOST_PER_BATCH}.")
    if not (seed.is_integer() and 0 <= seed < 2**32):
        raise ApiError(400, "seed must be a whole number from 0 to 4294967295.")
    validation = whole(body.get("validation_split"), int(standard.validation))
    test = whole(body.get("test_split"), int(standard.test))
    definition = Definition(int(size), validation, test, int(seed))
    try:
        definition.check()
    except UsageError as error:
        message = (
            "validation_split and test_split must be per cent, from 0 to 100 with at most 3 decimals, "
            "and at most 100 together."
        )
        raise ApiError(400, message) from error
    return {"id": definition.id(state.index.hash)}


def batch_list(state: State) -> dict[str, Any]:
    return {"id": [Definition().id(state.index.hash)]}


def batch_info(state: State, batch_id: str) -> dict[str, Any]:
    _, made = state.batches(batch_id)
    counts = {part: made.count[part] for part in ("train", "validation", "test")}
    return {
        "total_batches": sum(counts.values()),
        **{f"{part}_batches": n for part, n in counts.items()},
    }


def batch(state: State, inside: Mapping[str, str]) -> dict[str, Any]:
    return posts_of(state, state.batch(inside["batches"], inside["part"], inside["n"]))


def posts_of(state: State, rows: Iterable[int]) -> dict[str, Any]:
    found = [post(state, row) for row in rows]
    return {"count": len(found), "result": found}


def post(state: State, row: int) -> dict[str, Any]:
    document = state.index.document(row)
    fields = document["fields"]
    number = _number(fields, "post_id")
    post_id = row + 1 if number is None or number != int(number) else int(number)
    suffix = document["path"].rpartition("/")[2].rpartition(".")
    extension = _text(fields, "file_ext") or (suffix[2].lower() if suffix[0] else None) or None
    tags = state.collection.tags
    ids: list[int] = []
    for field in state.index.fields:
        names = fields.get(field.name)
        if field.type == "tags" and isinstance(names, list):
            ids += tags.ids(field.name, names)
    return {
        "id": row + 1,
        "post_id": post_id,
        "md5": _text(fields, "md5"),
        "rating": _text(fields, "rating"),
        "width": document["width"] or _number(fields, "width") or 0,
        "height": document["height"] or _number(fields, "height") or 0,
        "file_ext": extension,
        "file_size": _number(fields, "file_size"),
        "source": _text(fields, "source") or "",
        "pixiv_id": _number(fields, "pixiv_id") or 0,
        "location": f"{post_id % 1000}/{post_id}" + (f".{extension}" if extension else ""),
        "tags": ids,
    }


def _text(fields: Mapping[str, Any], name: str) -> str | None:
    """A field's value as text; None if it is missing or not a text."""
    value = scalar(fields.get(name))
    return value if isinstance(value, str) else None


def _number(fields: Mapping[str, Any], name: str) -> float | int | None:
    value = fields.get(name)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
