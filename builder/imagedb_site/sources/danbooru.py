"""Danbooru's posts: the JSON lines of the dumps of 2019 to 2021. `build --from danbooru PATH`.

Each category of tags becomes a field. The numbers of tags go into a table of their own, from which
the HTTP API answers. Users (uploader, approver, favourites) and pools are not taken.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from imagedb_site.records import FieldSpec, PictureRef, Progress, Value
from imagedb_site.sources.beside import find_picture
from imagedb_site.sources.cells import clean
from imagedb_site.sources.data_files import find_files, is_list, items_of
from imagedb_site.sources.faults import Faults
from imagedb_site.sources.packing import split_packing
from imagedb_site.sources.plain_values import Values, as_number
from imagedb_site.sources.row_source import Log, Row, RowSource, gather_rows
from imagedb_site.sources.tables import Item

CATEGORIES = {0: "tags", 1: "artist", 3: "copyright", 4: "character", 5: "meta"}
"""The field of each category of tags, by the category's number in the dumps."""

_STRINGS = {
    "tag_string_general": "tags",
    **{f"tag_string_{name}": name for name in ("artist", "copyright", "character", "meta")},
}
"""Keys of dumps that have the tags of a category as one text, without numbers."""

FIELDS = (
    FieldSpec("tags", "Tags", "tags", fts=True, facet=True, column=True),
    FieldSpec("artist", "Artist", "tags", fts=True, facet=True, column=True),
    FieldSpec("copyright", "Copyright", "tags", fts=True, facet=True, column=True),
    FieldSpec("character", "Character", "tags", fts=True, facet=True, column=True),
    FieldSpec("meta", "Meta", "tags", fts=True, facet=True, column=True),
    FieldSpec("rating", "Rating", "category", facet=True, column=True),
    FieldSpec("score", "Score", "number", column=True),
    FieldSpec("created", "Created", "date", facet=True, column=True),
    FieldSpec("width", "Width", "number", column=True, unit="px"),
    FieldSpec("height", "Height", "number", column=True, unit="px"),
    FieldSpec("file_ext", "File type", "category", facet=True, column=True),
    FieldSpec("file_size", "File size", "number", column=True, unit="bytes"),
    FieldSpec("post_id", "Post", "number", column=True),
    FieldSpec("pixiv_id", "Pixiv", "number"),
    FieldSpec("md5", "MD5", "text"),
    FieldSpec("source", "Source", "text"),
    FieldSpec("deleted", "Deleted", "boolean", facet=True, column=True),
)
_SUFFIXES = (".json", ".jsonl", ".ndjson")
_RATINGS = {"s", "q", "e", "g"}
_MD5 = re.compile(r"[0-9a-f]{32}")
_SUFFIX = re.compile(r"[a-z0-9]{1,5}")
_PICTURES = ("original", "512px")
_MOST_TAGS = 1_000


def open_danbooru(
    path: Path, *, limit: int | None = None, progress: Progress | None = None
) -> RowSource:
    """Opens the file or folder at `path`: JSON lines (or a JSON list), plain or packed. It is read twice.

    If `path` is a folder that holds the pictures too, as `original/0162/263162.jpg` or
    `512px/0162/263162.jpg`, they are taken.

    Raises `SourceError` if it cannot be read or has no post.
    """
    files = find_files(path, lambda name: split_packing(Path(name))[0] in _SUFFIXES)
    folders = [path / name for name in _PICTURES if (path / name).is_dir()]
    root = path.resolve()

    def posts(log: Log) -> Iterator[tuple[Row, list[Tag]]]:
        for file in files:
            kind = ".json" if is_list(file) else ".jsonl"
            for number, item, faults in items_of(file, log, kind):
                found = read_post(item, faults, number)
                if found is not None:
                    fields, tags = found
                    picture = _picture(fields, folders, root) if folders else None
                    where = f"row {number} of {file.name}"
                    yield Row(str(fields["post_id"]), where, fields, picture), tags

    def counted(log: Log) -> Iterator[Row]:
        for row, tags in posts(log):
            table.add(tags)
            yield row

    log, table = Log(), TagTable()
    gathered = gather_rows(counted, log, limit=limit, progress=progress)
    if any(gathered.repeated):
        # Posts that occur twice were counted twice.
        table = TagTable()
        for repeated, (_, tags) in zip(gathered.repeated, posts(Log()), strict=False):
            if not repeated:
                table.add(tags)
    return RowSource(
        "danbooru",
        lambda log: (row for row, _ in posts(log)),
        files,
        FIELDS,
        gathered=gathered,
        problems=log.finish(path.name),
        notes=log.notes,
        tags=table,
    )


