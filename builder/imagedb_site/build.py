"""The build: gather, hold the places it writes to, and attempt it until library and pictures are sound."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from .config import BuildConfig
from .errors import DamagedLibraryError, LibraryError, SourceError, UsageError
from .fetched_pictures import fetched, list_bucket
from .given_embeddings import GivenEmbeddings
from .index import LIBRARY_FILE
from .library import Library, Repair
from .library.repair import repair, start_again
from .locks import locked
from .mapping import check_installed
from .pictures import DETAILS_VERSION
from .records import Progress
from .report import BuildReport
from .site import check_replaceable, clear_site, storage_errors, workspace
from .site_build import Job, PicturesChangedError, SiteBuild
from .sources import Mirror, Source, gather, load_sidecar, open_kind
from .stopwatch import Stopwatch, Trace
from .unchanged import find_unchanged, inputs_of, remember

if TYPE_CHECKING:
    from .packs import ModelPack

_LOCK_FILE = "build.lock"
_CHANGES = 2
"""How often a build starts again because pictures have changed."""


def build(
    config: BuildConfig,
    progress: Progress = lambda step, done, total: None,
    trace: Path | None = None,
) -> BuildReport:
    """Brings the site in `config.output` up to date with the pictures.

    `trace` is a new file that shows when each process did what (Chrome's JSON format, for Perfetto).

    Raises:
        UsageError, SourceError, PackError, LibraryError, StorageError: nothing was published.
    """
    if trace is None:
        return _build(config, progress, Stopwatch())
    with Trace(trace) as lanes:
        return _build(config, progress, Stopwatch(lanes))


def _build(config: BuildConfig, progress: Progress, clock: Stopwatch) -> BuildReport:
    check_places(config)
    check_replaceable(config.output)
    if config.map:
        check_installed()
    with clock("model"):
        pack = _load_model(config.model)
        given = None
        if config.embeddings is not None and pack is not None:
            given = GivenEmbeddings(config.embeddings, pack)
    file = config.library_folder / LIBRARY_FILE
    with clock("compare"):
        inputs = inputs_of(config, pack)
        known = inputs and _unchanged(config, inputs, file, clock, progress)
    if known:
        return known
    with clock("gather"):
        mirror = list_bucket(config)
    with ExitStack() as held:
        if mirror is not None:
            held.enter_context(_alone(config.library_folder))
        with clock("gather"):
            pictures = held.enter_context(fetched(mirror, config, progress))
            source = gather_source(config, progress, mirror)
        # Both are held from here on: hours of work must not end at a folder that cannot be written to.
        aside = held.enter_context(workspace(config.output))
        if mirror is None:
            held.enter_context(_alone(config.library_folder))
        job = Job(
            config, aside, pack, clock, progress, _empty_library(file), inputs, pictures, given
        )
        return _mended(job, source, file)


def _unchanged(
    config: BuildConfig, inputs: str, file: Path, clock: Stopwatch, progress: Progress
) -> BuildReport | None:
    """The report of a build that has nothing to do; None if it has to run."""
    if not file.is_file() or not file.stat().st_size:
        return None
    with workspace(config.output), _alone(config.library_folder):
        progress("compare", 0, 1)
        try:
            with Library.open(file) as library:
                return find_unchanged(library, config, inputs, clock)
        except LibraryError:
            # The build meets the damage again, and repairs it.
            return None
        finally:
            progress("compare", 1, 1)


def _mended(job: Job, source: Source, file: Path) -> BuildReport:
    """Builds, and again if the library had to be repaired or pictures have changed."""
    config, clock = job.config, job.clock
    if config.repair and not job.notes and file.exists():
        with clock("repair the library"):
            repair(file)
    mends, changes = [repair, start_again], _CHANGES
    while True:
        try:
            return _run(job, source, file)
        except DamagedLibraryError as error:
            # First what is intact is kept, then nothing.
            if not mends:
                raise
            with clock("repair the library"):
                mends.pop(0)(file, error.reason)
        except PicturesChangedError:
            if not changes:
                raise
            changes -= 1
            with clock("gather"):
                source = gather_source(config, job.progress)


def _run(job: Job, source: Source, file: Path) -> BuildReport:
    # An attempt that was given up may have left files.
    clear_site(job.aside)
    with Library.open(file) as library:
        # Notes of a repair are about one build.
        sound = not job.notes and library.lost() == Repair()
        with job.clock("gather"):
            stage = library.stage(
                source.records(), details=DETAILS_VERSION, rehash=job.config.rehash
            )
        job.clock.add("gather", items=len(stage))
        with stage:
            report = SiteBuild(job, library, stage).run(source)
        if job.inputs and report.published and sound:
            with job.clock("compare"):
                remember(library, job.config, job.inputs, report)
        return report


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Makes the library's folder, and refuses a second build with this library."""
    busy = LibraryError(
        f"Another build is using the library {folder}.", "Wait for it to end, then build again."
    )
    with ExitStack() as held:
        with storage_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            held.enter_context(locked(folder / _LOCK_FILE, busy))
        yield


def _empty_library(file: Path) -> list[str]:
    """A note if the library is a file without content. A new one has none before anything is stored."""
    if not file.is_file() or file.stat().st_size:
        return []
    return [f"The library {file} was empty: all pictures were processed, as for a first build."]


def check_places(config: BuildConfig) -> None:
    """Raise UsageError if the output would replace the pictures or the library."""
    output, pictures = config.output.resolve(), config.pictures.resolve()
    if output == pictures or pictures.is_relative_to(output):
        raise UsageError(
            f"The output {config.output} would replace the pictures.",
            "Choose another folder, for example: -o dist",
        )
    library = config.library_folder.resolve()
    if library == output or library.is_relative_to(output) or output.is_relative_to(library):
        raise UsageError(
            f"The library {config.library_folder} and the output {config.output} overlap.",
            "Each build replaces the whole output: keep the library beside it.",
        )


def _load_model(name: str) -> ModelPack | None:
    if name == "none":
        return None
    from .models import resolve

    return resolve(name)


def gather_source(config: BuildConfig, progress: Progress, mirror: Mirror | None = None) -> Source:
    """Returns the collection that the settings describe; `mirror` lists it if it is in a bucket.

    Raises SourceError.
    """
    if mirror is None:
        return _gather_source(config, progress)
    try:
        return _gather_source(config, progress, mirror)
    except SourceError as error:
        # People know the address in the bucket, not the folder that stands for it.
        message = str(error).replace(str(config.pictures), str(mirror))
        raise SourceError(message, error.hint) from error


def _gather_source(config: BuildConfig, progress: Progress, mirror: Mirror | None = None) -> Source:
    exclude = [*config.exclude, config.output, config.library_folder]
    if config.source != "folder":
        return open_kind(
            config.source,
            config.pictures,
            key=config.key,
            exclude=exclude,
            limit=config.limit,
            progress=progress,
            mirror=mirror,
        )
    sidecars = [load_sidecar(file) for file in config.metadata]
    return gather(
        config.pictures,
        sidecars,
        exclude=exclude,
        limit=config.limit,
        progress=progress,
        scan=None if mirror is None else mirror.scan,
    )
