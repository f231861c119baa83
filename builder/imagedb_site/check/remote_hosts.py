"""Which other hosts the pages of a site contact, and secrets in the addresses that it publishes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from imagedb_site.pictures import Trace
from imagedb_site.records import Value
from imagedb_site.web_addresses import origin_of, secret_in

_KIND = "password or token"
_OF_PLACE = 20


@dataclass(frozen=True)
class RemoteHost:
    """A host that visitors' browsers ask for pictures: its origin, and how many records name it."""

    origin: str
    records: int


class RemoteHosts:
    """Counts the records with pictures on other hosts, and finds addresses that give access to something."""

    def __init__(self, origins: Sequence[str]) -> None:
        """`origins` are those that the manifest allows."""
        self._records: Counter[str] = Counter(dict.fromkeys(origins, 0))
        self._secrets: Counter[str] = Counter()

    def look(self, document: Mapping[str, Any], values: Mapping[str, Value]) -> Iterator[Trace]:
        """Take in a document; yields secrets in the addresses of its picture and in those among `values`.

        At most twenty of a field, and never the secret itself.
        """
        addresses = list(document.get("remote", {}).values())
        self._records.update({origin_of(address) or "" for address in addresses})
        for address in addresses:
            yield from self._secret(address, "the address of the picture")
        for name, value in values.items():
            for text in value if isinstance(value, list) else [value]:
                if isinstance(text, str) and text.lstrip()[:8].lower().startswith(
                    ("http://", "https://")
                ):
                    yield from self._secret(text, f"the field “{name}”")

    def _secret(self, address: str, place: str) -> Iterator[Trace]:
        secret = secret_in(address)
        if secret is None:
            return
        self._secrets[place] += 1
        if self._secrets[place] <= _OF_PLACE:
            yield Trace(_KIND, place, secret)

    def found(self) -> tuple[RemoteHost, ...]:
        """The hosts, those of most records first."""
        ranked = sorted(self._records.items(), key=lambda item: (-item[1], item[0]))
        return tuple(RemoteHost(origin, count) for origin, count in ranked)


def host_lines(hosts: Sequence[RemoteHost]) -> Iterator[str]:
    """The hosts as a person reads them."""
    if not hosts:
        yield "Other hosts: visitors' browsers contact none."
        return
    yield "Other hosts that visitors' browsers contact for pictures, which these can log:"
    for host in hosts:
        count = f"{host.records:,} record{'' if host.records == 1 else 's'}"
        yield f"  {host.origin} ({count if host.records else 'allowed, but no record uses it'})"
