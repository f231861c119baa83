"""`imagedb_site.torch` with the few functions of torch that it uses, written with numpy.

tests/unit/test_torch_loader.py has the same with torch itself and its DataLoader.
"""

from __future__ import annotations

import importlib
import pickle
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from site_samples import GOLDEN, sample_input

import imagedb_site
from imagedb_site.batches import split
from imagedb_site.errors import PictureError, StorageError, UsageError
from imagedb_site.site import write_site


class _Tensor(np.ndarray):
    def share_memory_(self) -> _Tensor:
        return self


class _Worker:
    """The worker that `get_worker_info` tells of."""

    now: types.SimpleNamespace | None = None


def fake_torch() -> dict[str, types.ModuleType]:
    torch, utils, data = (
        types.ModuleType(name) for name in ("torch", "torch.utils", "torch.utils.data")
    )
    torch.zeros = lambda size, dtype: np.zeros(size, dtype).view(_Tensor)  # type: ignore[attr-defined]
    torch.int64 = np.int64  # type: ignore[attr-defined]
    torch.from_numpy = lambda values: values.view(_Tensor)  # type: ignore[attr-defined]
    torch.is_tensor = lambda value: isinstance(value, _Tensor)  # type: ignore[attr-defined]
    torch.stack = lambda values: np.stack(values).view(_Tensor)  # type: ignore[attr-defined]
    data.Dataset = type("Dataset", (), {})  # type: ignore[attr-defined]
    data.IterableDataset = type("IterableDataset", (), {})  # type: ignore[attr-defined]
    data.get_worker_info = lambda: _Worker.now  # type: ignore[attr-defined]
    torch.utils, utils.data = utils, data  # type: ignore[attr-defined]
    return {"torch": torch, "torch.utils": utils, "torch.utils.data": data}


