"""The image tower: backbone, a linear head, and an explicit ConSE branch.

The branch mixes learned class embeddings by the classifier's posterior (Norouzi et al. 2014), so that
what the backbone knows of ImageNet's classes stays reachable by their names whatever the head learns.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .backbone import FEATURES, Backbone, Block
from .settings import CUT

INNER = 448
"""Width of the hidden layer of the shipped head."""


class Head(nn.Module):
    """Features [n, 1280] -> unit embeddings [n, dim]; `classes` float32 [1000, dim]."""

    def __init__(self, fc: nn.Linear, classes: Tensor, inner: int = INNER, drop: float = 0.5):
        super().__init__()
        dim = classes.shape[1]
        self.fc = copy.deepcopy(fc)
        self.classes = nn.Linear(1000, dim, bias=False)
        with torch.no_grad():
            self.classes.weight.copy_(classes.T)
        self.gain = nn.Parameter(torch.tensor(2.0))
        self.sharp = nn.Parameter(torch.tensor(1.2))
        self.register_buffer("middle", torch.zeros(FEATURES))
        self.register_buffer("spread", torch.ones(FEATURES))
        self.linear = nn.Sequential(
            nn.Dropout(drop),
            nn.Linear(FEATURES, inner),
            nn.GELU(),
            nn.Dropout(drop),
            nn.Linear(inner, dim),
        )

    def standardise(self, features: Tensor) -> None:
        """Take the mean and deviation of every feature from a sample [n, 1280]."""
        self.middle.copy_(features.mean(0))  # type: ignore[operator]
        self.spread.copy_(1 / (features.std(0) + 1e-3))  # type: ignore[operator]

    def forward(self, features: Tensor) -> Tensor:
        out = self.parts(features)[0]
        return out / (out * out).sum(-1, keepdim=True).sqrt()

    def parts(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """The embedding before it is normalised, and the class logits."""
        logits = self.fc(features)
        mixed = self.classes((logits * self.sharp).softmax(-1))
        plain = self.linear((features - self.middle) * self.spread)
        return plain + self.gain * mixed, logits


class ImageTower(nn.Module):
    """Pictures [n, 3, SIZE, SIZE] -> unit embeddings [n, DIM]."""

    def __init__(self, backbone: Backbone, head: Head) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = head

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.head(self.backbone(x))
        return out


def _selection(kernel: int, stride: int, size: int) -> tuple[Tensor, int]:
    """[kernel², size²·out²] of 0 and 1 that spreads a kernel over a dense map-to-map matrix."""
    out = size // stride
    low = (kernel - stride) // 2
    chosen = torch.zeros(kernel, kernel, size, size, out, out)
    for ky in range(kernel):
        for kx in range(kernel):
            for oy in range(out):
                for ox in range(out):
                    y, x = oy * stride + ky - low, ox * stride + kx - low
                    if 0 <= y < size and 0 <= x < size:
                        chosen[ky, kx, y, x, oy, ox] = 1
    return chosen.reshape(kernel * kernel, -1), out


class FastUpper(nn.Module):
    """The blocks from CUT on, computed channels first as plain matrix products.

    On small maps a depthwise convolution is a dense [positions, positions] matrix a channel; as such
    its backward pass is many times faster on a CPU than the convolution's.
    """

    def __init__(self, backbone: Backbone, size: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(copy.deepcopy(b) for b in backbone.blocks[CUT:])
        self.last = copy.deepcopy(backbone.last)
        self.size = size
        for i, block in enumerate(self.blocks):
            assert isinstance(block, Block)
            conv = block.depthwise
            table, size = _selection(conv.kernel_size[0], conv.stride[0], size)
            self.register_buffer(f"spread{i}", table, persistent=False)

    @staticmethod
    def _point(conv: nn.Conv2d, x: Tensor) -> Tensor:
        """1x1 convolution of [channels, n, positions]."""
        channels, n, positions = x.shape
        assert conv.bias is not None
        flat = conv.weight.flatten(1) @ x.reshape(channels, n * positions)
        return flat.view(-1, n, positions) + conv.bias.to(flat.dtype)[:, None, None]

    def forward(self, maps: Tensor) -> Tensor:
        """[n, 192, size, size] -> features [n, 1280], equal to Backbone.upper."""
        x = maps.flatten(2).transpose(0, 1)
        for i in range(len(self.blocks)):
            x = self._block(i, x)
        return F.relu6(self._point(self.last, x)).mean(2, dtype=torch.float32).T

    def _block(self, i: int, x: Tensor) -> Tensor:
        block = self.blocks[i]
        assert isinstance(block, Block) and block.expand is not None
        y = F.relu6(self._point(block.expand, x))
        conv = block.depthwise
        spread = getattr(self, f"spread{i}")
        dense = (conv.weight.flatten(1) @ spread).view(conv.out_channels, y.shape[2], -1)
        assert conv.bias is not None
        y = F.relu6(torch.bmm(y, dense) + conv.bias.to(y.dtype)[:, None, None])
        y = self._point(block.project, y)
        return x + y if block.skip else y

    def into(self, backbone: Backbone) -> None:
        """Write the trained weights back."""
        for mine, theirs in zip(self.blocks, backbone.blocks[CUT:], strict=True):
            theirs.load_state_dict(mine.state_dict())
        backbone.last.load_state_dict(self.last.state_dict())


def class_loss(embedding: Tensor, names: Tensor, posterior: Tensor, temperature: float) -> Tensor:
    """KL of the similarity to class names from the teacher's posterior, weighted by its confidence."""
    scores = (embedding @ names.T / temperature).log_softmax(-1)
    each = F.kl_div(scores, posterior, reduction="none").sum(-1)
    weight = posterior.max(-1).values
    return (each * weight).sum() / weight.sum()


def contrast(
    images: Tensor,
    texts: Tensor,
    scale: Tensor,
    apart: Tensor | None = None,
    more: Tensor | None = None,
) -> Tensor:
    """Symmetric InfoNCE; pairs whose texts mean nearly the same do not count as negatives.

    `more` [m, dim] are further texts that are nobody's; `apart` bool [n, n + m] says which texts may be
    negatives of each image.
    """
    every = texts if more is None else torch.cat([texts, more])
    logits = images @ every.T * scale
    goal = torch.arange(len(images), device=images.device)
    with torch.no_grad():
        none = texts @ every.T > 0.9
        if apart is not None:
            none |= ~apart
        none[goal, goal] = False
    logits = logits.masked_fill(none, -1e4)
    back = logits[:, : len(images)].T
    return (F.cross_entropy(logits, goal) + F.cross_entropy(back, goal)) / 2
