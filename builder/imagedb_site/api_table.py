"""The description of the HTTP API (api.json), which server, service worker and documents share."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

NO_DEFAULT = object()


@dataclass(frozen=True)
class Parameter:
    """A parameter. `default` is None if it may be left out, and `required` if it may not."""

    name: str
    type: str
    text: str
    default: Any
    required: bool
    least: int
    most: int
    values: tuple[str, ...]


@dataclass(frozen=True)
class Route:
    """An address with the parameters of its query, and those in its path."""

    name: str
    method: str
    path: str
    group: str
    error: str
    text: str
    answer: str
    body: str | None
    status: tuple[int, ...]
    query: tuple[Parameter, ...]
    inside: tuple[Parameter, ...]

    def match(self, parts: list[str]) -> dict[str, str] | None:
        """The values of the parameters in a path, given as its parts; None for another path."""
        own = self.path[1:].split("/")
        if len(own) != len(parts):
            return None
        found = {}
        for mine, given in zip(own, parts, strict=True):
            if mine.startswith("{"):
                found[mine[1:-1]] = given
            elif mine != given:
                return None
        return found


@cache
def table() -> Mapping[str, Any]:
    """The whole description."""
    text = (Path(__file__).parent / "api.json").read_text(encoding="utf-8")
    found: Mapping[str, Any] = json.loads(text)
    return found


@cache
def routes() -> tuple[Route, ...]:
    """All addresses, in the order of the description."""
    known = table()["parameters"]

    def parameter(name: str, own: Mapping[str, Any]) -> Parameter:
        of = {"type": "text", "text": "", **known.get(name, {}), **own}
        return Parameter(
            name, of["type"], of["text"], of.get("default"), of.get("required", False),
            of.get("min", 0), of.get("max", 0), tuple(of.get("values", ())),
        )  # fmt: skip

    return tuple(
        Route(
            of["name"], of.get("method", "GET"), of["path"], of["group"],
            table()["groups"][of["group"]]["error"], of["text"], of["answer"], of.get("body"),
            tuple(of.get("status", ())),
            tuple(parameter(name, own) for name, own in of.get("query", {}).items()),
            tuple(
                parameter(part[1:-1], {})
                for part in of["path"].split("/") if part.startswith("{")
            ),
        )
        for of in table()["routes"]
    )  # fmt: skip
