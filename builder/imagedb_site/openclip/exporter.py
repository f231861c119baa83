"""`export_pack`: from an OpenCLIP model to a pack that has passed the parity gate."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from PIL import Image

from imagedb_site.cache import cache_name
from imagedb_site.durable import settle
from imagedb_site.encoders.encoder import Encoder
from imagedb_site.errors import PackError, UsageError
from imagedb_site.openclip import parity, samples
from imagedb_site.openclip.calibration import moments
from imagedb_site.openclip.card import card
from imagedb_site.openclip.quantize import Choose, WeightPrecision, quantize_weights, uniform
from imagedb_site.openclip.resident import LARGE, is_large, small_core
from imagedb_site.openclip.source import (
    Source,
    import_openclip,
    open_model,
    open_tokenizer,
    preprocessing_of,
)
from imagedb_site.openclip.static_rows import StaticRows, fit_pack, texts_for
from imagedb_site.openclip.tokenizers import PackTokens, from_file, from_openclip
from imagedb_site.openclip.towers import (
    ImageCore,
    TextCore,
    plan_text,
    simplify,
    text_module,
    token_table,
)
from imagedb_site.openclip.trace import (
    STEPS,
    Towers,
    Traced,
    padded,
    trace_towers,
)
from imagedb_site.packs import ModelPack, load_pack
from imagedb_site.packs.writer import (
    ImageTower,
    TextTower,
    Tokens,
    Vocabulary,
    replace_card,
    replace_static,
    write_pack,
)
from imagedb_site.records import Progress

UNKNOWN_LICENCE = {
    "id": "unknown",
    "note": "Check the licence of the weights, then export again with --licence.",
    "commercial": False,
}


@dataclass(frozen=True)
class Options:
    """`precision` of the text core and, down to int8, of the image tower, whose embeddings are made
    once and kept. The token table is int8: a query downloads a few rows of it, and an error in them
    goes through every layer."""

    precision: WeightPrecision = "int8"
    image_precision: WeightPrecision | None = None
    pictures: Path | None = None
    """A folder of real pictures for the parity gate; drawn ones if there is none."""
    licence: Mapping[str, Any] | None = None
    choose_image: Choose = uniform
    """Other precisions for some of the image tower's weights."""
    choose_text: Choose = uniform
    """Other precisions for some of the text core's weights."""
    image_samples: Sequence[NDArray[np.float32]] = field(default=())
    """Pixels [n, 3, height, width] that the image tower's rounding is calibrated on, if given."""
    vocabulary: Vocabulary | None = None
    rows_per_shard: int | None = None
    large: int = LARGE
    """A text core of int8 or int4 with more weights than this keeps them in 8 bits while it runs."""
    static_texts: int = 0
    """How many texts the static rows are fitted to; the pack has none if it is 0."""
    card: str | None = None
    """The whole card, in place of one with the gate's figures."""

    @property
    def of_image(self) -> WeightPrecision:
        if self.image_precision:
            return self.image_precision
        return "int8" if self.precision == "int4" else self.precision


def _silent(step: str, done: int, total: int | None) -> None:
    """No progress wanted."""


def export_pack(
    source: Source,
    folder: Path,
    options: Options | None = None,
    *,
    progress: Progress = _silent,
    open_source: Callable[[Source], Any] = open_model,
) -> ModelPack:
    """Export `source` into `folder` and open the result.

    A pack that is there already is only replaced by one that passed the gate. Raises UsageError for
    an unknown model, PackError when weights or tokenizer cannot be had, when the architecture cannot
    be expressed, or when the pack disagrees with torch.
    """
    options = options or Options()
    check_folder(folder)
    progress("Export", 0, STEPS)
    model = open_source(source)
    pictures = samples.pictures_of(options.pictures, 48) if options.pictures else None
    traced = trace(source, model, pictures, progress=progress)
    del model
    gc.collect()
    pack = assemble(traced, folder, options, progress=progress)
    progress("Export", STEPS, STEPS)
    return pack


