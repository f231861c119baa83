"""UMAP and the clusters of its map, on rows that are made up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from imagedb_site.build import build
from imagedb_site.cli.main import cli
from imagedb_site.config import BuildConfig
from imagedb_site.mapping import fit
from imagedb_site.mapping.clusters import NONE, find_topics
from imagedb_site.reader import open_site
from imagedb_site.reader.meaning_map import read_points, read_topics

pytest.importorskip("umap", reason="umap-learn is not installed: pip install 'imagedb-site[map]'")


def groups(count: int) -> Any:
    """Rows around three directions, one after the other."""
    random = np.random.default_rng(2)
    values = random.normal(size=(3, 32))[np.arange(count) % 3]
    values = values + 0.3 * random.normal(size=(count, 32))
    return (values / np.linalg.norm(values, axis=1, keepdims=True)).astype(np.float32)


def test_groups_are_topics_and_the_bytes_are_the_same_again() -> None:
    vectors = groups(180)
    flat, space = fit.fit(vectors)
    again = fit.fit(vectors)
    assert flat.tobytes() == again[0].tobytes()
    assert space.tobytes() == again[1].tobytes()
    assert (flat.shape, space.shape) == ((180, 2), (180, 3))
    topics = find_topics(flat)
    assert topics.max() >= 2
    for topic in range(int(topics.max()) + 1):
        assert len(set((np.flatnonzero(topics == topic) % 3).tolist())) == 1
    assert np.count_nonzero(topics == NONE) < 20


@pytest.mark.parametrize("count", [5, 6, 16])
def test_a_few_rows_have_a_map(count: int) -> None:
    flat, space = fit.fit(groups(count))
    assert len(np.unique(flat, axis=0)) > 1
    assert len(find_topics(flat)) == count
    assert space.max() <= fit.LARGEST


def test_a_build_has_a_map(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    lines = []
    for number in range(12):
        colour = (number * 20, 255 - number * 20, 40 + 90 * (number % 2))
        Image.new("RGB", (40 + number, 40), colour).save(folder / f"{number}.png")
        lines.append({"file": f"{number}.png", "caption": "a boat" if number % 2 else "a sheep"})
    table = tmp_path / "table.jsonl"
    table.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    config = BuildConfig(folder, tmp_path / "dist", metadata=(table,), map=True, workers=1)
    report = build(config)
    assert any(note.startswith("The map has 12 points") for note in report.notes)
    with open_site(tmp_path / "dist") as site:
        assert site.manifest.map is not None
        points = read_points(site.manifest.map, site.read)
        read_topics(site.manifest.map, site.read)
        topics = site.manifest.map.topics
    assert points.shape == (12, 2)
    shown = CliRunner().invoke(cli, ["info", str(tmp_path / "dist"), "--json"])
    assert {"map_points": 12, "map_topics": topics}.items() <= json.loads(shown.output).items()
    # The second build has the places of the first.
    assert build(config).reused > 0
    with open_site(tmp_path / "dist") as site:
        assert site.manifest.map is not None
        assert (read_points(site.manifest.map, site.read) == points).all()
