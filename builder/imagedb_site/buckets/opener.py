"""Opens a bucket with the library for its store.

Credentials, regions and addresses of other servers come only from where the tools of the store keep them:
environment variables, profiles, and the roles of machines. This program neither asks for nor stores any.
"""

from __future__ import annotations

import logging
from typing import Any

from imagedb_site.bucket_addresses import BucketAddress, parse_bucket
from imagedb_site.buckets.bucket import Bucket
from imagedb_site.buckets.faults import store_errors
from imagedb_site.errors import StorageError

CONNECTIONS = 16
"""How many requests run at once."""
_CONNECT_S = 10
_READ_S = 60
_TRIES = 4
_TRIES_AGAIN = 2
"""How often the library for S3 starts such a row of tries."""

_LOGS = ("gcsfs", "adlfs", "azure", "s3fs", "fsspec")
"""Loggers of the libraries. Without a handler, their warnings and tracebacks are written to the terminal."""
_INSTALL = {
    "s3": ("s3fs", 'pip install "imagedb-site[bucket]"'),
    "gs": ("gcsfs", "pip install gcsfs"),
    "az": ("adlfs", "pip install adlfs"),
    "memory": ("fsspec", 'pip install "imagedb-site[bucket]"'),
}


def open_bucket(place: str | BucketAddress) -> Bucket:
    """Returns the bucket at an address. Nothing is asked of the store yet.

    Raises UsageError if it is not such an address, and StorageError if the library for it is not installed or
    finds no way to log in.
    """
    address = parse_bucket(place) if isinstance(place, str) else place
    package, command = _INSTALL[address.scheme]
    try:
        import fsspec

        kind = fsspec.get_filesystem_class(address.scheme)
    except ImportError as error:
        raise StorageError(
            f"Addresses that begin with {address.scheme}:// need the package {package}.",
            f"Run: {command}",
        ) from error
    for name in _LOGS:
        if not (logger := logging.getLogger(name)).handlers:
            logger.addHandler(logging.NullHandler())
    with store_errors(str(address), "open"):
        files = kind(**_options(address.scheme))
        if address.scheme == "s3":
            files.retries = _TRIES_AGAIN
        return Bucket(address, files)


def _options(scheme: str) -> dict[str, Any]:
    """Settings of the library: nothing remembered, tries with growing pauses, and an end to waiting."""
    # The library would give the same object again, with the settings of another time.
    plain = {"skip_instance_cache": True, "use_listings_cache": False}
    if scheme == "az":
        return {**plain, "connection_timeout": _CONNECT_S, "read_timeout": _READ_S}
    if scheme != "s3":
        return plain
    return {
        **plain,
        "config_kwargs": {
            "connect_timeout": _CONNECT_S,
            "read_timeout": _READ_S,
            "max_pool_connections": 2 * CONNECTIONS,
            "retries": {"mode": "standard", "max_attempts": _TRIES},
        },
    }
