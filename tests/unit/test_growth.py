"""Stable rows: the guarantees of docs/FORMAT.md 2.12, for any two states of a collection."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from imagedb_site.growth import Growth, assign_rows, grow, to_store
from imagedb_site.library import StoredLayout
from imagedb_site.site import UNPLACED, Layout, Quantizer, ThumbnailPacks

IDS = st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 40), unique=True, max_size=40)
SOME = IDS.filter(bool)


def numbers(ids: list[int]) -> NDArray[np.uint64]:
    return np.array(ids, dtype=np.uint64)


def stored(ids: list[int], grown: int = 0) -> StoredLayout:
    count = len(ids)
    return StoredLayout(
        ids=numbers(ids),
        pack=np.arange(count, dtype=np.int32) // 3,
        slot=np.arange(count, dtype=np.int32) % 3,
        packed=True,
        order=None,
        mean=np.zeros(4, dtype=np.float32),
        scale=np.ones(4, dtype=np.float32),
        thumbnails="thumb",
        encoder="enc",
        grown=grown,
    )


def grown(before: StoredLayout | None, ids: list[int], **more: object) -> Growth:
    given_settings = {"thumbnails": "thumb", "encoder": "enc", **more}
    return grow(before, numbers(ids), **given_settings)  # type: ignore[arg-type]


@settings(deadline=None)
@given(IDS, IDS)
def test_rows_are_a_permutation_and_as_many_images_as_possible_stay(
    old: list[int], new: list[int]
) -> None:
    found = assign_rows(numbers(old), numbers(new))
    assert sorted(found.order.tolist()) == list(range(len(new)))
    row = dict(zip(new, found.order.tolist(), strict=True))
    was = {image_id: at for at, image_id in enumerate(old)}
    moved = {image_id for image_id in was if image_id in row and row[image_id] != was[image_id]}
    # Only images of rows that no longer exist move.
    assert all(was[image_id] >= len(new) for image_id in moved)
    assert found.moved == len(moved)
    assert found.added == len(set(new) - set(old))
    assert found.removed == len(set(old) - set(new))
    for image_id, at in row.items():
        assert found.source[at] == was.get(image_id, -1)


@settings(deadline=None)
@given(IDS, IDS)
def test_added_images_take_the_empty_rows_in_default_order(old: list[int], new: list[int]) -> None:
    found = assign_rows(numbers(old), numbers(new))
    row = dict(zip(new, found.order.tolist(), strict=True))
    added = [row[image_id] for image_id in new if image_id not in old]
    empty = [at for at, image_id in enumerate(old) if image_id not in row]
    free = [*empty, *range(len(old), len(old) + len(new))]
    assert added == free[: len(added)]
    # Images that move keep their order.
    moving = [
        row[image_id] for at, image_id in enumerate(old) if at >= len(new) and image_id in row
    ]
    assert moving == sorted(moving)


def test_an_example() -> None:
    # 11 and 13 are removed, 20 is added: it takes the first empty row, the last image moves into the other.
    found = assign_rows(numbers([10, 11, 12, 13, 14]), numbers([20, 10, 12, 14]))
    assert found.order.tolist() == [1, 0, 2, 3]
    assert (found.added, found.moved, found.removed) == (1, 1, 2)


@settings(deadline=None)
@given(SOME)
def test_without_an_earlier_layout_it_is_canonical(ids: list[int]) -> None:
    first = grown(None, ids)
    assert first.order.tolist() == list(range(len(ids)))
    assert first.layout == Layout()
    assert (first.added, first.removed, first.grown, first.compacted) == (len(ids), 0, 0, False)


@settings(deadline=None)
@given(SOME, st.integers(0, 20))
def test_nothing_changes_if_nothing_changed(ids: list[int], before: int) -> None:
    again = grown(stored(ids, min(before, len(ids) // 4)), ids)
    assert again.order.tolist() == list(range(len(ids)))
    assert (again.added, again.removed, again.compacted) == (0, 0, False)
    assert again.layout.packs is not None
    assert again.layout.packs.pack.tolist() == stored(ids).pack.tolist()


@settings(deadline=None)
@given(SOME, SOME, st.integers(0, 10))
def test_images_keep_their_pack_and_the_quarter_is_the_limit(
    old: list[int], new: list[int], before: int
) -> None:
    layout = stored(old, before)
    found = grown(layout, new)
    changes = assign_rows(numbers(old), numbers(new))
    total = before + changes.added + changes.moved
    assert found.compacted == (total > len(new) / 4)
    if found.compacted:
        assert (found.layout, found.grown) == (Layout(), 0)
        return
    assert found.grown == total
    packs = found.layout.packs
    assert packs is not None and packs.packed
    for image_id, row in zip(new, found.order.tolist(), strict=True):
        if image_id in old:
            at = old.index(image_id)
            assert (packs.pack[row], packs.slot[row]) == (layout.pack[at], layout.slot[at])
        else:
            assert packs.pack[row] == UNPLACED
    assert found.layout.quantizer is not None
    assert found.layout.quantizer.scale.tolist() == [1, 1, 1, 1]


@settings(deadline=None)
@given(SOME)
def test_settings_and_requests_make_it_canonical(ids: list[int]) -> None:
    for change in ({"compact": True}, {"thumbnails": "other"}, {"encoder": None}):
        found = grown(stored(ids), ids, **change)
        assert (found.layout, found.compacted, found.grown) == (Layout(), True, 0)


@settings(deadline=None)
@given(st.lists(SOME, min_size=2, max_size=6))
def test_many_builds_in_a_row_keep_track(states: list[list[int]]) -> None:
    before: StoredLayout | None = None
    for ids in states:
        found = grown(before, ids)
        packs = found.layout.packs or ThumbnailPacks(
            True, np.zeros(len(ids), dtype=np.int32), np.zeros(len(ids), dtype=np.int32)
        )
        quantizer = Quantizer(np.zeros(4, dtype=np.float32), np.ones(4, dtype=np.float32))
        written = Layout(found.layout.order, quantizer, packs)
        before = to_store(written, numbers(ids), found, thumbnails="thumb", encoder="enc")
        by_order = before.ids[found.order]
        assert by_order.tolist() == ids
        assert 4 * before.grown <= len(ids)
