"""Requests to the HTTP API for tests: every address, with good and bad values, from a fixed seed."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import imagedb_site
from imagedb_site.api_table import Parameter, Route, routes

GOLDEN = Path(__file__).parent / "golden"
BAD_NUMBERS = ("-1", "0", "x", "1.5", "99999999999", "1e3", " 7", "+3", "007", "")
TEXTS = (
    "cat",
    "red car",
    "a-b",
    '"',
    "",
    "猫",
    "don't",
    "cat OR dog",
    "rot*",
    "tag:cat",
    "é",
    "%",
    "c++",
)


@dataclass(frozen=True)
class Request:
    """A request; `path` is below the site and has the query."""

    path: str
    method: str = "GET"
    body: str | None = None
    accept: str = "*/*"


class Maker:
    """Draws requests for a site."""

    def __init__(self, site: Path, seed: int) -> None:
        self._random = random.Random(seed)
        with imagedb_site.open(site) as collection:
            self._ids = list(collection.index.ids)
            self._fields = [field.name for field in collection.index.fields]
            tags = collection.tags
            self._tags = [tags.get(n) for n in range(1, min(len(tags), 20) + 1)]
            hash12 = collection.index.hash[:12]
        self._batches = [
            f"{hash12}-64-10-10-0",
            f"{hash12}-5-20-12.5-7",
            f"{hash12}-3-0-0-4294967295",
            f"{hash12}-1-50-50-1",
        ]
        golden = json.loads((GOLDEN / "queries.json").read_text(encoding="utf-8"))
        queries = {case["query"] for case in golden["cases"]}
        # No address can carry half of a surrogate pair.
        self._queries = sorted(text for text in queries if text.isprintable() or text.isascii())

    def draw(self, route: Route) -> Request:
        """A random request to an address."""
        parts = [
            quote(self._inside(part[1:-1]), safe="") if part.startswith("{") else part
            for part in route.path[1:].split("/")
        ]
        pairs = {
            of.name: self._value(of)
            for of in route.query
            if of.required or self._random.random() < 0.6 or of.name in ("q", "seed")
        }
        if route.name == "postsRandom":
            pairs["seed"] = str(self._random.randrange(2**32))
        query = f"?{urlencode(pairs)}" if pairs else ""
        body = self._body() if route.body else None
        return Request("/".join(parts) + query, route.method, body)

    def all(self, each: int) -> list[Request]:
        """`each` requests to every address that has parameters, one to the others, and odd ones."""
        found = []
        for route in routes():
            many = each if route.query or route.inside or route.body else 1
            found += [self.draw(route) for _ in range(many)]
        found += [Request("api/search?" + urlencode({"q": text})) for text in self._queries]
        found += [Request("search?" + urlencode({"q": text})) for text in (*TEXTS, *self._queries)]
        for image in self._ids[:6]:
            found.append(Request(f"api/search?q=like:{image}&k=50"))
            found.append(Request(f"api/search?q=like:{image}+sort:width&k=7&offset=2"))
            found.append(Request(f"api/search?q=like:{image}+-+like:{self._ids[9]}&k=12"))
            found.append(Request(f"api/similar?id={image}&k=9&offset=3"))
        return [*found, *ODD]

    def _inside(self, name: str) -> str:
        pick = self._random.choice
        return {
            "id": lambda: pick([*self._ids, "0" * 16, "x", "é"]),
            "tag": lambda: str(pick([1, 2, 5, 11, 0, 9999, "x", "-1"])),
            "batches": lambda: pick([*self._batches, *self._batches, "nonsense", "0" * 200]),
            "part": lambda: pick(["train", "validation", "test", "train", "other"]),
            "n": lambda: pick(["0", "0", "1", "2", "999", "-1", "x", "00"]),
        }[name]()

    def _value(self, of: Parameter) -> str:
        pick = self._random.choice
        if of.name == "q":
            return pick([*TEXTS, *self._queries]) if self._random.random() < 0.95 else "x" * 10_001
        if of.name == "id":
            return pick([*self._ids, "0" * 16, "x"])
        if of.name == "field":
            return pick([*self._fields, *self._fields, "nothing", "é" * 50])
        if of.name == "name":
            known = [tag.name for tag in self._tags if tag]
            return pick([*known, "BLACK cat", "no such tag"])
        if of.name == "under":
            return pick(["", "2020", "trip", "2020/trips", "Places|Europe"])
        if of.type == "choice":
            return pick([*of.values, "words", "other"])
        if of.type == "share":
            return pick(["0", "10", "12.5", "33.333", "60", "101", "-1", "x", "1.23456"])
        if self._random.random() < 0.25:
            return pick(BAD_NUMBERS)
        return str(self._random.randint(max(of.least, 0), min(of.most, 12)))

    def _body(self) -> str:
        pick = self._random.choice
        if self._random.random() < 0.2:
            return pick(
                ["", "nonsense", "[]", "null", '{"batch_size": NaN}', '{"seed": 1e400}', '"x"']
            )
        values: dict[str, Any] = {}
        for name in ("batch_size", "validation_split", "test_split", "seed"):
            if self._random.random() < 0.7:
                values[name] = pick([1, 5, 20, 12.5, 0, 60, -1, 10.0, 1001, "5", True, None, 2**32])
        return json.dumps(values)


ODD = (
    Request("", accept="application/json"),
    Request("api/nothing"),
    Request("api/search/more"),
    Request("posts/batch"),
    Request("api/search", "POST", "{}"),
    Request("stat", "POST", "{}"),
    Request("search", "HEAD"),
    Request("tag/999999", "HEAD"),
    Request("search", "OPTIONS"),
    Request("posts/batch", "OPTIONS"),
    Request("search?q=cat&q=dog"),
    Request("search?l=3&q=%63at"),
    Request("search?q=%FF%FEcat"),
    Request("api/%73earch?q=cat"),
    Request("posts/batch", "POST", '{"batch_size": ' + "1" * 70_000 + "}"),
)
