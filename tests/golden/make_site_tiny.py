"""Makes tests/golden/site-tiny and the decoded values expected of it, tests/golden/site-tiny.json.

Run `python tests/golden/make_site_tiny.py` after a change of docs/FORMAT.md, and then make_site_grown.py.
tests/unit/test_site_golden.py fails as long as the committed files differ from what this writes. The
pictures are drawn here; names, texts and dates are invented.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import apsw
import numpy as np
from PIL import Image, ImageDraw

from imagedb_site import fts
from imagedb_site.records import FieldSpec, Value
from imagedb_site.site import (
    ArrayEmbeddings,
    Attribution,
    SiteInput,
    SiteRow,
    SiteSettings,
    image_ids,
    write_site,
)
from imagedb_site.text import UNSPACED, fts_query, fts_text, plain_text

HERE = Path(__file__).parent
DIM = 16
COUNT = 24

FIELDS = [
    FieldSpec("name", "Name", "text", fts=True),
    FieldSpec("title", "Title", "text", fts=True),
    FieldSpec("tags", "Tags", "tags", fts=True, facet=True, column=True),
    FieldSpec("place", "Place", "category", fts=True, facet=True, column=True),
    FieldSpec("rating", "Rating", "number", facet=True, column=True),
    FieldSpec("altitude", "Altitude", "number", column=True, unit="m"),
    FieldSpec("aperture", "Aperture", "number", column=True),
    FieldSpec("exposure_time", "Exposure time", "number", column=True, unit="s"),
    FieldSpec("taken", "Taken", "date", facet=True, column=True),
    FieldSpec("favourite", "Favourite", "boolean", facet=True, column=True),
    FieldSpec("source", "Source", "url"),
]

TITLES = [
    "Zürich in winter",
    "A cat on the <b>roof</b> & in the sun",
    "猫と犬が走る",
    "Cats running; a cat sleeping, cats everywhere",
    "Café crème — “à emporter”",
    "北京 skyline at night",
    "Smile 😀 and wave 👋🏽",
    "<img src=x onerror=alert(1)>",
    "한국의 바다",
    "The old lighthouse by the sea",
    "Running dogs on the beach",
    "don't panic: C++ at 8k",
    "Ελλάδα, το πρωί",
    "Утро в горах",
    "שקיעה מעל הים",
    "Sea, sun and more sea",
    "",
    "NEAR OR AND NOT",
    "Line one\nline two\ttabbed",
    "Naïve façade in São Paulo",
    "One lighthouse, two cats",
    'Quotes " and \\ backslash',
    "Winter sun in the mountains",
    "x",
]
TAGS = ["cat", "dog", "sea", "winter", "city", "a, b", "été", "猫", "<i>", "2021"]
PLACES = ["Zürich", "Athens", "北京", "São Paulo", "Unknown & <co>"]

FTS_QUERIES = [
    "cat",
    "cats",
    "running",
    "zurich",
    "ZÜRICH",
    '"the sea"',
    "sea NOT lighthouse",
    "light*",
    "title : winter",
    "tags : winter",
    "猫",
    "北京",
    "走る",
    '"犬が走"',
    "place : 北*",
    "πρωί OR горах",
    "NEAR(one lighthouse, 3)",
    "^winter",
    "facade",
    '"don\'t"',
    "nothinglikethis",
]


def draw(index: int) -> bytes:
    """A small WebP: a gradient with a shape, of a size that differs from row to row."""
    width, height = 32 + 4 * (index % 5), 24 + 4 * (index % 7)
    picture = Image.new("RGB", (width, height), ((index * 53) % 256, (index * 97) % 256, 120))
    pen = ImageDraw.Draw(picture)
    pen.ellipse((4, 4, width - 6, height - 6), fill=((index * 31) % 256, 200, (index * 71) % 256))
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=60, method=6)
    return out.getvalue()


def make_fields(index: int) -> dict[str, Value]:
    fields: dict[str, Value] = {"name": f"picture-{index}"}
    if TITLES[index]:
        fields["title"] = TITLES[index]
    tags = [TAGS[(index * step) % len(TAGS)] for step in (1, 3, 7)][: index % 4]
    if tags:
        fields["tags"] = list(dict.fromkeys(tags))
    if index % 6:
        fields["place"] = PLACES[index // 2 % len(PLACES)]
    if index % 3:
        fields["rating"] = index % 5
    if index % 4 != 1:
        fields["altitude"] = index * 37 - 200
    if index % 5 != 2:
        fields["aperture"] = [1.5, 2.0, 2.75, 4.0, 5.5][index % 5]
    if index % 7 != 3:
        fields["exposure_time"] = 1 / (index + 3)
    if index < 18:
        # Times with and without seconds, days, a month; one before 1970.
        fields["taken"] = [
            f"2021-05-{28 - index:02d}T12:30:{index:02d}",
            f"2021-05-{28 - index:02d}",
            f"2021-05-{28 - index:02d}T23:59",
        ][index % 3]
    if index in (16, 17):
        fields["taken"] = ["2021-05", "1969-12-31T23:59:59"][index - 16]
    if index % 2:
        fields["favourite"] = index % 4 == 1
    if index % 5 == 0:
        fields["source"] = f"https://example.org/p?a={index}&b=<{index}>"
    return fields


REMOTE = {
    "image": "https://images.example.org/a%20b/23.jpg?size=large",
    "thumbnail": "https://images.example.org/small/23.jpg",
}


def make_embeddings() -> np.ndarray:
    """Four clusters and an outlier dimension, so that a global scale would be seen to fail."""
    random = np.random.default_rng(20261121)
    centres = random.normal(size=(4, DIM))
    vectors = centres[np.arange(COUNT) % 4] + 0.6 * random.normal(size=(COUNT, DIM))
    vectors[:, 3] += 6
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32)


def make_input(pictures: Sequence[bytes] | None = None) -> SiteInput:
    """The golden collection; `pictures` are the committed ones, or None to draw them again.

    Another version of libwebp draws other bytes, from which ids and file names follow.
    """
    pictures = list(pictures or [draw(index) for index in range(COUNT)])
    # Two images with the same bytes, so that one id depends on the path.
    pictures[20] = pictures[4]
    keys = [f"album {index % 3}/picture-{index}.webp" for index in range(COUNT)]
    keys[7] = "album 1/<script>alert('x')</script> & é.webp"
    hashes = [hashlib.sha256(picture).hexdigest() for picture in pictures]
    ids = image_ids(hashes, keys)
    rows = []
    for index in range(COUNT):
        has_picture = index != 23
        width, height = Image.open(io.BytesIO(pictures[index])).size if has_picture else (0, 0)
        rows.append(
            SiteRow(
                image_id=ids[index],
                key=keys[index],
                width=width * 10,
                height=height * 10,
                thumbnail=(width, height) if has_picture else None,
                placeholder=hashlib.sha256(keys[index].encode()).digest()[: index % 32],
                fields=make_fields(index),
                view=(width, height) if index in (0, 5) else None,
                remote={} if has_picture else REMOTE,
            )
        )
    return SiteInput(
        title="Tiny & <golden> collection",
        description="Twenty-four drawn pictures with invented texts: été, 猫, 😀.",
        attribution=[
            Attribution("Drawn by a program", licence="CC0-1.0"),
            Attribution("Named after nobody", url="https://example.org/nobody"),
        ],
        rows=rows,
        fields=FIELDS,
        embeddings=ArrayEmbeddings(make_embeddings()),
        thumbnail=lambda row: pictures[row] if row != 23 else None,
        view=lambda row: pictures[row],
        original=lambda row: pictures[row] if row == 1 else None,
        origins=("https://images.example.org",),
        source="table",
        tags=numbered_tags(rows),
        settings=SiteSettings(
            thumbnail_size=48,
            view_size=48,
            originals="copy",
            examples=("cat", "the sea in winter", "猫"),
            row_block=10,
            document_block=9,
            vector_block=12,
            ids_per_file=4,
            fanout=4,
            tag_block=3,
            pages=False,
            downloads=("jsonl", "csv"),
            download_rows=10,
        ),
    )


def expected_columns(rows: list[SiteRow]) -> dict[str, Any]:
    """Decoded columns, from the input and not from what was written."""
    columns: dict[str, Any] = {}
    for spec in FIELDS:
        if not spec.column:
            continue
        values: list[Any] = [row.fields.get(spec.name) for row in rows]
        if spec.type == "tags":
            values = [value or [] for value in values]
        elif spec.type == "boolean":
            values = [None if value is None else str(value).lower() for value in values]
        elif spec.type == "date":
            values = [None if value is None else interval(str(value)) for value in values]
        columns[spec.name] = values
    return columns


def interval(text: str) -> list[float]:
    """Start and length in seconds of a month, a day, a minute or a second."""
    start = datetime.fromisoformat(text if len(text) > 7 else f"{text}-01")
    length = {7: 31 * 86_400, 10: 86_400, 16: 60, 19: 0}[len(text)]
    return [(start - datetime(1970, 1, 1)).total_seconds(), length]


def expected_fts(rows: list[SiteRow]) -> list[dict[str, Any]]:
    """Answers of an ordinary FTS5 table that keeps its content."""
    names = [spec.name for spec in FIELDS if spec.fts]
    database = apsw.Connection(":memory:")
    tokenize = fts.TOKENIZE.replace("'", "''")
    database.execute(
        f"CREATE VIRTUAL TABLE fts USING fts5({', '.join(names)}, tokenize='{tokenize}')"
    )
    for row, image in enumerate(rows):
        texts = []
        for name in names:
            value = image.fields.get(name, "")
            texts.append(fts_text(value))
        marks = ", ".join("?" for _ in names)
        database.execute(
            f"INSERT INTO fts(rowid, {', '.join(names)}) VALUES (?, {marks})", (row + 1, *texts)
        )
    sql = "SELECT rowid - 1, rank FROM fts WHERE fts MATCH ? ORDER BY rank, rowid"
    return [
        {
            "query": query,
            "fts": fts_query(query),
            "results": [
                {"row": row, "bm25": bm25}
                for row, bm25 in database.execute(sql, (fts_query(query),))
            ],
        }
        for query in FTS_QUERIES
    ]


def numbered_tags(rows: Sequence[SiteRow]) -> list[tuple[int, str, str, int]]:
    """Every tag with a number that is not its place, and the number of rows that have it."""
    counts = Counter(tag for row in rows for tag in cast(list[str], row.fields.get("tags", [])))
    return [(7 * at + 3, name, "tags", counts[name]) for at, name in enumerate(sorted(counts))]


def expected_words(rows: Sequence[SiteRow]) -> list[list[Any]]:
    """The words of the texts by the rule of the format, letter by letter."""
    names = [spec.name for spec in FIELDS if spec.fts]
    counts: Counter[str] = Counter()
    for row in rows:
        text = "\n".join(plain_text(row.fields.get(name)) for name in names).lower()
        words = "".join(char if char.isalnum() or char in "'’-" else " " for char in text).split()
        bare = {word.strip("'’-") for word in words}
        counts.update(
            word
            for word in bare
            if 3 <= len(word) <= 32
            and any(char.isalpha() for char in word)
            and not UNSPACED.search(word)
        )
    return [list(item) for item in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]


def plain_quantizer(embeddings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and scale of embeddings in which no dimension has outliers."""
    mean = embeddings.astype(np.float64).mean(axis=0).astype(np.float32)
    scale = (np.abs(embeddings - mean).max(axis=0) / np.float32(127)).astype(np.float32)
    return mean, scale


