"""A large synthetic collection made of real parts, and queries that people might type."""

from __future__ import annotations

import hashlib
import re
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image
from query_index import captioned

from imagedb_site.packs import ModelPack
from imagedb_site.pictures.placeholder import placeholder
from imagedb_site.query.index import Floats
from imagedb_site.records import FieldSpec
from imagedb_site.site import ArrayEmbeddings, SiteInput, SiteRow, SiteSettings, write_site

_THUMBNAIL = 128
_QUERY_WORDS = (2, 3, 4)
_SMALL_WORDS = (
    "a an and are as at be by for from has in is it its of on or that the their to was with"
)
_SMALL = set(_SMALL_WORDS.split())


def write_large(folder: Path, pack: ModelPack, embeddings: Floats, count: int) -> None:
    """A site of `count` rows, made of the captioned pictures over and over.

    Each row has a caption of the training part as text, one of the thumbnails and placeholders of the
    validation part, and the embedding of that picture with noise. `embeddings` f32[n, dim] are theirs.
    """
    random = np.random.default_rng(1)
    vectors = np.tile(embeddings, (-(-count // len(embeddings)), 1))[:count]
    vectors = vectors + 0.03 * random.standard_normal(vectors.shape, dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    training_captions = [caption for captions in captioned("train")[1] for caption in captions]
    chosen = random.integers(0, len(training_captions), count)
    pictures = [_thumbnail(file) for file in captioned("val")[0][: len(embeddings)]]
    rows = []
    for row in range(count):
        _, size, hashed = pictures[row % len(pictures)]
        rows.append(
            SiteRow(
                image_id=image_id(row),
                key=f"{row}.jpg",
                width=4 * size[0],
                height=4 * size[1],
                thumbnail=size,
                placeholder=hashed,
                fields={"title": training_captions[chosen[row]]},
            )
        )
    site = SiteInput(
        title="Large",
        rows=rows,
        fields=[FieldSpec("title", "Title", "text", fts=True)],
        thumbnail=lambda row: pictures[row % len(pictures)][0],
        embeddings=ArrayEmbeddings(vectors.astype(np.float32)),
        pack=pack,
        settings=SiteSettings(thumbnail_size=_THUMBNAIL, view_size=0),
    )
    write_site(site, folder)


def image_id(row: int) -> str:
    """The id of a row of `write_large`."""
    return hashlib.sha256(str(row).encode()).hexdigest()[:16]


def typed_queries(count: int) -> list[str]:
    """`count` different queries: neighbouring words of captions that are not used in the site's texts."""
    found: dict[str, None] = {}
    for captions in captioned("val")[1]:
        words = [w for w in re.findall(r"[a-z]+", captions[4].lower()) if w not in _SMALL]
        size = _QUERY_WORDS[len(found) % len(_QUERY_WORDS)]
        if len(words) > size:
            found[" ".join(words[1 : 1 + size])] = None
        if len(found) == count:
            break
    return list(found)


def _thumbnail(file: Path) -> tuple[bytes, tuple[int, int], bytes]:
    picture = Image.open(file).convert("RGB")
    picture.thumbnail((_THUMBNAIL, _THUMBNAIL))
    buffer = BytesIO()
    picture.save(buffer, "WEBP", quality=60)
    return buffer.getvalue(), picture.size, placeholder(picture)
