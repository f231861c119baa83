"""`add`: check a bundle, unpack it aside, decode every picture, then move all of it into the collection.

Killed at any moment, it leaves the collection as it was or whole: what is decoded goes into the library, the
captions are written before the pictures, and a second run resumes where the first one stopped.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from imagedb_site.add.bundle import Bundle, BundlePicture, open_bundle
from imagedb_site.add.names import free_name, safe_name
from imagedb_site.config import BuildConfig, load_config
from imagedb_site.derive import Recipes, derive
from imagedb_site.display import shown
from imagedb_site.durable import settle, settle_names
from imagedb_site.errors import SourceError, StorageError, UsageError
from imagedb_site.index import LIBRARY_FILE
from imagedb_site.keys import key_of, path_of
from imagedb_site.library import Library
from imagedb_site.locks import locked
from imagedb_site.picture_files import digest_picture
from imagedb_site.pictures import DETAILS_VERSION, DecodeError, Work, derive_all
from imagedb_site.records import FieldSpec, PictureRef, Problem, Progress, Record
from imagedb_site.site import storage_errors
from imagedb_site.sources import (
    PICTURE_SUFFIXES,
    Addition,
    Additions,
    load_additions,
    open_folder,
)
from imagedb_site.stopwatch import Stopwatch
from imagedb_site.temporary import TemporaryFolder, remove_abandoned

if TYPE_CHECKING:
    from imagedb_site.packs import ModelPack

INTO = "added"
_ASIDE = ".imagedb-add-"
_LOCK_FILE = ".imagedb-add.lock"

_Unpacked = tuple[BundlePicture, str, PictureRef]
"""A picture of the bundle, the key that it gets, and its file."""


@dataclass
class AddReport:
    """What became of the pictures of a bundle; paths are relative to the picture folder."""

    pictures: Path
    added: list[str] = field(default_factory=list)
    known: list[tuple[str, str]] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    taken_over: int = 0
    embedded: int = 0

    def to_json(self) -> dict[str, Any]:
        return {
            "pictures": str(self.pictures),
            "added": self.added,
            "known": [{"name": name, "path": path} for name, path in self.known],
            "updated": self.updated,
            "problems": [{"name": p.key, "reason": p.reason} for p in self.problems],
            "embeddings_taken_over": self.taken_over,
            "embeddings_made": self.embedded,
        }

    def lines(self) -> Iterator[str]:
        """The report as a person reads it."""
        for name, path in self.known:
            yield f"Already in the collection: {shown(name)} ({shown(path)})"
        for path in self.updated:
            yield f"New caption or tags: {shown(path)}"
        for problem in self.problems:
            yield f"Left out: {shown(problem.key)}: {shown(problem.reason)}"
        how = f", {self.taken_over:,} with the embeddings of the bundle" if self.taken_over else ""
        yield f"{len(self.added):,} pictures added to {shown(str(self.pictures))}{how}."
        if self.added or self.updated:
            yield "The next `imagedb-site build` publishes them."


def settings(config_file: Path | None, overrides: Mapping[str, Any]) -> BuildConfig:
    """The settings of the next build, as far as they are known.

    Without a configuration file and a picture folder, those of the last build are taken from its library.
    """
    given = {k: v for k, v in overrides.items() if v is not None}
    if config_file is not None:
        return load_config(config_file, given)
    config = load_config(None, {"pictures": Path(), **given})
    file = config.library_folder / LIBRARY_FILE
    stored: dict[str, Any] = {}
    folder = None
    if file.exists():
        with Library.open(file) as library:
            stored = json.loads(library.get_meta("settings") or "{}")
            folder = library.get_meta("pictures")
    if "pictures" not in given:
        if folder is None:
            raise UsageError(
                f"There is no library {config.library_folder} that knows the picture folder.",
                "Name it: imagedb-site add BUNDLE ~/Pictures",
            )
        given["pictures"] = Path(folder)
    names = ("model", "thumbnail_size", "view_size")
    return load_config(None, {**{k: stored[k] for k in names if k in stored}, **given})


def add(
    bundle: Path,
    config: BuildConfig,
    into: str = INTO,
    *,
    embed_again: bool = False,
    progress: Progress = lambda step, done, total: None,
) -> AddReport:
    """Takes the pictures of `bundle` into the folder `into` of the picture folder.

    What the collection has already is skipped; only its caption and tags are updated if it came
    from a bundle. Where the library exists the pictures are decoded into it, with the bundle's embeddings if
    the same encoder made them (and not `embed_again`), so that the next build has nothing left to do.

    Raises:
        SourceError, UsageError, LibraryError, StorageError: nothing was added.
    """
    root = config.pictures
    target = _target(config, into)
    report = AddReport(root)
    with open_bundle(bundle) as opened, _alone(root):
        additions = load_additions(root)
        found = _at_hand(root, opened, config, progress)
        fresh: list[tuple[BundlePicture, str]] = []
        taken = _names(target)
        for picture in opened.pictures:
            if picture.sha256 in found:
                _known(picture, found[picture.sha256], additions, report)
                continue
            key = _key(picture, root, target, additions, taken)
            if key is None:
                reason = "pictures of this format cannot be read"
                report.problems.append(Problem(picture.name, reason))
            else:
                fresh.append((picture, key))
        if fresh or report.updated:
            _take_in(opened, fresh, additions, config, embed_again, report, progress)
    return report


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Refuses a second `add`, which would write over the captions of the first."""
    busy = StorageError(
        f"Another `imagedb-site add` is writing to {root}.", "Wait for it to end, then add again."
    )
    with ExitStack() as held:
        # Nothing can be added to a folder that cannot be written to, but it can be asked what it has.
        with suppress(OSError):
            held.enter_context(locked(root / _LOCK_FILE, busy))
        # Also if there is nothing to add: the one before may have been killed when all was done.
        remove_abandoned(_ASIDE, root)
        yield


