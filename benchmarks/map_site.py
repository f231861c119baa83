"""Sites with a map of any size: synthetic rows, real thumbnails, points in blots like those of UMAP."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from growth_site import FIELDS, Rows, captions, thumbnails

from imagedb_site.site import SiteInput, SiteSettings, write_site
from imagedb_site.site.types import MapTopic, MeaningMap

TOPICS = 200
LARGEST = 0xFFFE


def meaning_map(count: int) -> MeaningMap:
    """A map of `count` points: blots of Zipf sizes, and every tenth point between them."""
    random = np.random.default_rng(11)
    topics = np.sort(random.zipf(1.3, count) % TOPICS).astype(np.uint16)
    random.shuffle(topics)
    # The largest topic is the first one.
    sizes = np.bincount(topics, minlength=TOPICS)
    topics = np.argsort(np.argsort(-sizes, kind="stable"))[topics].astype(np.uint16)
    middles = random.uniform(0.1, 0.9, (TOPICS, 3))
    spread = random.uniform(0.01, 0.04, (TOPICS, 1))
    points = middles[topics] + spread[topics] * random.standard_normal((count, 3))
    loose = random.random(count) < 0.1
    points[loose] = random.uniform(0.02, 0.98, (int(loose.sum()), 3))
    topics[loose] = 0xFFFF
    places = np.rint(np.clip(points, 0, 1) * LARGEST).astype(np.uint16)
    named = []
    for topic in range(TOPICS):
        rows = np.flatnonzero(topics == topic)
        if not len(rows):
            break
        x, y = places[rows, :2].mean(axis=0).astype(int).tolist()
        named.append(
            MapTopic(f"topic {topic}", ["topic", str(topic)], len(rows), x, y, rows[:4].tolist())
        )
    return MeaningMap(places[:, :2], places, topics, named, {"name": "synthetic"})


def write(folder: Path, count: int) -> None:
    """Write a site of `count` rows into a new folder. It has no embeddings: only the map is measured."""
    pictures = thumbnails()
    write_site(
        SiteInput(
            title="Map",
            rows=Rows(count, captions(), pictures),
            fields=FIELDS,
            thumbnail=lambda row: pictures[row % len(pictures)].data,
            map=meaning_map(count),
            settings=SiteSettings(thumbnail_size=128, view_size=0),
        ),
        folder,
    )
