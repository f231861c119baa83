"""Averages of weights over the last steps of a training."""

from __future__ import annotations

import copy

import torch
from torch import nn


class Average:
    """Exponential moving average of modules' weights."""

    def __init__(self, modules: list[nn.Module], decay: float) -> None:
        self.modules, self.decay = modules, decay
        self.shadow = [copy.deepcopy(m.state_dict()) for m in modules]

    @torch.no_grad()
    def update(self) -> None:
        """Move the averages towards the current weights."""
        for module, shadow in zip(self.modules, self.shadow, strict=True):
            for key, value in module.state_dict().items():
                shadow[key].lerp_(value, 1 - self.decay)

    def apply(self) -> None:
        """Load the averages into the modules."""
        for module, shadow in zip(self.modules, self.shadow, strict=True):
            module.load_state_dict(shadow)
