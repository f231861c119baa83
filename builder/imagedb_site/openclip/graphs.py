"""Torch modules of a pack's two towers as ONNX graphs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import onnx
import torch
from torch import nn

from imagedb_site.openclip.source import quiet

OPSET = 21


@dataclass(frozen=True)
class TextPlan:
    """How a text core is run: `padding`, `uses_ids` and `uses_mask` as in pack.json; `eot` and
    `pad` are ids of the pack's tokenizer."""

    padding: Literal["none", "max"]
    max_tokens: int
    pad: int = 0
    uses_ids: bool = False
    uses_mask: bool = False
    eot: int = -1
    pool: str = ""


def export_image(core: nn.Module, height: int, width: int) -> onnx.ModelProto:
    """The float32 graph of a module from pixels [n, 3, height, width] to unit embeddings [n, dim],
    for any number of pictures."""
    batch = torch.export.Dim("n", min=1, max=4096)
    example = torch.zeros(2, 3, height, width)
    return _export(core, (example,), ["pixels"], ({0: batch},))


def export_text(core: nn.Module, plan: TextPlan, width: int) -> onnx.ModelProto:
    """The float32 graph of a module from token rows [n, tokens, width], and ids or mask int64
    [n, tokens] if `plan` says so, to unit embeddings: for one text (trimmed) or any number of
    padded ones."""
    tokens = plan.max_tokens if plan.padding == "max" else min(7, plan.max_tokens)
    shape: dict[int, Any] = {0: torch.export.Dim("n", min=1, max=4096)}
    if plan.padding == "none":
        shape[1] = torch.export.Dim("tokens", min=2, max=plan.max_tokens)
    example: tuple[torch.Tensor, ...] = (torch.zeros(2, tokens, width),)
    names = ["embeddings"]
    if plan.uses_ids:
        ids = torch.zeros(2, tokens, dtype=torch.int64)
        ids[:, 2:] = plan.eot
        example += (ids,)
        names.append("ids")
    if plan.uses_mask:
        example += (torch.ones(2, tokens, dtype=torch.int64),)
        names.append("mask")
    return _export(core, example, names, tuple(dict(shape) for _ in names))


def _export(
    module: nn.Module,
    example: tuple[torch.Tensor, ...],
    names: list[str],
    shapes: tuple[dict[int, Any], ...],
) -> onnx.ModelProto:
    # The fused inference kernel of nn.MultiheadAttention has no ONNX form.
    torch.backends.mha.set_fastpath_enabled(False)
    with torch.no_grad(), quiet():
        program = torch.onnx.export(
            module.eval(),
            example,
            dynamo=True,
            opset_version=OPSET,
            input_names=names,
            output_names=["embedding"],
            dynamic_shapes=shapes,
            optimize=True,
            verbose=False,
        )
    assert program is not None
    return cleaned(program.model_proto)


def cleaned(model: onnx.ModelProto) -> onnx.ModelProto:
    """Without stack traces and version strings, which would differ from machine to machine."""
    model.producer_name, model.producer_version, model.doc_string = "imagedb-site", "", ""
    del model.metadata_props[:]
    graph = model.graph
    graph.doc_string = ""
    del graph.metadata_props[:], graph.value_info[:]
    for item in [*graph.node, *graph.initializer, *graph.input, *graph.output]:
        item.doc_string = ""
        del item.metadata_props[:]
    for index, node in enumerate(graph.node):
        node.name = f"n{index}"
    return model
