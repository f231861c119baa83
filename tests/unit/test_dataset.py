"""The data-set verbs: counts, tags, samples, pages, and batches that an id names."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import imagedb_site
from imagedb_site.batches import Definition, batches_of
from imagedb_site.errors import UsageError

GOLDEN = Path(__file__).parents[1] / "golden"
HASH = "0123456789abcdef" * 4


def made() -> Any:
    spec = importlib.util.spec_from_file_location("make_dataset", GOLDEN / "make_dataset.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.dataset()


def test_golden() -> None:
    expected = json.loads((GOLDEN / "dataset.json").read_text(encoding="utf-8"))
    assert made() == expected
    assert expected["batches"][0]["id"] is not None and expected["batches"][2]["id"] is None


def test_counts_are_those_of_the_documents() -> None:
    with imagedb_site.open(GOLDEN / "site-queries") as collection:
        documents = [collection.index.document(row)["fields"] for row in range(collection.count)]
        for field in collection.stats(texts=True).fields:
            assert field.rows == sum(field.name in fields for fields in documents), field.name
            assert field.missing is not None and field.rows is not None
            assert field.rows + field.missing == collection.count
        for tag in collection.tag("black cat"):
            assert tag.count == sum(tag.name in f.get(tag.category, ()) for f in documents)
            assert collection.tags.get(tag.id) == tag


def test_bad_input() -> None:
    with imagedb_site.open(GOLDEN / "site-queries") as collection:
        for call in (
            lambda: collection.stats(limit=-1),
            lambda: collection.stats(limit=1001),
            lambda: collection.page(0),
            lambda: collection.page(2, size=100),
            lambda: collection.page(1, size=0),
            lambda: collection.batches_of("nonsense"),
            lambda: collection.sample(1, seed=-1),
        ):
            with pytest.raises(UsageError):
                call()


shares = st.integers(0, 100_000).map(lambda share: share / 1000)


@given(st.integers(1, 1000), shares, shares, st.integers(0, 2**32 - 1))
def test_an_id_is_its_definition(size: int, validation: float, test: float, seed: int) -> None:
    definition = Definition(size, validation, test, seed)
    if validation + test > 100:
        with pytest.raises(UsageError):
            definition.check()
        return
    text = definition.id(HASH)
    assert Definition.of(text, HASH) == definition
    assert Definition.of(text, "f" * 64) is None
    for other in (text + " ", "0" + text, text.upper() + "A", text.replace("-", "--", 1)):
        assert Definition.of(other, HASH) is None


@pytest.mark.parametrize(
    "definition",
    [
        Definition(size=0),
        Definition(size=1001),
        Definition(validation=-1),
        Definition(validation=60, test=50),
        Definition(test=float("nan")),
        Definition(test=float("inf")),
        Definition(validation=0.0001),
        Definition(seed=-1),
        Definition(seed=2**32),
    ],
)
def test_definitions_out_of_range(definition: Definition) -> None:
    with pytest.raises(UsageError):
        batches_of(["0123456789abcdef"], HASH, definition)


@pytest.mark.parametrize(
    "text", ["-0-10-10-0", "-64-010-10-0", "-64-10.0-10-0", "-64-60-60-0", "-64-10-10"]
)
def test_there_is_one_id_per_definition(text: str) -> None:
    assert Definition.of(HASH[:12] + text, HASH) is None
