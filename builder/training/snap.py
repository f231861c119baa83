"""Weights on the grids that are shipped: int8 a row, 4 bits a group of 32, float16 for small ones.

Training ends on these grids, so the shipped integers are the trained weights and not a rounding of
them. In the backward pass rounding counts as the identity (straight-through, Bengio et al. 2013).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from imagedb_site.openclip.builtin import HALF

from .settings import GROUP

KEPT = 20
"""How many steps of training a weight keeps its scales: looking for the best costs more than rounding."""


@dataclass(frozen=True)
class Grid:
    """Codes low … high times a scale for each row of `width` values (0: an output row)."""

    low: int
    high: int
    width: int
    divisors: tuple[float, ...]

    def rows(self, weight: Tensor) -> Tensor:
        """The weight as rows that share a scale."""
        return weight.detach().reshape(-1, self.width) if self.width else weight.detach().flatten(1)

    def nearest(self, rows: Tensor, scale: Tensor) -> Tensor:
        """Rows [n, m] on the grid with scales [n, 1]."""
        return (rows / scale).round_().clamp_(self.low, self.high).mul_(scale)

    def round(self, weight: Tensor) -> Tensor:
        """The nearest weights that codes and scales can express."""
        rows = self.rows(weight)
        return self.nearest(rows, self.scales(rows)).view_as(weight)

    def scales(self, rows: Tensor) -> Tensor:
        """[n, 1]: of the peak by each divisor, the scale which errs least."""
        peak = rows.abs().amax(1, keepdim=True).clamp(min=1e-6 if self.width else 1e-12)
        best = peak
        error = torch.full((len(rows), 1), torch.inf, device=rows.device)
        for divisor in self.divisors:
            scale = peak / divisor
            scale = scale.half().float() if self.width else scale
            miss = (self.nearest(rows, scale) - rows).square().sum(1, keepdim=True)
            better = miss < error
            best, error = torch.where(better, scale, best), torch.where(better, miss, error)
        return best


INT8 = Grid(-127, 127, 0, tuple(127 / ratio for ratio in (1.0, 0.95, 0.9, 0.8)))
"""int8 codes with a float32 scale for an output row."""
INT4 = Grid(-8, 7, GROUP, (7.0, 7.5, 8.0, 8.6, 9.5, 10.5))
"""Codes of 4 bits with a float16 scale for GROUP values of a row."""


def kind(weight: Tensor, four_bit: bool) -> Grid | None:
    """The grid of a weight matrix or convolution; None if it keeps 16 bits."""
    if weight.numel() <= HALF:
        return None
    fits = four_bit and weight.dim() == 2 and weight.shape[1] % GROUP == 0
    return INT4 if fits else INT8


def int8(weight: Tensor) -> Tensor:
    """The nearest weights that int8 codes and a float32 scale an output row can express."""
    return INT8.round(weight)


def int4(weight: Tensor) -> Tensor:
    """The nearest weights of codes -8 … 7 with a float16 scale for GROUP values of a row."""
    return INT4.round(weight)


def grid(weight: Tensor, four_bit: bool) -> Tensor:
    """A weight matrix or convolution on its grid."""
    found = kind(weight, four_bit)
    return weight.detach().half().float() if found is None else found.round(weight)


class Straight(nn.Module):
    """A parametrisation: the weight on its grid forwards, the identity backwards."""

    def __init__(self, four_bit: bool) -> None:
        super().__init__()
        self.four_bit = four_bit
        self.scales: Tensor | None = None
        self.calls = 0

    def forward(self, weight: Tensor) -> Tensor:
        found = kind(weight, self.four_bit)
        if found is None:
            return weight + (weight.detach().half().float() - weight).detach()
        rows = found.rows(weight)
        if self.scales is None or self.calls % KEPT == 0:
            self.scales = found.scales(rows)
        self.calls += 1
        return weight + (found.nearest(rows, self.scales).view_as(weight) - weight).detach()


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