@pytest.fixture(scope="module")
def module() -> Iterator[Any]:
    """imagedb_site.torch, imported with the fake in the place of torch."""
    names = ("torch", "torch.utils", "torch.utils.data", "imagedb_site.torch")
    kept = {name: sys.modules.pop(name) for name in names if name in sys.modules}
    sys.modules.update(fake_torch())
    try:
        yield importlib.import_module("imagedb_site.torch")
    finally:
        for name in names:
            sys.modules.pop(name, None)
        sys.modules.update(kept)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site of 3,000 rows, more than a window of the stream holds."""
    folder = tmp_path_factory.mktemp("large") / "site"
    write_site(sample_input(3000, dim=8, pack_above=10), folder)
    return folder


TINY = GOLDEN / "site-tiny"
SPLIT = {"validation": 0.2, "test": 0.2, "seed": 7}


def as_worker(number: int, count: int) -> None:
    _Worker.now = types.SimpleNamespace(id=number, num_workers=count)


@pytest.fixture(autouse=True)
def no_worker() -> Iterator[None]:
    yield
    _Worker.now = None


def test_the_package_does_not_import_torch() -> None:
    code = "import imagedb_site, imagedb_site.search, sys; sys.exit('torch' in sys.modules)"
    import subprocess

    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_the_parts_are_those_of_batches(module: Any) -> None:
    with imagedb_site.open(TINY) as collection:
        ids = list(collection.index.ids)
    wanted = split(ids, **SPLIT)
    assert all(wanted.values())
    for part, rows in wanted.items():
        data = module.Dataset(TINY, part=part, pictures="none", **SPLIT)
        assert [data[number]["id"] for number in range(len(data))] == [ids[row] for row in rows]
    assert sorted(module.Dataset(TINY, pictures="none").rows.tolist()) == list(range(len(ids)))


def test_items_have_what_was_asked_for(module: Any) -> None:
    data = module.Dataset(
        TINY, fields=["title", "tags"], embedding=True, transform=lambda picture: picture.size
    )
    items = [data[number] for number in range(len(data))]
    with imagedb_site.open(TINY) as collection:
        for item in items:
            row = collection.index.row_of(item["id"])
            assert row is not None
            document = collection.index.document(row)
            fields = document["fields"]
            assert item["fields"] == {k: fields[k] for k in ("title", "tags") if k in fields}
            assert item["caption"] == fields.get("title")
            vector = collection.index.embeddings(np.array([row]))[0]
            np.testing.assert_array_equal(item["embedding"], vector)
            assert (item["image"] is None) == (collection.index.thumbnail(row) is None)
    assert data.__getitems__([3, 1])[1]["id"] == items[1]["id"]
    assert sum(item["image"] is None for item in items) == 1
    batch = module.collate(items)
    assert batch["embedding"].shape == (len(items), 16)
    assert batch["id"] == [item["id"] for item in items]
    assert set(module.Dataset(TINY, pictures="none")[0]) == {"id", "path", "caption", "fields"}


def test_pictures_are_rgb(module: Any) -> None:
    pictures = [item["image"] for item in map(module.Dataset(TINY).item, range(5))]
    assert [picture.mode for picture in pictures] == ["RGB"] * 5


def test_a_query_chooses_images(module: Any) -> None:
    data = module.Dataset(TINY, text="tags:cat", pictures="none", seed=3)
    found = [data[number]["fields"]["tags"] for number in range(len(data))]
    assert 0 < len(found) < 24 and all("cat" in tags for tags in found)


def test_workers_share_the_rows(module: Any, large: Path) -> None:
    data = module.IterableDataset(large, pictures="none", part="train", **SPLIT)
    seen = []
    for rank in range(2):
        own = module.IterableDataset(
            large, pictures="none", part="train", rank=rank, world_size=2, **SPLIT
        )
        mine = []
        for worker in range(3):
            as_worker(worker, 3)
            mine += [item["id"] for item in pickle.loads(pickle.dumps(own))]
        assert len(mine) == len(own)
        seen += mine
    _Worker.now = None
    assert len(seen) == len(set(seen)) == len(data)
    assert set(seen) == {item["id"] for item in data}


def test_each_epoch_has_its_own_order(module: Any, large: Path) -> None:
    data = module.IterableDataset(large, pictures="none")

    def order() -> list[str]:
        return [item["id"] for item in data]

    first = order()
    assert order() == first
    data.set_epoch(1)
    second = order()
    assert second != first and sorted(second) == sorted(first)
    data.set_epoch(0)
    assert order() == first
    plain = [item["id"] for item in module.IterableDataset(large, pictures="none", shuffle=False)]
    with imagedb_site.open(large) as collection:
        assert plain == list(collection.index.ids)
    near = sum(a == b for a, b in zip(first, plain, strict=True))
    assert near < 20, "the order is not random"


def test_a_copy_in_another_process_opens_the_collection_itself(module: Any) -> None:
    data = module.Dataset(TINY, part="train", **SPLIT)
    first = data[0]
    copy = pickle.loads(pickle.dumps(data))
    assert copy._opened is None
    assert copy[0]["id"] == first["id"]
    data.close()
    assert data[0]["id"] == first["id"]


def test_a_collection_that_changed_is_noticed(module: Any, tmp_path: Path) -> None:
    write_site(sample_input(5), tmp_path / "site")
    data = module.Dataset(tmp_path / "site", pictures="none")
    assert len(data) == 5
    (tmp_path / "site").rename(tmp_path / "old")
    write_site(sample_input(6), tmp_path / "site")
    data.close()
    with pytest.raises(StorageError, match="has changed"):
        data[0]


def test_a_damaged_picture_is_named(module: Any, tmp_path: Path) -> None:
    # The “pictures” of this site are random bytes.
    write_site(sample_input(3), tmp_path / "site")
    with pytest.raises(PictureError, match=r"The picture of folder/\d\.jpg cannot be decoded"):
        module.Dataset(tmp_path / "site")[0]


@pytest.mark.parametrize(
    "settings",
    [
        {"part": "training"},
        {"pictures": "large"},
        {"fields": ["nothing"]},
        {"caption": "nothing"},
        {"validation": 0.9, "test": 0.9},
        {"seed": -1},
    ],
)
def test_mistakes(module: Any, settings: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        len(module.Dataset(TINY, **settings))


def test_embeddings_need_a_model(module: Any, tmp_path: Path) -> None:
    write_site(sample_input(3, dim=None), tmp_path / "site")
    with pytest.raises(UsageError, match="no vectors"):
        len(module.Dataset(tmp_path / "site", embedding=True))
    with pytest.raises(UsageError, match="rank"):
        module.IterableDataset(TINY, rank=2, world_size=2)
