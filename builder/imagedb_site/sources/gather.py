"""A folder of pictures with its sidecar tables and additions as one source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from imagedb_site.errors import SourceError
from imagedb_site.keys import path_of
from imagedb_site.records import FieldSpec, Problem, Progress, Record, Value
from imagedb_site.sources.additions import (
    ADDITIONS_FILE,
    Additions,
    fitted_values,
    load_additions,
)
from imagedb_site.sources.entries import Scan
from imagedb_site.sources.faults import Faults
from imagedb_site.sources.folder import (
    FILE,
    FOLDER,
    LABEL,
    NAME,
    class_labels,
    open_folder,
    path_fields,
)
from imagedb_site.sources.join import Joined
from imagedb_site.sources.listing import Listing
from imagedb_site.sources.sidecar import Sidecar

_PROGRESS_EVERY = 256
_NAMED_UNMATCHED = 100_000


class FolderSource:
    """The pictures of a folder in natural path order (a `Source`).

    In memory are the paths and about 70 bytes more per picture; the fields of a picture are put together
    when its record is read.
    """

    name = "folder"

    def __init__(
        self,
        root: Path,
        listing: Listing,
        sidecars: Sequence[Sidecar],
        additions: Additions,
        problems: Sequence[Problem],
        *,
        limited: bool,
    ) -> None:
        """Joins the files in `listing`, with paths relative to `root`, with their metadata.

        If the listing is `limited` to a part of the folder, names that fit no picture are not problems.
        """
        self.problems = list(problems)
        self.notes = [note for sidecar in sidecars for note in sidecar.notes]
        self._root = root
        self._listing = listing
        self._added = additions.pictures
        # Pictures that were added lie in a folder of their own, which is not a class.
        own = (key for key in listing if key not in self._added)
        self._labels = class_labels(own) or {}
        specs = {spec.name: spec for spec in self._path_specs()}
        derived = set(specs)
        self.notes += _settle_types(sidecars)
        specs.update({spec.name: spec for sidecar in sidecars for spec in sidecar.fields})
        self._joined: list[Joined] = []
        for sidecar in sidecars:
            joined = sidecar.join(listing)
            self._joined.append(joined)
            self.problems += [*sidecar.problems, *joined.problems]
            if not limited:
                self.problems += _unmatched(sidecar, joined)
        self.problems += _disagreements(listing, sidecars, self._joined)
        used = derived | self._used(set(specs) - derived)
        self._specs = {name: spec for name, spec in specs.items() if name in used}
        self.fields = [*self._specs.values(), *self._added_specs(additions)]
        private = frozenset[str]().union(*(sidecar.private for sidecar in sidecars))
        self.private = private & used
        if not limited:
            self.problems += self._lost_additions()
        self.problems += self._unfit_additions()

    def __len__(self) -> int:
        return len(self._listing)

    def records(self) -> Iterator[Record]:
        """Yields the records in natural path order."""
        for at, key in enumerate(self._listing):
            fields = self._fields(at, key)
            addition = self._added.get(key)
            if addition is not None:
                fields = {**fitted_values(addition, fields, self._specs), **fields}
            yield self._listing.record(at, self._root / path_of(key), fields)

    def _path_specs(self) -> list[FieldSpec]:
        if self._labels:
            # The folder says the same as the label: one filter is enough.
            return [NAME, FILE, replace(FOLDER, facet=False), LABEL]
        folders = {key.rpartition("/")[0] for key in self._listing}
        if folders == {""}:
            return [NAME, FILE]
        return [NAME, FILE, replace(FOLDER, facet=len(folders) > 1)]

    def _fields(self, at: int, key: str) -> dict[str, Value]:
        """Returns what the path and the tables say of picture number `at`."""
        fields = path_fields(key)
        if self._labels and key not in self._added:
            fields["label"] = self._labels[key.rpartition("/")[0]]
        # The values of the first table that has the picture are set last: they win.
        for joined in reversed(self._joined):
            fields.update(joined.values(at))
        return fields

    def _used(self, names: set[str]) -> set[str]:
        """Returns those fields of the tables that at least one picture has."""
        missing = set(names)
        for at, key in enumerate(self._listing):
            if not missing:
                break
            missing -= self._fields(at, key).keys()
        return names - missing

    def _added_specs(self, additions: Additions) -> list[FieldSpec]:
        """Returns the fields that only pictures that were added have."""
        used: set[str] = set()
        for at, key in enumerate(self._listing):
            addition = self._added.get(key)
            if addition is not None:
                used.update(fitted_values(addition, self._fields(at, key), self._specs))
        return [s for s in additions.fields if s.name in used and s.name not in self._specs]

    def _unfit_additions(self) -> Iterator[Problem]:
        """Yields the values of pictures that were added which do not fit the collection's fields."""
        for at, key in enumerate(self._listing):
            addition = self._added.get(key)
            if addition is not None:
                own = self._fields(at, key)
                left = addition.fields.keys() - own.keys()
                left -= fitted_values(addition, own, self._specs).keys()
                for name in sorted(left):
                    reason = f"“{name}” in {ADDITIONS_FILE} does not fit the field of this name"
                    yield Problem(key, reason)

    def _lost_additions(self) -> list[Problem]:
        lost = dict.fromkeys(self._added)
        for key in self._listing:
            lost.pop(key, None)
        reason = f"named in {ADDITIONS_FILE}, but there is no such picture"
        return [Problem(key, reason) for key in lost]


