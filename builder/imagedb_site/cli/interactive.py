"""`imagedb-site search --interactive`: queries one after the other, with one loaded model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from ..cache import search_history
from ..display import shown
from ..errors import ImageDBError
from ..query.characters import fold
from ..query.parse import parse
from ..query.typed import quoted_value
from .results import show

if TYPE_CHECKING:
    from ..query.evaluate import Mode
    from ..search import Collection

PROMPT = "search> "
HISTORY = 1000
HELP = """\
Words, and pictures that mean them:  a red car at night     ocean - boats     2*dog + grass
Exactly these words:                 "red car"     cast*     castle OR fort NOT ruin
Like a picture, or an image found:   image:cat.jpg + sunset     like:0123456789abcdef
Fields:                              tag:cat,dog     year:2019..2021     width>2000     sort:-taken
Settings:                            k:20     mode:all, mode:meaning or mode:words
help, quit
"""


@dataclass
class Session:
    """An open collection and the settings that hold until they are changed."""

    collection: Collection
    mode: Mode = "all"
    k: int = 10
    by_object: bool = True
    _values: dict[str, list[str]] = field(default_factory=dict)

    def ask(self, line: str) -> bool:
        """Answer one line; False when it was the last."""
        line = line.strip()
        if line in ("quit", "exit", "q"):
            return False
        if line in ("help", "?"):
            click.echo(HELP)
        elif line.startswith("mode:") and " " not in line:
            self._set_mode(line.removeprefix("mode:"))
        elif line.startswith("k:") and " " not in line:
            self.k = parse(line).k or self.k
            click.echo(f"{self.k} results from now on.")
        elif line:
            try:
                k = None if parse(line).k else self.k
                found = self.collection.search(line, mode=self.mode, k=k, by_object=self.by_object)
                show(found)
            except ImageDBError as error:
                click.echo(shown(f"{error} {error.hint or ''}".rstrip()), err=True)
        return True

    def complete(self, text: str) -> list[str]:
        """What the last word of a query, `text`, may go on as."""
        sign = text[:1] if text[:1] in ("+", "-") else ""
        name, colon, value = text.removeprefix(sign).partition(":")
        if not colon:
            fields = [spec.name for spec in self.collection.index.fields]
            names = [*fields, "image", "k", "like", "mode", "sort"]
            return [f"{sign}{one}:" for one in sorted(set(names)) if one.startswith(name)]
        if name == "image":
            typed = Path(value or ".").expanduser()
            folder, begin = (
                (typed, "") if value.endswith("/") or not value else (typed.parent, typed.name)
            )
            found = sorted(file for file in folder.iterdir() if file.name.startswith(begin))
            return [f"{sign}image:{file}" for file in found if " " not in str(file)]
        if name == "sort":
            names = [s.name for s in self.collection.index.fields if s.column and s.type != "tags"]
            falling = "-" if value.startswith("-") else ""
            begin = value.removeprefix("-")
            return [f"sort:{falling}{one}" for one in names if one.startswith(begin)]
        return [
            f"{sign}{name}:{quoted_value(one)}"
            for one in self._values_of(name)
            if fold(one).startswith(fold(value.strip('"'))) and shown(one) == one
        ]

    def _set_mode(self, mode: str) -> None:
        if mode in ("all", "meaning", "words"):
            self.mode = cast("Mode", mode)
            click.echo(f"Searching in mode {mode}.")
        else:
            click.echo("The modes are all, meaning and words.", err=True)

    def _values_of(self, name: str) -> list[str]:
        """The most frequent values of a field of few words."""
        if name not in self._values:
            from ..query.plan import find_field

            spec = find_field(name, self.collection.index.fields)
            usable = spec and spec.column and spec.type in ("category", "tags", "boolean")
            counted = self.collection.facets(spec.name, limit=200) if spec and usable else []
            self._values[name] = [value for value, _ in counted]
        return self._values[name]


def run(session: Session) -> None:
    """Ask until the person quits or the input ends."""
    count = session.collection.count
    click.echo(f"{count:,} images. help explains queries, quit ends.")
    with _line_editing(session.complete):
        while True:
            try:
                line = input(PROMPT)
            except EOFError:
                click.echo()
                return
            except KeyboardInterrupt:
                click.echo()
                continue
            if not session.ask(line):
                return


@contextmanager
def _line_editing(complete: Callable[[str], list[str]]) -> Iterator[None]:
    """History and completion by readline, if this Python has it; only this user can read the history."""
    try:
        import readline
    except ImportError:
        yield
        return
    file = search_history()
    found: list[str] = []

    def offer(text: str, state: int) -> str | None:
        if state == 0:
            found[:] = _quietly(complete, text)
        return found[state] if state < len(found) else None

    old: tuple[Any, str] = (readline.get_completer(), readline.get_completer_delims())
    readline.set_completer(offer)
    readline.set_completer_delims(" \t\n")
    readline.parse_and_bind("tab: complete")
    with suppress(OSError):
        readline.read_history_file(file)
    readline.set_history_length(HISTORY)
    try:
        yield
    finally:
        readline.set_completer(old[0])
        readline.set_completer_delims(old[1])
        with suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch(mode=0o600)
            readline.write_history_file(file)


def _quietly(complete: Callable[[str], list[str]], text: str) -> list[str]:
    """Completion must never end a session."""
    try:
        return complete(text)
    except (ImageDBError, OSError):
        return []
