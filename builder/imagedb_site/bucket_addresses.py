"""Addresses of places in a bucket, such as `s3://photos/holidays`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .errors import UsageError

SCHEMES = ("s3", "gs", "az", "memory")
"""Amazon S3 and what speaks its language, Google Cloud Storage, Azure, and the memory of this process."""

_ADDRESS = re.compile(r"([a-z0-9]+)://([^/]*)/*(.*)", re.DOTALL)


@dataclass(frozen=True)
class BucketAddress:
    """A place in a bucket: everything whose key begins with `prefix` and a slash, or the object itself.

    An empty `prefix` is the whole bucket.
    """

    scheme: str
    bucket: str
    prefix: str

    def __str__(self) -> str:
        return f"{self.scheme}://{self.root}"

    @property
    def root(self) -> str:
        """Bucket and prefix, as fsspec writes paths."""
        return f"{self.bucket}/{self.prefix}" if self.prefix else self.bucket

    @property
    def name(self) -> str:
        """The last part, as a folder or a file would be called."""
        return self.root.rpartition("/")[2]


def is_bucket(text: str) -> bool:
    """Whether a text is written like the address of a place in a bucket."""
    return text.partition("://")[0] in SCHEMES and "://" in text


def parse_bucket(text: str) -> BucketAddress:
    """Returns the place that an address names. Raises UsageError if it names none."""
    found = _ADDRESS.fullmatch(text)
    if found is None or found[1] not in SCHEMES:
        raise UsageError(
            f"{text} is not an address in a bucket.",
            f"It begins with {', '.join(f'{scheme}://' for scheme in SCHEMES[:-1])}.",
        )
    scheme, bucket, prefix = found.groups()
    if not bucket:
        raise UsageError(f"{text} names no bucket.", f"Write {scheme}://BUCKET/FOLDER")
    if "@" in bucket or ":" in bucket:
        raise UsageError(
            "An address in a bucket has no user name, password or port.",
            "Credentials come from where the tools of the store keep them (docs/guide/hosting.md).",
        )
    prefix = prefix.rstrip("/")
    if any(part in ("", ".", "..") for part in prefix.split("/")) and prefix:
        raise UsageError(f"{text} has an empty part, or one of dots.", "Write the plain address.")
    return BucketAddress(scheme, bucket, prefix)
