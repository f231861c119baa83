"""The built-in architecture as a torch checkpoint: saved, and exported again."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from imagedb_site.encoders import Encoder
from imagedb_site.errors import PackError
from imagedb_site.openclip.samples import drawn_pictures, prompts
from imagedb_site.packs import load_pack

torch = pytest.importorskip("torch", reason="needs torch, of the [openclip] extra")

from imagedb_site.openclip import builtin, exporter  # noqa: E402

pytestmark = pytest.mark.openclip
TINY = Path(__file__).parents[1] / "golden" / "pack-tiny"


@pytest.fixture(scope="module")
def model() -> builtin.BuiltinModel:
    return builtin.BuiltinModel(load_pack(TINY)).eval()


def test_torch_gives_the_embeddings_of_the_pack(model: builtin.BuiltinModel) -> None:
    encoder = Encoder(load_pack(TINY), threads=1)
    pixels = torch.from_numpy(np.stack([encoder.preprocessing(p) for p in drawn_pictures(6)]))
    images = model.embed_pixels(pixels).numpy()
    np.testing.assert_allclose(images, encoder.encode_images(drawn_pictures(6)), atol=1e-4)
    tokens, plan = builtin.tokens_of(model.pack), builtin.plan_of(model.pack)
    texts = model.embed_ids(builtin.token_ids(tokens, plan, prompts())).numpy()
    np.testing.assert_allclose(texts, encoder.encode_texts(prompts()), atol=1e-4)


def test_a_changed_checkpoint_becomes_a_pack_that_agrees_with_it(
    model: builtin.BuiltinModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Save, change as in training, load, export: the pack has the new weights."""
    state = {
        name: value + 0.05 * value.std() if value.numel() > 256 else value
        for name, value in model.state_dict().items()
    }
    torch.save(state, tmp_path / "tuned.pt")
    monkeypatch.setattr(builtin, "load_pack", lambda name: load_pack(TINY))
    tuned = builtin.load_checkpoint(tmp_path / "tuned.pt")
    traced = builtin.trace_builtin(tuned, "tuned", drawn_pictures(12))
    options = exporter.Options("fp32", vocabulary=builtin.vocabulary_of(tuned))
    pack = exporter.assemble(traced, tmp_path / "pack", options)
    encoder = Encoder(pack, threads=1)
    images = encoder.encode_images(drawn_pictures(12))
    np.testing.assert_allclose(images, traced.reference.images, atol=1e-4)
    first = np.argsort(-encoder.encode_texts(prompts()) @ images.T, axis=1)[:, 0]
    wanted = np.argsort(-traced.reference.texts @ traced.reference.images.T, axis=1)[:, 0]
    assert (first == wanted).mean() > 0.9
    before = Encoder(load_pack(TINY), threads=1).encode_images(drawn_pictures(12))
    assert np.abs(images - before).max() > 1e-3


def test_weights_as_they_were_trained_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weights exported on the training grid are unchanged by a second export."""
    monkeypatch.setattr(builtin, "HALF", 64)
    places = [TINY, tmp_path / "first", tmp_path / "second"]
    for place, target in itertools.pairwise(places):
        monkeypatch.setattr(builtin, "load_pack", lambda name, place=place: load_pack(place))
        model = builtin.BuiltinModel().eval()
        traced = builtin.trace_builtin(model, "tuned", drawn_pictures(12))
        more = exporter.Options(vocabulary=builtin.vocabulary_of(model))
        monkeypatch.setattr(exporter.parity, "check_pack", lambda *given: None)
        exporter.assemble(traced, target, replace(exporter.as_trained(more), card="none"))
    encoders = [Encoder(load_pack(place), threads=1) for place in places]
    images = [encoder.encode_images(drawn_pictures(12)) for encoder in encoders]
    texts = [encoder.encode_texts(prompts()) for encoder in encoders]
    assert np.abs(images[0] - images[1]).max() > 1e-4
    np.testing.assert_allclose(images[1], images[2], atol=2e-6)
    np.testing.assert_allclose(texts[1], texts[2], atol=2e-6)


def test_a_checkpoint_of_something_else_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(builtin, "load_pack", lambda name: load_pack(TINY))
    torch.save({"weight": torch.zeros(2)}, tmp_path / "other.pt")
    with pytest.raises(PackError, match="cannot be loaded as the built-in model"):
        builtin.load_checkpoint(tmp_path / "other.pt")
