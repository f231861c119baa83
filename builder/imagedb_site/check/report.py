"""What a check found."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal

from imagedb_site.check.privacy import PrivacyReport
from imagedb_site.errors import ImageDBError

Level = Literal["error", "warning"]


@dataclass(frozen=True)
class Finding:
    """Something wrong (`error`) or worth knowing (`warning`); `file` is empty for the whole site."""

    level: Level
    file: str
    message: str


@dataclass(frozen=True)
class Verdict:
    """Whether a host takes the site; `reasons` says why not."""

    host: str
    name: str
    fits: bool
    reasons: tuple[str, ...]

    def line(self) -> str:
        """One line, such as "Cloudflare Pages: no, because …"."""
        return f"{self.name}: " + ("yes" if self.fits else f"no, because {'; '.join(self.reasons)}")


@dataclass(frozen=True)
class CheckReport:
    """What a check found. `bytes` counts every file of the site, but not those of the owner.

    `host`: the host that was asked for; `hosts`: the verdicts on all known ones. `privacy`: what the
    site reveals, if that was asked for and the site is whole.
    """

    site: str
    host: str | None
    count: int
    files: int
    bytes: int
    largest: tuple[tuple[str, int], ...]
    findings: tuple[Finding, ...]
    hosts: tuple[Verdict, ...] = ()
    privacy: PrivacyReport | None = None

    @property
    def whole(self) -> bool:
        """No error in the site itself; there may be warnings."""
        return not any(finding.level == "error" for finding in self.findings)

    @property
    def ok(self) -> bool:
        """The site is whole, the host that was asked for takes it, and nothing private was found."""
        return not self.errors and (self.privacy is None or not self.privacy.leak_count)

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The errors, and what the host that was asked for does not take."""
        refused = [
            Finding("error", "", f"{one.name} does not take the site: {reason}.")
            for one in self.hosts
            if one.host == self.host
            for reason in one.reasons
        ]
        return (*(one for one in self.findings if one.level == "error"), *refused)

    def to_json(self) -> dict[str, Any]:
        return {**dataclasses.asdict(self), "whole": self.whole, "ok": self.ok}


def sentence(error: ImageDBError) -> str:
    """An error and its advice as one text."""
    return f"{error} {error.hint}" if error.hint else str(error)
