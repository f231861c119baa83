"""One attempt to build a site: derive, assemble, lay out, write aside, verify, swap in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from .assemble import Assembled, assemble
from .config import BuildConfig
from .derive import Recipes, derive
from .embed_texts import embed_texts
from .errors import FormatError, SourceError
from .flat_documents import FORMATS
from .given_embeddings import GivenEmbeddings
from .growth import Growth, grow, to_store
from .home import make_home
from .library import PACK_NAME, Library, Stage
from .logo import read_logo
from .makers import row_workers
from .mapping import MapRows, Refusal, make_map, map_notes
from .packs import ModelPack
from .parts.pictures import Pictures
from .placed_site import PlacedEmbeddings, PlacedRows
from .reader import open_site, verify_site
from .records import Problem, Progress
from .remote_pictures import RemotePictures
from .repair_report import repair_notes, repaired
from .report import BuildReport, counted, licence_notes, portable_notes
from .site import (
    Attribution,
    Layout,
    MeaningMap,
    SiteInput,
    SiteReport,
    SiteSettings,
    publish_from,
)
from .sources import Source
from .stopwatch import Stopwatch
from .values import is_web_address
from .xmp_sidecars import read_sidecars


@dataclass(frozen=True)
class Job:
    """What all attempts of a build share. The site is written into `aside`; `notes` go into its report.

    `inputs` stands for all that the site is made from, if that can be said (`unchanged.py`). `pictures`
    brings them to this machine.
    """

    config: BuildConfig
    aside: Path
    pack: ModelPack | None
    clock: Stopwatch
    progress: Progress
    notes: Sequence[str]
    inputs: str | None = None
    pictures: Pictures = field(default_factory=Pictures)
    given: GivenEmbeddings | None = None


class PicturesChangedError(SourceError):
    """Linked originals that were changed in place while the site was built."""

    def __init__(self, keys: Sequence[str]) -> None:
        super().__init__(
            f"{keys[0]} changes while the site is built.",
            "Build again when no program changes the pictures, or use --originals copy.",
        )


class SiteBuild:
    """A build whose records are staged."""

    def __init__(self, job: Job, library: Library, stage: Stage) -> None:
        self._job = job
        self._config = job.config
        self._pack = job.pack
        self._given = job.given
        own = job.pack.encoder_hash if job.pack else ""
        self._encoder_hash = job.given.encoder_hash if job.given else own
        self._library = library
        self._stage = stage
        self._recipes = Recipes.of(job.config)
        self._derived = 0
        self._texts = 0
        self._damaged: list[Problem] = []
        self._lost = library.lost()
        self._workers = row_workers(job.config, job.clock)
        self._map: MeaningMap | Refusal | None = None

    def run(self, source: Source) -> BuildReport:
        config, clock, stage = self._config, self._job.clock, self._stage
        self._derived = derive(
            stage,
            self._library,
            self._recipes,
            None if self._given else self._pack,
            config,
            clock,
            self._job.progress,
            self._job.pictures,
        )
        with clock("gather"):
            unread = read_sidecars(stage, self._library, self._job.progress, again=config.rehash)
        problems = [
            *self._job.pictures.problems,
            *source.problems,
            *stage.problems(),
            *unread,
        ]
        noun = "picture" if stage.pictures() else "record"
        if not stage.usable():
            raise SourceError(
                f"None of the {counted(len(stage), noun)} in {config.shown_pictures} is usable.",
                f"The first: {problems[0].key}: {problems[0].reason}" if problems else None,
            )
        if self._given is not None:
            with clock("read embeddings"):
                problems += self._given.store(stage, self._library, self._job.progress)
        with clock("assemble"):
            self._remote = RemotePictures(config, {spec.name for spec in source.fields})
            found = assemble(
                stage,
                source.fields,
                publish_location=config.publish_location,
                private=source.private,
                source=source.name,
                remote=self._remote,
            )
            problems += self._remote.problems()
            problems += found.problems
            if self._given is not None:
                self._given.place(found.placed)
        if config.embed == "text" and self._pack is not None:
            with clock("embed texts"):
                self._texts = embed_texts(
                    self._library,
                    *(found.placed, found.fields, config.embed_fields),
                    self._pack,
                    self._job.progress,
                )
            clock.add("embed texts", items=self._texts)
        with clock("assemble"):
            growth = self._grow(found)
        self._damaged = stage.damaged()
        if config.strict and (problems or self._damaged):
            return self._report(source, found, growth, problems, None)
        with clock("map"):
            self._map = self._make_map(found, growth)
        with clock("write"):
            report = self._publish(self._site(source, found, growth))
        clock.add("write", items=report.files, size=report.bytes)
        problems += report.problems
        if config.strict and problems:
            return self._report(source, found, growth, problems, None)
        with clock("library"):
            self._remember(found, growth, report.layout)
        return self._report(source, found, growth, problems, report)

    def _publish(self, site: SiteInput) -> SiteReport:
        config = self._config
        try:
            return publish_from(
                self._job.aside,
                site,
                config.output,
                verify=_verify,
                accept=lambda report: not (config.strict and report.problems),
                progress=self._job.progress,
            )
        except FormatError as error:
            # A linked original is the picture itself: it may change after it was verified.
            changed = self._stage.changed() if config.originals == "link" else []
            if not changed:
                raise
            raise PicturesChangedError(changed) from error

    def _grow(self, found: Assembled) -> Growth:
        """Gives every picture its row."""
        growth = grow(
            self._library.layout(),
            found.ids,
            thumbnails=self._recipes.thumbnail.hash,
            encoder=self._encoder(found),
            compact=self._config.compact,
        )
        by_row = np.empty_like(found.items)
        by_row[growth.order] = found.items
        found.placed.place(by_row)
        return growth

    def _encoder(self, found: Assembled) -> str | None:
        """What the layout's quantizer was fitted to: texts lie elsewhere than pictures."""
        if self._pack is None:
            return None
        _, texts = found.placed.embedded()
        return self._encoder_hash + ("+texts" if texts else "")

    def _site(self, source: Source, found: Assembled, growth: Growth) -> SiteInput:
        config, pack = self._config, self._pack
        rows = PlacedRows(found.placed, self._recipes, config.publish_location, self._job.pictures)
        embeddings = None
        if pack is not None and any(found.placed.embedded()):
            embeddings = PlacedEmbeddings(found.placed, self._encoder_hash, pack.dim)
        return SiteInput(
            title=config.site_title,
            description=config.description,
            attribution=_attribution(config),
            rows=rows,
            fields=found.fields,
            thumbnail=rows.thumbnail,
            view=rows.view,
            original=rows.original,
            embeddings=embeddings,
            layout=growth.layout,
            source=source.name,
            map=self._map if isinstance(self._map, MeaningMap) else None,
            home=make_home(config, rows, found.fields, embeddings, self._map),
            tags=getattr(source, "tags", None) or (),
            pictures=found.placed.has_picture(),
            origins=sorted(self._remote.used()),
            # Nothing can be found with a model if nothing is embedded.
            pack=pack if embeddings is not None else None,
            workers=self._workers,
            settings=SiteSettings(
                thumbnail_size=config.thumbnail_size,
                view_size=config.view_size,
                originals=config.originals,
                examples=config.examples or found.examples,
                language=config.language,
                url=config.url,
                accent=f"#{config.accent.lstrip('#').lower()}" if config.accent else None,
                logo=read_logo(config.logo) if config.logo else None,
                portable=config.portable,
                list_columns=config.list_columns,
                downloads=offered_downloads(config, len(rows)),
            ),
        )

    def _make_map(self, found: Assembled, growth: Growth) -> MeaningMap | Refusal | None:
        """The map, if it was asked for, or why there is none."""
        config, pack, placed = self._config, self._pack, found.placed
        if not config.map or pack is None:
            return None
        if not any(placed.embedded()):
            return Refusal("nothing is embedded")
        ids = np.empty_like(found.ids)
        ids[growth.order] = found.ids
        has_picture = placed.has_picture()
        blocks = PlacedEmbeddings(placed, self._encoder_hash, pack.dim).blocks()
        rows = MapRows(
            ids=ids,
            vectors=np.concatenate(list(blocks)),
            texts=~has_picture,
            fields=found.fields,
            values=(
                row.fields for row in PlacedRows(placed, self._recipes, config.publish_location)
            ),
        )
        return make_map(
            *(rows, pack, config.library_folder, self._job.progress),
            again=config.compact,
            workers=self._workers,
        )

    def _remember(self, found: Assembled, growth: Growth, layout: Layout) -> None:
        """Keeps the rows and the layout for searches of the library and for the next build.

        This comes after the swap. If it does not happen, the next build starts from the same library
        and makes the same site again.
        """
        config, library, pack = self._config, self._library, self._pack
        stored = to_store(
            layout,
            found.ids,
            growth,
            thumbnails=self._recipes.thumbnail.hash,
            encoder=self._encoder(found),
        )
        with library.transaction():
            found.placed.remember(found.fields, stored)
            library.set_meta("model", config.model)
            if pack is not None:
                library.set_meta(PACK_NAME + self._encoder_hash, pack.id)
                given = pack.encoder_hash if self._given else ""
                library.set_meta("given_embeddings", given)
            library.set_meta("settings", _settings(config))
            library.set_meta(
                "pictures",
                config.shown_pictures if config.bucket else str(config.pictures.resolve()),
            )
            library.set_meta("thumbnail_recipe", self._recipes.thumbnail.hash)
            if config.originals == "link":
                self._stage.note_links()
            self._stage.prune()
            if config.embed == "text" or self._given:
                library.prune_text_embeddings()
            library.nothing_lost()

    def _report(
        self,
        source: Source,
        found: Assembled,
        growth: Growth,
        problems: Sequence[Problem],
        report: SiteReport | None,
    ) -> BuildReport:
        return BuildReport(
            output=self._config.output,
            count=len(found.items),
            pictures=len(found.items) - found.placed.without_picture(),
            derived=self._derived,
            texts=self._texts,
            bytes=report.bytes if report else 0,
            files=report.files if report else 0,
            reused=report.reused if report else 0,
            published=report is not None,
            added=growth.added,
            removed=growth.removed,
            compacted=growth.compacted,
            model=self._pack.id if self._pack else None,
            seconds=self._job.clock.seconds,
            steps=self._job.clock.steps,
            total_seconds=self._job.clock.total,
            problems=list(dict.fromkeys(problems)),
            damaged=self._damaged,
            repaired=repaired(self._lost),
            notes=[
                *source.notes,
                *self._remote.notes(),
                *(licence_notes(self._pack.manifest) if self._pack else ()),
                *(self._given.notes if self._given else ()),
                *self._job.notes,
                *map_notes(self._map),
                *repair_notes(self._lost),
                *(
                    portable_notes(report.count, report.bytes)
                    if report and self._config.portable
                    else ()
                ),
            ],
            hidden=found.hidden,
        )


_MOST_OFFERED = 10_000
"""A site with at most this number of rows offers its metadata for download by default."""


def offered_downloads(config: BuildConfig, count: int) -> Sequence[str]:
    """The formats in which the site of `count` rows offers its metadata."""
    if config.downloads == "auto":
        return FORMATS if count <= _MOST_OFFERED else ()
    return tuple(name for name in FORMATS if config.downloads in (name, "all"))


def _attribution(config: BuildConfig) -> list[Attribution]:
    """The lines of credit; the first one has the licence."""
    lines = list(config.attribution)
    if config.licence and not lines:
        lines = [config.site_title]
    url = config.licence if config.licence and is_web_address(config.licence) else None
    return [
        Attribution(line, None if number else url, None if number else config.licence)
        for number, line in enumerate(lines)
    ]


def _verify(folder: Path) -> None:
    with open_site(folder) as site:
        verify_site(site)


def _settings(config: BuildConfig) -> str:
    """What `add` has to know so that the next build has nothing left to derive."""
    names = ("model", "thumbnail_size", "view_size")
    return json.dumps({name: getattr(config, name) for name in names})