Tag = tuple[int, str, str]
"""The number of a tag, its name, and the field of its category."""


class TagTable:
    """The tags that have numbers. Iterating gives (number, name, field, posts), numbers rising."""

    def __init__(self) -> None:
        self._tags: dict[int, tuple[str, str]] = {}
        self._counts: Counter[int] = Counter()

    def __len__(self) -> int:
        return len(self._tags)

    def __iter__(self) -> Iterator[tuple[int, str, str, int]]:
        for number in sorted(self._tags):
            name, field = self._tags[number]
            yield number, name, field, self._counts[number]

    def add(self, tags: Sequence[Tag]) -> None:
        """Counts the tags of a post. The first name and field of a number stay."""
        for number, name, field in tags:
            if number not in self._tags:
                self._tags[number] = (name, field)
            self._counts[number] += 1


def read_post(item: Item, faults: Faults, number: int) -> tuple[dict[str, Value], list[Tag]] | None:
    """Returns the fields of a post and its numbered tags; None if it has no post number."""
    values = Values(faults, number)
    post_id = as_number(item.get("id"))
    if not isinstance(post_id, int) or post_id < 0:
        reason = 'has no post number in "id"; it was left out'
        faults.row("rows without a post number", number, reason)
        return None
    tags = _tags(item, values, faults, number)
    rating = item.get("rating")
    if isinstance(rating, str) and rating[:1].lower() in _RATINGS:
        values.fields["rating"] = rating[0].lower()
    elif rating is not None:
        values.misfit("rating", rating, "a rating")
    values.number("score", item.get("score"))
    values.time("created", item.get("created_at"))
    values.number("width", item.get("image_width"), least=1)
    values.number("height", item.get("image_height"), least=1)
    values.matching("file_ext", item.get("file_ext"), _SUFFIX, "a suffix")
    values.number("file_size", item.get("file_size"), least=0)
    values.fields["post_id"] = post_id
    values.number("pixiv_id", item.get("pixiv_id"), least=1)
    values.matching("md5", item.get("md5"), _MD5, "an MD5")
    values.text("source", item.get("source"), 2_000)
    values.flag("deleted", item.get("is_deleted"))
    return values.fields, tags


def _tags(item: Item, values: Values, faults: Faults, number: int) -> list[Tag]:
    """Takes the tags of a post, each once, and returns those that have numbers."""
    found: dict[str, dict[str, int]] = {}
    given = item.get("tags")
    wrong = given is not None and not isinstance(given, list)
    for tag in given[:_MOST_TAGS] if isinstance(given, list) else ():
        field, name, tag_id = _tag(tag)
        if name:
            found.setdefault(field, {}).setdefault(name, tag_id)
        else:
            wrong = True
    for key, field in _STRINGS.items():
        text = item.get(key)
        for name in text.split()[:_MOST_TAGS] if isinstance(text, str) else ():
            name = clean(name, 200)
            if name:
                found.setdefault(field, {}).setdefault(name, 0)
    if wrong:
        reason = "has tags that cannot be read; they were left out"
        faults.row("rows with tags that cannot be read", number, reason)
    values.fields.update((field, list(names)) for field, names in found.items())
    return [
        (tag_id, name, field)
        for field, names in found.items()
        for name, tag_id in names.items()
        if tag_id > 0
    ]


def _tag(tag: object) -> tuple[str, str, int]:
    """Returns the field, the name and the number of a tag; without a name if it cannot be read."""
    if not isinstance(tag, Mapping):
        return "", "", 0
    field, name = CATEGORIES.get(_whole(tag.get("category"))), tag.get("name")
    if field is None or not isinstance(name, str):
        return "", "", 0
    return field, clean(name, 200), _whole(tag.get("id"))


def _whole(value: object) -> int:
    """Returns a whole number, which may be a text; -1 for other values."""
    found = value if type(value) is int else as_number(value)
    return found if isinstance(found, int) else -1


def _picture(fields: Mapping[str, Value], folders: Sequence[Path], root: Path) -> PictureRef | None:
    """Returns the picture of a post: `<folder>/<number modulo 1000>/<number>.<suffix>`."""
    post_id = int(str(fields["post_id"]))
    suffixes = dict.fromkeys([str(fields.get("file_ext", "jpg")), "jpg"])
    for folder in folders:
        for suffix in suffixes:
            found = find_picture(folder / f"{post_id % 1000:04d}", f"{post_id}.{suffix}", root)
            if found is not None:
                return found
    return None
