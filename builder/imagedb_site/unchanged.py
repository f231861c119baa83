"""A build of records that has nothing to do: data, settings and program are those of the last one.

Reading two million rows, laying them out and comparing every file with the site takes minutes, even if the
result is known. So a build of a data set remembers what it was made from, and the digest of the site that
came out. If both are the same again, the site is left as it is. A folder of pictures has rules of its own
(`library/stage.py`), because each picture is looked at.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .config import BuildConfig
from .derive import Recipes, decoder_version
from .layout import OWN_NAMES
from .library import Library, Repair
from .records import Problem
from .report import BuildReport
from .site.assets import template_folder
from .sources.kinds import place_of
from .stopwatch import Stopwatch

if TYPE_CHECKING:
    from .packs import ModelPack

_META = "unchanged"
_WITHOUT_EFFECT = frozenset(
    {
        *(
            "batch_size",
            "device",
            "workers",
            "rehash",
            "retry_failed",
            "repair",
            "compact",
            "strict",
        ),
        *("engine", "address", "actors", "actor_cpus", "actor_gpus", "part_size"),
    }
)
_AGAIN = ("rehash", "retry_failed", "repair", "compact")
"""Settings that ask for work although nothing has changed."""
_SETTLED_NS = 2_000_000_000
"""FAT keeps times to two seconds: a second change within this time can leave the same time."""
_PACKAGE = Path(__file__).parent


def inputs_of(config: BuildConfig, pack: ModelPack | None) -> str | None:
    """Returns the digest of all that decides what a build makes; None if it cannot be said.

    Files count as the same if path, size, times and inode are the same. A file that has just been changed
    could change again without any difference.
    """
    if config.source == "folder" or config.bucket is not None:
        return None
    before = time.time_ns() - _SETTLED_NS
    parts: list[object] = [sys.version, decoder_version(Recipes.of(config))]
    parts.append(None if pack is None else pack.manifest)
    parts += [
        [one.name, str(getattr(config, one.name))]
        for one in fields(config)
        if one.name not in _WITHOUT_EFFECT
    ]
    skipped = {config.output.resolve(), config.library_folder.resolve()}
    try:
        sources = _files(place_of(config.source, config.pictures.resolve()), skipped)
        own = [config.logo, config.embeddings]
        if config.cover and Path(config.cover).is_file():
            own.append(Path(config.cover))
        for path in (*sources, *(one.resolve() for one in own if one)):
            status = path.stat()
            if max(status.st_mtime_ns, status.st_ctime_ns) > before:
                return None
            times = (status.st_mtime_ns, status.st_ctime_ns)
            parts.append([os.fspath(path), status.st_size, *times, status.st_ino])
        for folder in (_PACKAGE, template_folder()):
            for path in _files(folder, set()):
                if path.suffix != ".pyc":
                    status = path.stat()
                    parts.append([os.fspath(path), status.st_size, status.st_mtime_ns])
    except OSError:
        # Whatever cannot be read is reported by the build.
        return None
    return hashlib.sha256(json.dumps(parts).encode("utf-8", "surrogatepass")).hexdigest()


def site_digest(folder: Path) -> str:
    """Returns the digest of the names and the contents of a site's own files. Raises OSError."""
    digest = hashlib.sha256()
    for name in sorted(OWN_NAMES):
        for path in _files(folder / name, set()):
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").hexdigest()
            line = f"{path.relative_to(folder).as_posix()} {content}\n"
            digest.update(line.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def find_unchanged(
    library: Library, config: BuildConfig, inputs: str, clock: Stopwatch
) -> BuildReport | None:
    """Returns the report of a build that has nothing to do, or None if there may be something."""
    if any(getattr(config, name) for name in _AGAIN):
        return None
    stored = library.get_meta(_META)
    known = json.loads(stored) if stored else None
    if known is None or known["inputs"] != inputs or library.lost() != Repair():
        return None
    if config.strict and (known["report"]["problems"] or known["report"]["damaged"]):
        return None
    try:
        if site_digest(config.output) != known["site"]:
            return None
    except OSError:
        return None
    return _report(config, known["report"], clock)


def remember(library: Library, config: BuildConfig, inputs: str, report: BuildReport) -> None:
    """Notes what the site was made from."""
    known = {"inputs": inputs, "site": site_digest(config.output), "report": report.to_json()}
    library.set_meta(_META, json.dumps(known))


def _report(config: BuildConfig, known: dict[str, Any], clock: Stopwatch) -> BuildReport:
    return BuildReport(
        output=config.output,
        count=known["count"],
        pictures=known["pictures"],
        derived=0,
        bytes=known["bytes"],
        files=known["files"],
        reused=known["files"],
        published=True,
        added=0,
        removed=0,
        compacted=False,
        model=known["model"],
        seconds=clock.seconds,
        steps=clock.steps,
        total_seconds=clock.total,
        problems=[Problem(one["path"], one["reason"]) for one in known["problems"]],
        damaged=[Problem(one["path"], one["reason"]) for one in known["damaged"]],
        notes=known["notes"],
        hidden=known["hidden"],
    )


def _files(path: Path, skipped: set[Path]) -> Iterator[Path]:
    """Yields a file, or the files below a folder, in a stable order."""
    if not path.is_dir():
        if path.exists():
            yield path
        return
    for folder, folders, names in os.walk(path, onerror=_raise):
        folders[:] = sorted(one for one in folders if Path(folder, one) not in skipped)
        for name in sorted(names):
            yield Path(folder, name)


def _raise(error: OSError) -> None:
    raise error
