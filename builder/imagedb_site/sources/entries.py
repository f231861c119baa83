"""What a folder lists: entries of the disk, or objects of a bucket that look like them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol


class Status(Protocol):
    """What is read of `os.stat_result`."""

    @property
    def st_mode(self) -> int: ...
    @property
    def st_size(self) -> int: ...
    @property
    def st_mtime_ns(self) -> int: ...
    @property
    def st_ctime_ns(self) -> int: ...
    @property
    def st_ino(self) -> int: ...


class Entry(Protocol):
    """What is used of `os.DirEntry`. Methods raise OSError."""

    @property
    def name(self) -> str: ...
    @property
    def path(self) -> str: ...
    def is_dir(self, *, follow_symlinks: bool = True) -> bool: ...
    def is_file(self, *, follow_symlinks: bool = True) -> bool: ...
    def is_symlink(self) -> bool: ...
    def stat(self) -> Status: ...


StatusOf = Callable[[Path], Status]
"""What is known of a file. Raises OSError."""
Scan = Callable[[Path], Iterable[Entry]]
"""Lists a folder in any order. Raises OSError."""
