"""One place in a bucket: its objects by their path below it."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from imagedb_site.bucket_addresses import BucketAddress
from imagedb_site.buckets.faults import store_errors
from imagedb_site.errors import FormatError

_REMOVED_AT_ONCE = 500
_MD5 = re.compile("[0-9a-f]{32}")
_PATTERN = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as the store lists it.

    `path` is relative to the place, and empty for the object that the address itself names. `tag` changes
    with the content; it is empty if the store has none. `md5` is that of the content if the store says it.
    """

    path: str
    size: int
    changed_ns: int
    tag: str
    md5: str | None


class Bucket:
    """The objects at an address. All methods raise StorageError; they may be called in several threads."""

    def __init__(self, address: BucketAddress, files: Any) -> None:
        """`files` is a file system of fsspec."""
        self.address = address
        self._files = files

    def __str__(self) -> str:
        return str(self.address)

    def shown(self, path: str) -> str:
        """The address of an object, for people."""
        return f"{self.address}/{path}" if path else str(self.address)

    def objects(self) -> list[StoredObject]:
        """Returns all objects below the address, sorted by path; none if there is nothing."""
        with store_errors(str(self), "list"):
            try:
                found = self._files.find(self.address.root, detail=True)
            except FileNotFoundError:
                # A store that knows folders says so of an empty prefix; a missing bucket is an error.
                self._files.ls(self.address.bucket, detail=True)
                return []
        listed = (self._object(path, facts) for path, facts in found.items())
        return sorted((one for one in listed if one is not None), key=lambda one: one.path)

    def read(self, path: str, limit: int) -> bytes:
        """Returns an object of at most `limit` bytes.

        Raises MissingObjectError if there is none, and FormatError if it is longer.
        """
        place = self._place(path)
        with store_errors(self.shown(path), "read"):
            try:
                data = self._files.cat_file(place, start=0, end=limit + 1)
            except FileNotFoundError:
                raise
            except Exception:
                # Stores refuse to send a part of an object without content.
                if self._files.info(place)["size"]:
                    raise
                data = b""
        if len(data) > limit:
            raise FormatError(f"{path} is longer than the {limit:,} bytes that were announced.")
        return bytes(data)

    def read_part(self, path: str, offset: int, length: int) -> bytes:
        """Returns `length` bytes of an object from the byte number `offset`."""
        with store_errors(self.shown(path), "read"):
            return bytes(self._files.cat_file(self._place(path), start=offset, end=offset + length))

    @contextmanager
    def opened(self, path: str, block: int) -> Iterator[IO[bytes]]:
        """Gives an object as a stream that can be read at any place, at least `block` bytes at a time."""
        with store_errors(self.shown(path), "read"):
            stream = self._files.open(self._place(path), "rb", block_size=block)
            with stream:
                yield stream

    def fetch(self, path: str, file: Path) -> None:
        """Copies an object into a file, whose folder exists."""
        with store_errors(self.shown(path), "read"):
            self._files.get_file(self._place(path), str(file))

    def put(self, path: str, data: bytes, kind: str, cache: str) -> None:
        """Stores an object with its media type and the header `Cache-Control`."""
        with store_errors(self.shown(path), "write"):
            self._files.pipe_file(self._place(path), data, **self._headers(kind, cache))

    def put_file(self, path: str, file: Path, kind: str, cache: str) -> None:
        """Stores the content of a file, as `put` does. The object appears when it is whole."""
        with store_errors(self.shown(path), "write"):
            self._files.put_file(str(file), self._place(path), **self._headers(kind, cache))

    def remove(self, paths: Iterable[str]) -> None:
        """Removes objects."""
        places = [self._place(path) for path in paths]
        # The library takes such characters for a pattern if it is given several places.
        plain = [place for place in places if not _PATTERN.search(place)]
        with store_errors(str(self), "delete objects in"):
            for start in range(0, len(plain), _REMOVED_AT_ONCE):
                self._files.rm(plain[start : start + _REMOVED_AT_ONCE])
            for place in places:
                if _PATTERN.search(place):
                    self._files.rm_file(place)

    def _place(self, path: str) -> str:
        return f"{self.address.root}/{path}" if path else self.address.root

    def _object(self, place: str, facts: Mapping[str, Any]) -> StoredObject | None:
        """What a listing says of an object; None if it only stands for a folder."""
        root = self.address.root
        place = place.removeprefix("/")
        if facts.get("type") == "directory" or place.endswith("/"):
            return None
        if place != root and not place.startswith(f"{root}/"):
            return None
        path = place[len(root) + 1 :]
        return StoredObject(
            path, int(facts.get("size") or 0), _changed(facts), _tag(facts), _md5(facts)
        )

    def _headers(self, kind: str, cache: str) -> dict[str, Any]:
        """The settings for an upload in the words of the store's library."""
        scheme = self.address.scheme
        if scheme == "s3":
            return {"ContentType": kind, "CacheControl": cache}
        if scheme == "gs":
            return {"content_type": kind, "fixed_key_metadata": {"cache_control": cache}}
        if scheme == "az":
            from azure.storage.blob import ContentSettings

            settings = ContentSettings(content_type=kind, cache_control=cache)
            return {"overwrite": True, "content_settings": settings}
        return {}


def _tag(facts: Mapping[str, Any]) -> str:
    for name in ("ETag", "etag", "generation", "md5Hash"):
        if facts.get(name):
            return str(facts[name]).strip('"')
    return ""


def _md5(facts: Mapping[str, Any]) -> str | None:
    """The MD5 of the content: the tag of S3 if it was stored at once, a field of the other stores."""
    stated = facts.get("md5Hash") or getattr(facts.get("content_settings"), "content_md5", None)
    if isinstance(stated, (bytes, bytearray)):
        return bytes(stated).hex()
    if isinstance(stated, str):
        return base64.b64decode(stated).hex()
    tag = str(facts.get("ETag", "")).strip('"')
    return tag if _MD5.fullmatch(tag) else None


def _changed(facts: Mapping[str, Any]) -> int:
    """When an object was stored, in nanoseconds since 1970; 0 if the store does not say."""
    for name in ("LastModified", "last_modified", "updated", "created"):
        value = facts.get(name)
        if isinstance(value, str):
            try:
                value = datetime.fromisoformat(value)
            except ValueError:
                continue
        if isinstance(value, datetime):
            at = value if value.tzinfo else value.replace(tzinfo=UTC)
            return int(at.timestamp()) * 1_000_000_000 + at.microsecond * 1000
    return 0
