"""The two towers as ONNX graphs.

The text core takes rows of the token table in place of ids, so that the table, a large part of
every text tower, need not be downloaded. Where a causal model pools at the end-of-text token, later
positions cannot influence it: the core runs on the real tokens alone, which is exact. Models that
attend to their padding keep it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from imagedb_site.encoders.export.openclip import quiet
from imagedb_site.errors import PackError

OPSET = 21


@dataclass(frozen=True)
class TextPlan:
    """How a text tower is run: `padding` and `uses_ids` as in pack.json; ids are the new ones."""

    padding: Literal["none", "max"]
    uses_ids: bool
    max_tokens: int
    pool: str
    eot: int
    pad: int


def text_module(model: Any) -> Any:
    """The text transformer: `model.text`, or the model itself in OpenCLIP's oldest layout.

    Raises PackError for towers that are not OpenCLIP's own transformer.
    """
    text = getattr(model, "text", model)
    if not hasattr(text, "token_embedding"):
        raise PackError(
            f"Text towers of the kind {type(text).__name__} cannot be exported yet.",
            "Choose a model whose text tower is OpenCLIP's own transformer "
            "(its configuration has no hf_model_name).",
        )
    return text


def plan_text(model: Any, eot: int, pad: int, kind: str) -> TextPlan:
    """Decide how the text tower is run; `eot` and `pad` are ids after renumbering, or −1."""
    text = text_module(model)
    pool = getattr(text, "pool_type", None) or getattr(text, "text_pool_type", "argmax")
    causal = text.attn_mask is not None
    appended = getattr(text, "cls_emb", None) is not None
    length = int(text.context_length)
    if appended:
        return TextPlan("max", True, length, "class", eot, pad)
    if pool == "argmax" and kind != "clip":
        raise PackError(
            "The model pools at its highest token id, which only CLIP's tokenizer defines.",
            "Please report this model.",
        )
    if pool in ("argmax", "eos"):
        return TextPlan("none" if causal else "max", True, length, "eot", eot, pad)
    if pool == "first":
        trimmed = causal
        return TextPlan("none" if trimmed else "max", False, length, "first", eot, pad)
    if pool == "last":
        return TextPlan("max", False, length, "last", eot, pad)
    raise PackError(f"Text towers with pooling “{pool}” cannot be exported yet.")


class TextCore(nn.Module):
    """Token rows [n, tokens, width] (and ids int64 [n, tokens]) to embeddings [n, dim]."""

    def __init__(self, model: Any, plan: TextPlan) -> None:
        super().__init__()
        text = text_module(model)
        self.transformer = text.transformer
        self.positions = text.positional_embedding
        self.norm = text.ln_final
        self.projection = text.text_projection
        self.appended = getattr(text, "cls_emb", None)
        self.plan = plan
        self.heads = int(getattr(text, "heads", 1))
        self.masks_padding = bool(getattr(text, "use_pad_mask", False))
        self.class_mask_last = bool(getattr(text, "correct_cls_mask", False))
        mask = text.attn_mask
        self.register_buffer("causal", None if mask is None else mask.clone(), persistent=False)

    def forward(self, embeddings: torch.Tensor, ids: torch.Tensor | None = None) -> torch.Tensor:
        x = embeddings
        if self.appended is not None:
            x = torch.cat([x, self.appended.view(1, 1, -1).expand(x.shape[0], -1, -1)], dim=1)
        length = x.shape[1]
        x = x + self.positions[:length]
        x = self.transformer(x, attn_mask=self._mask(ids, length))
        x = self.norm(x[:, -1]) if self.appended is not None else self._pool(self.norm(x), ids)
        if isinstance(self.projection, nn.Linear):
            x = self.projection(x)
        elif self.projection is not None:
            x = x @ self.projection
        return functional.normalize(x, dim=-1)

    def _mask(self, ids: torch.Tensor | None, length: int) -> torch.Tensor | None:
        mask = None if self.causal is None else self.causal[:length, :length]
        if not self.masks_padding and self.appended is None:
            return mask
        assert ids is not None
        valid = ids != self.plan.pad
        if self.appended is not None:
            always = torch.ones_like(valid[:, :1])
            parts = [valid, always] if self.class_mask_last else [always, valid]
            valid = torch.cat(parts, dim=1)
        hidden = torch.zeros_like(valid, dtype=torch.float32).masked_fill(~valid, float("-inf"))
        hidden = hidden[:, None, :].expand(-1, length, -1).repeat_interleave(self.heads, 0)
        return hidden if mask is None else mask[None] + hidden

    def _pool(self, x: torch.Tensor, ids: torch.Tensor | None) -> torch.Tensor:
        if self.plan.pool == "first":
            return x[:, 0]
        if self.plan.pool == "last":
            return x[:, -1]
        assert ids is not None
        place = (ids == self.plan.eot).to(torch.int64).argmax(dim=-1)
        return x[torch.arange(x.shape[0], device=x.device), place]


class ImageCore(nn.Module):
    """Pixels [n, 3, height, width] to embeddings [n, dim]."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return functional.normalize(self.model.encode_image(pixels), dim=-1)


def simplify(model: Any) -> Any:
    """Fold what is only needed for training (the parallel branches of MobileCLIP, say)."""
    try:
        from timm.layers import set_fused_attn
        from timm.utils.model import reparameterize_model
    except ImportError:
        return model
    set_fused_attn(False)
    if hasattr(model.visual, "trunk"):
        model.visual = reparameterize_model(model.visual)
    return model


def token_table(model: Any) -> NDArray[np.float32]:
    """The token embeddings, float32 [vocabulary, width], in the model's own order of ids."""
    weight = text_module(model).token_embedding.weight
    return np.asarray(weight.detach().to(torch.float32).cpu().numpy())


def export_image(core: ImageCore, height: int, width: int) -> onnx.ModelProto:
    """The float32 graph of the image tower, for any number of pictures."""
    batch = torch.export.Dim("n", min=1, max=4096)
    example = torch.zeros(2, 3, height, width)
    return _export(core, (example,), ["pixels"], ({0: batch},))


def export_text(core: TextCore, width: int) -> onnx.ModelProto:
    """The float32 graph of the text core, for one text (trimmed) or any number of padded ones."""
    plan = core.plan
    tokens = plan.max_tokens if plan.padding == "max" else 7
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
