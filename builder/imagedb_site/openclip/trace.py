"""From torch modules to float32 graphs that agree with the model they were made from.

Every exported model takes this way, OpenCLIP's and the built-in one: `Towers` says what a model is,
`trace_towers` what its graphs are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import nn

from imagedb_site.container import canonical_json, gzip_bytes
from imagedb_site.encoders.preprocess import Preprocessing
from imagedb_site.encoders.runtime import open_session
from imagedb_site.encoders.tokenizer import PackTokenizer
from imagedb_site.openclip import parity, samples
from imagedb_site.openclip.calibration import Feed, moments
from imagedb_site.openclip.graphs import TextPlan, export_image, export_text
from imagedb_site.openclip.sentences import calibration_texts
from imagedb_site.openclip.tokenizers import PackTokens
from imagedb_site.packs.layout import empty_vocab
from imagedb_site.records import Progress

STEPS = 6
"""Of an export, for its progress."""
_CALIBRATION_TOKENS = 12_000


@dataclass(frozen=True)
class Towers:
    """A model in the shape that packs have, and the original to compare it with.

    `image`: pixels [n, 3, height, width] to unit embeddings [n, dim]. `core`: rows of `table`
    [n, tokens, width], and ids or mask if `plan` says so, to unit embeddings [n, dim]. `table`
    float32 [rows, width] is in the order of the pack's ids.

    `prepare`: the model's own way from a picture to pixels. `embed_pixels` and `embed_ids` (lists of
    the pack's ids, without padding): the original model's embeddings, of any length.
    """

    name: str
    description: str
    origin: str
    image: nn.Module
    core: nn.Module
    table: NDArray[np.float32]
    tokens: PackTokens
    plan: TextPlan
    preprocessing: dict[str, Any]
    temperature: float
    prepare: Callable[[Image.Image], torch.Tensor]
    embed_pixels: Callable[[torch.Tensor], torch.Tensor]
    embed_ids: Callable[[list[list[int]]], torch.Tensor]


@dataclass(frozen=True)
class Traced:
    """A model as float32 graphs that agree with torch. `origin` is a sentence for its card."""

    name: str
    description: str
    origin: str
    image: onnx.ModelProto
    core: onnx.ModelProto
    table: NDArray[np.float32]
    tokens: PackTokens
    plan: TextPlan
    preprocessing: dict[str, Any]
    temperature: float
    pictures: list[Image.Image]
    given_pictures: bool
    prompts: list[str]
    reference: parity.Reference
    errors: tuple[float, float, float]
    """Of the pixels, the image graph and the text graph."""

    @cached_property
    def text_moments(self) -> dict[str, NDArray[np.float32]]:
        """What the text core's layers are fed on sample sentences; see `calibration.moments`."""
        length = self.plan.max_tokens if self.plan.padding == "max" else 12
        count = min(512, max(128, _CALIBRATION_TOKENS // length))
        ids = token_ids(self.tokens, self.plan, calibration_texts(count))
        return moments(self.core, feeds(self.table, ids, self.plan))


def _silent(step: str, done: int, total: int | None) -> None:
    """No progress wanted."""


def trace_towers(
    towers: Towers,
    pictures: Sequence[Image.Image] | None = None,
    prompts: Sequence[str] | None = None,
    *,
    progress: Progress = _silent,
) -> Traced:
    """Both towers as graphs, compared with the original on `pictures` and `prompts`.

    Raises PackError if pixels or graphs differ from the original's by more than the bounds.
    """
    shown = list(pictures or samples.drawn_pictures())
    asked = list(prompts or samples.prompts())
    plan = towers.plan
    ids = token_ids(towers.tokens, plan, asked)
    reference = parity.torch_reference(
        towers.embed_pixels, towers.embed_ids, towers.prepare, shown, ids
    )
    preprocessing = Preprocessing.from_json(towers.preprocessing)
    progress("Export", 1, STEPS)
    image = export_image(towers.image, preprocessing.height, preprocessing.width)
    progress("Export", 2, STEPS)
    core = export_text(towers.core, plan, towers.table.shape[1])
    progress("Export", 3, STEPS)
    errors = compare(image, core, towers.table, ids, plan, preprocessing, shown, reference)
    return Traced(
        name=towers.name,
        description=towers.description,
        origin=towers.origin,
        image=image,
        core=core,
        table=towers.table,
        tokens=towers.tokens,
        plan=plan,
        preprocessing=towers.preprocessing,
        temperature=towers.temperature,
        pictures=shown,
        given_pictures=pictures is not None,
        prompts=asked,
        reference=reference,
        errors=errors,
    )


def compare(
    image: onnx.ModelProto,
    core: onnx.ModelProto,
    table: NDArray[np.float32],
    ids: list[list[int]],
    plan: TextPlan,
    preprocessing: Preprocessing,
    pictures: Sequence[Image.Image],
    reference: parity.Reference,
) -> tuple[float, float, float]:
    """Largest differences from the original: of pixels, image graph and text graph.

    Raises PackError if one is above its bound.
    """
    pixel_error = parity.pixel_error(preprocessing, pictures, reference)
    session = open_session(image.SerializeToString(), "image.onnx")
    images = [session.run(None, {"pixels": row[None]})[0] for row in reference.pixels]
    image_error = parity.float_error("image", np.concatenate(images), reference.images)
    session = open_session(core.SerializeToString(), "text.onnx")
    texts = [session.run(None, dict(feed))[0] for feed in feeds(table, ids, plan)]
    text_error = parity.float_error("text", np.concatenate(texts), reference.texts)
    return pixel_error, image_error, text_error


def token_ids(tokens: PackTokens, plan: TextPlan, texts: Sequence[str]) -> list[list[int]]:
    """The pack's ids of texts, by its own tokenizer."""
    emptied = {**tokens.tokenizer["model"], "vocab": empty_vocab(tokens.tokenizer)}
    compact = {
        "kind": tokens.kind,
        "tokenizer": {**tokens.tokenizer, "model": emptied},
        "vocab": tokens.vocab,
    }
    tokenizer = PackTokenizer(gzip_bytes(canonical_json(compact), 1), plan.max_tokens, plan.pad)
    return [tokenizer.encode(text) for text in texts]


def padded(ids: list[list[int]], plan: TextPlan) -> NDArray[np.int64]:
    """Ids int64 [n, max_tokens]."""
    result = np.full((len(ids), plan.max_tokens), plan.pad, dtype=np.int64)
    for row, found in zip(result, ids, strict=True):
        row[: len(found)] = found
    return result


def feeds(table: NDArray[np.float32], ids: list[list[int]], plan: TextPlan) -> Iterator[Feed]:
    """What a text core is fed for every text, as browsers do it."""
    rows = list(padded(ids, plan)) if plan.padding == "max" else ids
    for row, real in zip(rows, ids, strict=True):
        feed: dict[str, NDArray[Any]] = {"embeddings": table[row][None]}
        if plan.uses_ids:
            feed["ids"] = np.array([row], dtype=np.int64)
        if plan.uses_mask:
            feed["mask"] = (np.arange(len(row)) < len(real)).astype(np.int64)[None]
        yield feed
