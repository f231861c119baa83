"""DiffusionDB: prompts and settings of generated pictures. `build --from diffusiondb PATH`.

If there are files `part-*.json`, their rows are the collection, and `metadata.parquet` only adds what it
knows about them. Without such files, all rows of `metadata.parquet` are the collection.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from imagedb_site.errors import SourceError
from imagedb_site.records import FieldSpec, Problem, Progress, Value
from imagedb_site.sources.beside import PictureFolders
from imagedb_site.sources.data_files import find_files, items_of
from imagedb_site.sources.faults import Faults
from imagedb_site.sources.packing import split_packing
from imagedb_site.sources.plain_values import Values, as_number
from imagedb_site.sources.row_source import Log, Row, RowSource, gather_rows, key_of_cell
from imagedb_site.sources.rowkeys import KeyLookup, RowKeys
from imagedb_site.sources.tables import Item

FIELDS = (
    FieldSpec("prompt", "Prompt", "text", fts=True),
    FieldSpec("sampler", "Sampler", "category", facet=True, column=True),
    FieldSpec("step", "Steps", "number", column=True),
    FieldSpec("cfg", "Guidance scale", "number", column=True),
    FieldSpec("seed", "Seed", "number", column=True),
    FieldSpec("width", "Width", "number", column=True, unit="px"),
    FieldSpec("height", "Height", "number", column=True, unit="px"),
    FieldSpec("timestamp", "Time", "date", facet=True, column=True),
    FieldSpec("image_nsfw", "Picture unsafe", "number", column=True),
    FieldSpec("prompt_nsfw", "Prompt unsafe", "number", column=True),
    FieldSpec("part_id", "Part", "number", column=True),
    FieldSpec("user_name", "User", "category", facet=True, column=True),
)
PRIVATE = frozenset({"user_name"})
SAMPLERS = {
    1: "ddim",
    2: "plms",
    3: "k_euler",
    4: "k_euler_ancestral",
    5: "k_heun",
    6: "k_dpm_2",
    7: "k_dpm_2_ancestral",
    8: "k_lms",
    9: "others",
}
"""The numbers of samplers in metadata.parquet, as DiffusionDB documents them."""

_PART = re.compile(r"part-(\d+)\.json(?:\.gz|\.zst|\.xz)?")
_SAMPLER = re.compile(r"[\w.+ -]{1,40}")
_KEYS = {"p": "prompt", "se": "seed", "c": "cfg", "st": "step", "sa": "sampler"}
_NUMBERS = ("step", "cfg", "seed", "width", "height", "image_nsfw", "prompt_nsfw", "part_id")


def open_diffusiondb(
    path: Path, *, limit: int | None = None, progress: Progress | None = None
) -> RowSource:
    """Opens the folder, the part or the metadata.parquet at `path`. It is read twice.

    A picture that lies beside its part is taken. Raises `SourceError` if there is nothing to read.
    """
    files = find_files(path, lambda name: bool(_PART.fullmatch(name)) or _is_metadata(name))
    parts = [file for file in files if not _is_metadata(file.name)]
    tables = [file for file in files if _is_metadata(file.name)]
    if not files:
        hint = "Give the folder with part-000001.json, …, or metadata.parquet."
        packed = find_files(path, lambda name: name.startswith("part-") and name.endswith(".zip"))
        if packed:
            hint = f"Unpack the parts first: {packed[0].name} is packed."
        raise SourceError(f"There are no data of DiffusionDB in {path}.", hint)
    reader = _Reader(path, parts, tables)
    log = Log()
    gathered = gather_rows(reader.rows, log, limit=limit, progress=progress)
    return RowSource(
        "diffusiondb",
        reader.rows,
        files,
        FIELDS,
        gathered=gathered,
        problems=log.finish(path.name),
        notes=log.notes,
        private=PRIVATE,
    )


def _is_metadata(name: str) -> bool:
    return split_packing(Path(name))[0] == ".parquet"


class _Reader:
    """Reads the parts and the tables together."""

    def __init__(self, root: Path, parts: list[Path], tables: list[Path]) -> None:
        self._parts = parts
        self._tables = tables
        self._pictures = PictureFolders(root if root.is_dir() else root.parent)
        self._folders = {_part_number(part): part.parent for part in parts}

    def rows(self, log: Log) -> Iterator[Row]:
        """Yields the rows: those that a table has in its order, then the others of the parts."""
        if not (self._parts and self._tables):
            yield from self._of_tables(log, None) if self._tables else self._of_parts(log)
            return
        keys = RowKeys()
        for row in self._of_parts(Log()):
            keys.add(row.key)
        wanted = keys.lookup()
        repeated = sum(keys.repeated())
        if repeated:
            reason = f"{repeated:,} names occur in several places; each is taken once"
            log.problems.append(Problem("part-*.json", reason))
        yield from self._of_tables(log, wanted)
        for row in self._of_parts(log):
            if wanted.mark(row.key):
                yield row

    def _of_tables(self, log: Log, wanted: KeyLookup | None) -> Iterator[Row]:
        only = None if wanted is None else ("part_id", list(self._folders))
        for table in self._tables:
            for number, item, faults in items_of(table, log, only=only):
                key = key_of_cell(item.get("image_name"))
                if wanted is not None and (key is None or not wanted.mark(key)):
                    continue
                yield from self._row(key, item, faults, number, table, None)

    def _of_parts(self, log: Log) -> Iterator[Row]:
        for part in self._parts:
            part_id = _part_number(part)
            for number, item, faults in items_of(part, log):
                # The reader of JSON files calls the name of an item `file`.
                key = key_of_cell(item.get("file"))
                plain = {_KEYS.get(name, name): value for name, value in item.items()}
                yield from self._row(key, plain, faults, number, part, part_id)

    def _row(
        self,
        key: str | None,
        item: Item,
        faults: Faults,
        number: int,
        file: Path,
        part_id: int | None,
    ) -> Iterator[Row]:
        if key is None or "/" in key or "\\" in key:
            reason = "has no name of an image file; it was left out"
            faults.row("rows without the name of an image file", number, reason)
            return
        fields = read_fields(item, faults, number)
        if part_id is not None:
            fields["part_id"] = part_id
        place = self._folders.get(as_number(fields.get("part_id")))  # type: ignore[arg-type]
        picture = self._pictures.find(place, key) if place is not None else None
        yield Row(key, f"row {number} of {file.name}", fields, picture)


def read_fields(item: Mapping[str, object], faults: Faults, number: int) -> dict[str, Value]:
    """Returns the fields of a row that has the column names of metadata.parquet."""
    values = Values(faults, number)
    values.text("prompt", item.get("prompt"))
    for name in _NUMBERS:
        values.number(name, item.get(name))
    sampler = item.get("sampler")
    if isinstance(sampler, (int, float)) and sampler in SAMPLERS:
        values.fields["sampler"] = SAMPLERS[int(sampler)]
    else:
        values.matching("sampler", sampler, _SAMPLER, "a sampler")
    values.time("timestamp", item.get("timestamp"))
    values.text("user_name", item.get("user_name"), 200)
    return values.fields


def _part_number(part: Path) -> int:
    match = _PART.fullmatch(part.name)
    return int(match[1][:9]) if match else 0
