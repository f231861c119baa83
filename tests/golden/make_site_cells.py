"""Makes tests/golden/site-cells and tests/golden/site-cells.json: a site of the tier `cells` that grew.

    python tests/golden/make_site_cells.py

It has 100 invented records. 40 have a drawn picture, the others have the embeddings of their texts, and five
have none. Its cells were fitted to the first 84: of these 3 are gone, 3 of the added ones have their rows,
and the others follow at the end. So there are a tail, and cells of one file of vectors and of several.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cell_answers
import make_site_tiny as tiny
import numpy as np
from plain_cells import PlainCells

from imagedb_site.records import FieldSpec
from imagedb_site.site import (
    ArrayEmbeddings,
    CellSettings,
    Layout,
    SiteInput,
    SiteRow,
    SiteSettings,
    ThumbnailPacks,
    row_order,
    write_site,
)

DIM = 24
KINDS = 11
FIRST = list(range(84))
GONE = {5: 84, 40: 85, 71: 86}
"""The records of the first build that are gone, and which ones have their rows."""
GROWN = [GONE.get(index, index) for index in FIRST] + list(range(87, 103))
NO_EMBEDDING = (3, 17, 59, 88, 95)
FIELDS = [
    FieldSpec("name", "Name", "text", fts=True),
    FieldSpec("kind", "Kind", "category", fts=True, facet=True, column=True),
]
SETTINGS = SiteSettings(
    thumbnail_size=48,
    view_size=48,
    pack_above=4,
    cells=True,
    row_block=16,
    cell_layout=CellSettings(
        count=16,
        least=1,
        most=2,
        rows_per_file=5,
        group_bytes=600,
        group_fanout=4,
        vector_fanout=16,
    ),
    pages=False,
)


def make_embeddings() -> np.ndarray:
    """Records of eleven kinds around a common mean; two records are alike, and five have no embedding."""
    random = np.random.default_rng(20261129)
    kinds = random.normal(size=(KINDS, DIM)) * np.linspace(1.5, 0.3, DIM)
    vectors = kinds[[kind_of(i) for i in range(103)]] + 0.35 * random.normal(size=(103, DIM))
    vectors[:, 3] += 3
    vectors[11] = vectors[10]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[list(NO_EMBEDDING)] = 0
    return vectors.astype(np.float32)


def kind_of(index: int) -> int:
    """The first kinds have more records than the last."""
    return int(KINDS * ((index * 37 % 103) / 103) ** 2)


def make_input(pictures: Sequence[bytes], chosen: Sequence[int]) -> SiteInput:
    """The site of the chosen records, in that order of rows. Every other of the first 80 has a picture."""
    rows = []
    for index in chosen:
        pictured = index % 2 == 0 and index < 80
        rows.append(
            SiteRow(
                image_id=hashlib.sha256(f"record {index}".encode()).hexdigest()[:16],
                key=f"record {index:03d}",
                width=320 if pictured else 0,
                height=240 if pictured else 0,
                thumbnail=(32, 24) if pictured else None,
                fields={"name": f"record {index}", "kind": f"kind {kind_of(index)}"},
            )
        )
    return SiteInput(
        title="Cells",
        rows=rows,
        fields=FIELDS,
        embeddings=ArrayEmbeddings(make_embeddings()[list(chosen)]),
        thumbnail=lambda row: pictures[0] if rows[row].thumbnail else None,
        pictures=np.array([row.thumbnail is not None for row in rows]),
        source="table",
        settings=SETTINGS,
    )


def grown_input(pictures: Sequence[bytes]) -> SiteInput:
    """The grown site, with the layout that its first build left."""
    with tempfile.TemporaryDirectory() as folder:
        before = write_site(make_input(pictures, FIRST), Path(folder) / "site").layout
    assert before.packs is not None and before.cells is not None
    source = np.array([at if index == at else -1 for at, index in enumerate(GROWN)])
    pack = np.full(len(GROWN), -1, dtype=np.int32)
    slot = np.zeros(len(GROWN), dtype=np.int32)
    pack[source >= 0] = before.packs.pack[source[source >= 0]]
    slot[source >= 0] = before.packs.slot[source[source >= 0]]
    site = make_input(pictures, GROWN)
    order = np.array(row_order(list(site.rows)), dtype=np.uint32)
    packs = ThumbnailPacks(before.packs.packed, pack, slot)
    cells = before.cells.moved(source)
    return replace(site, layout=Layout(order, before.quantizer, packs, before.blocks, None, cells))


def make(folder: Path, answers: Path) -> None:
    """Write the site into `folder`, which is replaced, and the expected values beside it."""
    site = grown_input([tiny.draw(0)])
    shutil.rmtree(folder, ignore_errors=True)
    write_site(site, folder)
    tiny.write_answers(expected(folder), answers)


def expected(folder: Path) -> dict:
    """What readers of the site in `folder` have to answer."""
    sys.path.insert(0, str(tiny.HERE.parent / "unit"))
    from plain_site import PlainSite

    return cell_answers.expected(PlainCells(PlainSite(folder)), make_embeddings()[GROWN])


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else tiny.HERE
    make(target / "site-cells", target / "site-cells.json")
