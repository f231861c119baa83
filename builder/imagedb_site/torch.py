"""Collections as data sets of PyTorch: `Dataset` (by number) and `IterableDataset` (as a stream).

    from torch.utils.data import DataLoader
    from imagedb_site.torch import Dataset, collate

    train = Dataset("dist", part="train", validation=0.1, test=0.1, seed=7, transform=to_tensor)
    for batch in DataLoader(train, batch_size=64, shuffle=True, num_workers=4, collate_fn=collate):
        batch["image"], batch["caption"]

This module needs torch, which imagedb-site does not install. The split is that of `Collection.batches`: no
image is in two parts, and images that are added later move no other image to another part.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np
import torch
import torch.utils.data
from PIL import Image, ImageOps

from .batches import Part, hash_ids, split
from .errors import PictureError, StorageError, UsageError
from .picture_of import PICTURE_KINDS, PictureKind, caption_fields, caption_of, picture_of
from .query.facets import matching
from .query.parse import parse
from .search import Collection, open_collection

Rows = np.ndarray[Any, np.dtype[np.int64]]
Item = dict[str, Any]

PARTS: tuple[Part, ...] = get_args(Part)
_CHUNK = 128
"""Rows that are read together, because a site stores their documents together."""
_WINDOW = 16
"""Chunks among whose rows the order is random."""
_CHUNKS, _INSIDE = 8, 9
"""Salts of the hash: what decides the order of chunks, and the order inside windows."""


class _Source:
    """The rows of one part of a collection, which is opened in each process when it is first used."""

    def __init__(
        self,
        place: str | Path,
        *,
        part: Part | None = None,
        validation: float = 0,
        test: float = 0,
        seed: int = 0,
        text: str = "",
        pictures: PictureKind = "view",
        transform: Callable[[Image.Image], Any] | None = None,
        fields: Sequence[str] | None = None,
        caption: str | None = None,
        embedding: bool = False,
    ) -> None:
        """Settings of both kinds of data sets.

        Args:
            place: a site (folder or URL), or a library.
            part: `train`, `validation` or `test`; None takes all images.
            validation: share of the validation part, from 0 to 1.
            test: share of the test part, from 0 to 1.
            seed: random seed of the split, from 0 to 2³² - 1.
            text: only images that match this query (see `Collection.facets`).
            pictures: `view` (the larger picture, or the thumbnail without one), `thumbnail`, `original` or
                `none`.
            transform: makes what an item has as `image` of a picture; by default that is a PIL image in RGB.
            fields: the fields that an item has; None takes all of them.
            caption: the field of the captions; by default it is chosen from the fields of texts.
            embedding: whether an item has the image's embedding, float32 [dim] of length 1.

        Raises:
            UsageError: a setting does not fit the collection. Raised when the collection is first used.
        """
        if part is not None and part not in PARTS:
            raise UsageError(f"“{part}” is not a part.", f"The parts are {', '.join(PARTS)}.")
        if pictures not in PICTURE_KINDS:
            raise UsageError(
                f"“{pictures}” is not a kind of pictures.",
                f"The kinds are {', '.join(PICTURE_KINDS)}.",
            )
        # A loader may start its workers in another folder.
        remote = str(place).startswith(("http://", "https://"))
        self._place = str(place) if remote else str(Path(place).resolve())
        self._part, self._validation, self._test, self._seed = part, validation, test, seed
        self._text = text
        self._pictures: PictureKind = pictures
        self._transform = transform
        self._fields = None if fields is None else tuple(fields)
        self._caption = caption
        self._embedding = embedding
        self._hash: str | None = None
        self._rows: Rows | None = None
        self._opened: tuple[int, Collection, list[str]] | None = None
        self._inherited: tuple[int, Collection, list[str]] | None = None

    def __getstate__(self) -> dict[str, Any]:
        # Workers get the rows, and open the collection themselves.
        return {**self.__dict__, "_opened": None, "_inherited": None}

    def close(self) -> None:
        """Release the files of the collection. It is opened again when it is used again."""
        if self._opened is not None and self._opened[0] == os.getpid():
            self._opened[1].close()
        self._opened = None

    @property
    def rows(self) -> Rows:
        """The rows of the part, in the random order of the seed."""
        if self._rows is None:
            self._rows = self._choose(self._open()[0])
        return self._rows

    def item(self, row: int, embedding: Any = None) -> Item:
        """What is known of a row: `id`, `path`, `caption`, `fields`; `image`, `embedding` if requested."""
        collection, captions = self._open()
        document = collection.index.document(row)
        fields: Mapping[str, Any] = document["fields"]
        if self._fields is not None:
            fields = {name: fields[name] for name in self._fields if name in fields}
        item: Item = {
            "id": document["id"],
            "path": document["path"],
            "caption": caption_of(document, captions),
            "fields": dict(fields),
        }
        if self._pictures != "none":
            item["image"] = self._image(collection, row, str(document["path"]))
        if self._embedding:
            item["embedding"] = self.embeddings([row])[0] if embedding is None else embedding
        return item

    def items(self, rows: Sequence[int]) -> list[Item]:
        """The items of several rows, whose embeddings are read together."""
        vectors = self.embeddings(rows) if self._embedding and len(rows) else [None] * len(rows)
        return [self.item(row, vectors[at]) for at, row in enumerate(rows)]

    def embeddings(self, rows: Sequence[int]) -> Any:
        """The embeddings of rows as a tensor float32 [n, dim]."""
        found = self._open()[0].index.embeddings(np.array(rows, dtype=np.int64))
        return torch.from_numpy(np.array(found, dtype=np.float32))

    def _image(self, collection: Collection, row: int, path: str) -> Any:
        data = picture_of(collection.index, row, self._pictures)
        if data is None:
            return None
        try:
            with Image.open(io.BytesIO(data)) as opened:
                picture = ImageOps.exif_transpose(opened).convert("RGB")
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise PictureError(f"The picture of {path} cannot be decoded: {error}") from error
        return picture if self._transform is None else self._transform(picture)

    def _open(self) -> tuple[Collection, list[str]]:
        # Files that a parent process opened cannot be used by its children.
        if self._opened is None or self._opened[0] != os.getpid():
            # They are not closed here either, because the parent still uses them.
            self._inherited = self._opened
            collection = open_collection(self._place)
            captions = self._check(collection)
            self._opened = (os.getpid(), collection, captions)
        return self._opened[1], self._opened[2]

    def _check(self, collection: Collection) -> list[str]:
        """Refuse settings that do not fit the collection; gives the fields of captions."""
        index = collection.index
        names = {field.name for field in index.fields}
        if unknown := sorted(set(self._fields or ()) - names):
            raise UsageError(f"This collection has no field “{unknown[0]}”.")
        if self._embedding:
            # Raises UsageError without embeddings.
            index.embeddings(np.zeros(1, dtype=np.int64))
        if self._hash is not None and self._hash != index.hash:
            raise StorageError(
                f"The collection at {self._place} has changed since the data set was made.",
                "Make the data set again.",
            )
        self._hash = index.hash
        return caption_fields(index.fields, self._caption)

    def _choose(self, collection: Collection) -> Rows:
        index = collection.index
        parts = split(index.ids, validation=self._validation, test=self._test, seed=self._seed)
        chosen = [row for part in PARTS if self._part in (None, part) for row in parts[part]]
        rows = np.array(chosen, dtype=np.int64)
        return rows[matching(parse(self._text), index)[rows]] if self._text else rows


class Dataset(_Source, torch.utils.data.Dataset):
    """The images of one part by number, for a `DataLoader` that shuffles by itself.

    Item i is a dict with `id`, `path`, `caption` (text or None), `fields`, and if requested `image` (None
    if the row has no such picture) and `embedding`. Reading raises StorageError if a file cannot be read,
    FormatError if it is damaged, and PictureError if a picture cannot be decoded.
    """

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, number: int) -> Item:
        return self.item(int(self.rows[number]))

    def __getitems__(self, numbers: Sequence[int]) -> list[Item]:
        """Several items at once, which loaders ask for."""
        return self.items([int(self.rows[number]) for number in numbers])


class IterableDataset(_Source, torch.utils.data.IterableDataset):
    """The images of one part as a stream, in another random order in each epoch.

    Rows that a site stores together are read together, so this is much faster than `Dataset` for a site at
    an address. The workers of a `DataLoader`, and the processes of a distributed training if `rank` and
    `world_size` are given, share the rows: every row comes once per epoch. Items are those of `Dataset`.
    """

    def __init__(
        self,
        place: str | Path,
        *,
        shuffle: bool = True,
        rank: int = 0,
        world_size: int = 1,
        **settings: Any,
    ) -> None:
        """Make a stream. `settings` are those of `Dataset`.

        Raises UsageError if a setting is out of range.
        """
        super().__init__(place, **settings)
        if not 0 <= rank < world_size:
            raise UsageError(f"The rank {rank} is not below the world size {world_size}.")
        self._shuffle = shuffle
        self._rank, self._world_size = rank, world_size
        # In shared memory, so that workers that stay alive see the next epoch.
        self._epoch = torch.zeros(1, dtype=torch.int64).share_memory_()

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of the next pass; without it every pass has the same order."""
        self._epoch[0] = epoch

    def __len__(self) -> int:
        """How many items all workers of this process give together in an epoch."""
        return sum(map(len, self._chunks()[self._rank :: self._world_size]))

    def __iter__(self) -> Iterator[Item]:
        info = torch.utils.data.get_worker_info()
        worker, workers = (0, 1) if info is None else (info.id, info.num_workers)
        # Chunks go to processes first and to their workers then, as `__len__` counts them.
        own = self._chunks()[self._rank :: self._world_size][worker::workers]
        for start in range(0, len(own), _WINDOW):
            rows = np.concatenate(own[start : start + _WINDOW])
            if self._shuffle:
                rows = rows[self._order(len(rows), _INSIDE + start)]
            for at in range(0, len(rows), _CHUNK):
                yield from self.items(rows[at : at + _CHUNK].tolist())

    def _chunks(self) -> list[Rows]:
        """All rows in chunks of neighbours, in the order of the epoch."""
        rows = np.sort(self.rows)
        chunks = [rows[start : start + _CHUNK] for start in range(0, len(rows), _CHUNK)]
        if not self._shuffle:
            return chunks
        return [chunks[at] for at in self._order(len(chunks), _CHUNKS)]

    def _order(self, count: int, salt: int) -> Rows:
        """A random order of 0 … count-1 that depends on seed, epoch and salt."""
        epoch = int(self._epoch[0]) & 0xFFFFFFFF
        keys = hash_ids([f"{epoch:08x}{at:08x}" for at in range(count)], self._seed, salt)
        return np.argsort(keys, kind="stable")


def collate(items: Sequence[Item]) -> dict[str, Any]:
    """One batch of items: a list for each key, or a tensor if the values are tensors of one shape."""
    return {key: _stacked([item[key] for item in items]) for key in (items[0] if items else ())}


def _stacked(values: list[Any]) -> Any:
    shapes = {getattr(value, "shape", None) if torch.is_tensor(value) else None for value in values}
    return torch.stack(values) if len(shapes) == 1 and None not in shapes else values
