"""From a request to a route with checked parameters. The twin of web_assets/src/http/request.ts."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

from imagedb_site.api_table import Parameter, Route, routes, table

_INTEGER = re.compile(r"[+-]?[0-9]{1,15}")
_NUMBER = re.compile(r"[+-]?[0-9]{1,9}(?:\.[0-9]{1,9})?")
_LENIENT = re.compile(r" *([+-]?[0-9]{1,15})")


class ApiError(Exception):
    """An answer other than 200: a status and a message, with more keys of the JSON object in `more`."""

    def __init__(self, status: int, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.more = more


@dataclass(frozen=True)
class Matched:
    """A route, and the parts of the path that are its parameters."""

    route: Route
    inside: Mapping[str, str]


def match(method: str, path: str) -> Matched | list[str] | None:
    """The route of a path below the site, without its first slash and still percent-encoded.

    A list has the methods of an address that does not have this one. None: not an address of the API.
    """
    try:
        parts = [unquote(part, errors="strict") for part in path.split("/")]
    except UnicodeDecodeError:
        return None
    wanted = "GET" if method == "HEAD" else method
    allowed = []
    for route in routes():
        inside = route.match(parts)
        if inside is None:
            continue
        if route.method == wanted:
            return Matched(route, inside)
        allowed.append(route.method)
    return allowed or None


def query_values(route: Route, query: str) -> dict[str, Any]:
    """The parameters of a query string, checked, with defaults for the missing ones. Raises ApiError."""
    given: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True, errors="replace"):
        given.setdefault(name, value)
    return {one.name: _value(one, given.get(one.name)) for one in route.query}


def _value(of: Parameter, text: str | None) -> Any:
    if of.type == "lenient":
        found = _LENIENT.match(text or "")
        number = int(found[1]) if found else 0
        return min(max(number or of.default, of.least), of.most)
    if text is None or (text == "" and of.type != "text"):
        if of.required:
            raise ApiError(400, f"The parameter {of.name} is missing.")
        return of.default
    if of.type == "text":
        if len(text) > table()["longest_query"]:
            raise ApiError(
                400, f"{of.name} must have at most {table()['longest_query']} characters."
            )
        return text
    if of.type == "choice":
        if text not in of.values:
            raise ApiError(400, f"{of.name} must be one of {', '.join(of.values)}.")
        return text
    if of.type == "share":
        if not _NUMBER.fullmatch(text):
            raise ApiError(400, f"{of.name} must be a number from 0 to 100.")
        return float(text)
    number = int(text) if _INTEGER.fullmatch(text) else of.least - 1
    if not of.least <= number <= of.most:
        raise ApiError(400, f"{of.name} must be a whole number from {of.least} to {of.most}.")
    return number


def body_object(body: bytes) -> dict[str, Any]:
    """The JSON object of a request's body. Raises ApiError."""
    try:
        found = json.loads(body.decode("utf-8-sig", errors="replace"), parse_constant=_refuse)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ApiError(400, "The body must be a JSON object.")
    return found


def _refuse(name: str) -> None:
    raise ValueError(name)


def whole(value: Any, default: int) -> float:
    """A number of a JSON body, its default if it is missing, and NaN if it is something else."""
    if value is None:
        return float(default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return float("nan")
    try:
        return float(value)
    except OverflowError:
        return float("inf")
