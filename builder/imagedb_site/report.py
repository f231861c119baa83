"""What a build did, for people and for machines."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .records import Problem


class Stopwatch:
    """Seconds by step."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._started = time.monotonic()

    @contextmanager
    def __call__(self, step: str) -> Iterator[None]:
        start = time.monotonic()
        try:
            yield
        finally:
            self.add(step, time.monotonic() - start)

    def add(self, step: str, seconds: float) -> None:
        self.seconds[step] = self.seconds.get(step, 0.0) + seconds

    @property
    def total(self) -> float:
        return time.monotonic() - self._started


@dataclass(frozen=True)
class BuildReport:
    """`derived` pictures were decoded in this build, the others were known. Sizes in bytes.

    `seconds` by step; `model` runs while pictures are decoded, so the steps do not add up to `total`.
    """

    output: Path
    count: int
    derived: int
    bytes: int
    files: int
    reused: int
    published: bool
    model: str | None
    seconds: dict[str, float]
    total_seconds: float
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The report as one JSON object."""
        return {
            "output": str(self.output),
            "count": self.count,
            "derived": self.derived,
            "bytes": self.bytes,
            "files": self.files,
            "reused": self.reused,
            "published": self.published,
            "model": self.model,
            "seconds": {step: round(value, 3) for step, value in self.seconds.items()},
            "total_seconds": round(self.total_seconds, 3),
            "problems": [{"path": p.key, "reason": p.reason} for p in self.problems],
            "notes": self.notes,
        }

    def lines(self, *, profile: bool = False) -> Iterator[str]:
        """The report as a person reads it."""
        if self.problems:
            yield f"Left out, {len(self.problems)}:"
            yield from (f"  {printable(p.key)}: {printable(p.reason)}" for p in self.problems[:50])
            if len(self.problems) > 50:
                yield f"  … and {len(self.problems) - 50} more (--json lists all)"
        if profile:
            yield "Time by step:"
            for step, value in self.seconds.items():
                yield f"  {step:<22} {value:8.2f} s"
        yield from self.notes
        if self.published:
            yield (
                f"{self.output}: {self.count:,} images, {self.files:,} files, "
                f"{human_bytes(self.bytes)}, {self.total_seconds:.1f} s "
                f"({self.derived:,} pictures were new)"
            )
        else:
            yield f"{self.output} was not touched."


def human_bytes(size: float) -> str:
    """`1536` as `1.5 kB`."""
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" or size >= 100 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.2f} GB"


def printable(text: str) -> str:
    """File names may hold control characters that would drive the terminal."""
    return "".join(c if c.isprintable() else "�" for c in text)
