"""The build, as a table of contents: gather, derive, number, write aside, verify, swap in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .assemble import example_queries, merge_fields, published_fields
from .config import BuildConfig
from .derive import Recipes, derive
from .errors import SourceError, UsageError
from .index import LIBRARY_FILE
from .library import PACK_NAME, Library, RowRecord, StoredImage
from .pictures import METADATA_FIELDS, PRIVATE_FIELDS
from .reader import open_site, verify_site
from .records import FieldSpec, Problem, Progress, Record, Value
from .report import BuildReport, Stopwatch
from .site import (
    ArrayEmbeddings,
    Attribution,
    SiteInput,
    SiteReport,
    SiteRow,
    SiteSettings,
    check_replaceable,
    image_ids,
    publish,
    row_order,
)
from .sources import Source, gather, load_sidecar
from .values import clean_fields

if TYPE_CHECKING:
    from .packs import ModelPack

PIXEL_FIELDS = (
    FieldSpec("width", "Width", "number", column=True, unit="px"),
    FieldSpec("height", "Height", "number", column=True, unit="px"),
)


@dataclass(frozen=True)
class _Image:
    """A usable picture of the collection, with its merged fields."""

    record: Record
    stored: StoredImage
    fields: Mapping[str, Value]

    @property
    def key(self) -> str:
        return self.record.key


def build(config: BuildConfig, progress: Progress = lambda step, done, total: None) -> BuildReport:
    """Bring the site in `config.output` up to date with the pictures.

    Raises:
        UsageError, SourceError, PackError, LibraryError, StorageError: nothing was published.
    """
    clock = Stopwatch()
    _check_places(config)
    check_replaceable(config.output)
    with clock("model"):
        pack = _load_model(config.model)
    with clock("gather"):
        source = _gather(config, progress)
        records = list(source.records())
    config.library_folder.mkdir(parents=True, exist_ok=True)
    with Library.open(config.library_folder / LIBRARY_FILE) as library:
        recipes = Recipes.of(config)
        derived = derive(records, library, recipes, pack, config, clock, progress)
        problems = [*source.problems, *derived.problems]
        if not derived.images:
            raise SourceError(
                f"None of the {len(records):,} pictures in {config.pictures} is usable.",
                f"The first: {problems[0].key}: {problems[0].reason}" if problems else None,
            )
        with clock("assemble"):
            images, fields, unfit = _assemble(source.fields, derived.images, config)
            problems += unfit
        if config.strict and problems:
            return _report(config, pack, clock, len(images), derived.count, problems, None)
        with clock("write"):
            site = _site_input(images, fields, library, recipes, pack, config)
            report = publish(
                site, config.output, verify=lambda p: verify_site(open_site(p)), progress=progress
            )
        with clock("library"):
            _remember(library, images, site, pack, records, config, recipes)
    problems += report.problems
    return _report(config, pack, clock, len(images), derived.count, problems, report)


def _check_places(config: BuildConfig) -> None:
    output, pictures = config.output.resolve(), config.pictures.resolve()
    if output == pictures or pictures.is_relative_to(output):
        raise UsageError(
            f"The output {config.output} would replace the pictures.", "Choose another: -o dist"
        )
    library = config.library_folder.resolve()
    if library == output or library.is_relative_to(output) or output.is_relative_to(library):
        raise UsageError(
            f"The library {config.library_folder} and the output {config.output} overlap.",
            "The site is replaced as a whole: keep the library beside it.",
        )


def _load_model(name: str) -> ModelPack | None:
    if name == "none":
        return None
    from .models import resolve

    return resolve(name)


def _gather(config: BuildConfig, progress: Progress) -> Source:
    sidecars = [load_sidecar(file) for file in config.metadata]
    exclude = [*config.exclude, config.output, config.library_folder]
    return gather(config.pictures, sidecars, exclude=exclude, limit=config.limit, progress=progress)


def _assemble(
    own: Sequence[FieldSpec], stored: Sequence[tuple[Record, StoredImage]], config: BuildConfig
) -> tuple[list[_Image], list[FieldSpec], list[Problem]]:
    """Merge what source and file say, in row order."""
    hidden = frozenset() if config.publish_location else PRIVATE_FIELDS
    merged = [
        {
            **merge_fields(record.fields, image.metadata, hidden),
            "width": image.width,
            "height": image.height,
        }
        for record, image in stored
    ]
    specs = published_fields(own, [*METADATA_FIELDS, *PIXEL_FIELDS], merged)
    problems: list[Problem] = []
    images = []
    for (record, image), fields in zip(stored, merged, strict=True):
        clean, unfit = clean_fields(record.key, fields, specs)
        problems += unfit
        images.append(_Image(record, image, clean))
    return [images[place] for place in row_order(images)], specs, problems


def _site_input(
    images: Sequence[_Image],
    fields: Sequence[FieldSpec],
    library: Library,
    recipes: Recipes,
    pack: ModelPack | None,
    config: BuildConfig,
) -> SiteInput:
    hashes = [image.stored.content_hash for image in images]
    ids = image_ids(hashes, [image.key for image in images])
    thumbnails = library.derivative_sizes(recipes.thumbnail.hash)
    views = library.derivative_sizes(recipes.view.hash) if recipes.view else {}
    rows = [
        SiteRow(
            image_id,
            image.key,
            image.stored.width,
            image.stored.height,
            thumbnails[image.stored.content_hash],
            image.stored.placeholder,
            image.fields,
            # A view no larger than the thumbnail would only cost bytes.
            views.get(image.stored.content_hash)
            if max(image.stored.width, image.stored.height) > config.thumbnail_size
            else None,
        )
        for image_id, image in zip(ids, images, strict=True)
    ]

    def view(row: int) -> bytes | None:
        if recipes.view is None or rows[row].view is None:
            return None
        return library.derivative(hashes[row], recipes.view.hash)

    def original(row: int) -> Path | bytes | None:
        from .pictures import strip_private

        path = images[row].record.path
        return path if config.publish_location else strip_private(path)

    return SiteInput(
        title=config.site_title,
        description=config.description,
        attribution=[Attribution(line) for line in config.attribution],
        rows=rows,
        fields=fields,
        thumbnail=lambda row: library.derivative(hashes[row], recipes.thumbnail.hash),
        view=view,
        original=original,
        embeddings=ArrayEmbeddings(library.embeddings(pack.encoder_hash, hashes)) if pack else None,
        pack=pack,
        settings=SiteSettings(
            thumbnail_size=config.thumbnail_size,
            view_size=config.view_size,
            originals=config.originals,
            examples=config.examples or example_queries(fields, [image.fields for image in images]),
        ),
    )


def _remember(
    library: Library,
    images: Sequence[_Image],
    site: SiteInput,
    pack: ModelPack | None,
    records: Sequence[Record],
    config: BuildConfig,
    recipes: Recipes,
) -> None:
    """Keep the rows of this build, so that the library is searched as the site is."""
    rows = [
        RowRecord(
            row.image_id, row.key, image.stored.content_hash, row.width, row.height, row.fields
        )
        for row, image in zip(site.rows, images, strict=True)
    ]
    with library.transaction():
        library.set_rows(rows, list(site.fields))
        library.set_meta("model", config.model)
        if pack is not None:
            library.set_meta(PACK_NAME + pack.encoder_hash, pack.id)
        library.set_meta("settings", _settings(config))
        library.set_meta("pictures", str(config.pictures.resolve()))
        library.set_meta("thumbnail_recipe", recipes.thumbnail.hash)
        library.prune(record.key for record in records)


def _settings(config: BuildConfig) -> str:
    """What `add` has to know to leave the next build nothing to do."""
    names = ("model", "thumbnail_size", "view_size")
    return json.dumps({name: getattr(config, name) for name in names})


def _report(
    config: BuildConfig,
    pack: ModelPack | None,
    clock: Stopwatch,
    count: int,
    derived: int,
    problems: Sequence[Problem],
    report: SiteReport | None,
) -> BuildReport:
    notes = []
    if pack is not None and not pack.manifest["licence"]["commercial"]:
        licence = pack.manifest["licence"]
        notes.append(
            f"The model {pack.name} is licensed {licence['id']}: {licence['note']} "
            "Choose another with --model."
        )
    return BuildReport(
        output=config.output,
        count=count,
        derived=derived,
        bytes=report.bytes if report else 0,
        files=report.files if report else 0,
        reused=report.reused if report else 0,
        published=report is not None,
        model=pack.id if pack else None,
        seconds=clock.seconds,
        total_seconds=clock.total,
        problems=list(problems),
        notes=notes,
    )
