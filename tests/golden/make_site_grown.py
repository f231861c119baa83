"""Makes tests/golden/site-grown and tests/golden/site-grown.json: a site that grew (docs/FORMAT.md 2.12).

    python tests/golden/make_site_grown.py

It has the pictures of site-tiny, all but two of the first 18, in the layout of a canonical site of these
18: the pictures that were added took the rows of the removed ones and further rows at the end. So `order`
is not null, thumbnails lie in packs, and the quantizer was fitted to other embeddings.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import make_site_tiny as tiny
import numpy as np

from imagedb_site.site import (
    ArrayEmbeddings,
    Layout,
    SiteInput,
    ThumbnailPacks,
    row_order,
    write_site,
)

FIRST = list(range(18))
GROWN = [0, 1, 2, 18, 4, 5, 6, 7, 8, 19, *range(10, 18), 20, 21, 22, 23]
"""The picture in each row: 18 and 19 replace 3 and 9, the others follow at the end."""


def make_input(pictures: Sequence[bytes], chosen: Sequence[int]) -> SiteInput:
    """The site of the chosen pictures, in that order of rows."""
    site = tiny.make_input(pictures)
    rows = list(site.rows)
    return replace(
        site,
        title="Grown",
        rows=[rows[index] for index in chosen],
        embeddings=ArrayEmbeddings(tiny.make_embeddings()[list(chosen)]),
        thumbnail=lambda row: site.thumbnail(chosen[row]),
        view=lambda row: site.view(chosen[row]),
        original=lambda row: site.original(chosen[row]),
        settings=replace(
            site.settings,
            pack_above=4,
            pack_bytes=900,
            cover_rows=4,
            cover_bytes=500,
            order_block=8,
            column_block=8,
            column_segment=16,
            values_bytes=64,
            examples=(),
            downloads=(),
            coarse=True,
        ),
    )


def grown_input(pictures: Sequence[bytes]) -> SiteInput:
    """The grown site, with the layout that its first build left."""
    with tempfile.TemporaryDirectory() as folder:
        before = write_site(make_input(pictures, FIRST), Path(folder) / "site").layout
    assert before.packs is not None
    pack = np.full(len(GROWN), -1, dtype=np.int32)
    slot = np.zeros(len(GROWN), dtype=np.int32)
    for row, index in enumerate(GROWN):
        if index in FIRST:
            pack[row], slot[row] = before.packs.pack[index], before.packs.slot[index]
    site = make_input(pictures, GROWN)
    order = np.array(row_order(list(site.rows)), dtype=np.uint32)
    packs = ThumbnailPacks(True, pack, slot)
    return replace(site, layout=Layout(order, before.quantizer, packs, None, before.coarse))


def expected(site: SiteInput) -> dict:
    assert site.layout.order is not None
    found = tiny.expected(site, site.layout.order.tolist(), tiny.make_embeddings()[FIRST])
    return {**found, "coarse": coarse_similarities(site)}


def coarse_similarities(site: SiteInput) -> list[float]:
    """The similarities of all rows to the first one's embedding, by their coarse codes."""
    quantizer, coarse = site.layout.quantizer, site.layout.coarse
    assert quantizer is not None and coarse is not None and site.embeddings is not None
    embeddings = np.concatenate(list(site.embeddings.blocks()))
    query = embeddings[0].astype(np.float64)
    rotated = (embeddings - quantizer.mean) @ coarse.directions.T
    most = (1 << coarse.bits.astype(np.int64)) - 1
    codes = np.clip(np.rint(rotated / (2 * coarse.steps) + most / 2), 0, most)
    values = coarse.steps.astype(np.float64) * (2 * codes - most)
    return (query @ quantizer.mean + values @ (coarse.directions @ query)).tolist()


def make(folder: Path, answers: Path) -> None:
    """Write the site into `folder`, which is replaced, and the expected values beside it."""
    site = grown_input([tiny.draw(index) for index in range(tiny.COUNT)])
    shutil.rmtree(folder, ignore_errors=True)
    write_site(site, folder)
    tiny.write_answers(expected(site), answers)


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else tiny.HERE
    make(target / "site-grown", target / "site-grown.json")
