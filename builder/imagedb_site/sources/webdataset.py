"""WebDataset: samples in tar files. `build --from webdataset PATH`.

Files that follow each other and have the same name up to its first dot are a sample: its picture (`.jpg`,
`.png`, `.webp`, …), `.json` (fields), `.txt` (a caption) and `.cls` (a label). Pictures are read from inside
the tar file.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from imagedb_site.errors import SourceError
from imagedb_site.records import PictureRef, Progress
from imagedb_site.sources.cells import Cell
from imagedb_site.sources.data_files import find_files
from imagedb_site.sources.entries import StatusOf
from imagedb_site.sources.faults import Faults
from imagedb_site.sources.flat import flatten
from imagedb_site.sources.folder import LABEL, PICTURE_SUFFIXES
from imagedb_site.sources.inferred import RawRow, read_types
from imagedb_site.sources.jsonfile import not_json
from imagedb_site.sources.row_source import Gathered, Log, Row, RowSource, key_of_cell
from imagedb_site.sources.rowkeys import RowKeys
from imagedb_site.sources.shards import read_shards
from imagedb_site.sources.tarfiles import Member, members
from imagedb_site.sources.textfile import MOST_CHARACTERS

_TEXTS = {"txt": "caption", "text": "caption", "caption": "caption", "cls": "label"}
"""The field of the text in a file with this suffix."""
_PICTURES = frozenset(suffix[1:] for suffix in PICTURE_SUFFIXES)
_PACKED = (".tar.gz", ".tgz", ".tar.zst", ".tar.xz", ".tar.bz2")


def open_webdataset(
    path: Path,
    *,
    limit: int | None = None,
    progress: Progress | None = None,
    status: StatusOf = Path.stat,
) -> RowSource:
    """Opens the tar file, or the folder of tar files, at `path`. It is read twice.

    `status` says how a tar file is known again.

    Raises `SourceError` if there is no tar file or no sample.
    """
    shards = find_files(path, lambda name: name.lower().endswith(".tar"))
    root = path if path.is_dir() else path.parent
    if not shards or str(path).lower().endswith(_PACKED):
        packed = find_files(path, lambda name: name.lower().endswith(_PACKED))
        hint = "Give a .tar file or a folder of .tar files."
        if packed:
            hint = f"Unpack {packed[0].name} to a .tar file: pictures are read from inside it."
        raise SourceError(f"There is no tar file in {path}.", hint)

    def read(log: Log) -> Iterator[RawRow]:
        numbers = itertools.count(1)

        def rows_of(shard: Path, whole: PictureRef, faults: Faults) -> Iterator[RawRow]:
            prefix = shard.relative_to(root).as_posix()
            for sample in _samples(shard, faults):
                number = next(numbers)
                if sample.picture is None and not sample.cells:
                    kind = "samples without a picture and metadata"
                    faults.add(kind, f"sample {number} has no picture and no metadata")
                    continue
                yield sample.row(whole, prefix, number)

        return read_shards(shards, status, rows_of, log)

    log, faults, keys = Log(), Faults(path.name), RowKeys()
    types = read_types(
        read,
        log,
        faults,
        limit=limit,
        progress=progress,
        look=lambda row: keys.add(row.key or ""),
        given={"label": LABEL},
    )
    log.add(faults)

    def rows(log: Log) -> Iterator[Row]:
        for raw in read(log):
            yield Row(raw.key or "", raw.where, types.values(raw.cells), raw.picture)

    return RowSource(
        "webdataset",
        rows,
        shards,
        types.fields,
        gathered=Gathered(keys.repeated(), {spec.name for spec in types.fields}),
        problems=log.finish(path.name),
        notes=log.notes,
        private=types.private,
    )


@dataclass
class _Sample:
    """The files of one sample that have been read."""

    key: str
    picture: Member | None = None
    cells: dict[str, Cell] = field(default_factory=dict)

    def row(self, shard: PictureRef, prefix: str, number: int) -> RawRow:
        """Returns the sample as a row. Its key is the path of its picture as if the tar were a folder."""
        name = self.picture.name if self.picture is not None else self.key
        parts = name.encode("utf-8", "replace").decode().split("/")
        inside = key_of_cell("/".join(part for part in parts if part not in ("", ".", "..")))
        picture: PictureRef | None = None
        if self.picture is not None:
            picture = replace(shard, offset=self.picture.offset, length=self.picture.size)
        key = f"{prefix}/{inside or number}"
        return RawRow(number, self.cells, key, f"sample {number}", picture)


def _samples(shard: Path, faults: Faults) -> Iterator[_Sample]:
    """Yields the samples of a tar file. Files of other kinds are counted in a note."""
    others: set[str] = set()
    with shard.open("rb") as headers, shard.open("rb") as stream:
        sample: _Sample | None = None
        for member in members(shard, headers, faults):
            folder, slash, name = member.name.rpartition("/")
            stem, _, suffix = name.partition(".")
            if not stem:
                continue
            key = folder + slash + stem
            if sample is None or sample.key != key:
                if sample is not None:
                    yield sample
                sample = _Sample(key)
            if not _take(sample, member, suffix.lower(), stream, faults):
                others.add(suffix.lower()[:20])
        if sample is not None:
            yield sample
    if others:
        shown = ", ".join(sorted(others)[:10])
        faults.note(f"{shard.name} has files of kinds that are not read: {shown}.")


def _take(sample: _Sample, member: Member, suffix: str, stream: BinaryIO, faults: Faults) -> bool:
    """Takes a file into its sample; returns False if it is of no kind that is read."""
    last = suffix.rpartition(".")[2]
    if last in _PICTURES:
        if sample.picture is not None:
            return False
        sample.picture = member
        return True
    if suffix != "json" and suffix not in _TEXTS:
        return False
    if member.size > MOST_CHARACTERS:
        reason = f"{member.name[:80]} has {member.size:,} bytes, which is too long; it was left out"
        faults.add("texts that are too long", reason)
        return True
    stream.seek(member.offset)
    text = stream.read(member.size).decode("utf-8", "replace")
    if suffix == "json":
        _take_json(sample, member, text.lstrip("\ufeff"), faults)
    elif text.strip():
        sample.cells.setdefault(_TEXTS[suffix], text.strip())
    return True


def _take_json(sample: _Sample, member: Member, text: str, faults: Faults) -> None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = f"{member.name[:80]} {not_json(error)}; it was left out"
        faults.add("members that are not JSON", reason)
        return
    if isinstance(value, dict):
        sample.cells = {**flatten(value), **sample.cells}
    else:
        reason = f"{member.name[:80]} is not a JSON object; it was left out"
        faults.add("members that are not JSON objects", reason)
