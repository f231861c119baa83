"""What the addresses of the API need from a collection."""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import cast

from imagedb_site.api_table import table
from imagedb_site.batches import Batches, Definition, Part, batches_of
from imagedb_site.dataset import sample_rows
from imagedb_site.http_api.request import ApiError
from imagedb_site.index import SiteIndex
from imagedb_site.search import Collection

_KEPT = 4
_NUMBER = re.compile(r"[0-9]{1,15}")


class State:
    """One open site, and the splits that were asked for last."""

    def __init__(self, index: SiteIndex, mount: str, changed: str | None) -> None:
        """`mount`: the path of the site's folder; `changed`: when its manifest was, in ISO 8601."""
        self.index = index
        self.collection = Collection(index)
        self.mount = mount
        self.changed = changed
        self._batches: OrderedDict[str, tuple[Definition, Batches]] = OrderedDict()

    @property
    def count(self) -> int:
        """How many images there are."""
        return self.index.count

    def sample(self, size: int, seed: int, text: str, start: int, end: int | None) -> list[int]:
        """The rows of a random sample."""
        return sample_rows(self.index, size, seed=seed, text=text, start=start, end=end)

    def page(self, number: int, size: int, what: str) -> range:
        """The rows of a page, from 1. Raises ApiError if there is no such page."""
        total = -(-self.count // size)
        if number > total:
            raise ApiError(404, f"There is no {what} {number}: {span(total, first=1)}.")
        first = (number - 1) * size
        return range(first, min(first + size, self.count))

    def batches(self, batch_id: str) -> tuple[Definition, Batches]:
        """The batches of an id. Raises ApiError if it is not an id of this collection."""
        found = self._batches.get(batch_id)
        if found is None:
            definition = Definition.of(batch_id, self.index.hash)
            if definition is None:
                raise ApiError(404, f"This collection has no batches {batch_id[:80]}.")
            found = definition, batches_of(self.index.ids, self.index.hash, definition)
            self._batches[batch_id] = found
            if len(self._batches) > _KEPT:
                self._batches.popitem(last=False)
        return found

    def batch(self, batch_id: str, part: str, number: str) -> list[int]:
        """The rows of a batch, from 0. Raises ApiError if there is no such batch."""
        _, made = self.batches(batch_id)
        if part not in table()["parts"]:
            raise ApiError(
                404, f"There is no part {part[:40]}, only {', '.join(table()['parts'])}."
            )
        count = made.count[cast(Part, part)]
        if not _NUMBER.fullmatch(number) or int(number) >= count:
            raise ApiError(
                404, f"There is no {part} batch {number[:40]}: {span(count - 1, first=0)}."
            )
        return made.batch(cast(Part, part), int(number))


def span(last: int, *, first: int) -> str:
    """Which numbers there are."""
    return f"the numbers are {first} to {last}" if last >= first else "there are none"
