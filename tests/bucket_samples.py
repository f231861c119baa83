"""A bucket in memory that answers as S3 does, and fails when a test says so."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable
from typing import Any

import pytest

memory = pytest.importorskip(
    "fsspec.implementations.memory", reason="fsspec is not installed (the extra bucket)"
)

from imagedb_site.bucket_addresses import parse_bucket  # noqa: E402
from imagedb_site.buckets import Bucket  # noqa: E402

_numbers = itertools.count()
Fault = Callable[[str, str], Exception | int | None]
"""Told of a request ("read", "write", "list", "delete") and its place; gives an error, or to how many bytes
a write is cut without an error."""


class FaultyStore(memory.MemoryFileSystem):  # type: ignore[misc, name-defined]
    """Objects have the MD5 of their content as tag. `headers` are those of each upload."""

    cachable = False

    def __init__(self) -> None:
        super().__init__()
        self.store: dict[str, Any] = {}
        self.pseudo_dirs = [""]
        self.fault: Fault = lambda verb, place: None
        self.asked: list[tuple[str, str]] = []
        self.headers: dict[str, dict[str, Any]] = {}

    def _ask(self, verb: str, place: str) -> int | None:
        place = place.lstrip("/")
        self.asked.append((verb, place))
        found = self.fault(verb, place)
        if isinstance(found, Exception):
            raise found
        return found

    def of(self, verb: str) -> list[str]:
        """The places of all requests of a kind."""
        return [place for kind, place in self.asked if kind == verb]

    def find(self, path: str, **settings: Any) -> dict[str, Any]:
        self._ask("list", path)
        found = super().find(path, **settings)
        for place, facts in found.items():
            facts["ETag"] = f'"{hashlib.md5(self.store[place].getvalue()).hexdigest()}"'
        return found

    def cat_file(self, path: str, *given: Any, **settings: Any) -> bytes:
        self._ask("read", path)
        return super().cat_file(path, *given, **settings)

    def get_file(self, rpath: str, lpath: str, **settings: Any) -> None:
        self._ask("read", rpath)
        super().get_file(rpath, lpath, **settings)

    def put_file(self, lpath: str, rpath: str, **settings: Any) -> None:
        cut = self._ask("write", rpath)
        self.headers[rpath] = settings
        super().put_file(lpath, rpath)
        if cut is not None:
            super().pipe_file(rpath, super().cat_file(rpath)[:cut])

    def pipe_file(self, path: str, value: bytes, **settings: Any) -> None:
        self._ask("write", path)
        self.headers[path] = settings
        super().pipe_file(path, value)

    def rm(self, path: Any, **settings: Any) -> None:
        for place in path:
            # As the library for S3: these are patterns, and nothing fits them.
            if set(place) & set("*?["):
                raise FileNotFoundError(place)
            self.rm_file(place)

    def rm_file(self, path: str) -> None:
        self._ask("delete", path)
        super().rm_file(path)


def new_bucket(address: str = "s3://photos/site") -> tuple[Bucket, FaultyStore]:
    """An empty bucket and the store that it is in."""
    store = FaultyStore()
    return Bucket(parse_bucket(address), store), store


def new_address() -> str:
    """The address of an empty place in the memory of this process."""
    return f"memory://test-{next(_numbers)}/site"


def content_of(store: FaultyStore, bucket: Bucket) -> dict[str, bytes]:
    """Path and content of all objects of a bucket."""
    root = f"/{bucket.address.root}/"
    return {
        place.removeprefix(root): file.getvalue()
        for place, file in store.store.items()
        if place.startswith(root)
    }
