"""The two towers of an OpenCLIP model as modules whose graphs a pack can hold.

The text core takes rows of the token table in place of ids, so that the table, a large part of
every text tower, need not be downloaded. Where a causal model pools at the end-of-text token, later
positions cannot influence it: the core runs on the real tokens alone, which is exact. Models that
attend to their padding keep it.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from imagedb_site.errors import PackError
from imagedb_site.openclip.graphs import TextPlan


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

    def plan(padding: Literal["none", "max"], pool: str, uses_ids: bool) -> TextPlan:
        length = int(text.context_length)
        return TextPlan(padding, length, pad, uses_ids, eot=eot, pool=pool)

    if appended:
        return plan("max", "class", True)
    if pool == "argmax" and kind != "clip":
        raise PackError(
            "The model pools at its highest token id, which only CLIP's tokenizer defines.",
            "Please report this model.",
        )
    if pool in ("argmax", "eos"):
        return plan("none" if causal else "max", "eot", True)
    if pool == "first":
        return plan("none" if causal else "max", "first", False)
    if pool == "last":
        return plan("max", "last", False)
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
