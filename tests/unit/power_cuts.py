"""A disk that forgets: what is left of a folder if the power fails at any moment.

`recorded` notes what a block does to the files below a folder. `cuts` replays that and gives, for every
moment, the states in which a power cut may leave the disk: what was waited for is there, everything later may
be or not.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from imagedb_site import durable

swapping = importlib.import_module("imagedb_site.site.swap")

Event = tuple[str, str, str]
Folder = dict[str, Any]
"""The names in a folder: each is a `Folder` or a `File`."""
_KINDS = {
    "os.rename": "rename",
    "os.link": "link",
    "os.mkdir": "folder",
    "os.remove": "remove",
    "os.rmdir": "remove",
    "shutil.rmtree": "remove",
}
_log: tuple[str, list[Event]] | None = None


class File:
    """A file that was there before, or was written; `stored` once its content is on the disk."""

    def __init__(self, *, stored: bool) -> None:
        self.stored = stored


def _audit(name: str, arguments: tuple[Any, ...]) -> None:
    if _log is None:
        return
    kind = _KINDS.get(name, "")
    if name == "open" and isinstance(arguments[2], int):
        kind = "write" if arguments[2] & (os.O_WRONLY | os.O_RDWR) else ""
    # What is removed inside a folder by `rmtree` has no path of its own here; the folder has.
    if kind and str(arguments[0]).startswith(_log[0]):
        other = str(arguments[1]) if kind in ("rename", "link") else ""
        _log[1].append((kind, str(arguments[0]), other))


sys.addaudithook(_audit)


@contextmanager
def recorded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Event]]:
    """The events below `folder` in their order: writes, renames, links, removals, exchanges, waits."""
    global _log
    log: list[Event] = []

    def after(kind: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def called(one: Path, *others: Any, **named: Any) -> Any:
            done = function(one, *others, **named)
            if done is not False:
                log.append((kind, str(one), str(others[0]) if others else ""))
            return done

        return called

    with monkeypatch.context() as patch:
        patch.setattr(swapping, "exchange", after("exchange", swapping.exchange))
        for name, kind in (("_settle_file_system", "settle all"), ("_settle", "settle")):
            patch.setattr(durable, name, after(kind, getattr(durable, name)))
        _log = (str(folder), log)
        try:
            yield log
        finally:
            _log = None


def read(folder: Path) -> Folder:
    """A folder as it is now, with all contents on the disk."""
    return {
        entry.name: read(entry) if entry.is_dir() else File(stored=True)
        for entry in folder.iterdir()
    }


def files(folder: Folder | None, prefix: str = "") -> dict[str, File]:
    """The files of a folder by path."""
    found = {}
    for name, entry in (folder or {}).items():
        if isinstance(entry, File):
            found[prefix + name] = entry
        else:
            found |= files(entry, f"{prefix}{name}/")
    return found


def cuts(root: Path, before: Folder, events: Sequence[Event]) -> Iterator[tuple[bool, Folder]]:
    """Yields every state that a power cut may leave, and whether it comes after the last event.

    The changes of names that nobody waited for may all be stored or none, one of them may be missing, or
    only one may be there.
    """
    disk, now = _copy(before), _copy(before)
    changes: list[Change] = []
    for event in [*events, ("end", "", "")]:
        kind, path, _ = event
        if kind in ("write", "folder", "link"):
            _note(root, now, changes, event)
            continue
        for state in _states(root, disk, changes):
            yield kind == "end", state
        if kind == "settle all":
            for change in changes:
                _apply(root, disk, change)
            changes = []
            for file in files(now).values():
                file.stored = True
        elif kind == "settle":
            found = _find(root, now, path)
            if isinstance(found, File):
                found.stored = True
            for change in changes:
                change.sure |= path in change.parents
        elif kind != "end":
            _note(root, now, changes, event)


@dataclass
class Change:
    """A change of names; `sure` once it is on the disk."""

    kind: str
    path: str
    other: str
    node: File | Folder | None
    sure: bool = False

    @property
    def parents(self) -> set[str]:
        return {str(Path(path).parent) for path in (self.path, self.other) if path}


def _note(root: Path, now: Folder, changes: list[Change], event: Event) -> None:
    kind, path, other = event
    known = _find(root, now, path)
    if kind == "write" and isinstance(known, File):
        known.stored = False
        return
    new = {"write": File(stored=False), "folder": {}, "link": known, "rename": known}
    change = Change(kind, path, other, new.get(kind))
    _apply(root, now, change)
    changes.append(change)


def _states(root: Path, disk: Folder, changes: Sequence[Change]) -> Iterator[Folder]:
    unsure = [change for change in changes if not change.sure]
    some_of_them = unsure[:: 1 + len(unsure) // 30]
    chosen = [unsure, [], *([one] for one in some_of_them)]
    chosen += [[other for other in unsure if other is not one] for one in some_of_them]
    for present in chosen:
        state = _copy(disk)
        for change in changes:
            if change.sure or any(change is one for one in present):
                _apply(root, state, change)
        yield state


def _copy(folder: Folder) -> Folder:
    return {n: _copy(e) if isinstance(e, dict) else e for n, e in folder.items()}


def _split(root: Path, tree: Folder, path: str) -> tuple[Folder | None, str]:
    """The folder that holds `path`, None if it is missing, and the last name."""
    *parts, name = Path(path).relative_to(root).parts or ("",)
    folder: Any = tree
    for part in parts:
        folder = folder.get(part) if isinstance(folder, dict) else None
    return folder, name


def _find(root: Path, tree: Folder, path: str) -> File | Folder | None:
    folder, name = _split(root, tree, path)
    return tree if not name else (folder or {}).get(name)


def _apply(root: Path, tree: Folder, change: Change) -> None:
    """Changes names as the system does; what cannot be, because something is missing, is left out."""
    folder, name = _split(root, tree, change.path)
    if folder is None:
        return
    if change.kind in ("write", "folder"):
        node = change.node
        folder.setdefault(name, _copy(node) if isinstance(node, dict) else node)
    elif change.kind == "remove":
        folder.pop(name, None)
    else:
        target, second = _split(root, tree, change.other)
        if target is None:
            return
        if change.kind == "link" or (change.kind == "rename" and isinstance(change.node, File)):
            # The name is stored with the file that it means, whatever became of the earlier name.
            target[second] = change.node
            if change.kind == "rename":
                folder.pop(name, None)
        elif name not in folder:
            return
        elif change.kind == "rename" and not isinstance(target.get(second), dict):
            target[second] = folder.pop(name)
        elif change.kind == "exchange" and second in target:
            folder[name], target[second] = target[second], folder[name]
