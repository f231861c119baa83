"""The pictures of a build that are in a bucket: listed, and brought to the machine that needs them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .buckets import open_bucket
from .config import BuildConfig
from .errors import SourceError, StorageError
from .parts.pictures import DistantPictures, FetchedPictures, Pictures
from .records import Progress
from .sources import ADDITIONS_FILE, Mirror
from .sources.imagefolder import is_metadata
from .sources.picture_rows import RowPictures
from .temporary import TemporaryFolder


def list_bucket(config: BuildConfig) -> Mirror | None:
    """Lists the pictures of a build that are in a bucket; None if they are on this machine.

    Raises UsageError, SourceError and StorageError.
    """
    if config.bucket is None:
        return None
    mirror = Mirror(open_bucket(config.bucket), config.pictures, config.bucket_folder)
    if mirror.is_file and config.source not in ("table", "webdataset", "parquet"):
        raise SourceError(f"{mirror} is an object, not a folder.", "Give the folder that it is in.")
    return mirror


@contextmanager
def fetched(mirror: Mirror | None, config: BuildConfig, progress: Progress) -> Iterator[Pictures]:
    """Gives the pictures of a build. Copies what is read of a bucket as a whole. Raises StorageError."""
    if mirror is None and config.source != "parquet":
        yield Pictures()
        return
    if mirror is None:
        with TemporaryFolder("imagedb-rows-") as rows:
            yield FetchedPictures(RowPictures(), Path(rows))
        return
    tables = {path.resolve() for path in config.metadata}

    def whole(path: str) -> bool:
        if config.source in ("table", "webdataset", "parquet"):
            return config.source == "table" and not path
        name = path.rpartition("/")[2]
        metadata = config.source == "imagefolder" and is_metadata(name)
        beside = path == ADDITIONS_FILE or name.lower().endswith(".xmp")
        return metadata or beside or mirror.root / path in tables

    def outlines(path: str) -> bool:
        name = path or mirror.root.name
        return config.source == "webdataset" and name.lower().endswith(".tar")

    try:
        config.bucket_folder.mkdir(parents=True, exist_ok=True)
        mirror.keep(whole, outlines, progress)
        folder = TemporaryFolder("fetched-", config.bucket_folder)
    except OSError as error:
        raise StorageError(
            f"Cannot write {config.bucket_folder}: {error.strerror or error}.",
            "Choose another folder: --library",
        ) from error
    with folder as place:
        kind = FetchedPictures if config.engine == "local" else DistantPictures
        remote = RowPictures(mirror.open) if config.source == "parquet" else mirror
        yield kind(remote, Path(place), mirror.problems)
