"""Which pictures on other hosts a build publishes (docs/FORMAT.md 2.17)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from urllib.parse import quote

from .config import BuildConfig
from .errors import UsageError
from .records import Problem, Value
from .web_addresses import PLACE, clean_address, is_remote, origin_of, secret_in

_NAMED = 10


class RemotePictures:
    """Makes the address of each record's picture, and counts those that are not published.

    An address comes from a template, else from a field, else from the record's source. Templates and fields
    see published values only.
    """

    def __init__(self, config: BuildConfig, fields: Collection[str]) -> None:
        """`fields` are the names of the collection's fields. Raises UsageError if another one is named."""
        self._templates = {
            "image": config.image_url_template,
            "thumbnail": config.thumbnail_url_template,
        }
        self._fields = {"image": config.image_url_field, "thumbnail": config.thumbnail_url_field}
        self._allowed = frozenset(config.allow_origin)
        self._used: Counter[str] = Counter()
        self._shown = 0
        self._refused: Counter[str] = Counter()
        self._invalid: list[Problem] = []
        self._more_invalid = 0
        for template in filter(None, self._templates.values()):
            for name in PLACE.findall(template):
                _check_field(name, {*fields, "key"})
        for name in filter(None, self._fields.values()):
            _check_field(name, fields)

    def of(
        self,
        key: str,
        values: Mapping[str, Value],
        image_url: str | None,
        thumbnail_url: str | None,
    ) -> dict[str, str]:
        """Returns the addresses of a record that may be published: `image`, `thumbnail`, or none."""
        found: dict[str, str] = {}
        for kind, given in (("image", image_url), ("thumbnail", thumbnail_url)):
            address = self._address(kind, key, values, given)
            if address is None:
                continue
            secret = secret_in(address)
            if secret is not None:
                self._reject(key, f"has {secret}, which every visitor could read")
                continue
            clean = clean_address(address)
            if clean is None:
                self._reject(key, f"is not a clean http(s) address: {address[:80]!r}")
                continue
            if not is_remote(clean, self._allowed):
                self._refused[origin_of(clean) or ""] += 1
                continue
            found[kind] = clean
        self._shown += bool(found)
        self._used.update({origin_of(address) or "" for address in found.values()})
        return found

    @property
    def shown(self) -> int:
        """How many records have a published address."""
        return self._shown

    def used(self) -> dict[str, int]:
        """Returns the origins of published addresses: how many records use each, most first."""
        return _ranked(self._used)

    def not_allowed(self) -> dict[str, int]:
        """Returns the origins that would have to be allowed, with the number of their addresses."""
        return _ranked(self._refused)

    def _address(
        self, kind: str, key: str, values: Mapping[str, Value], given: str | None
    ) -> str | None:
        template, field = self._templates[kind], self._fields[kind]
        if template is not None:
            return _filled(template, key, values)
        if field is not None:
            value = values.get(field)
            return str(value) if isinstance(value, str) and value else None
        return given or None

    def _reject(self, key: str, why: str) -> None:
        if len(self._invalid) < _NAMED:
            self._invalid.append(Problem(key, f"the address of its picture {why}"))
        else:
            self._more_invalid += 1

    def problems(self) -> list[Problem]:
        """The first addresses that are not valid, and how many more there are."""
        if not self._more_invalid:
            return self._invalid
        more = f"{self._more_invalid:,} more addresses cannot be published"
        return [*self._invalid, Problem("pictures on other hosts", more)]

    def notes(self) -> list[str]:
        """Says which origins would have to be allowed."""
        return [
            f"Pictures at {origin} are not shown ({count:,} addresses). "
            f"To let the site load them from there: --allow-origin {origin}"
            for origin, count in list(self.not_allowed().items())[:_NAMED]
        ]


def _ranked(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _check_field(name: str, fields: Collection[str]) -> None:
    if name not in fields:
        raise UsageError(
            f"There is no field {name}, from which the addresses of pictures should come.",
            f"Fields: {', '.join(sorted(fields))}.",
        )


def _filled(template: str, key: str, values: Mapping[str, Value]) -> str | None:
    """Returns the template with the escaped values, None if the record lacks one of them."""
    parts: list[str] = []
    last = 0
    for place in PLACE.finditer(template):
        name = place.group(1)
        text = key if name == "key" else _text(values.get(name))
        # A browser would leave the folder at "." and "..", however they are escaped.
        if not text or any(part in (".", "..") for part in text.split("/")):
            return None
        escaped = quote(text, safe="/" if name == "key" else "", errors="replace")
        parts += [template[last : place.start()], escaped]
        last = place.end()
    return "".join([*parts, template[last:]])


def _text(value: Value | None) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(int(value)) if float(value).is_integer() else str(value)
    return None