def gather(
    root: Path,
    sidecars: Sequence[Sidecar] = (),
    *,
    exclude: Sequence[Path] = (),
    limit: int | None = None,
    progress: Progress | None = None,
    scan: Scan | None = None,
) -> FolderSource:
    """Lists the pictures below `root` and joins `sidecars` to them.

    If a table has a column `name` or `label`, its values replace the derived ones. Captions and tags of
    pictures that visitors added (`sources.additions`) are used for fields that no table has. At most
    `limit` pictures are listed, and none below a path in `exclude`.

    If two tables give one field of a picture different values, the first table's value is used, which is a
    problem of the source; if they give the field different types, it is a text.

    `scan` lists folders that are not on this machine.

    Raises `SourceError` if the folder cannot be used or has no pictures.
    """
    problems: list[Problem] = []
    listing = Listing()
    found = open_folder(root, exclude=exclude, limit=limit, problem=problems.append, scan=scan)
    for record in found:
        listing.add(record)
        if progress and len(listing) % _PROGRESS_EVERY == 0:
            progress("gather", len(listing), None)
    if not len(listing):
        skipped = f" {problems[0].key} was left out: {problems[0].reason}." if problems else ""
        others = f" Others left out: {len(problems) - 1:,}." if len(problems) > 1 else ""
        raise SourceError(
            f"There is no picture in {root}.{skipped}{others}",
            "Give a folder that holds pictures (JPEG, PNG, WebP, HEIC, AVIF, TIFF, GIF, SVG, …).",
        )
    if progress:
        progress("gather", len(listing), len(listing))
    additions = load_additions(root)
    return FolderSource(
        root.resolve(), listing, sidecars, additions, problems, limited=limit is not None
    )


def _settle_types(sidecars: Sequence[Sidecar]) -> list[str]:
    """Makes fields that have different types in two tables texts; returns a note for each."""
    tables: dict[str, tuple[FieldSpec, str]] = {}
    clashes: dict[str, str] = {}
    for sidecar in sidecars:
        for spec in sidecar.fields:
            other, table = tables.setdefault(spec.name, (spec, sidecar.path.name))
            if other.type != spec.type:
                clashes[spec.name] = (
                    f'The column "{spec.label}" is {other.type} in {table} and {spec.type} in '
                    f"{sidecar.path.name}; it was read as text."
                )
    for sidecar in sidecars:
        for name in clashes:
            sidecar.make_text(name)
    return list(clashes.values())


def _disagreements(
    listing: Listing, sidecars: Sequence[Sidecar], several: Sequence[Joined]
) -> list[Problem]:
    """Returns a problem for each value of a picture that differs from that of an earlier table."""
    labels: dict[str, str] = {}
    shared: set[str] = set()
    for sidecar in sidecars:
        shared |= {spec.name for spec in sidecar.fields if spec.name in labels}
        labels.update((spec.name, spec.label) for spec in sidecar.fields)
    if not shared:
        return []
    faults = Faults("tables")
    for at, key in enumerate(listing):
        known: dict[str, Value] = {}
        for joined in several if sum(at in one for one in several) > 1 else ():
            for name, value in joined.values(at).items():
                if name in shared and known.setdefault(name, value) != value:
                    faults.add(
                        "values that two tables give differently",
                        f'two tables give the column "{labels[name]}" of {key} different values; '
                        "the first table's value is used",
                    )
    return faults.problems()


def _unmatched(sidecar: Sidecar, joined: Joined) -> list[Problem]:
    table = sidecar.path.name
    reason = f"named in {table}, but there is no such picture"
    found = [Problem(name, reason) for name in islice(joined.unmatched(), _NAMED_UNMATCHED)]
    more = joined.unmatched_count() - len(found)
    if more:
        found.append(Problem(table, f"names {more:,} more pictures that do not exist"))
    return found
