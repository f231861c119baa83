"""Training on the grid of the shipped weights: rounded at every step, unchanged when training ends."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="needs torch, of the [openclip] extra")

from training import snap  # noqa: E402
from training.imagemodel import contrast  # noqa: E402


def test_a_step_sees_the_weights_that_settling_leaves() -> None:
    torch.manual_seed(3)
    layer = torch.nn.Linear(192, 160)
    latent = layer.weight.detach().clone()
    x = torch.randn(5, 192)
    snap.attach(layer)
    during = layer(x)
    assert not torch.equal(layer.weight, latent)
    torch.testing.assert_close(snap.latent(layer)["weight"], latent)
    snap.settle(layer)
    torch.testing.assert_close(layer(x), during, atol=1e-3, rtol=0)
    assert torch.equal(snap.grid(layer.weight, True), layer.weight)


def test_rounding_passes_the_gradient_on() -> None:
    torch.manual_seed(4)
    layer = torch.nn.Linear(192, 160, bias=False)
    snap.attach(layer)
    x = torch.randn(5, 192)
    layer(x).sum().backward()
    kept = layer.parametrizations.weight.original.grad
    torch.testing.assert_close(kept, x.sum(0).expand(160, 192))


def test_texts_that_are_too_similar_are_not_negatives() -> None:
    images = torch.nn.functional.normalize(torch.tensor([[1.0, 0.1], [0.1, 1.0]]), dim=-1)
    texts = torch.eye(2)
    more = torch.tensor([[0.8, 0.6]])
    scale = torch.tensor(10.0)
    alone = contrast(images, texts, scale)
    nobody = torch.tensor([[True, True, False], [True, True, False]])
    everybody = torch.ones(2, 3, dtype=torch.bool)
    torch.testing.assert_close(contrast(images, texts, scale, nobody, more), alone)
    assert contrast(images, texts, scale, everybody, more) > alone
