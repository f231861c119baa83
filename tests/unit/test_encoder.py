"""The encoder on the tiny golden pack: exact if possible, and the same however it is called."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from imagedb_site.encoders import Encoder
from imagedb_site.encoders.preprocess import Preprocessing
from imagedb_site.encoders.text import TokenTable
from imagedb_site.encoders.tokenizer import PackTokenizer, expand
from imagedb_site.errors import PackError
from imagedb_site.openclip.renumber import renumber, vocab_in_order
from imagedb_site.packs import load_pack

TINY = Path(__file__).parents[1] / "golden" / "pack-tiny"
GOLDEN = json.loads((TINY / "golden.json").read_text())
BASE = {
    "size": [20, 20],
    "resize": "shortest",
    "interpolation": "bicubic",
    "crop": "center",
    "mean": [0.5, 0.5, 0.5],
    "std": [0.5, 0.5, 0.5],
    "fill": [255, 0, 10],
}


@pytest.fixture(scope="module")
def encoder():
    return Encoder(load_pack(TINY), threads=2)


@pytest.mark.parametrize("sample", GOLDEN["pictures"], ids=lambda sample: sample["file"])
def test_pictures_give_the_golden_tensors_and_embeddings(encoder, sample):
    picture = Image.open(TINY / sample["file"])
    tensor = encoder.image.preprocessing.apply(picture)
    assert tensor.dtype == np.float32
    assert hashlib.sha256(tensor.tobytes()).hexdigest() == sample["tensor_sha256"]
    np.testing.assert_allclose(encoder.encode_images([picture])[0], sample["embedding"], atol=2e-6)


def test_texts_give_the_golden_ids_and_embeddings(encoder):
    assert len(GOLDEN["texts"]) > 5
    for entry in GOLDEN["texts"]:
        assert encoder.text.tokenizer.encode(entry["text"]) == entry["ids"], entry["text"]
        np.testing.assert_allclose(
            encoder.encode_texts([entry["text"]])[0], entry["embedding"], atol=2e-6
        )


def test_an_embedding_does_not_depend_on_its_batch_or_the_threads(encoder):
    generator = np.random.default_rng(5)
    pictures = [
        Image.fromarray(generator.integers(0, 256, (40, 50, 3), dtype=np.uint8)) for _ in range(9)
    ]
    together = encoder.encode_images(pictures)
    alone = np.concatenate([encoder.encode_images([picture]) for picture in pictures])
    assert together.tobytes() == alone.tobytes()
    assert encoder.encode_images(pictures, batch_size=4).tobytes() == alone.tobytes()
    other = Encoder(encoder.pack, threads=1)
    assert other.encode_images(pictures[::-1])[::-1].tobytes() == alone.tobytes()
    texts = ["a red car", "x", "a dog and a cat at night"]
    alone = np.concatenate([other.encode_texts([text]) for text in texts])
    assert encoder.encode_texts(texts).tobytes() == alone.tobytes()


def test_nothing_gives_an_empty_matrix(encoder):
    assert encoder.encode_images([]).shape == (0, 16)
    assert encoder.encode_texts([]).shape == (0, 16)


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.characters(), max_size=300))
def test_any_text_has_a_finite_normalised_embedding(encoder, text):
    (embedding,) = encoder.encode_texts([text])
    assert np.isfinite(embedding).all()
    assert abs(np.linalg.norm(embedding) - 1) < 1e-5


def test_long_texts_and_lone_surrogates_are_embedded(encoder):
    found = encoder.encode_texts(["word " * 2000, "x" * 10_000, "\ud800 half a pair"])
    assert np.isfinite(found).all()


def test_a_long_text_keeps_its_first_tokens_and_the_last_special_one(encoder):
    ids = encoder.text.tokenizer.encode("red car " * 40)
    short = encoder.text.tokenizer.encode("red car red")
    assert len(ids) == encoder.text.max_tokens
    assert ids[:3] == short[:3]
    assert ids[-1] == short[-1]


def test_a_token_outside_the_table_is_an_error(encoder):
    table = TokenTable(encoder.pack)
    assert table.look_up([0, table.rows - 1]).shape == (2, table.width)
    for token in (-1, table.rows):
        with pytest.raises(PackError, match=f"no row {token}"):
            table.look_up([token])


@pytest.mark.parametrize(
    ("changes", "size", "fitted"),
    [
        ({}, (30, 40), (20, 26)),
        ({}, (40, 30), (26, 20)),
        ({}, (7, 1000), (20, 2857)),
        ({"resize": "squash", "crop": "none"}, (30, 40), (20, 20)),
        ({"resize": "longest"}, (30, 40), (15, 20)),
        ({"resize": "longest"}, (1000, 3), (20, 1)),
        ({"size": [20, 10]}, (30, 40), (15, 20)),
    ],
)
def test_pictures_are_resized_as_the_format_says(changes, size, fitted):
    preprocessing = Preprocessing.from_json({**BASE, **changes})
    assert preprocessing.fitted(*size) == fitted
    result = preprocessing.apply(Image.new("RGB", size, (255, 255, 255)))
    assert result.shape == (3, preprocessing.height, preprocessing.width)
    assert result.max() == 1


def test_a_padded_picture_sits_in_the_middle_of_its_fill():
    result = Preprocessing.from_json({**BASE, "resize": "longest"}).apply(
        Image.new("RGB", (30, 40), (255, 255, 255))
    )
    row = ((result[:, 0] * 0.5 + 0.5) * 255).round().astype(int).T
    assert row[:2].tolist() == [[255, 0, 10]] * 2
    assert row[2:17].tolist() == [[255, 255, 255]] * 15
    assert row[17:].tolist() == [[255, 0, 10]] * 3


def test_transparency_is_white_and_other_modes_are_converted():
    preprocessing = Preprocessing.from_json(BASE)
    clear = Image.new("RGBA", (20, 20), (255, 0, 0, 0))
    assert (preprocessing.apply(clear) == 1).all()
    palette = Image.new("P", (20, 20), 0)
    palette.info["transparency"] = 0
    assert (preprocessing.apply(palette) == 1).all()
    for mode in ("L", "1", "I;16", "CMYK", "LA", "YCbCr"):
        assert np.isfinite(preprocessing.apply(Image.new(mode, (9, 9)))).all()


@pytest.mark.parametrize(
    "changes",
    [
        {"resize": "crop"},
        {"interpolation": "nearest"},
        {"std": [0, 1, 1]},
        {"size": [1]},
        {"size": [10**6, 4]},
        {"crop": None},
        {"mean": None},
    ],
)
def test_unknown_preprocessing_is_refused(changes):
    with pytest.raises(PackError, match="preprocessing"):
        Preprocessing.from_json({**BASE, **changes})


def test_renumbered_tokens_keep_their_meaning():
    import tokenizers

    pack = load_pack(TINY)
    import gzip

    compact = json.loads(gzip.decompress(pack.read("tokenizer.json.gz")))
    whole = expand(compact)
    vocab = vocab_in_order(whole)
    order = np.random.default_rng(6).permutation(len(vocab)).tolist()
    made, moved = renumber(compact["tokenizer"], vocab, order)
    made = expand({"tokenizer": made, "vocab": moved})
    old = tokenizers.Tokenizer.from_str(json.dumps(whole))
    new = tokenizers.Tokenizer.from_str(json.dumps(made))
    for entry in GOLDEN["texts"]:
        before, after = old.encode(entry["text"]), new.encode(entry["text"])
        assert before.tokens == after.tokens
        assert before.ids == [order[index] for index in after.ids]
    with pytest.raises(PackError, match="permutation"):
        renumber(made, vocab, [0] * len(vocab))


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"kind":"x","tokenizer":{},"vocab":[]}'])
def test_a_broken_tokenizer_is_a_pack_error(data):
    with pytest.raises(PackError, match="tokenizer"):
        PackTokenizer(data, 8)


def test_importing_the_encoders_is_cheap():
    code = (
        "import sys, imagedb_site.encoders;"
        "bad = {'onnxruntime', 'onnx', 'torch', 'tokenizers'} & set(sys.modules);"
        "sys.exit(str(bad) if bad else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_runtime_reports_nothing_to_anyone(tmp_path: Path) -> None:
    """onnxruntime's telemetry leaves a file in the folder for temporary files as soon as it starts."""
    code = (
        "from pathlib import Path\n"
        "from imagedb_site.encoders.runtime import open_session\n"
        f"open_session(Path({str(TINY / 'image.onnx')!r}).read_bytes(), 'image.onnx')"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    environment.pop("ORT_DISABLE_TELEMETRY", None)
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    assert list(tmp_path.iterdir()) == []