def _target(config: BuildConfig, into: str) -> Path:
    root = config.pictures.resolve()
    if not root.is_dir():
        raise SourceError(f"There is no folder {config.pictures}.", "Name the picture folder.")
    target = (root / into).resolve()
    if not target.is_relative_to(root):
        raise UsageError(
            f"{into} is outside the picture folder {config.pictures}.",
            "Give a folder in it: --into added",
        )
    hidden = any(part.startswith(".") for part in target.relative_to(root).parts)
    closed = [config.output, config.library_folder, *config.exclude]
    if hidden or any(target.is_relative_to(path.resolve()) for path in closed):
        raise UsageError(f"Builds skip the folder {into}.", "Choose another folder: --into added")
    if target.exists() and not target.is_dir():
        raise UsageError(f"{into} is a file.", "Choose another folder: --into added")
    return target


def _at_hand(root: Path, bundle: Bundle, config: BuildConfig, progress: Progress) -> dict[str, str]:
    """The pictures of the bundle that the collection has: content hash to key."""
    wanted = {picture.sha256 for picture in bundle.pictures}
    sizes = {picture.size for picture in bundle.pictures}
    exclude = [*config.exclude, config.output, config.library_folder]
    files = [
        (record.key, record.picture)
        for record in open_folder(root, exclude=exclude)
        if record.picture is not None and record.picture.size in sizes
    ]
    found: dict[str, str] = {}
    for done, (key, picture) in enumerate(files, 1):
        try:
            digest = digest_picture(picture)
        except OSError:
            continue
        if digest in wanted:
            found.setdefault(digest, key)
        progress("look for known pictures", done, len(files))
    return found


def _known(picture: BundlePicture, key: str, additions: Additions, report: AddReport) -> None:
    own = additions.pictures.get(key)
    if own is None or own.fields == dict(picture.fields):
        report.known.append((picture.name, key))
        return
    own.fields = dict(picture.fields)
    report.updated.append(key)


def _names(target: Path) -> set[str]:
    return {path.name.lower() for path in target.iterdir()} if target.is_dir() else set()


def _key(
    picture: BundlePicture, root: Path, target: Path, additions: Additions, taken: set[str]
) -> str | None:
    """The path a picture gets, relative to the picture folder; None if no build would read it."""
    name = safe_name(picture.name, picture.suffix, PICTURE_SUFFIXES)
    if "." + name.rpartition(".")[2].lower() not in PICTURE_SUFFIXES:
        return None
    folder = key_of(target.relative_to(root.resolve()).as_posix())
    for key, addition in additions.pictures.items():
        # A run that was cut short wrote the captions, but not the pictures.
        here = key.rpartition("/")[0] == ("" if folder == "." else folder)
        if here and addition.sha256 == picture.sha256 and not (root / path_of(key)).exists():
            taken.add(key.rpartition("/")[2].lower())
            return key
    name = free_name(name, picture.sha256[:8], taken)
    taken.add(name.lower())
    return name if folder == "." else f"{folder}/{name}"


