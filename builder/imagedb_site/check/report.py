"""What a check found."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal

from imagedb_site.errors import ImageDBError

Level = Literal["error", "warning"]


@dataclass(frozen=True)
class Finding:
    """Something wrong (`error`) or worth knowing (`warning`); `file` is empty for the whole site."""

    level: Level
    file: str
    message: str


@dataclass(frozen=True)
class CheckReport:
    """What a check found. `bytes` counts every file of the site, but not those of the owner."""

    site: str
    host: str | None
    count: int
    files: int
    bytes: int
    largest: tuple[tuple[str, int], ...]
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """No error; there may be warnings."""
        return not any(finding.level == "error" for finding in self.findings)

    def to_json(self) -> dict[str, Any]:
        return {**dataclasses.asdict(self), "ok": self.ok}


def sentence(error: ImageDBError) -> str:
    """An error and its advice as one text."""
    return f"{error} {error.hint}" if error.hint else str(error)
