"""The files of a published site in a bucket, read with the owner's credentials."""

from __future__ import annotations

from pathlib import Path

from imagedb_site.check.download import UrlFiles
from imagedb_site.check.fetch import no_room
from imagedb_site.reader.bucket_source import BucketSource
from imagedb_site.reader.source import Source


class BucketFiles(UrlFiles):
    """The files of a site in a bucket. They are read as those at an address are; nothing is hidden."""

    hidden = frozenset[str]()

    def _open(self, url: str) -> Source:
        return BucketSource(url)

    def _fetch(self, path: str, file: Path, limit: int) -> bool:
        data = self._site.read(path, limit)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        except OSError as error:
            raise no_room(error) from error
        return False
