"""What a build would publish, found out without writing anything: the report before publishing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

from .assemble import Assembled, assemble, known_fields
from .build import check_places, gather_source
from .config import BuildConfig
from .derive import Recipes, derive
from .display import shown
from .errors import SourceError, StorageError
from .fetched_pictures import fetched, list_bucket
from .index import LIBRARY_FILE
from .library import Library
from .pictures import DETAILS_VERSION, METADATA_FIELDS, PRIVATE_FIELDS
from .placed_site import can_be_cleaned
from .records import Problem, Progress
from .remote_pictures import RemotePictures
from .report import PublicField, counted, example_of, named, what_is_there
from .site import check_replaceable
from .sources import Source
from .stopwatch import Stopwatch
from .temporary import TemporaryFolder
from .xmp_sidecars import read_sidecars

_WHY = {
    "owner": "the name of the camera's owner",
    "private_text": "a text with a position, a serial number, or a path of a computer",
    "place": "where a picture was taken",
    **dict.fromkeys(("latitude", "longitude", "altitude"), "where a picture was taken"),
    **dict.fromkeys(("serial", "lens_serial"), "a serial number"),
}


@dataclass(frozen=True)
class HiddenField:
    """A field of which values are not published: of how many pictures, and why."""

    label: str
    count: int
    reason: str


@dataclass(frozen=True)
class Preview:
    """What a build would publish. `originals`: the number of original files it would publish.

    `originals_left_out`: those it would not, because private metadata cannot be removed from their format.
    `remote`: the number of records whose picture would be shown from another host. `remote_hosts`: how
    many records use each of these origins. `not_allowed`: origins that the options do not allow, with the
    number of their addresses.
    """

    output: Path
    title: str
    count: int
    pictures: int
    thumbnail_size: int
    view_size: int
    model: str
    originals_mode: str
    originals: int
    originals_left_out: int
    unchanged_originals: bool
    remote: int
    remote_hosts: Mapping[str, int]
    not_allowed: Mapping[str, int]
    fields: tuple[PublicField, ...]
    hidden: tuple[HiddenField, ...]
    problems: tuple[Problem, ...]
    damaged: tuple[Problem, ...]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "output": str(self.output), "dry_run": True}

    def lines(self) -> Iterator[str]:
        """The report as a person reads it."""
        yield from named("Left out", self.problems)
        yield from named("Taken although damaged", self.damaged)
        yield from map(shown, self.notes)
        views = f" and views of {self.view_size:,} px" if self.view_size else ""
        yield (
            f"Dry run: nothing was written. {shown(str(self.output))} would have "
            f"{what_is_there(self.count, self.pictures)}, with the title “{shown(self.title)}”."
        )
        if self.pictures:
            yield f"Public pictures: thumbnails of {self.thumbnail_size:,} px{views}, without metadata."
            yield self._originals()
        if self.remote_hosts:
            records = counted(self.remote, "record")
            yield f"Pictures on other hosts: {records}. Visitors' browsers load them from:"
            for origin, count in self.remote_hosts.items():
                yield f"  {origin} ({counted(count, 'record')})"
        noun = "picture" if self.pictures == self.count else "record"
        yield "Public fields:"
        for field in self.fields:
            yield f"  {shown(field.label)} ({counted(field.count, noun)}): {shown(field.example)}"
        if self.hidden:
            yield "Private, not published (--publish-location publishes all of it):"
        for one in self.hidden:
            yield f"  {shown(one.label)} ({counted(one.count, noun)}): {one.reason}"

    def _originals(self) -> str:
        if self.originals_mode == "none":
            return "Original files: none."
        how = (
            "unchanged, with everything that is in them"
            if self.unchanged_originals
            else "without private metadata"
        )
        text = f"Original files: {self.originals:,}, {how}"
        if self.originals_left_out:
            text += f"; {self.originals_left_out:,} not, because it cannot be removed from them"
        return text + "."


def preview(config: BuildConfig, progress: Progress = lambda step, done, total: None) -> Preview:
    """Finds out what a build would publish. Every picture is read, as in a first build.

    Only a temporary folder is written to. Raises UsageError, SourceError and StorageError as `build` does.
    """
    check_places(config)
    check_replaceable(config.output)
    try:
        folder = TemporaryFolder("imagedb-dry-run-")
    except OSError as error:
        raise StorageError(
            f"Cannot make a temporary folder: {error.strerror or error}.",
            "Set TMPDIR to a folder that can be written to.",
        ) from error
    with ExitStack() as held:
        place = Path(held.enter_context(folder))
        config = config.with_library(place)
        mirror = list_bucket(config)
        of_source = held.enter_context(fetched(mirror, config, progress))
        source = gather_source(config, progress, mirror)
        library = held.enter_context(Library.open(place / LIBRARY_FILE))
        stage = held.enter_context(library.stage(source.records(), details=DETAILS_VERSION))
        # Reading metadata is quick, and a cluster would need a folder that all machines see.
        here = replace(config, engine="local", address=None)
        derive(stage, library, _METADATA_ONLY, None, here, Stopwatch(), progress, of_source)
        unread = read_sidecars(stage, library, progress)
        problems = [*of_source.problems, *source.problems, *stage.problems(), *unread]
        pictures = stage.pictures()
        if not stage.usable():
            noun = "picture" if pictures else "record"
            raise SourceError(
                f"None of the {counted(len(stage), noun)} in {config.shown_pictures} is usable.",
                f"The first: {problems[0].key}: {problems[0].reason}" if problems else None,
            )
        remote = RemotePictures(config, {spec.name for spec in source.fields})
        found = assemble(
            stage,
            source.fields,
            publish_location=config.publish_location,
            private=source.private,
            source=source.name,
            remote=remote,
        )
        damaged = stage.damaged()
        left_out = {problem.key for problem in stage.problems()}
        pictures -= len(left_out)
        usable = (one for one in source.records() if one.key not in left_out)
        first = next(usable)
        fields = _public_fields(found, first.key, pictures)
    problems += remote.problems()
    problems += found.problems
    wanted = 0 if config.originals == "none" else pictures
    cleaned = wanted
    if wanted and not config.publish_location:
        shown_keys = (one.key for one in chain([first], usable) if one.picture is not None)
        cleaned = sum(map(can_be_cleaned, shown_keys))
    return Preview(
        output=config.output,
        title=config.site_title,
        count=len(found.items),
        pictures=pictures,
        thumbnail_size=config.thumbnail_size,
        view_size=config.view_size,
        model=config.model,
        originals_mode=config.originals,
        originals=min(wanted, cleaned),
        originals_left_out=wanted - min(wanted, cleaned),
        unchanged_originals=config.publish_location,
        remote=remote.shown,
        remote_hosts=remote.used(),
        not_allowed=remote.not_allowed(),
        fields=fields,
        hidden=_hidden_fields(found, source),
        problems=tuple(dict.fromkeys(problems)),
        damaged=tuple(damaged),
        notes=(*source.notes, *remote.notes()),
    )


class _MetadataOnly(Recipes):
    """Makes no thumbnails and no views."""

    @property
    def all(self) -> tuple[()]:
        return ()


_METADATA_ONLY = _MetadataOnly(*Recipes.of(BuildConfig(pictures=Path())).all)


def _public_fields(found: Assembled, key: str, pictures: int) -> tuple[PublicField, ...]:
    counts: Counter[str] = Counter()
    examples: dict[str, str] = {}
    for item in found.items.tolist():
        for name, value in found.placed.fields(item).items():
            counts[name] += 1
            if name not in examples:
                examples[name] = example_of(value)
    return (
        PublicField(
            "path",
            "Path in the folder" if pictures else "Key",
            len(found.items),
            example_of(key),
        ),
        *(
            PublicField(spec.name, spec.label, counts[spec.name], examples.get(spec.name, ""))
            for spec in found.fields
        ),
    )


def _hidden_fields(found: Assembled, source: Source) -> tuple[HiddenField, ...]:
    specs = known_fields(source.fields, METADATA_FIELDS)
    reasons = {spec.label: _reason(spec.name, source.private) for spec in reversed(specs)}
    return tuple(
        HiddenField(label, count, reasons.get(label, "private"))
        for label, count in found.hidden.items()
    )


def _reason(name: str, private: Sequence[str] | frozenset[str]) -> str:
    if name in private:
        return "the name of this column says that it is private"
    if name in PRIVATE_FIELDS:
        return _WHY[name]
    return "values that are a position or a path of a computer"
