"""Buckets of object stores, reached through fsspec: list, read, write, remove, with clear errors."""

from imagedb_site.buckets.bucket import Bucket, StoredObject
from imagedb_site.buckets.faults import MissingObjectError, RefusedObjectError, store_errors
from imagedb_site.buckets.opener import CONNECTIONS, open_bucket

__all__ = [
    "CONNECTIONS",
    "Bucket",
    "MissingObjectError",
    "RefusedObjectError",
    "StoredObject",
    "open_bucket",
    "store_errors",
]
