"""What was used last: a small cache that several threads may share."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Generic, TypeVar

Key = TypeVar("Key")
Item = TypeVar("Item")


class Recent(Generic[Key, Item]):
    """Keeps the `size` values that were used last."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._items: OrderedDict[Key, Item] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Key) -> Item | None:
        with self._lock:
            item = self._items.get(key)
            if item is not None:
                self._items.move_to_end(key)
            return item

    def put(self, key: Key, item: Item) -> None:
        with self._lock:
            self._items[key] = item
            self._items.move_to_end(key)
            if len(self._items) > self._size:
                self._items.popitem(last=False)

    def values(self) -> list[Item]:
        """All that are kept, without using them."""
        with self._lock:
            return list(self._items.values())
