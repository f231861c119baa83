"""A published site in a bucket, read with the owner's credentials."""

from __future__ import annotations

from imagedb_site.buckets import MissingObjectError, open_bucket
from imagedb_site.errors import FormatError
from imagedb_site.layout import MANIFEST


class BucketSource:
    """Reads whole objects. Nothing is asked of the store before the first one."""

    def __init__(self, place: str) -> None:
        self._bucket = open_bucket(place.removesuffix(MANIFEST))

    @property
    def name(self) -> str:
        return str(self._bucket)

    def address(self, path: str) -> str:
        return self._bucket.shown(path)

    def read(self, path: str, limit: int) -> bytes:
        try:
            return self._bucket.read(path, limit)
        except MissingObjectError as error:
            raise FormatError(f"{self._bucket.shown(path)} is missing.") from error
