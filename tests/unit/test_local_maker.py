"""The maker of one machine: what decoders send is what the model takes, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from noise_pictures import draw
from PIL import Image

from imagedb_site.encoders import Encoder
from imagedb_site.packs import load_pack
from imagedb_site.parts import LocalMaker
from imagedb_site.pictures import DecodeError, Derived, Recipe, Work, derive_all
from imagedb_site.records import PictureRef

PACK = load_pack(Path(__file__).parents[1] / "golden" / "pack-tiny")
Results = Iterator[tuple[Work, Derived | DecodeError]]


@pytest.fixture
def works(tmp_path: Path) -> list[Work]:
    found = []
    for number, size in enumerate([(400, 300), (30, 90), (7, 7)]):
        path = tmp_path / f"{number}.png"
        draw(path, number, size)
        found.append(Work(path.name, PictureRef(path, 0, 0), (Recipe("thumbnail", 64, 75),), True))
    return found


def test_embeddings_are_those_of_the_pictures(works: list[Work]) -> None:
    with LocalMaker(PACK, workers=1, batch_size=2) as maker:
        made = [one for group in maker.make(works, lambda: None) for one in group]
    found = {one.work.key: one.embedding for one in made}
    encoder = Encoder(PACK)
    for work in works:
        with Image.open(work.picture.path) as picture:
            wanted = encoder.encode_images([picture.convert("RGB")])[0]
        embedding = found[work.key]
        assert embedding is not None
        np.testing.assert_array_equal(embedding, wanted)


@pytest.mark.parametrize(
    "change",
    [
        lambda pixels: pixels[1:],
        lambda pixels: pixels[..., :2],
        lambda pixels: pixels.astype(np.float64),
        lambda pixels: pixels.reshape(-1),
        lambda pixels: pixels[:0],
    ],
)
def test_a_decoder_that_sends_something_else_costs_its_picture_only(
    works: list[Work], monkeypatch: pytest.MonkeyPatch, change: Callable[[np.ndarray], np.ndarray]
) -> None:
    def taken_over(given: Iterable[Work], **options: Any) -> Results:
        for work, result in derive_all(given, **options):
            if work.key == "1.png" and isinstance(result, Derived) and result.input is not None:
                result = Derived(**{**vars(result), "input": change(result.input)})
            yield work, result

    monkeypatch.setattr("imagedb_site.parts.local.derive_all", taken_over)
    with LocalMaker(PACK, workers=1) as maker:
        made = {one.work.key: one for group in maker.make(works, lambda: None) for one in group}
    assert isinstance(made["1.png"].result, DecodeError)
    assert str(made["1.png"].result) == "the decoder failed"
    assert [made[f"{number}.png"].embedding is None for number in (0, 2)] == [False, False]
