"""Splits and samples are seeded, stable under growth, and the same in every language."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from imagedb_site.batches import hash_ids, make_batches, shuffled, split
from imagedb_site.errors import UsageError

GOLDEN: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "golden" / "batches.json").read_text(encoding="utf-8")
)
IDS: list[str] = GOLDEN["ids"]


def test_golden() -> None:
    assert [int(value) for value in hash_ids(IDS[:8], 7, 0)] == GOLDEN["hash"]
    assert len(GOLDEN["hash"]) == 8 and len(GOLDEN["split"]) >= 3
    for case in GOLDEN["split"]:
        options = {key: value for key, value in case.items() if key != "parts"}
        assert split(IDS, **options) == case["parts"]
    sample = GOLDEN["sample"]
    assert shuffled(IDS, sorted(sample["rows"]), sample["seed"]) == sample["rows"]


def test_every_image_is_in_one_part_and_the_shares_are_kept() -> None:
    ids = [hashlib.sha256(str(number).encode()).hexdigest()[:16] for number in range(20_000)]
    parts = split(ids, validation=0.1, test=0.2, seed=5)
    assert sorted(row for rows in parts.values() for row in rows) == list(range(20_000))
    assert len(parts["validation"]) == pytest.approx(2_000, rel=0.1)
    assert len(parts["test"]) == pytest.approx(4_000, rel=0.1)
    assert split(ids, validation=0.1, test=0.2, seed=6) != parts


def test_adding_images_moves_no_others() -> None:
    few = split(IDS[:150], validation=0.2, test=0.2, seed=1)
    many = split(IDS, validation=0.2, test=0.2, seed=1)
    assert set(few) == {"train", "validation", "test"} and all(few.values())
    for part, rows in few.items():
        assert set(rows) == {row for row in many[part] if row < 150}
        assert [row for row in many[part] if row < 150] == rows


def test_batches() -> None:
    batches = make_batches(IDS, "hash", size=32, validation=0.1, seed=3)
    assert sum(batches.count.values()) == sum(-(-len(rows) // 32) for rows in batches.rows.values())
    train = [batches.batch("train", n) for n in range(batches.count["train"])]
    assert [row for rows in train for row in rows] == list(batches.rows["train"])
    assert batches.count["test"] == 0
    with pytest.raises(UsageError, match="no test batch 0"):
        batches.batch("test", 0)
    with pytest.raises(UsageError, match="no train batch -1"):
        batches.batch("train", -1)


@pytest.mark.parametrize(
    "options",
    [{"size": 0}, {"size": 1, "test": 1.5}, {"size": 1, "validation": -1}, {"size": 1, "seed": -1}],
)
def test_invalid_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        make_batches(IDS, "hash", **options)
