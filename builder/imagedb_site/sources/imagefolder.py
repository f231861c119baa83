"""A folder of pictures as the library `datasets` lays it out. `build --from imagefolder PATH`.

`metadata.csv`, `metadata.jsonl` or `metadata.parquet` in any folder has a row for each picture and names it
in `file_name`, relative to its own folder. Folders called `train`, `validation` or `test` at the top are
splits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from imagedb_site.errors import SourceError
from imagedb_site.keys import key_of
from imagedb_site.records import FieldSpec, Progress, Record, Value
from imagedb_site.sources.data_files import find_files
from imagedb_site.sources.entries import Scan
from imagedb_site.sources.folder import LABEL, class_labels
from imagedb_site.sources.gather import FolderSource, gather
from imagedb_site.sources.packing import split_packing
from imagedb_site.sources.sidecar import Sidecar, load_sidecar

SPLIT = FieldSpec("split", "Split", "category", facet=True, column=True)
FILE_NAME = "file_name"

_SPLITS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("validation", "valid", "val", "dev"), "validation"),
    **dict.fromkeys(("test", "testing", "eval", "evaluation"), "test"),
}
_TABLES = (".csv", ".jsonl", ".parquet")


class ImageFolderSource:
    """The pictures of a folder with their metadata, splits and labels (a `Source`)."""

    name = "imagefolder"

    def __init__(self, folder: FolderSource) -> None:
        self._folder = folder
        self.problems = folder.problems
        self.notes = folder.notes
        self.private = folder.private
        self._splits, self._labels = _splits([record.key for record in folder.records()])
        own = {spec.name for spec in folder.fields}
        added = [SPLIT] if self._splits else []
        added += [LABEL] if self._labels else []
        self._added = frozenset(spec.name for spec in added) - own
        self.fields = [*folder.fields, *(spec for spec in added if spec.name in self._added)]

    def __len__(self) -> int:
        return len(self._folder)

    def records(self) -> Iterator[Record]:
        """Yields the records in natural path order."""
        for record in self._folder.records():
            fields: dict[str, Value] = {}
            top, _, rest = record.key.partition("/")
            if "split" in self._added:
                fields["split"] = self._splits[top]
            if "label" in self._added:
                fields["label"] = self._labels[rest.partition("/")[0]]
            yield replace(record, fields={**record.fields, **fields}) if fields else record


def open_imagefolder(
    path: Path,
    *,
    exclude: Sequence[Path] = (),
    limit: int | None = None,
    progress: Progress | None = None,
    scan: Scan | None = None,
) -> ImageFolderSource:
    """Opens the folder at `path`; the other arguments are those of `gather`.

    Raises `SourceError` if it cannot be used or has no pictures.
    """
    if path.is_file():
        raise SourceError(f"{path} is not a folder.", "Give the folder that holds the pictures.")
    sidecars = [_sidecar(file, path) for file in find_files(path, is_metadata)]
    return ImageFolderSource(
        gather(
            path,
            sidecars,
            exclude=exclude,
            limit=limit,
            progress=progress,
            scan=scan,
        )
    )


def is_metadata(name: str) -> bool:
    """Whether a file of this name is a table with the metadata of its folder."""
    suffix = split_packing(Path(name))[0]
    return suffix in _TABLES and name.lower().startswith("metadata" + suffix)


def _sidecar(file: Path, root: Path) -> Sidecar:
    folder = file.parent.relative_to(root).as_posix()
    folder = "" if folder == "." else key_of(folder)
    try:
        return load_sidecar(file, FILE_NAME, folder=folder)
    except SourceError as error:
        if f'no column "{FILE_NAME}"' not in str(error):
            raise
        return load_sidecar(file, folder=folder)


def _splits(keys: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Returns the split of each folder at the top, and the label of each folder below; empty if none.

    The folders at the top are splits if all of them have such names. The folders below are classes if
    each picture lies in one of them.
    """
    tops = {key.partition("/")[0] if "/" in key else "" for key in keys}
    if not all(top.lower() in _SPLITS for top in tops):
        return {}, {}
    below = class_labels(key.partition("/")[2] for key in keys)
    return {top: _SPLITS[top.lower()] for top in tops}, below or {}