def expected_vectors(embeddings: np.ndarray, fitted_to: np.ndarray) -> dict[str, Any]:
    """The codes by the rule of the format, and exact answers over what they stand for."""
    mean, scale = plain_quantizer(fitted_to)
    codes = np.clip(np.rint((embeddings - mean) / scale), -127, 127).astype(np.int64)
    stands_for = mean.astype(np.float64) + scale.astype(np.float64) * codes
    random = np.random.default_rng(7)
    queries = [embeddings[0], embeddings[13], *random.normal(size=(3, DIM))]
    answers = []
    for query in queries:
        unit = (query / np.linalg.norm(query)).astype(np.float32)
        similarities = stands_for @ unit.astype(np.float64)
        order = np.argsort(-similarities, kind="stable")
        answers.append(
            {
                "query": [float(value) for value in unit],
                "results": [
                    {"row": int(row), "similarity": float(similarities[row])} for row in order
                ],
            }
        )
    return {"codes": codes.tolist(), "tolerance": 1e-5, "queries": answers}


def expected(
    site: SiteInput, order: Sequence[int] | None = None, fitted_to: np.ndarray | None = None
) -> dict[str, Any]:
    """What readers should find in the site. `order`: the default order if it is not row order.

    `fitted_to`: the embeddings that the quantizer was fitted to if they are not those of the site.
    """
    assert isinstance(site.embeddings, ArrayEmbeddings)
    embeddings = site.embeddings.values
    return {
        "count": len(site.rows),
        "ids": [row.image_id for row in site.rows],
        "order": list(range(len(site.rows)) if order is None else order),
        "rows": [
            {
                "width": row.width,
                "height": row.height,
                "thumbnail_sha256": None
                if row.thumbnail is None
                else hashlib.sha256(site.thumbnail(index) or b"").hexdigest(),
                "placeholder": row.placeholder.hex(),
            }
            for index, row in enumerate(site.rows)
        ],
        "columns": expected_columns(list(site.rows)),
        "documents": [{"path": row.key, "fields": dict(row.fields)} for row in site.rows],
        "fts": expected_fts(list(site.rows)),
        "vectors": expected_vectors(embeddings, embeddings if fitted_to is None else fitted_to),
        "words": expected_words(list(site.rows)),
        "tags": [list(tag) for tag in site.tags],
    }


def make(folder: Path, answers: Path) -> None:
    """Write the site into `folder`, which is replaced, and the expected values beside it."""
    site = make_input()
    shutil.rmtree(folder, ignore_errors=True)
    write_site(site, folder)
    write_answers(expected(site), answers)


def write_answers(values: dict[str, Any], path: Path) -> None:
    text = json.dumps(values, ensure_ascii=False, sort_keys=True, indent=None)
    path.write_text(text.replace('}], "', '}],\n"') + "\n", encoding="utf-8")


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
    make(target / "site-tiny", target / "site-tiny.json")
