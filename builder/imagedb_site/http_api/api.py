"""Answers requests for the addresses of api.json from the site in a folder."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from imagedb_site.api_table import table
from imagedb_site.errors import ImageDBError
from imagedb_site.http_api import danbooru, diffusiondb, native
from imagedb_site.http_api.jsontext import json_text
from imagedb_site.http_api.request import ApiError, Matched, body_object, match, query_values
from imagedb_site.http_api.state import State
from imagedb_site.index import SiteIndex
from imagedb_site.layout import API_FOLDER, API_PAGES, MANIFEST

WAIT_S = 30
"""How long a request waits for others before it is answered with 503."""

Answer = dict[str, Any]
_QUERY: Mapping[str, Callable[[State, Mapping[str, Any]], Answer]] = {
    "search": native.search,
    "facets": native.facets,
    "similar": native.similar,
    "stats": native.stats,
    "tags": native.tags,
    "sample": native.sample,
    "pages": native.pages,
    "batches": native.batches,
    "promptSearch": diffusiondb.prompt_search,
    "postsRandom": danbooru.posts_random,
    "posts": danbooru.posts,
}
_INSIDE: Mapping[str, Callable[[State, Mapping[str, str]], Answer]] = {
    "documents": lambda state, inside: native.documents(state, inside["id"]),
    "batchInfo": lambda state, inside: native.batch_info(state, inside["batches"]),
    "batch": native.batch,
    "tag": lambda state, inside: danbooru.tag(state, inside["tag"]),
    "postBatchInfo": lambda state, inside: danbooru.batch_info(state, inside["batches"]),
    "postBatch": danbooru.batch,
}
_PLAIN: Mapping[str, Callable[[State], Answer]] = {
    "map": native.api_map,
    "promptStats": diffusiondb.prompt_stats,
    "stat": danbooru.stat,
    "postBatchList": danbooru.batch_list,
}


@dataclass(frozen=True)
class Reply:
    """An answer: its status, its JSON, and the headers that belong to it."""

    status: int
    content: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Asked:
    """A request: `path` is below the site and percent-encoded, without its first slash."""

    method: str
    path: str
    query: str = ""
    accept: str = ""
    body: Callable[[], bytes | None] = lambda: b""
    """Reads the body, None if it is too large. Only called if it is needed."""


class Api:
    """The API of the site in a folder, which is opened by the first request and again after a build.

    Threads take turns.
    """

    def __init__(self, root: Path, mount: str = "/") -> None:
        self._root = root
        self._mount = mount
        self._lock = threading.Lock()
        self._state: State | None = None
        self._seen: object = None

    def answer(self, asked: Asked) -> Reply | None:
        """The answer to a request; None if it is not for the API."""
        root = asked.path == "" and asked.method in ("GET", "HEAD") and wants_json(asked.accept)
        found = match(asked.method, asked.path)
        if not root and found is None:
            if asked.path.startswith("api/") and asked.path not in PAGES:
                return reply(404, {"error": "There is no such address. See api."})
            return None
        if asked.method == "OPTIONS":
            methods = found if isinstance(found, list) else ["GET"]
            return Reply(204, b"", preflight(methods))
        if isinstance(found, list):
            allowed = allow(found)
            return reply(405, {"error": f"Only {allowed}."}, {"Allow": allowed})
        if found is None:
            return self._locked(diffusiondb.root, "error")
        route = found.route
        return self._locked(
            lambda state: run(state, found, asked), route.error, fresh=_is_random(route.name, asked)
        )

    def _locked(
        self, make: Callable[[State], Answer], error_key: str, *, fresh: bool = False
    ) -> Reply:
        if not self._lock.acquire(timeout=WAIT_S):
            return reply(503, {error_key: "The server is busy. Try again."})
        try:
            headers = {"Cache-Control": "no-store"} if fresh else {}
            return reply(200, make(self._open()), headers)
        except ApiError as error:
            return reply(error.status, {error_key: str(error), **error.more})
        except (ImageDBError, OSError):
            return reply(500, {error_key: "A file of the site cannot be read."})
        finally:
            self._lock.release()

    def _open(self) -> State:
        """The site, opened again if its manifest is another file than before."""
        status = (self._root / MANIFEST).stat()
        seen = (status.st_mtime_ns, status.st_size, status.st_ino)
        if self._state is None or seen != self._seen:
            self.close()
            changed = datetime.fromtimestamp(int(status.st_mtime), UTC)
            text = f"{changed:%Y-%m-%dT%H:%M:%S}.000Z"
            self._state = State(SiteIndex.open(self._root), self._mount, text)
            self._seen = seen
        return self._state

    def close(self) -> None:
        """Release the files of the site."""
        if self._state is not None:
            self._state.index.close()
            self._state = None


PAGES = (f"{API_FOLDER}/", *API_PAGES)
"""Files of the site below `api/`."""


def run(state: State, found: Matched, asked: Asked) -> Answer:
    """The JSON of a route. Raises ApiError."""
    route = found.route
    if route.name in _INSIDE:
        return _INSIDE[route.name](state, found.inside)
    if route.name in _QUERY:
        return _QUERY[route.name](state, query_values(route, asked.query))
    if route.body:
        content = asked.body()
        if content is None:
            raise ApiError(413, f"The body may have at most {table()['largest_body']} bytes.")
        return danbooru.batch_new(state, body_object(content))
    return _PLAIN[route.name](state)


def _is_random(name: str, asked: Asked) -> bool:
    return name == "postsRandom" and not any(
        part.startswith("seed=") and part != "seed=" for part in asked.query.split("&")
    )


def wants_json(accept: str) -> bool:
    """Whether a client asks for JSON rather than for a page."""
    return "application/json" in accept and "text/html" not in accept


def allow(methods: list[str]) -> str:
    """The methods of an address as a header says them."""
    names = [
        name for method in methods for name in ([method, "HEAD"] if method == "GET" else [method])
    ]
    return ", ".join([*names, "OPTIONS"])


def preflight(methods: list[str]) -> dict[str, str]:
    """The headers of an answer to OPTIONS."""
    return {
        "Allow": allow(methods),
        "Access-Control-Allow-Methods": allow(methods),
        "Access-Control-Allow-Headers": "Content-Type",
        "Access-Control-Max-Age": "600",
        "Content-Length": "0",
    }


def reply(status: int, value: Answer, headers: Mapping[str, str] | None = None) -> Reply:
    """An answer in JSON. Only good ones may be kept."""
    content = json_text(value).encode("utf-8")
    return Reply(
        status,
        content,
        {
            "Cache-Control": "public, max-age=600" if status == 200 else "no-store",
            "Content-Type": "application/json",
            "Content-Length": str(len(content)),
            **(headers or {}),
        },
    )
