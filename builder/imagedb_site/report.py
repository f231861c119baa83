"""What a build did, for people and for machines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .display import shown
from .records import Problem, Value
from .stopwatch import Step

PORTABLE_BYTES = 2_000_000_000
PORTABLE_PICTURES = 20_000
"""Larger portable sites are reported. In a folder of a FAT32 disk a hashed name takes 3 of 65,536 places."""

_SHOWN = 50
"""The most problems that are named in the terminal."""
_SHOWN_OF_REASON = 10


_EXAMPLE = 60


@dataclass(frozen=True)
class PublicField:
    """A field that everybody can read: how many images have it, and one of its values."""

    name: str
    label: str
    count: int
    example: str


def example_of(value: Value) -> str:
    """A value as the example of a field: one short text."""
    text = ", ".join(value) if isinstance(value, list) else str(value)
    return text if len(text) <= _EXAMPLE else f"{text[:_EXAMPLE]}…"


@dataclass(frozen=True)
class BuildReport:
    """`derived` of `pictures` pictures were processed in this build, the others were known. Sizes in bytes.

    `count` has the records without a picture too. `added` and `removed` count images and records since the
    last build. `compacted` tells that the layout of that build was replaced by the canonical one
    (docs/FORMAT.md 2.12). `seconds` by step; the model runs while pictures are decoded, so the steps do not
    add up to `total_seconds`. `damaged` names files that
    are on the site although they are damaged, and what is wrong with them. `repaired` names pictures of which
    something was damaged in the library and was made again. `hidden` is the number of
    pictures with a private value that was not published, by the label of its field. `texts` were embedded in
    this build, the others were known. `steps` is `seconds` with what each step worked on; those that run in
    several processes have the seconds of all of them.
    """

    output: Path
    count: int
    pictures: int
    derived: int
    bytes: int
    files: int
    reused: int
    published: bool
    added: int
    removed: int
    compacted: bool
    model: str | None
    seconds: dict[str, float]
    total_seconds: float
    problems: list[Problem] = field(default_factory=list)
    damaged: list[Problem] = field(default_factory=list)
    repaired: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    hidden: dict[str, int] = field(default_factory=dict)
    texts: int = 0
    steps: Mapping[str, Step] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The report as one JSON object."""
        return {
            "output": str(self.output),
            "count": self.count,
            "pictures": self.pictures,
            "derived": self.derived,
            "texts": self.texts,
            "bytes": self.bytes,
            "files": self.files,
            "reused": self.reused,
            "published": self.published,
            "added": self.added,
            "removed": self.removed,
            "compacted": self.compacted,
            "model": self.model,
            "seconds": {step: round(value, 3) for step, value in self.seconds.items()},
            "total_seconds": round(self.total_seconds, 3),
            "steps": {
                name: {"seconds": round(one.seconds, 3), "items": one.items, "bytes": one.bytes}
                for name, one in self.steps.items()
            },
            "problems": [{"path": p.key, "reason": p.reason} for p in self.problems],
            "damaged": [{"path": p.key, "reason": p.reason} for p in self.damaged],
            "repaired": [{"path": p.key, "what": p.reason} for p in self.repaired],
            "notes": self.notes,
            "hidden": self.hidden,
        }

    def lines(self, *, profile: bool = False) -> Iterator[str]:
        """The report as a person reads it."""
        yield from named("Left out", self.problems)
        yield from named("Taken although damaged", self.damaged)
        yield from named("Damaged in the library and made again", self.repaired)
        if profile:
            yield from _profile(self.steps)
        yield from map(shown, self.notes)
        if self.hidden:
            yield self._hidden_line()
        if not self.published:
            yield f"{shown(str(self.output))} was left unchanged."
            return
        yield (
            f"{shown(str(self.output))}: {what_is_there(self.count, self.pictures)} "
            f"({self.added:,} added, {self.removed:,} removed), {counted(self.files, 'file')}, "
            f"{human_bytes(self.bytes)}, {self.total_seconds:.1f} s{self._processed()}"
        )
        if self.compacted:
            yield "The layout was compacted: most files changed, so the next upload is large."

    def _processed(self) -> str:
        done = [f"{counted(self.derived, 'picture')} processed"] if self.pictures else []
        if self.texts:
            done.append(f"{counted(self.texts, 'text')} embedded")
        return f" ({', '.join(done)})" if done else ""

    def _hidden_line(self) -> str:
        fields = list(self.hidden.items())
        noun = "picture" if self.pictures == self.count else "record"
        names = ", ".join(
            f"{shown(label)} ({counted(count, noun)})" for label, count in fields[:_SHOWN]
        )
        more = f" and {counted(len(fields) - _SHOWN, 'more field')}" if len(fields) > _SHOWN else ""
        return f"Private, not published: {names}{more}. --publish-location publishes them."


