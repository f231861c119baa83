"""A collection that grows and shrinks: unchanged files stay, removed pictures leave nothing (FORMAT 2.12)."""

from __future__ import annotations

import hashlib
import tempfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plain_site import PlainSite
from site_samples import tree

from imagedb_site.errors import FormatError
from imagedb_site.records import FieldSpec
from imagedb_site.site import (
    UNPLACED,
    ArrayEmbeddings,
    Layout,
    Quantizer,
    SiteInput,
    SiteReport,
    SiteRow,
    SiteSettings,
    ThumbnailPacks,
    row_order,
    write_site,
)

FIELDS = [
    FieldSpec("title", "Title", "text", fts=True),
    FieldSpec("taken", "Taken", "date", column=True),
]
SMALL = SiteSettings(
    coarse=True,
    pages=False,
    pack_above=2,
    pack_bytes=400,
    cover_rows=3,
    cover_bytes=150,
    row_block=4,
    document_block=3,
    order_block=5,
    vector_block=4,
    ids_per_file=2,
    fanout=3,
)


@dataclass(frozen=True)
class Picture:
    """An image of the made-up collection; everything about it follows from its number."""

    number: int

    @property
    def data(self) -> bytes:
        return b"<%04d>" % self.number + np.random.default_rng(self.number).bytes(70)

    @property
    def embedding(self) -> np.ndarray:
        vector = np.random.default_rng(self.number).normal(size=20).astype(np.float32)
        return np.asarray(vector / np.linalg.norm(vector))

    @property
    def row(self) -> SiteRow:
        image_id = hashlib.sha256(self.data).hexdigest()[:16]
        # In half of the numbers a picture that is added later is older.
        day = 1 + (self.number * 7 if self.number % 2 else self.number) % 28
        return SiteRow(
            image_id,
            f"picture{self.number}.jpg",
            100,
            50,
            thumbnail=(8, 4),
            fields={"title": f"word{self.number:04d}x", "taken": f"2020-01-{day:02d}"},
        )


Pictures = list[Picture]


def make_input(pictures: Pictures, layout: Layout, options: SiteSettings = SMALL) -> SiteInput:
    return SiteInput(
        title="Growing",
        rows=[picture.row for picture in pictures],
        fields=FIELDS,
        thumbnail=lambda row: pictures[row].data,
        embeddings=ArrayEmbeddings(np.stack([picture.embedding for picture in pictures])),
        layout=layout,
        settings=options,
    )


def in_order(pictures: Pictures) -> Pictures:
    order = row_order([picture.row for picture in pictures])
    return [pictures[at] for at in order]


def grow(
    before: Pictures, layout: Layout, gone: set[int], added: Pictures
) -> tuple[Pictures, Layout]:
    """The rows and the layout after pictures were removed and added, by the rules of the format."""
    places: list[Picture | None] = [None if row in gone else p for row, p in enumerate(before)]
    waiting = list(added)
    for row, picture in enumerate(places):
        if picture is None and waiting:
            places[row] = waiting.pop(0)
    places += waiting
    while None in places:
        last = places.pop()
        if last is not None and None in places:
            places[places.index(None)] = last
        elif last is not None:
            places.append(last)
    after = [picture for picture in places if picture is not None]
    assert layout.packs is not None
    kept = {
        picture: (layout.packs.pack[row], layout.packs.slot[row])
        for row, picture in enumerate(before)
    }
    placed = [kept.get(picture, (UNPLACED, 0)) for picture in after]
    packs = ThumbnailPacks(
        layout.packs.packed,
        np.array([pack for pack, _ in placed], dtype=np.int32),
        np.array([slot for _, slot in placed], dtype=np.int32),
    )
    order = np.array(row_order([picture.row for picture in after]), dtype=np.uint32)
    return after, Layout(order, layout.quantizer, packs, None, layout.coarse)


def content(site: PlainSite) -> bytes:
    """Everything that is published, decompressed."""
    files = site.files().values()
    return b"".join(zlib.decompress(f, 31) if f[:2] == b"\x1f\x8b" else f for f in files)


def kept_files(
    before: PlainSite, after: PlainSite, key: str, changed: set[int]
) -> list[tuple[int, bool]]:
    """For each block in both sites whose rows did not change: its number, and if it kept its name."""
    block = before.manifest[key]["block"]
    old, new = (site.list(site.manifest[key]["files"]) for site in (before, after))
    found = []
    for number in range(min(len(old), len(new))):
        rows = set(range(number * block, number * block + block))
        in_both = {row for row in rows if row < before.count} == {
            row for row in rows if row < after.count
        }
        if in_both and not rows & changed:
            found.append((number, old[number]["path"] == new[number]["path"]))
    return found


