"""A folder of pictures, walked in natural order without ever leaving it."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from imagedb_site.errors import SourceError
from imagedb_site.keys import key_of, split_suffix
from imagedb_site.records import INODE_BITS, FieldSpec, PictureRef, Problem, Record, Value
from imagedb_site.sources.entries import Entry, Scan, Status
from imagedb_site.sources.xmp_files import XmpFiles
from imagedb_site.text import natural_key

_SUFFIXES = """
apng avif avifs blp bmp bw cur dcx dds dib fit fits flc fli ftc ftu gif heic heics heif heifs hif icb
icns ico im j2c j2k jfif jp2 jpc jpe jpeg jpf jpg jpx mpo msp p7 pam pbm pcx pfm pgm png pnm ppm
psd qoi ras rgb rgba sgi svg svgz tga tif tiff vda vst webp xbm xpm
"""
PICTURE_SUFFIXES = frozenset("." + suffix for suffix in _SUFFIXES.split())
"""File-name suffixes, lower case, of the formats that can be read.

Left out on purpose: EPS, PostScript and PDF (they need an interpreter), WMF and EMF (they need Windows),
video, and scientific containers that are rarely pictures (HDF5, GRIB, BUFR).
"""

_RAW = "3fr arw cr2 cr3 dng erf iiq mef mrw nef nrw orf pef raf rw2 rwl sr2 srf srw x3f"
_OTHER = "djvu emf eps exr hdr jxl jxr pict wdp wmf xcf"
UNREADABLE = {
    **{"." + suffix: "a camera raw file; export it as JPEG" for suffix in _RAW.split()},
    **{"." + suffix: "pictures of this format cannot be read" for suffix in _OTHER.split()},
}
"""Suffixes of pictures that cannot be read, with the reason to report: no picture is skipped silently."""

_SKIPPED_FOLDERS = frozenset({"__macosx", "@eadir", "$recycle.bin", "system volume information"})
_CLASS_PREFIX = re.compile(r"\d{3}\.(.+)")

NAME = FieldSpec("name", "Name", "text")
FILE = FieldSpec("file", "File", "text", fts=True)
"""The whole path, so that full text finds a picture by its name with or without suffix and folder."""
FOLDER = FieldSpec("folder", "Folder", "category", facet=True, column=True, separator="/")
LABEL = FieldSpec("label", "Label", "category", fts=True, facet=True, column=True)


def open_folder(
    root: Path,
    *,
    exclude: Sequence[Path] = (),
    limit: int | None = None,
    problem: Callable[[Problem], None] | None = None,
    scan: Scan | None = None,
) -> Iterator[Record]:
    """Yields a `Record` for every picture file below `root`, in natural order of the paths.

    Any file name will do: `imagedb_site.keys` says how a name that is not text is written in a key.
    Hidden files and folders are skipped, and so is everything below a path in `exclude` (the site being
    built may lie inside the collection). A link to a file is followed if its target lies inside `root`; a
    link to a folder is not, because the pictures are found in the folder itself. `problem` is called for
    each file or folder that cannot be used. `scan` lists folders that are not on this machine; `root` does
    not have to exist then.

    Raises `SourceError` if `root` is not a folder that can be read.
    """
    excluded = frozenset(path.resolve() for path in exclude)
    real = root.resolve()
    if scan is None:
        _check_folder(root, real)
    walk = _Walk(real, excluded, problem or (lambda _: None), scan or _scan)
    yield from islice(walk.records(), limit)


def _check_folder(root: Path, real: Path) -> None:
    if not root.exists():
        raise SourceError(f"There is no folder {root}.", "Check the path for typing errors.")
    if not root.is_dir():
        raise SourceError(f"{root} is not a folder.", "Give the folder that holds the pictures.")
    try:
        os.scandir(real).close()
    except OSError as error:
        raise SourceError(f"The folder {root} cannot be read: {error.strerror}.") from error


def _scan(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as found:
        return list(found)


class _Walk:
    """One walk through a folder. Folders wait on a list, so that they may be nested to any depth."""

    def __init__(
        self,
        root: Path,
        excluded: frozenset[Path],
        report: Callable[[Problem], None],
        scan: Scan,
    ) -> None:
        self._scan = scan
        self._root = root
        self._excluded = excluded
        self._report = report

    def records(self) -> Iterator[Record]:
        """Yields the records of the pictures in natural order of their paths."""
        waiting = [self._folder(self._root, "")]
        while waiting:
            folder = waiting[-1]
            entry = folder.next()
            if entry is None:
                waiting.pop()
                continue
            key = folder.prefix + key_of(entry.name)
            try:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name.casefold() not in _SKIPPED_FOLDERS:
                        place = folder.path / entry.name
                        waiting.append(self._folder(place, key + "/"))
                    continue
                record = self._file(folder, entry, key)
            except OSError as error:
                self._report(Problem(key, f"the file cannot be read: {_why(error)}"))
                continue
            if record is not None:
                yield record

    def _folder(self, path: Path, prefix: str) -> _Folder:
        return _Folder(self._root, path, prefix, self._excluded, self._report, self._scan)

    def _file(self, folder: _Folder, entry: Entry, key: str) -> Record | None:
        """Returns the record of a file if it is a picture that can be used."""
        stem, suffix = split_suffix(entry.name)
        if suffix in PICTURE_SUFFIXES:
            record = _record(self._root, entry, key, self._report)
            return record and replace(record, xmp=folder.sidecars.of(entry.name))
        if suffix in UNREADABLE and entry.is_file():
            # A raw file next to its JPEG needs no report: the picture is in the collection.
            if stem not in folder.readable:
                self._report(Problem(key, UNREADABLE[suffix]))
            return None
        is_link = entry.is_symlink() and entry.is_dir()
        if is_link and not _inside(self._root, folder.path / entry.name):
            self._report(Problem(key, "a link to a folder outside the collection"))
        return None


class _Folder:
    """The entries of a folder that are still to be looked at. `prefix` is its key with a final "/"."""

    def __init__(
        self,
        root: Path,
        path: Path,
        prefix: str,
        excluded: frozenset[Path],
        report: Callable[[Problem], None],
        scan: Scan,
    ) -> None:
        self.path = path
        self.prefix = prefix
        self._excluded = excluded
        # From last to first, so that each entry is dropped when it is done: one that has been looked at
        # holds its status.
        self._entries: list[Entry] = []
        try:
            self._entries = sorted(
                scan(path), key=lambda entry: (natural_key(entry.name), entry.name), reverse=True
            )
        except OSError as error:
            report(Problem(prefix or ".", f"the folder cannot be read: {_why(error)}"))
        self.readable = _readable_stems(self._entries)
        self.sidecars = XmpFiles(root, path, self._entries, excluded)
        for lone in self.sidecars.problems:
            report(Problem(prefix + key_of(lone.key), lone.reason))

    def next(self) -> Entry | None:
        """Returns the next entry that is neither hidden nor excluded; None after the last one."""
        while self._entries:
            entry = self._entries.pop()
            hidden = entry.name.startswith(".")
            if not hidden and not (self._excluded and self.path / entry.name in self._excluded):
                return entry
        return None


def _readable_stems(entries: Iterable[Entry]) -> set[str]:
    """Returns the names without suffix of the pictures in a folder that has pictures that cannot be read."""
    split = [split_suffix(entry.name) for entry in entries]
    if not any(suffix in UNREADABLE for _, suffix in split):
        return set()
    return {stem for stem, suffix in split if suffix in PICTURE_SUFFIXES}


def _record(root: Path, entry: Entry, key: str, report: Callable[[Problem], None]) -> Record | None:
    path = Path(entry.path)
    if entry.is_symlink():
        if not path.exists():
            report(Problem(key, "a broken link"))
            return None
        if not _inside(root, path):
            report(Problem(key, "a link to a file outside the collection"))
            return None
    # On Windows the status of a directory entry has no inode.
    on_disk = isinstance(entry, os.DirEntry)
    status: Status = path.stat() if os.name == "nt" and on_disk else entry.stat()
    if not stat.S_ISREG(status.st_mode):
        if not stat.S_ISDIR(status.st_mode):
            report(Problem(key, "not a regular file"))
        return None
    picture = PictureRef(
        path,
        status.st_mtime_ns,
        status.st_size,
        ctime_ns=status.st_ctime_ns,
        inode=status.st_ino & INODE_BITS,
    )
    return Record(key, path_fields(key), picture)


def _why(error: OSError) -> str:
    return (error.strerror or "input/output error").lower()


def path_fields(key: str) -> dict[str, Value]:
    """Returns what the path `key` says of a picture: its name without suffix, itself, its folder if any."""
    folder, _, name = key.rpartition("/")
    fields: dict[str, Value] = {"name": split_suffix(name)[0] or name, "file": key}
    if folder:
        fields["folder"] = folder
    return fields


def _inside(root: Path, path: Path) -> bool:
    try:
        return path.resolve().is_relative_to(root)
    except (OSError, RuntimeError):
        return False


def class_labels(keys: Iterable[str]) -> dict[str, str] | None:
    """Returns the label of each folder, or None if the folders of the pictures `keys` are not classes.

    They are classes if every picture lies exactly one level deep and there are two or more folders.
    Numbers as in "001.ak47" are dropped if all folders have them.
    """
    folders = set()
    for key in keys:
        folder, _, _ = key.rpartition("/")
        if not folder or "/" in folder:
            return None
        folders.add(folder)
    if len(folders) < 2:
        return None
    numbered = {folder: _CLASS_PREFIX.fullmatch(folder) for folder in folders}
    if all(numbered.values()):
        return {folder: match.group(1) for folder, match in numbered.items() if match}
    return {folder: folder for folder in folders}