def _take_in(
    bundle: Bundle,
    fresh: Sequence[tuple[BundlePicture, str]],
    additions: Additions,
    config: BuildConfig,
    embed_again: bool,
    report: AddReport,
    progress: Progress,
) -> None:
    root = config.pictures
    with storage_errors(root), TemporaryFolder(_ASIDE, root) as name:
        aside = Path(name)
        files = _unpack(bundle, fresh, aside, progress)
        usable = _decode(bundle, files, config, embed_again, report, progress)
        for picture, key, _ in usable:
            _forget(additions, picture.sha256)
            additions.pictures[key] = Addition(picture.sha256, dict(picture.fields))
        additions.fields = _merged(additions.fields, bundle.fields)
        # On the disk in this order: the pictures aside, their captions, their names in the collection.
        settle(aside)
        additions.write(root, aside)
        for _, key, file in usable:
            final = root / path_of(key)
            final.parent.mkdir(parents=True, exist_ok=True)
            file.path.replace(final)
            report.added.append(key)
        for folder in sorted({(root / path_of(key)).parent for _, key, _ in usable}):
            while folder != root:
                settle_names(folder)
                folder = folder.parent
        settle_names(root)


def _unpack(
    bundle: Bundle, fresh: Sequence[tuple[BundlePicture, str]], aside: Path, progress: Progress
) -> list[_Unpacked]:
    files = []
    for number, (picture, key) in enumerate(fresh):
        path = aside / f"{number}.{key.rpartition('.')[2]}"
        with path.open("wb") as target:
            bundle.extract(picture, target)
        status = path.stat()
        files.append((picture, key, PictureRef(path, status.st_mtime_ns, status.st_size)))
        progress("unpack", number + 1, len(fresh))
    return files


def _decode(
    bundle: Bundle,
    files: Sequence[_Unpacked],
    config: BuildConfig,
    embed_again: bool,
    report: AddReport,
    progress: Progress,
) -> list[_Unpacked]:
    """The pictures that can be decoded; what is derived from them is kept if there is a library."""
    library_file = config.library_folder / LIBRARY_FILE
    if not library_file.exists():
        works = [Work(key, file, (), input=False) for _, key, file in files]
        good = set()
        for done, (work, result) in enumerate(derive_all(works, workers=config.workers), 1):
            if isinstance(result, DecodeError):
                report.problems.append(Problem(work.picture.path.name, str(result)))
            else:
                good.add(work.key)
            progress("derive", done, len(works))
        report.problems.sort(key=lambda problem: problem.key)
        return _named(files, good, report)
    pack = _pack(config.model)
    same = pack is not None and (bundle.encoder_hash, bundle.dim) == (pack.encoder_hash, pack.dim)
    take_over = same and not embed_again
    trusted = [take_over and picture.embedding is not None for picture, *_ in files]
    good = set()
    with Library.open(library_file) as library:
        for own, model in ((True, None), (False, pack)):
            part = [one for one, keep in zip(files, trusted, strict=True) if keep == own]
            clock, recipes = Stopwatch(), Recipes.of(config)
            only = [Record(key, picture=file) for _, key, file in part]
            with library.stage(only, details=DETAILS_VERSION) as stage:
                derive(stage, library, recipes, model, config, clock, progress)
                report.problems += stage.problems()
                known = ((record.key, stage.content_hash(record.key)) for record in only)
                hashes = {key: content_hash for key, content_hash in known if content_hash}
            good |= set(hashes)
            mine = [(hashes[key], p.embedding) for p, key, _ in part if own and key in hashes]
            if mine and pack is not None:
                vectors = np.stack([vector for _, vector in mine if vector is not None])
                library.put_embeddings(pack.encoder_hash, [h for h, _ in mine], vectors)
            report.taken_over += len(mine)
            report.embedded += 0 if own or model is None else len(hashes)
    return _named(files, good, report)


def _named(files: Sequence[_Unpacked], good: set[str], report: AddReport) -> list[_Unpacked]:
    """The usable ones; problems are reported with the names of the pictures in the bundle."""
    names = {key: picture.name for picture, key, _ in files}
    names |= {file.path.name: picture.name for picture, _, file in files}
    report.problems = [replace(p, key=names.get(p.key, p.key)) for p in report.problems]
    return [one for one in files if one[1] in good]


def _pack(name: str) -> ModelPack | None:
    if name == "none":
        return None
    from imagedb_site.models import resolve

    return resolve(name)


def _forget(additions: Additions, sha256: str) -> None:
    for key in [key for key, one in additions.pictures.items() if one.sha256 == sha256]:
        del additions.pictures[key]


def _merged(one: Sequence[FieldSpec], other: Sequence[FieldSpec]) -> list[FieldSpec]:
    specs = {spec.name: spec for spec in one}
    for spec in other:
        known = specs.setdefault(spec.name, spec)
        if known.type != spec.type:
            raise SourceError(
                f"The bundle's field {spec.name} is {spec.type}, but {known.type} in an earlier bundle.",
                "Rename it in imagedb-additions.json.",
            )
    return list(specs.values())