def check_step(
    before: tuple[Pictures, PlainSite, SiteReport], after: tuple[Pictures, PlainSite, SiteReport]
) -> None:
    old_pictures, old, _ = before
    pictures, new, report = after
    new.check()
    order = new.order()
    assert [pictures[row] for row in order] == in_order(pictures)
    changed = {
        row
        for row in range(min(len(old_pictures), len(pictures)))
        if old_pictures[row] != pictures[row]
    }
    assert all(kept for _, kept in kept_files(old, new, "documents", changed))
    assert all(kept for _, kept in kept_files(old, new, "vectors", changed))
    # A row also changes if another picture of its pack was removed or added.
    old_rows, rows = old.rows(), new.rows()
    repacked = {row for row in range(min(len(old_rows), len(rows))) if old_rows[row] != rows[row]}
    assert all(kept for _, kept in kept_files(old, new, "rows", changed | repacked))
    gone = set(old_pictures) - set(pictures)
    check_packs(members(old, old_pictures), members(new, pictures), gone)
    everything = content(new)
    for picture in gone:
        assert picture.data not in everything
        assert f"word{picture.number:04d}x".encode() not in everything
        assert picture.row.image_id.encode() not in everything
        assert bytes.fromhex(picture.row.image_id) not in everything
    for number, row in enumerate(rows):
        assert new.thumbnail(row) == pictures[number].data
    codes, (mean, scale) = np.array(new.codes()), np.array(new.quantizer())
    wanted = np.stack([picture.embedding for picture in pictures])
    clipped = np.clip(wanted, mean - 127 * scale, mean + 127 * scale)
    assert np.abs(mean + scale * codes - clipped).max() <= np.abs(scale).max() * 0.51
    assert report.layout.packs is not None and (report.layout.packs.pack >= 0).all()


def check_packs(
    old: dict[frozenset[Picture], str], new: dict[frozenset[Picture], str], gone: set[Picture]
) -> None:
    """Pictures of one pack stay together; one pack at most is topped up, the others only lose."""
    grew = 0
    for group, name in old.items():
        left = group - gone
        if left:
            (together,) = [other for other in new if other & left]
            assert left <= together
            grew += together > left
            assert together != group or new[together] == name
    assert grew <= 1


def members(site: PlainSite, pictures: Pictures) -> dict[frozenset[Picture], str]:
    """The name of the pack that holds each group of pictures."""
    groups: dict[str, set[Picture]] = {}
    for number, row in enumerate(site.rows()):
        groups.setdefault(row["pack"], set()).add(pictures[number])
    return {frozenset(group): name for name, group in groups.items()}