def _profile(steps: Mapping[str, Step]) -> Iterator[str]:
    """A table of the steps: time, what they worked on, and how fast."""
    yield f"{'Time by step:':<24}{'seconds':>9} {'items':>10} {'per second':>11} {'size':>9}"
    for name, step in steps.items():
        items = f"{step.items:,}" if step.items else ""
        rate = f"{step.items / step.seconds:,.1f}" if step.items and step.seconds else ""
        size = human_bytes(step.bytes) if step.bytes else ""
        yield f"  {name:<22}{step.seconds:9.2f} {items:>10} {rate:>11} {size:>9}".rstrip()


def named(title: str, problems: Sequence[Problem]) -> Iterator[str]:
    """A line for each problem; of very many, only for the first ones of each reason."""
    if not problems:
        return
    yield f"{title} ({len(problems):,}):"
    most = len(problems) if len(problems) <= _SHOWN else _SHOWN_OF_REASON
    counts: Counter[str] = Counter()
    lines = 0
    unnamed: Counter[str] = Counter()
    for problem in problems:
        counts[problem.reason] += 1
        if counts[problem.reason] <= most and lines < _SHOWN:
            lines += 1
            yield f"  {shown(problem.key)}: {shown(problem.reason)}"
        else:
            unnamed[problem.reason] += 1
    for reason, count in list(unnamed.items())[:_SHOWN_OF_REASON]:
        yield f"  … and {count:,} more: {shown(reason)}"
    others = sum(list(unnamed.values())[_SHOWN_OF_REASON:])
    if others:
        yield f"  … and {others:,} more for other reasons"
    if unnamed:
        yield "  (--json names all of them)"


def what_is_there(count: int, pictures: int) -> str:
    """Says how many images or records there are, of which `pictures` have a picture."""
    if pictures == count:
        return counted(count, "image")
    some = f", {pictures:,} of them with a picture" if pictures else ""
    return f"{counted(count, 'record')}{some}"


def counted(number: int, noun: str) -> str:
    """`1 item`, `2 items`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def human_bytes(size: float) -> str:
    """`1536` as `1.5 kB`."""
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" or size >= 100 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.2f} GB"


def portable_notes(count: int, size: int) -> list[str]:
    """Advice about a portable site of `count` pictures and `size` bytes if that is more than recommended."""
    notes = []
    if size > PORTABLE_BYTES:
        notes.append(
            f"The portable site has {human_bytes(size)}, more than the recommended "
            f"{human_bytes(PORTABLE_BYTES)}. Copying it takes long; --view-size 0 makes it smaller."
        )
    if count > PORTABLE_PICTURES:
        notes.append(
            f"The portable site has {count:,} pictures, more than the recommended "
            f"{PORTABLE_PICTURES:,}. A stick formatted as FAT32 cannot hold that many files in one "
            "folder: use exFAT or NTFS."
        )
    return notes


def licence_notes(pack: Mapping[str, Any]) -> list[str]:
    """A reminder of the licence of a model (its pack.json) that is not for commercial use."""
    licence = pack["licence"]
    if licence["commercial"]:
        return []
    return [
        f"The model {pack['name']} is licensed {licence['id']}: {licence['note']} "
        "Choose another with --model."
    ]
