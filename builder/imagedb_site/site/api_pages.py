"""What explains the HTTP API of a site: `api/index.html` for people, `api/openapi.json` for programs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from imagedb_site.api_table import Parameter, Route, routes, table
from imagedb_site.container import FileEntry, canonical_json
from imagedb_site.layout import API_PAGES
from imagedb_site.records import FieldSpec
from imagedb_site.site.policy import text_policy
from imagedb_site.site.storage import SiteFiles

_STYLE = """body { max-width: 60rem; margin: 0 auto; padding: 16px; font: 1rem/1.5 system-ui, sans-serif; }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; }
td, th { padding: 4px 12px 4px 0; border-bottom: 1px solid #8884; text-align: left; vertical-align: top; }
.parameters td:first-child { white-space: nowrap; }
h1 { font-size: 1.6rem; overflow-wrap: anywhere; }
h3 { margin: 24px 0 0; }
"""
_STATUS = {
    400: "A parameter is missing or out of range; the message says which values there are.",
    404: "There is no such thing; the message says which ones there are.",
    501: "The query needs the model for texts or pictures.",
}
_SCALAR = {"type": ["string", "number", "boolean"]}
_TYPES: Mapping[str, Mapping[str, Any]] = {
    "text": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "object": {"type": "object"},
    "scalar": _SCALAR,
}


def write_api_pages(
    files: SiteFiles,
    common: Mapping[str, object],
    fields: Sequence[FieldSpec],
    render: Callable[[str, dict[str, object]], bytes],
) -> list[FileEntry]:
    """Write both files. `common` is what the templates say about a collection; `render` makes a page."""
    title = str(common["title"])
    page = render("api.html.j2", {**common, **help_values(fields)})
    described = canonical_json(openapi(title, str(common["description"])))
    return [files.put(API_PAGES[0], page), files.put(API_PAGES[1], described)]


def help_values(fields: Sequence[FieldSpec]) -> dict[str, object]:
    """What the help page says beside the collection's title."""
    groups = [
        (group["title"], marked(group["text"]), [_shown(r) for r in routes() if r.group == name])
        for name, group in table()["groups"].items()
    ]
    return {
        "style": Markup(_STYLE),  # noqa: S704
        "policy": text_policy([_STYLE]),
        "syntax": [(marked(typed), marked(meaning)) for typed, meaning in table()["syntax"]],
        "groups": groups,
        "fields": fields,
    }


def _shown(route: Route) -> dict[str, object]:
    """A route as the help page shows it."""
    parameters = [
        {"name": of.name, "text": marked(of.text), "range": _range(of)}
        for of in (*route.inside, *route.query)
    ]
    body = table()["schemas"][route.body] if route.body else {}
    return {
        "method": route.method,
        "path": route.path,
        "text": marked(route.text),
        "parameters": parameters,
        "body": ", ".join(body),
    }


def _range(of: Parameter) -> str:
    if of.type == "choice":
        return " | ".join(of.values)
    parts = [f"{of.least} to {of.most}"] if of.type in ("integer", "lenient") else []
    parts += ["0 to 100"] if of.type == "share" else []
    parts += [f"default {of.default}"] if of.default not in (None, "") else []
    parts += ["required"] if of.required else []
    return ", ".join(parts)


def marked(text: str) -> Markup:
    """A text of the description, in which code stands between backticks."""
    parts = re.split(r"`([^`]*)`", text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else Markup("{}").format(part)
        for place, part in enumerate(parts)
    )


def openapi(title: str, description: str) -> dict[str, Any]:
    """The description of the API as OpenAPI 3.1. Its addresses are relative to that of the file."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes():
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "description": description, "version": "1"},
        "servers": [{"url": ".."}],
        "tags": [
            {"name": name, "description": group["text"]}
            for name, group in table()["groups"].items()
        ],
        "paths": paths,
        "components": {"schemas": schemas()},
    }


def schemas() -> dict[str, Any]:
    """The JSON Schema of every answer."""
    found: dict[str, Any] = {}
    for name, properties in table()["schemas"].items():
        required = [key for key, of in properties.items() if not _optional(of)]
        found[name] = {
            "type": "object",
            "properties": {key: _schema(of) for key, of in properties.items()},
            "additionalProperties": False,
            **({"required": required} if required else {}),
        }
    for key in ("error", "message"):
        found[f"Error-{key}"] = {
            "type": "object",
            "properties": {key: {"type": "string"}},
            "required": [key],
        }
    return found


def _optional(of: Any) -> bool:
    return str(of[0] if isinstance(of, list) else of).endswith("-")


def _schema(of: Any) -> dict[str, Any]:
    """The schema of a type of api.json: `?` may be null, `-` may be absent, a list has such items."""
    if isinstance(of, list):
        return {"type": "array", "items": _schema(str(of[0]).rstrip("-"))}
    name = of.rstrip("-?")
    if name not in _TYPES:
        reference = {"$ref": f"#/components/schemas/{name}"}
        return {"anyOf": [reference, {"type": "null"}]} if "?" in of else reference
    found = dict(_TYPES[name])
    if "?" in of:
        kinds = found["type"] if isinstance(found["type"], list) else [found["type"]]
        found["type"] = [*kinds, "null"]
    return found


def _operation(route: Route) -> dict[str, Any]:
    error = {"$ref": f"#/components/schemas/Error-{route.error}"}
    responses = {
        "200": {
            "description": "The answer.",
            "content": _json(f"#/components/schemas/{route.answer}"),
        }
    }
    for status in route.status:
        responses[str(status)] = {
            "description": _STATUS[status],
            "content": {"application/json": {"schema": error}},
        }
    parameters = [_parameter(of, "path") for of in route.inside]
    parameters += [_parameter(of, "query") for of in route.query]
    return {
        "operationId": route.name,
        "tags": [route.group],
        "summary": route.text.replace("`", ""),
        "parameters": parameters,
        "responses": responses,
        **(
            {"requestBody": {"content": _json(f"#/components/schemas/{route.body}")}}
            if route.body
            else {}
        ),
    }


def _json(reference: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": reference}}}


def _parameter(of: Parameter, where: str) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    if of.type in ("integer", "lenient"):
        schema = {"type": "integer", "minimum": of.least, "maximum": of.most}
    elif of.type == "share":
        schema = {"type": "number", "minimum": 0, "maximum": 100}
    elif of.type == "choice":
        schema["enum"] = list(of.values)
    elif where == "query":
        schema["maxLength"] = table()["longest_query"]
    if of.default is not None:
        schema["default"] = of.default
    return {
        "name": of.name,
        "in": where,
        "required": of.required or where == "path",
        "description": of.text.replace("`", ""),
        "schema": schema,
    }