steps = st.lists(
    st.tuples(st.sets(st.integers(0, 40), max_size=8), st.integers(0, 7)), min_size=1, max_size=4
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(first=st.integers(3, 24), changes=steps)
def test_any_history(first: int, changes: Sequence[tuple[set[int], int]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pictures = in_order([Picture(number) for number in range(first)])
        report = write_site(make_input(pictures, Layout()), folder / "0")
        state = pictures, PlainSite(folder / "0"), report
        born = first
        for step, (gone, count) in enumerate(changes, 1):
            gone = {row for row in gone if row < len(pictures)}
            added = [Picture(number) for number in range(born, born + count)]
            born += count
            if len(gone) == len(pictures) and not added:
                continue
            pictures, layout = grow(pictures, report.layout, gone, added)
            site, out = make_input(pictures, layout), folder / str(step)
            report = write_site(site, out, previous=state[1].folder)
            write_site(site, folder / f"fresh {step}")
            assert tree(out) == tree(folder / f"fresh {step}")
            after = pictures, PlainSite(out), report
            check_step(state, after)
            state = after
        compact = make_input(in_order(pictures), Layout())
        write_site(compact, folder / "compact", previous=state[1].folder)
        write_site(compact, folder / "canonical")
        assert tree(folder / "compact") == tree(folder / "canonical")
        assert PlainSite(folder / "compact").manifest["order"] is None


@pytest.fixture
def grown(tmp_path: Path) -> tuple[Pictures, SiteReport]:
    pictures = in_order([Picture(number) for number in range(30)])
    return pictures, write_site(make_input(pictures, Layout()), tmp_path / "before")


def test_coarse_codes_stay_with_what_they_stand_for(tmp_path: Path, grown: tuple) -> None:
    pictures, report = grown
    more, layout = grow(pictures, report.layout, set(), [Picture(100), Picture(101)])
    write_site(make_input(more, layout), tmp_path / "after")
    before, after = (PlainSite(tmp_path / name) for name in ("before", "after"))
    old, new = (site.manifest["vectors"]["coarse"] for site in (before, after))
    assert new["file"] == old["file"] and new["files"] != old["files"]
    codes = [bytes(codes_of(site)) for site in (before, after)]
    assert codes[1].startswith(codes[0]) and len(codes[1]) > len(codes[0])


def codes_of(site: PlainSite) -> list[int]:
    entries = site.list(site.manifest["vectors"]["coarse"]["files"])
    return [code for entry in entries for code in site.container(entry, "coarse-codes")[1]["codes"]]


def test_nothing_changes_without_a_change(tmp_path: Path, grown: tuple) -> None:
    pictures, report = grown
    again = write_site(make_input(pictures, report.layout), tmp_path / "again")
    assert tree(tmp_path / "again") == tree(tmp_path / "before")
    assert again.layout.order is None
    assert (again.layout.packs.pack == report.layout.packs.pack).all()
    assert (again.layout.packs.slot == report.layout.packs.slot).all()


def test_the_first_screen_has_small_packs_of_its_own(tmp_path: Path, grown: tuple) -> None:
    _, report = grown
    site = PlainSite(tmp_path / "before")
    rows = site.rows()
    covers = {rows[row]["pack"] for row in site.order()[: SMALL.cover_rows]}
    others = {rows[row]["pack"] for row in site.order()[SMALL.cover_rows :]}
    assert covers and others and not covers & others
    for names, most in ((covers, SMALL.cover_bytes), (others, SMALL.pack_bytes)):
        for name in names:
            assert (site.folder / f"thumbs/{name}.bin").stat().st_size <= most
    pack = report.layout.packs.pack
    assert (pack[: SMALL.cover_rows] % 2 == 0).all() and (pack[SMALL.cover_rows :] % 2 == 1).all()


def test_added_thumbnails_top_up_the_last_pack(tmp_path: Path, grown: tuple) -> None:
    pictures, report = grown
    # Added with a date in the past, so that it does not belong to the first screen.
    added = replace_taken(Picture(1000))
    after, layout = grow(pictures, report.layout, set(), [added])
    second = write_site(make_input(after, layout), tmp_path / "after")
    pack = second.layout.packs.pack
    odd = report.layout.packs.pack[report.layout.packs.pack % 2 == 1]
    last = int(odd.max())
    room = SMALL.pack_bytes - sum(
        len(picture.data) for row, picture in enumerate(pictures) if pack[row] == last
    )
    assert pack[-1] == (last if room >= len(added.data) else last + 2)
    changed = set(tree(tmp_path / "after")) - set(tree(tmp_path / "before"))
    assert len([path for path in changed if path.startswith("thumbs/")]) == 1


def replace_taken(picture: Picture) -> Picture:
    class Old(Picture):
        @property
        def row(self) -> SiteRow:
            made = super().row
            return replace(made, fields={**made.fields, "taken": "1990-01-01"})

    return Old(picture.number)


def test_packs_stay_files_of_their_own_when_the_layout_says_so(tmp_path: Path) -> None:
    few = in_order([Picture(number) for number in range(5)])
    options = replace(SMALL, pack_above=10)
    report = write_site(make_input(few, Layout(), options), tmp_path / "before")
    after, layout = grow(few, report.layout, set(), [Picture(n) for n in range(5, 20)])
    write_site(make_input(after, layout, options), tmp_path / "after")
    site = PlainSite(tmp_path / "after")
    site.check()
    assert site.manifest["thumbnails"]["extension"] == "webp"
    assert len(list((tmp_path / "after" / "thumbs").iterdir())) == 20


def test_a_thumbnail_that_is_gone_leaves_its_pack(tmp_path: Path, grown: tuple) -> None:
    pictures, report = grown
    site = make_input(pictures, report.layout)
    without = replace(site, thumbnail=lambda row: None if row == 9 else pictures[row].data)
    second = write_site(without, tmp_path / "after")
    plain = PlainSite(tmp_path / "after")
    plain.check()
    assert plain.rows()[9]["length"] == 0
    assert second.layout.packs.pack[9] == -2
    assert pictures[9].data not in content(plain)


@pytest.mark.parametrize(
    ("message", "change"),
    [
        ("not a permutation", {"order": np.zeros(30, np.uint32)}),
        ("not a permutation", {"order": np.arange(29, dtype=np.uint32)}),
        ("quantizer", {"quantizer": Quantizer(np.zeros(3, np.float32), np.ones(3, np.float32))}),
        ("quantizer", {"quantizer": Quantizer(np.zeros(20, np.float32), np.zeros(20, np.float32))}),
        ("packs do not fit", {"packs": ThumbnailPacks(True, np.zeros(3, "i4"), np.zeros(3, "i4"))}),
        ("packs do not fit", {"packs": ThumbnailPacks(True, *np.full((2, 30), -3, "i4"))}),
    ],
)
def test_a_layout_that_does_not_fit(tmp_path: Path, message: str, change: dict) -> None:
    pictures = in_order([Picture(number) for number in range(30)])
    with pytest.raises(FormatError, match=message):
        write_site(make_input(pictures, Layout(**change)), tmp_path / "site")
    assert not (tmp_path / "site" / "manifest.json").exists()
