"""The native addresses of the API. The twin of web_assets/src/http/native.ts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from imagedb_site.api_table import routes
from imagedb_site.batches import Definition
from imagedb_site.errors import UsageError
from imagedb_site.http_api.images import images, query_vector, rounded, similarities
from imagedb_site.http_api.request import ApiError
from imagedb_site.http_api.state import State
from imagedb_site.query.evaluate import Answer, evaluate
from imagedb_site.query.parse import Query, Term, parse
from imagedb_site.query.plan import make_plan

SPARE = 64
"""How many more results are asked for, so that exact similarities can put them in order."""

_NOTICES = {
    "fts-syntax": "The query is not a full-text expression, so its words were searched.",
    "sort": "The collection cannot be sorted by this name.",
    "info": "The query contains nothing to search for.",
}
_NO_TOWER = (
    "This query needs the model for texts or pictures, which the HTTP API does not run. "
    "Use mode=words, or like: with nothing but filters."
)
_NO_VECTORS = "This collection has no vectors, so images cannot be compared."


def api_map(state: State) -> dict[str, Any]:
    collection = state.index.manifest["collection"]
    addresses = [
        f"{route.method} {state.mount}{route.path[1:]}" for route in routes() if route.name != "map"
    ]
    return {
        "title": collection["title"],
        "description": collection["description"],
        "count": state.count,
        "hash": state.index.hash,
        "source": collection.get("source"),
        "addresses": addresses,
        "help": f"{state.mount}api/",
        "openapi": f"{state.mount}api/openapi.json",
    }


def search(state: State, given: Mapping[str, Any]) -> dict[str, Any]:
    text, mode = given["q"], given["mode"]
    terms = make_plan(parse(text), state.index).query.terms
    kinds = {term.kind for term in terms}
    if "image" in kinds or ("text" in kinds and ("like" in kinds or mode != "words")):
        raise ApiError(501, _NO_TOWER)
    if "like" in kinds:
        return _answer(state, text, parse(text), given)
    answer = evaluate(
        parse(text), state.index, None, mode="words", k=given["k"], offset=given["offset"]
    )
    rows = [result.row for result in answer.results]
    found = images(state.index, rows)
    for one, result in zip(found, answer.results, strict=True):
        one["matched"] = list(result.matched)
    return _results(text, answer, found)


def similar(state: State, given: Mapping[str, Any]) -> dict[str, Any]:
    image_id = given["id"]
    query = Query(terms=(Term("like", image_id),))
    return _answer(state, f"like:{image_id}", query, given, without=state.index.row_of(image_id))


def _answer(
    state: State, text: str, query: Query, given: Mapping[str, Any], without: int | None = None
) -> dict[str, Any]:
    """Images ranked by their similarity to others, which is computed exactly for those in question."""
    index = state.index
    terms = [term for term in query.terms if term.kind == "like"]
    rows = []
    for term in terms:
        row = index.row_of(term.value)
        if row is None:
            raise ApiError(404, f"The collection has no image {term.value[:40]}.")
        rows.append(row)
    if not index.has_vectors:
        raise ApiError(501, _NO_VECTORS)
    weights = [term.weight * (1 if term.weight > 0 else 0.25) for term in terms]
    vector = query_vector(index, rows, weights)
    offset = given["offset"]
    size = given["k"] or query.k or 20
    end = min(offset + size, query.k or offset + size)
    # Cosines of pictures and of texts cannot be compared: beside each other, the order of the search stays.
    ranked = query.sort is None and index.manifest["vectors"]["source"] != "both"
    spare = SPARE if ranked else 0
    reach = (end if query.k is None else offset + size) + spare + (without is not None)
    answer = evaluate(query, index, _no_embedding, mode="meaning", k=reach, offset=0)
    found = np.array([one.row for one in answer.results if one.row != without], dtype=np.int64)
    values = similarities(index, vector, found)
    order = range(len(found))
    if ranked:
        order = sorted(order, key=lambda at: (-values[at], found[at]))  # type: ignore[assignment]
    page = list(order)[offset:end]
    shown = images(index, found[page])
    for one, at in zip(shown, page, strict=True):
        one["similarity"] = rounded(values[at])
    return _results(text, answer, shown)


def _no_embedding(term: Term) -> None:
    """Texts and pictures were refused before."""
    return


def _results(text: str, answer: Answer, found: list[dict[str, Any]]) -> dict[str, Any]:
    notices = []
    for notice in answer.notices:
        if notice.kind in _NOTICES:
            one = {"kind": notice.kind, "message": _NOTICES[notice.kind]}
            if notice.suggestion is not None:
                one["suggestion"] = notice.suggestion
            notices.append(one)
    return {"query": text, "total": answer.total, "results": found, "notices": notices}


def facets(state: State, given: Mapping[str, Any]) -> dict[str, Any]:
    name, under = given["field"], given["under"]
    spec = next((one for one in state.index.fields if one.name == name and one.column), None)
    if spec is None:
        known = ", ".join(one.name for one in state.index.fields if one.column)
        raise ApiError(400, f"The values of “{name[:40]}” cannot be counted. Fields: {known}.")
    if under is not None and spec.separator is None:
        raise ApiError(400, f"The values of “{name}” are not paths, so none lies under another.")
    found = state.collection.facets(
        name, given["q"], mode="words", limit=given["limit"], under=under
    )
    values = [{"value": value, "count": count} for value, count in found]
    return {"field": name, "about": found.about and bool(values), "values": values}


def documents(state: State, image_id: str) -> dict[str, Any]:
    row = state.index.row_of(image_id)
    if row is None:
        raise ApiError(404, f"The collection has no image {image_id[:40]}.")
    return images(state.index, [row])[0]


def stats(state: State, given: Mapping[str, Any]) -> dict[str, Any]:
    return state.collection.stats(limit=given["limit"]).to_json()


def tags(state: State, given: Mapping[str, Any]) -> dict[str, Any]:
    return {"tags": [tag.to_json() for tag in state.collection.tag(given["name"])]}


def sample(state: State, given: Mapping[str, Any]) -> dict[str, Any]:
    found = state.sample(given["size"], given["seed"], given["q"], given["start"], given["end"])
    return {"count": len(found), "images": images(state.index, found)}


def pages(state: State, given: Mapping[str, Any]) -> dict[str, Any]:
    rows = state.page(given["number"], given["size"], "page")
    return {"count": len(rows), "images": images(state.index, rows)}


def batches(state: State, given: Mapping[str, Any]) -> dict[str, Any]:
    definition = Definition(given["size"], given["validation"], given["test"], given["seed"])
    try:
        definition.check()
    except UsageError as error:
        raise ApiError(400, str(error)) from error
    return batch_info(state, definition.id(state.index.hash))


def batch_info(state: State, batch_id: str) -> dict[str, Any]:
    definition, made = state.batches(batch_id)
    return {
        "id": batch_id,
        "size": definition.size,
        "validation": definition.validation,
        "test": definition.test,
        "seed": definition.seed,
        "images": {part: len(made.rows[part]) for part in ("train", "validation", "test")},
        "batches": {part: made.count[part] for part in ("train", "validation", "test")},
    }


def batch(state: State, inside: Mapping[str, str]) -> dict[str, Any]:
    rows = state.batch(inside["batches"], inside["part"], inside["n"])
    return {"count": len(rows), "images": images(state.index, rows)}
