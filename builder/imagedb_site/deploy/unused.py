"""Since when objects of a bucket belong to no site any more: visitors may still have an older page open."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from imagedb_site.buckets import Bucket
from imagedb_site.errors import FormatError

RECORD = ".imagedb-site.unused.json"
"""The object that has the times, beside the site."""
_LIMIT = 256 << 20


class Unused:
    """The paths that the present site does not use, with the times since when."""

    def __init__(self, since: Mapping[str, datetime]) -> None:
        self._since = dict(since)

    @classmethod
    def read(cls, bucket: Bucket) -> Unused:
        """Returns what an earlier deployment noted; nothing if the record is damaged."""
        try:
            times = json.loads(bucket.read(RECORD, _LIMIT))["since"]
            return cls({path: datetime.fromisoformat(time) for path, time in times.items()})
        except (FormatError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return cls({})

    def noted(self, paths: Iterable[str], now: datetime) -> Unused:
        """Returns the record of a site that does not use `paths`; new ones are unused from now on."""
        return Unused({path: self._known(path, now) for path in paths})

    def over(self, grace: timedelta, now: datetime) -> list[str]:
        """Returns the paths whose time of grace is over."""
        return sorted(path for path, since in self._since.items() if now - since >= grace)

    def without(self, paths: Iterable[str]) -> Unused:
        """Returns the record without paths that were removed."""
        gone = set(paths)
        return Unused({path: since for path, since in self._since.items() if path not in gone})

    def to_json(self) -> bytes:
        """Returns the record as it is stored."""
        since = {path: time.isoformat() for path, time in sorted(self._since.items())}
        return json.dumps({"since": since}, indent=0).encode("utf-8")

    def __len__(self) -> int:
        return len(self._since)

    def _known(self, path: str, now: datetime) -> datetime:
        """A time that is not valid here, such as one of a clock that was ahead, counts as now."""
        since = self._since.get(path)
        return now if since is None or since.tzinfo is None or since > now else since
