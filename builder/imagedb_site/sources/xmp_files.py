"""Which XMP sidecars of a folder belong to which of its pictures.

`a.jpg.xmp` belongs to `a.jpg`, and `a.xmp` to every picture that is called `a` without its suffix. The letter
case of `.xmp` does not matter. That of the rest matters only if two names differ in nothing else.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from pathlib import Path
from unicodedata import normalize

from imagedb_site.keys import split_suffix
from imagedb_site.records import Problem
from imagedb_site.sources.entries import Entry

_SUFFIX = ".xmp"
_LONE = "an XMP sidecar without a picture"
_OUTSIDE = "a link to a file outside the collection"


class XmpFiles:
    """The XMP sidecars among the entries of `folder`, which lies in the collection `root`.

    Sidecars whose paths are in `excluded` are not used.
    `problems` has a reason for each sidecar that cannot be used: it belongs to no file, or it is a link that
    leaves the collection. A sidecar of a file that is not read (a camera raw file, a film) is not a problem.
    """

    def __init__(
        self,
        root: Path,
        folder: Path,
        entries: Iterable[Entry],
        excluded: Container[Path] = (),
    ) -> None:
        self.problems: list[Problem] = []
        """The keys are names of files in this folder."""
        self._files: dict[str, str] = {}
        self._folded: dict[str, str] = {}
        found = sorted(entry.name for entry in entries if _is_sidecar(entry))
        if not found:
            return
        others = {_fold(name) for name in _owners(entries)}
        for name in found:
            owner = name[: -len(_SUFFIX)]
            if folder / name in excluded:
                continue
            if (folder / name).is_symlink() and not _inside(root, folder / name):
                self.problems.append(Problem(name, _OUTSIDE))
            elif _fold(owner) not in others:
                self.problems.append(Problem(name, _LONE))
            else:
                self._files[owner] = name
                self._folded[_fold(owner)] = name

    def of(self, name: str) -> tuple[str, ...]:
        """Returns the sidecars of the picture `name`, the one for its name without suffix first."""
        if not self._files:
            return ()
        stem = split_suffix(name)[0]
        found = (self._files.get(one) or self._folded.get(_fold(one)) for one in (stem, name))
        return tuple(one for one in found if one)


def _is_sidecar(entry: Entry) -> bool:
    name = entry.name
    if name[-len(_SUFFIX) :].lower() != _SUFFIX or name.startswith("."):
        return False
    try:
        return entry.is_file()
    except OSError:
        return False


def _owners(entries: Iterable[Entry]) -> Iterator[str]:
    """Yields what the sidecars of the other files are called without `.xmp`."""
    for entry in entries:
        stem, suffix = split_suffix(entry.name)
        if suffix != _SUFFIX:
            yield from (stem, entry.name)


def _fold(name: str) -> str:
    return normalize("NFC", name).casefold()


def _inside(root: Path, path: Path) -> bool:
    try:
        return path.resolve().is_relative_to(root)
    except (OSError, RuntimeError):
        return False
