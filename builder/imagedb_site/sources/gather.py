"""The collection as a whole: a folder's records joined with every sidecar table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from imagedb_site.errors import SourceError
from imagedb_site.records import FieldSpec, Problem, Progress, Record
from imagedb_site.sources.additions import join_additions, load_additions
from imagedb_site.sources.folder import FOLDER, LABEL, NAME, class_folders, open_folder
from imagedb_site.sources.sidecar import Sidecar

_PROGRESS_EVERY = 256
_NAMED_UNMATCHED = 20


@dataclass(frozen=True)
class Gathered:
    """The records in natural path order, the fields they have, and what was left out."""

    records: list[Record]
    fields: list[FieldSpec]
    problems: list[Problem]


def gather(
    root: Path,
    sidecars: Sequence[Sidecar] = (),
    *,
    exclude: Sequence[Path] = (),
    limit: int | None = None,
    progress: Progress | None = None,
) -> Gathered:
    """Lists the pictures below `root` and joins `sidecars` to them.

    Where a table has a column `name` or `label`, its values take the place of the derived ones. What
    visitors said of pictures they added (`sources.additions`) counts where no table says otherwise. Raises
    `SourceError` where the folder cannot be used, holds no picture, or two tables disagree.
    """
    problems: list[Problem] = []
    records: list[Record] = []
    for record in open_folder(root, exclude=exclude, limit=limit, problem=problems.append):
        records.append(record)
        if progress and len(records) % _PROGRESS_EVERY == 0:
            progress("gather", len(records), None)
    if not records:
        skipped = f" {problems[0].key} was left out: {problems[0].reason}." if problems else ""
        others = f" Others left out: {len(problems) - 1:,}." if len(problems) > 1 else ""
        raise SourceError(
            f"There is no picture in {root}.{skipped}{others}",
            "Give a folder that holds pictures (JPEG, PNG, WebP, HEIC, AVIF, TIFF, GIF, SVG, …).",
        )
    if progress:
        progress("gather", len(records), len(records))
    fields = [NAME]
    additions = load_additions(root)
    # Pictures that were added lie in a folder of their own, which is no class.
    labelled = class_folders([r for r in records if r.key not in additions.pictures])
    if labelled is not None:
        # The folder says the same as the label: one filter is enough.
        by_key = {record.key: record for record in labelled}
        records = [by_key.get(record.key, record) for record in records]
        fields += [replace(FOLDER, fts=False, facet=False), LABEL]
    else:
        folders = {record.fields.get("folder") for record in records}
        if folders != {None}:
            fields.append(replace(FOLDER, facet=len(folders) > 1))
    records, fields = _join(records, fields, sidecars, problems, limited=limit is not None)
    if additions.pictures:
        records, fields, lost = join_additions(records, fields, additions)
        problems += [] if limit is not None else lost
    return Gathered(records, fields, problems)


def _join(
    records: list[Record],
    fields: list[FieldSpec],
    sidecars: Sequence[Sidecar],
    problems: list[Problem],
    *,
    limited: bool,
) -> tuple[list[Record], list[FieldSpec]]:
    specs = {spec.name: spec for spec in fields}
    given: dict[str, str] = {}
    keys = [record.key for record in records]
    derived = set(specs)
    for sidecar in sidecars:
        for spec in sidecar.fields:
            other = given.get(spec.name)
            if other is not None and specs[spec.name].type != spec.type:
                raise SourceError(
                    f'The column "{spec.label}" is {specs[spec.name].type} in {other} '
                    f"but {spec.type} in {sidecar.path.name}.",
                    "Rename the column in one of the two tables.",
                )
            given.setdefault(spec.name, sidecar.path.name)
            specs[spec.name] = spec
    seen: list[set[str]] = [set() for _ in records]
    for sidecar in sidecars:
        sidecar.bind(keys)
        for at, record in enumerate(records):
            joined = sidecar.apply(record)
            if joined is record:
                continue
            for name in sidecar.values(record.key):
                if name in seen[at] and joined.fields[name] != record.fields[name]:
                    raise SourceError(
                        f'Two tables give the column "{specs[name].label}" of {record.key} '
                        "different values.",
                        "Remove or rename the column in one of them.",
                    )
                seen[at].add(name)
            records[at] = joined
        problems.extend(sidecar.problems)
        if not limited:
            problems.extend(_unmatched(sidecar))
    used = {name for record in records for name in record.fields}
    return records, [spec for spec in specs.values() if spec.name in derived | used]


def _unmatched(sidecar: Sidecar) -> list[Problem]:
    names = sidecar.unmatched
    table = sidecar.path.name
    found = [Problem(name, f"named in {table}, but there is no such picture") for name in names]
    if len(found) > _NAMED_UNMATCHED:
        more = len(found) - _NAMED_UNMATCHED
        found = found[:_NAMED_UNMATCHED]
        found.append(Problem(table, f"names {more} more pictures that are not there"))
    return found