def export_builtin(
    checkpoint: Path, folder: Path, options: Options | None = None, *, progress: Progress = _silent
) -> ModelPack:
    """Export the built-in architecture with the weights of a checkpoint (a state dictionary of
    `builtin.BuiltinModel`); its vocabulary is embedded again. Raises as `export_pack`."""
    from imagedb_site.openclip import builtin

    options = options or Options()
    check_folder(folder)
    progress("Export", 0, STEPS)
    model = builtin.load_checkpoint(checkpoint)
    pictures = samples.pictures_of(options.pictures, 48) if options.pictures else None
    traced = builtin.trace_builtin(model, f"builtin-{checkpoint.stem}", pictures)
    given = model.pack.manifest["licence"]
    options = replace(
        options,
        vocabulary=builtin.vocabulary_of(model),
        licence=options.licence or given,
        rows_per_shard=options.rows_per_shard or model.pack.manifest["tokens"]["rows_per_shard"],
    )
    pack = assemble(traced, folder, options, progress=progress)
    progress("Export", STEPS, STEPS)
    return pack


def as_trained(options: Options) -> Options:
    """`options` with the precisions of the built-in pack, weight by weight: its own weights are kept
    as they are, and those of one tuned further are rounded to as many bits."""
    from imagedb_site.openclip.builtin import as_trained as choose

    return replace(
        options,
        precision="int4",
        image_precision="int8",
        choose_text=choose,
        choose_image=choose,
    )


def check_folder(folder: Path) -> None:
    """Raises UsageError when `folder` holds something that is not a pack."""
    if folder.is_dir() and any(folder.iterdir()) and not (folder / "pack.json").is_file():
        raise UsageError(f"{folder} exists and is not a model pack.", "Choose a new folder.")


def trace(
    source: Source,
    model: Any,
    pictures: Sequence[Image.Image] | None = None,
    prompts: Sequence[str] | None = None,
    *,
    progress: Progress = _silent,
) -> Traced:
    """An opened OpenCLIP model as graphs. Raises PackError as `export_pack` does."""
    return trace_towers(openclip_towers(source, model), pictures, prompts, progress=progress)


def openclip_towers(source: Source, model: Any) -> Towers:
    """The towers of an opened OpenCLIP model. Raises PackError if a pack cannot express it."""
    model = simplify(model)
    tokens = _tokens(source, int(text_module(model).token_embedding.num_embeddings))
    plan = plan_text(model, tokens.eot, tokens.pad, tokens.kind)
    order = np.array(tokens.order, dtype=np.int64)

    def embed_ids(ids: list[list[int]]) -> torch.Tensor:
        found: torch.Tensor = model.encode_text(torch.from_numpy(order[padded(ids, plan)]))
        return found

    weights = source.pretrained or (
        f"checkpoint {source.checkpoint.name}" if source.checkpoint else "RANDOM weights"
    )
    return Towers(
        name=cache_name(source.label),
        description=f"OpenCLIP {source.label}",
        origin=f"OpenCLIP architecture {source.model} with the weights {weights}, "
        "exported by imagedb-site.",
        image=ImageCore(model),
        core=TextCore(model, plan),
        table=token_table(model)[tokens.order],
        tokens=tokens,
        plan=plan,
        preprocessing=preprocessing_of(model),
        temperature=float(1 / model.logit_scale.detach().exp().reshape(-1)[0]),
        prepare=_transform(model),
        embed_pixels=model.encode_image,
        embed_ids=embed_ids,
    )


def assemble(
    traced: Traced, folder: Path, options: Options, *, progress: Progress = _silent
) -> ModelPack:
    """Compress, write and check a pack; it replaces `folder` only when it passed the gate."""
    aside = folder.with_name(folder.name + ".export")
    shutil.rmtree(aside, ignore_errors=True)
    try:
        large = _is_large(traced, options)
        try:
            pack, result = _checked(traced, aside, options, 1 if large else 0, progress)
        except PackError:
            if not large:
                raise
            # Inputs of 15 bits take twice as long.
            pack, result = _checked(traced, aside, options, 2, progress)
        progress("Export", 5, STEPS)
        static = _static(pack, options.static_texts, progress)
        if options.card is None:
            told = card(traced, pack, options.precision, options.of_image, result, static)
            replace_card(aside, told)
        # The new pack is on the disk before the old one goes.
        settle(aside)
        if folder.is_dir():
            shutil.rmtree(folder)
        aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return load_pack(folder)


