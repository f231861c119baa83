"""A JSON file that holds one large array or object, read item by item."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn, TextIO

from imagedb_site.errors import SourceError
from imagedb_site.sources.textfile import MOST_CHARACTERS, mended

_PIECE = 1 << 18
_SPACE = " \t\r\n"
_STARTS = frozenset('[{}"-0123456789tfnNI')
_SCALAR = re.compile(r"[\w.+\-]*")
_MOST_DIGITS = 1_000


def _whole(digits: str) -> int | str:
    """Reads a whole number; Python refuses one of some thousand digits, which stays text."""
    return int(digits) if len(digits) <= _MOST_DIGITS else digits


_DECODER = json.JSONDecoder(parse_int=_whole)


def not_json(error: Exception, before: int = 0) -> str:
    """Returns what is wrong with text that is not JSON; `before` characters precede the text of `error`."""
    detail = "it cannot be read"
    if isinstance(error, json.JSONDecodeError):
        detail = f"{error.msg} at character {before + error.pos}"
    return f"is not JSON: {detail}"


def json_objects(path: Path, text: TextIO) -> Iterator[dict[str, Any] | None]:
    """Yields the objects of a list, or those of an object by file name, with the name as `file`.

    What is not an object is None. Raises `SourceError` if the text is not JSON or has another form, or if
    its first item is not an object.
    """
    reader = _Reader(path, text)
    opening = reader.next()
    if opening not in ("[", "{"):
        reader.refuse()
    reader.skip()
    closing = "]" if opening == "[" else "}"
    if reader.next() == closing:
        if closing == "}":
            reader.refuse()
        reader.skip()
    else:
        separator = ","
        first = True
        while separator == ",":
            yield _item(reader, named=opening == "{", needed=first)
            first = False
            separator = reader.next()
            if separator not in (",", closing):
                reader.fault(f"Expecting ',' or '{closing}'")
            reader.skip()
    if reader.next():
        reader.fault("Extra data")


def _item(reader: _Reader, *, named: bool, needed: bool) -> dict[str, Any] | None:
    """Takes an item, and its name if the items are `named`; it is `needed` that it is an object."""
    name: dict[str, Any] = {}
    if named:
        if reader.next() != '"':
            reader.fault("Expecting a name in double quotes")
        name = {"file": reader.value()}
        if reader.next() != ":":
            reader.fault("Expecting ':'")
        reader.skip()
    if reader.next() == "{":
        return {**name, **reader.value()}
    if needed or reader.next() not in _STARTS:
        reader.refuse()
    reader.other()
    return None


class _Reader:
    """Reads the text in pieces, and drops the part that has been taken."""

    def __init__(self, path: Path, text: TextIO) -> None:
        self.path = path
        self._text = text
        self._part = ""
        self._at = 0
        self._before = 0

    def next(self) -> str:
        """Returns the next character that is not white space, without taking it; "" at the end."""
        while True:
            while self._at < len(self._part):
                character = self._part[self._at]
                if character not in _SPACE:
                    return character
                self._at += 1
            if not self._extend(_PIECE):
                return ""

    def skip(self) -> None:
        """Takes one character."""
        self._at += 1

    def value(self) -> Any:
        """Takes an object, a list or a string. They have an end mark, so no part is taken as a whole."""
        while True:
            try:
                value, self._at = _DECODER.raw_decode(self._part, self._at)
                return value
            except RecursionError as error:
                raise self._not_json(error, 0) from error
            except json.JSONDecodeError as error:
                held = len(self._part) - self._at
                if held > MOST_CHARACTERS:
                    raise SourceError(
                        f"{self.path.name} is not JSON, or one of its objects is longer than "
                        f"{MOST_CHARACTERS:,} characters.",
                        f"Check the object at character {self._before + self._at:,}.",
                    ) from error
                # Doubling keeps the cost of trying again in proportion to the length of the object.
                before = self._before
                if not self._extend(max(held, _PIECE)):
                    raise self._not_json(error, before) from error

    def other(self) -> None:
        """Takes a value of any kind, which is not kept."""
        if self._part[self._at] in '[{"':
            self.value()
            return
        # A number or a name has no end mark: read on until there is something behind it.
        while not (found := _SCALAR.match(self._part, self._at)) or found.end() == len(self._part):
            if len(self._part) - self._at > MOST_CHARACTERS or not self._extend(_PIECE):
                break
        try:
            _, self._at = _DECODER.raw_decode(self._part, self._at)
        except ValueError as error:
            self.fault(getattr(error, "msg", "the number is too long"))

    def fault(self, reason: str = "Expecting value") -> NoReturn:
        """Raises the error that the text is not JSON at this place."""
        error = json.JSONDecodeError(reason, self._part, self._at)
        raise self._not_json(error, self._before)

    def _not_json(self, error: Exception, before: int) -> SourceError:
        return SourceError(f"The text of {self.path.name} {not_json(error, before)}.")

    def refuse(self) -> NoReturn:
        """Raises the error for a text in which something else is at this place than a list or an object."""
        if self.next() not in _STARTS:
            self.fault()
        raise SourceError(
            f"{self.path.name} is neither a list of objects nor an object of objects by file name.",
            'Give [{"file": "a.jpg", …}, …] or {"a.jpg": {…}, …}.',
        )

    def _extend(self, count: int) -> bool:
        """Reads up to `count` more characters and drops those taken; False at the end of the text."""
        more = mended(self._text.read(count))
        if more:
            self._part = self._part[self._at :] + more
            self._before += self._at
            self._at = 0
        return bool(more)
