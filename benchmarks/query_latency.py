"""From the key that asks (Enter) to painted results, over a large made-up collection."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from harness import browsing, note, serving, show_results
from PIL import Image

from imagedb_site.encoders import ModelPack
from imagedb_site.query.index import Floats
from imagedb_site.records import FieldSpec
from imagedb_site.site import SiteInput, SiteRow, SiteSettings, write_site

_WORDS = (
    "red blue green black white old small big car dog cat house tree boat bridge night winter summer beach "
    "river street child woman man bird flower table chair train city"
)
WORDS = _WORDS.split()
# Pairs of words that were all asked for before, so that only the answer is waited for.
QUERIES = [f"{WORDS[i]} {WORDS[-1 - i]}" for i in range(15)] + [
    f"{WORDS[i]} {WORDS[i + 8]} at night" for i in range(10)
]

TYPE = """async (text) => {
  const box = document.querySelector("#search");
  const list = () => document.querySelector("[data-stage][data-key]");
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(box), "value").set.call(box, text);
  box.dispatchEvent(new InputEvent("input", { bubbles: true }));
  await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  const start = performance.now();
  box.form.requestSubmit();
  for (;;) {
    await new Promise((resolve) => requestAnimationFrame(resolve));
    const found = list();
    const key = new URLSearchParams((found?.dataset.key ?? "").replace(/^[#?]/, ""));
    const final = found?.dataset.stage === "final" && key.get("q") === text;
    if (final && found.querySelector("a[data-row]")) break;
    if (performance.now() - start > 20000) throw new Error(`no results for ${text}`);
  }
  await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  return performance.now() - start;
}"""


def write_large(folder: Path, pack: ModelPack, embeddings: Floats, count: int) -> None:
    """A site of `count` rows: the given embeddings with noise, titles of random words, one grey thumbnail."""
    random = np.random.default_rng(1)
    vectors = np.tile(embeddings, (-(-count // len(embeddings)), 1))[:count]
    vectors = vectors + 0.05 * random.standard_normal(vectors.shape, dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    titles = random.choice(WORDS, (count, 4))
    buffer = BytesIO()
    Image.new("RGB", (48, 36), (128, 128, 128)).save(buffer, "WEBP")
    picture = buffer.getvalue()
    rows = [
        SiteRow(
            image_id=hashlib.sha256(str(row).encode()).hexdigest()[:16],
            key=f"{row}.jpg",
            width=480,
            height=360,
            thumbnail=(48, 36),
            placeholder=b"",
            fields={"title": " ".join(titles[row])},
        )
        for row in range(count)
    ]
    site = SiteInput(
        title="Large",
        rows=rows,
        fields=[FieldSpec("title", "Title", "text", fts=True)],
        thumbnail=lambda row: picture,
        embeddings=vectors.astype(np.float32),
        pack=pack,
        settings=SiteSettings(thumbnail_size=48, view_size=0),
    )
    write_site(site, folder)


def latency(
    pack: ModelPack, embeddings: Floats, count: int, median: Callable[[Sequence[float]], float]
) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as place:
        site = Path(place) / "site"
        note("writing the large site")
        write_large(site, pack, embeddings, count)
        with serving(site) as server, browsing() as page:
            show_results(page, server.url, " ".join(WORDS), "all", 300)
            for text in (*WORDS, "at night"):
                page.evaluate(TYPE, text)
            page.evaluate(
                "() => { window.longest = 0; new PerformanceObserver((list) => { for (const entry of "
                "list.getEntries()) window.longest = Math.max(window.longest, entry.duration); })"
                ".observe({ type: 'longtask' }); }"
            )
            times = [float(page.evaluate(TYPE, text)) for text in QUERIES]
            longest = float(page.evaluate("window.longest"))
    return {
        "key_to_paint_p50_ms": round(median(times), 1),
        "key_to_paint_p95_ms": round(float(np.quantile(times, 0.95)), 1),
        "longest_task_ms": round(longest, 1),
        "latency_pictures": count,
    }