def _is_large(traced: Traced, options: Options) -> bool:
    return options.precision in ("int8", "int4") and is_large(traced.core, options.large)


def _checked(
    traced: Traced, folder: Path, options: Options, digits: int, progress: Progress
) -> tuple[ModelPack, parity.Parity]:
    """Write a pack and pass it through the gate. `digits` is that of `keep_in_bits`, 0 for a core that is
    widened."""
    _write(traced, folder, options, digits)
    progress("Export", 4, STEPS)
    pack = load_pack(folder)
    result = parity.check_pack(
        Encoder(pack),
        traced.reference,
        traced.pictures,
        traced.prompts,
        options.precision,
        traced.errors,
    )
    return pack, result


def _static(pack: ModelPack, count: int, progress: Progress) -> StaticRows | None:
    """Fit static rows to the text tower of a pack and write them into it; None for no texts."""
    if not count:
        return None
    found = fit_pack(
        pack, texts_for(pack, count), lambda done, total: progress("Texts", done, total)
    )
    replace_static(pack.path, found.rows)
    return found


def _write(traced: Traced, folder: Path, options: Options, digits: int) -> None:
    plan, tokens = traced.plan, traced.tokens
    core, weights = _small_core(traced, options, digits)
    write_pack(
        folder,
        name=traced.name,
        description=f"{traced.description}, text in {options.precision}, "
        f"pictures in {options.of_image}",
        dim=int(traced.reference.images.shape[1]),
        image=ImageTower(_small_image(traced, options), traced.preprocessing),
        text=TextTower(
            core,
            max_tokens=plan.max_tokens,
            padding=plan.padding,
            pad_id=plan.pad,
            ids="ids" if plan.uses_ids else None,
            mask="mask" if plan.uses_mask else None,
            weights=weights,
        ),
        tokens=Tokens(
            traced.table,
            tokens.tokenizer,
            tokens.vocab,
            tokens.kind,
            "int8",
            options.rows_per_shard,
        ),
        temperature=traced.temperature,
        licence=options.licence or UNKNOWN_LICENCE,
        card=options.card or "",
        vocabulary=options.vocabulary,
    )


def _small_core(traced: Traced, options: Options, digits: int) -> tuple[bytes, dict[str, bytes]]:
    """The graph, and the files of its weights if it is a large one."""
    found = traced.text_moments if options.precision in ("int8", "int4") else None
    core, weights = small_core(traced.core, options.precision, digits, options.choose_text, found)
    return _bytes(core), weights


def _small_image(traced: Traced, options: Options) -> bytes:
    feeds = ({"pixels": pixels} for pixels in options.image_samples)
    found = moments(traced.image, feeds) if options.image_samples else None
    return _bytes(
        quantize_weights(traced.image, options.of_image, choose=options.choose_image, moments=found)
    )


def _bytes(model: onnx.ModelProto) -> bytes:
    return bytes(model.SerializeToString(deterministic=True))


def _tokens(source: Source, rows: int) -> PackTokens:
    if source.tokenizer is None:
        return from_openclip(open_tokenizer(source), rows)
    config = import_openclip().get_model_config(source.model)["text_cfg"]
    cleaning = (config.get("tokenizer_kwargs") or {}).get("clean", "whitespace")
    return from_file(source.tokenizer, cleaning, rows)


def _transform(model: Any) -> Any:
    from open_clip.transform import PreprocessCfg, image_transform_v2

    return image_transform_v2(PreprocessCfg(**model.visual.preprocess_cfg), is_train=False)
