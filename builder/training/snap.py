"""Weights on the grids that are shipped: int8 a row, 4 bits a group of 32, float16 for small ones.

Training ends on these grids, so the shipped integers are the trained weights and not a rounding of
them. In the backward pass rounding counts as the identity (straight-through, Bengio et al. 2013).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from .settings import GROUP, HALF


def _nearest(rows: Tensor, low: int, high: int, scales: list[Tensor], half: bool) -> Tensor:
    """Each row of [n, m] on the grid of that of `scales` [n, 1] which errs least."""
    best = rows
    error = torch.full((len(rows), 1), torch.inf, device=rows.device)
    for candidate in scales:
        scale = candidate.half().float() if half else candidate
        now = (rows / scale).round().clamp(low, high) * scale
        miss = (now - rows).square().sum(1, keepdim=True)
        better = miss < error
        best, error = torch.where(better, now, best), torch.where(better, miss, error)
    return best


def int8(weight: Tensor) -> Tensor:
    """The nearest weights that int8 codes and a float32 scale an output row can express."""
    rows = weight.detach().flatten(1)
    peak = rows.abs().amax(1, keepdim=True).clamp(min=1e-12)
    scales = [peak * ratio / 127 for ratio in (1.0, 0.95, 0.9, 0.8)]
    return _nearest(rows, -127, 127, scales, False).view_as(weight)


def int4(weight: Tensor) -> Tensor:
    """The nearest weights of codes -8 … 7 with a float16 scale for GROUP values of a row."""
    rows = weight.detach().reshape(-1, GROUP)
    peak = rows.abs().amax(1, keepdim=True).clamp(min=1e-6)
    scales = [peak / divisor for divisor in (7.0, 7.5, 8.0, 8.6, 9.5, 10.5)]
    return _nearest(rows, -8, 7, scales, True).view_as(weight)


def grid(weight: Tensor, four_bit: bool) -> Tensor:
    """A weight matrix or convolution on its grid."""
    if weight.numel() <= HALF:
        return weight.detach().half().float()
    if four_bit and weight.dim() == 2 and weight.shape[1] % GROUP == 0:
        return int4(weight)
    return int8(weight)


class Straight(nn.Module):
    """A parametrisation: the weight on its grid forwards, the identity backwards."""

    def __init__(self, four_bit: bool) -> None:
        super().__init__()
        self.four_bit = four_bit

    def forward(self, weight: Tensor) -> Tensor:
        return weight + (grid(weight, self.four_bit) - weight).detach()


def weights(module: nn.Module) -> list[tuple[nn.Module, bool]]:
    """Linear layers and convolutions of a module, and whether each is stored in 4 bits."""
    found: list[tuple[nn.Module, bool]] = []
    for part in module.modules():
        if isinstance(part, nn.Linear):
            found.append((part, True))
        elif isinstance(part, nn.Conv2d):
            found.append((part, False))
    return found


def attach(module: nn.Module) -> None:
    """From now on every layer of `module` computes with weights on its grid."""
    for layer, four_bit in weights(module):
        parametrize.register_parametrization(layer, "weight", Straight(four_bit))


def latent(module: nn.Module) -> dict[str, Tensor]:
    """The state of a module with the full-precision weights that rounding starts from."""
    state = module.state_dict()
    return {k.replace("parametrizations.weight.original", "weight"): v for k, v in state.items()}


@torch.no_grad()
def settle(module: nn.Module) -> None:
    """Put every parameter and buffer on its grid for good: layers as above, the rest in float16."""
    for layer, four_bit in weights(module):
        if parametrize.is_parametrized(layer):
            parametrize.remove_parametrizations(layer, "weight")
        else:
            assert isinstance(layer.weight, Tensor)
            layer.weight.copy_(grid(layer.weight, four_bit))
    done = {layer.weight.data_ptr() for layer, _ in weights(module)}  # type: ignore[union-attr, operator]
    for value in module.state_dict().values():
        if value.data_ptr() not in done and value.numel() >= 16:
            value.copy_(value.half().float())
