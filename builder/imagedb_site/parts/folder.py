"""The folder of the parts: plans, finished parts, and how often a part was begun.

The library takes what is known about the pictures and their embeddings out of a part. The smaller pictures
stay in it.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Collection, Sequence
from pathlib import Path

from imagedb_site.durable import write_whole
from imagedb_site.parts.made import Made
from imagedb_site.parts.plan import from_plan
from imagedb_site.parts.table import UnreadableError, read_table, to_table
from imagedb_site.pictures import Recipe, Work

_PLAN, _PART, _TRIES = ".plan", ".parquet", ".tries"


class PartFolder:
    """Parts in a folder that all machines see. Methods raise OSError.

    A part is finished when its file has its final name; what a killed worker was writing has another one.
    """

    def __init__(self, path: Path, recipes: Sequence[Recipe], versions: dict[str, str]) -> None:
        self._path = path
        self._recipes = recipes
        self._versions = versions

    def add_plan(self, name: str, plan: bytes) -> None:
        """Stores what is to be made for a part, unless that is known."""
        self._path.mkdir(parents=True, exist_ok=True)
        if not self._file(name, _PLAN).exists():
            write_whole(self._file(name, _PLAN), plan, self._aside(name))

    def works(self, name: str) -> list[Work]:
        """Returns the works of a part."""
        return from_plan(self._file(name, _PLAN).read_bytes(), self._recipes)

    def has(self, name: str) -> bool:
        """Whether the part is finished."""
        return self._file(name, _PART).exists()

    def put(self, name: str, made: Sequence[Made]) -> int:
        """Stores a finished part as a whole or not at all; returns its size in bytes."""
        table = to_table(made, self._recipes, self._about(name))
        write_whole(self._file(name, _PART), table, self._aside(name))
        return len(table)

    def get(self, name: str) -> list[Made] | None:
        """Returns a finished part; None if there is none, or if its file is damaged."""
        if not self.has(name):
            return None
        try:
            file, works = self._file(name, _PART), self.works(name)
            return list(read_table(file, works, self._recipes, self._about(name)))
        except UnreadableError:
            self._file(name, _PART).unlink()
            return None

    def begin(self, name: str) -> int:
        """Notes that a worker begins the part; returns how often one did."""
        with self._file(name, _TRIES).open("ab") as file:
            file.write(b"\n")
            file.flush()
            return os.fstat(file.fileno()).st_size

    def forget_tries(self) -> None:
        """Lets every part be begun as often as in a new build."""
        for path in self._path.glob(f"*{_TRIES}"):
            path.unlink(missing_ok=True)

    def taken(self, name: str) -> None:
        """Notes that the library has what is in a part: nobody has to make it any more."""
        for suffix in (_PLAN, _TRIES):
            self._file(name, suffix).unlink(missing_ok=True)

    def clear(self, used: Collection[str]) -> None:
        """Removes all files but those `used`, also what is left of builds that were never completed."""
        if not self._path.exists():
            return
        for path in self._path.iterdir():
            if path.name not in used:
                path.unlink(missing_ok=True)
        if not used:
            self._path.rmdir()

    def _file(self, name: str, suffix: str) -> Path:
        return self._path / (name + suffix)

    def _aside(self, name: str) -> Path:
        return self._path / f"{name}.{secrets.token_hex(4)}.new"

    def _about(self, name: str) -> dict[str, object]:
        return {"part": name, "versions": self._versions}
