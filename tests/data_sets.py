"""Small sites without pictures that look like DiffusionDB and Danbooru, written without a build."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path
from typing import Any

import numpy as np

from imagedb_site.records import FieldSpec
from imagedb_site.site import ArrayEmbeddings, SiteInput, SiteRow, SiteSettings, write_site

WORDS = ("castle", "sailing", "boat", "red", "car", "night", "portrait", "a", "cat", "artstation")
TAGS = (
    (13200, "solo", "tags"),
    (470575, "1girl", "tags"),
    (1821, "hatsune_miku", "character"),
    (6059, "vocaloid", "copyright"),
    (9001, "some_artist", "artist"),
    (12345, "highres", "meta"),
)


def prompts(folder: Path, web: Path, count: int = 120) -> Path:
    """Prompts with the fields of DiffusionDB; its keys are names of images."""
    draw = random.Random(1)
    number = lambda name: FieldSpec(name, name.title(), "number", column=True)  # noqa: E731
    fields = [
        FieldSpec("prompt", "Prompt", "text", fts=True),
        number("seed"),
        number("step"),
        number("cfg"),
        FieldSpec("sampler", "Sampler", "category", facet=True, column=True),
    ]
    rows = [
        _row(
            "diffusiondb",
            f"{draw.randrange(16**12):012x}-{at}.png",
            {
                "prompt": " ".join(draw.choice(WORDS) for _ in range(7)),
                "seed": draw.randrange(2**32),
                "step": 50,
                "cfg": draw.choice([7, 7.5]),
                "sampler": "k_lms",
            },
        )
        for at in range(count)
    ]
    return _write(folder, web, "Prompts", "diffusiondb", fields, rows)


def posts(folder: Path, web: Path, count: int = 150) -> Path:
    """Posts with the fields of the Danbooru dumps, and numbered tags."""
    draw = random.Random(2)
    fields = [
        FieldSpec("post_id", "Post", "number", column=True),
        FieldSpec("md5", "MD5", "text"),
        FieldSpec("rating", "Rating", "category", facet=True, column=True),
        FieldSpec("width", "Width", "number", column=True),
        FieldSpec("height", "Height", "number", column=True),
        FieldSpec("file_ext", "Type", "category", facet=True, column=True),
        FieldSpec("file_size", "Size", "number", column=True),
        FieldSpec("source", "Source", "text"),
        FieldSpec("pixiv_id", "Pixiv", "number", column=True),
        *(
            FieldSpec(name, name.title(), "tags", fts=True, facet=True, column=True)
            for name in ("tags", "artist", "copyright", "character", "meta")
        ),
    ]
    counts = dict.fromkeys((number for number, _, _ in TAGS), 0)
    rows = []
    for at in range(count):
        values: dict[str, Any] = {
            "post_id": 1_000_000 + 37 * at,
            "md5": f"{draw.randrange(16**32):032x}",
            "rating": "sqe"[at % 3],
            "width": 797,
            "height": 1000,
            "file_ext": "png",
            "file_size": 810_555 + at,
            "source": "http://www.example.org/a.png",
            "pixiv_id": at,
        }
        for number, name, field in TAGS:
            if draw.random() < 0.6:
                values.setdefault(field, []).append(name)
                counts[number] += 1
        rows.append(_row("danbooru", str(values["post_id"]), values))
    tags = [(number, name, field, counts[number]) for number, name, field in sorted(TAGS)]
    # Every fifth post has no embedding.
    vectors = np.random.default_rng(3).normal(size=(count, 20)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[::5] = 0
    embeddings = ArrayEmbeddings(vectors)
    return _write(folder, web, "Posts", "danbooru", fields, rows, tags, embeddings)


def _row(source: str, key: str, fields: dict[str, Any]) -> SiteRow:
    image_id = hashlib.sha256(f"{source}\0{key}".encode()).hexdigest()[:16]
    return SiteRow(image_id, key, 0, 0, fields=fields)


def _write(
    folder: Path, web: Path, title: str, source: str, fields: list[FieldSpec],
    rows: list[SiteRow], tags: list[tuple[int, str, str, int]] | tuple[()] = (),
    embeddings: ArrayEmbeddings | None = None,
) -> Path:  # fmt: skip
    write_site(
        SiteInput(
            title, rows, fields, lambda row: None, source=source, tags=tags,
            embeddings=embeddings,
            settings=SiteSettings(web=web),
        ),
        folder,
    )  # fmt: skip
    return folder
