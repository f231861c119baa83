"""`export_pack`: from an OpenCLIP model to a pack that has passed the parity gate."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from PIL import Image

from imagedb_site.container import canonical_json, gzip_bytes
from imagedb_site.encoders.encoder import Encoder
from imagedb_site.encoders.export import parity, samples
from imagedb_site.encoders.export.openclip import (
    Source,
    import_openclip,
    open_model,
    open_tokenizer,
    preprocessing_of,
)
from imagedb_site.encoders.export.tokenizers import PackTokens, from_file, from_openclip
from imagedb_site.encoders.export.towers import (
    ImageCore,
    TextCore,
    TextPlan,
    export_image,
    export_text,
    plan_text,
    simplify,
    text_module,
    token_table,
)
from imagedb_site.encoders.pack import ModelPack, cache_name, load_pack
from imagedb_site.encoders.pack_writer import (
    ImageTower,
    TextTower,
    Tokens,
    replace_card,
    write_pack,
)
from imagedb_site.encoders.preprocess import Preprocessing
from imagedb_site.encoders.quantize import WeightPrecision, quantize_weights
from imagedb_site.encoders.runtime import open_session
from imagedb_site.encoders.tokenizer import PackTokenizer
from imagedb_site.errors import UsageError
from imagedb_site.records import Progress

UNKNOWN_LICENCE = {
    "id": "unknown",
    "note": "Check the licence of the weights, then export again with --licence.",
    "commercial": False,
}
_STEPS = 6


@dataclass(frozen=True)
class Options:
    """`precision` of the text core and, down to int8, of the image tower, whose embeddings are made
    once and kept. The token table is int8: a query downloads a few rows of it, and an error in them
    goes through every layer."""

    precision: WeightPrecision = "int8"
    image_precision: WeightPrecision | None = None
    pictures: Path | None = None
    """A folder of real pictures for the parity gate; drawn ones where there is none."""
    licence: dict[str, Any] | None = None

    @property
    def of_image(self) -> WeightPrecision:
        if self.image_precision:
            return self.image_precision
        return "int8" if self.precision == "int4" else self.precision


def _silent(step: str, done: int, total: int | None) -> None:
    """No progress wanted."""


@dataclass(frozen=True)
class Traced:
    """An architecture with its weights as float32 graphs that agree with torch."""

    source: Source
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
    progress("Export", 0, _STEPS)
    model = open_source(source)
    pictures = samples.pictures_of(options.pictures, 48) if options.pictures else None
    traced = trace(source, model, pictures, progress=progress)
    del model
    gc.collect()
    pack = assemble(traced, folder, options, progress=progress)
    progress("Export", _STEPS, _STEPS)
    return pack


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
    """Both towers of an opened model as graphs, compared with torch on `pictures` and `prompts`.

    Raises PackError as `export_pack` does.
    """
    model = simplify(model)
    tokens = _tokens(source, int(text_module(model).token_embedding.num_embeddings))
    plan = plan_text(model, tokens.eot, tokens.pad, tokens.kind)
    table = token_table(model)[tokens.order]
    shown = list(pictures or samples.drawn_pictures())
    asked = list(prompts or samples.prompts())
    ids = _ids(tokens, plan, asked)
    original = np.array(tokens.order, dtype=np.int64)[_padded(ids, plan)]
    preprocessing = preprocessing_of(model)
    reference = parity.torch_reference(model, original, _transform(model), shown)
    pixel_error = parity.pixel_error(Preprocessing.from_json(preprocessing), shown, reference)
    progress("Export", 1, _STEPS)
    height, width = preprocessing["size"]
    image = export_image(ImageCore(model), height, width)
    progress("Export", 2, _STEPS)
    found = _run_image(image, reference.pixels)
    image_error = parity.float_error("image", found, reference.images)
    core = export_text(TextCore(model, plan), table.shape[1])
    progress("Export", 3, _STEPS)
    text_error = parity.float_error("text", _run_text(core, table, ids, plan), reference.texts)
    return Traced(
        source=source,
        image=image,
        core=core,
        table=table,
        tokens=tokens,
        plan=plan,
        preprocessing=preprocessing,
        temperature=float(1 / model.logit_scale.detach().exp().reshape(-1)[0]),
        pictures=shown,
        given_pictures=pictures is not None,
        prompts=asked,
        reference=reference,
        errors=(pixel_error, image_error, text_error),
    )


def assemble(
    traced: Traced, folder: Path, options: Options, *, progress: Progress = _silent
) -> ModelPack:
    """Compress, write and check a pack; it replaces `folder` only when it passed the gate."""
    aside = folder.with_name(folder.name + ".export")
    shutil.rmtree(aside, ignore_errors=True)
    try:
        _write(traced, aside, options)
        progress("Export", 4, _STEPS)
        pack = load_pack(aside)
        result = parity.check_pack(
            Encoder(pack),
            traced.reference,
            traced.pictures,
            traced.prompts,
            options.precision,
            traced.errors,
        )
        progress("Export", 5, _STEPS)
        replace_card(aside, _card(traced, pack, options, result))
        if folder.is_dir():
            shutil.rmtree(folder)
        aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return load_pack(folder)


def _write(traced: Traced, folder: Path, options: Options) -> None:
    plan, tokens, source = traced.plan, traced.tokens, traced.source
    write_pack(
        folder,
        name=cache_name(source.label),
        description=f"OpenCLIP {source.label}, text in {options.precision}, "
        f"pictures in {options.of_image}",
        dim=int(traced.reference.images.shape[1]),
        image=ImageTower(_compressed(traced.image, options.of_image), traced.preprocessing),
        text=TextTower(
            _compressed(traced.core, options.precision),
            max_tokens=plan.max_tokens,
            padding=plan.padding,
            pad_id=plan.pad,
            ids="ids" if plan.uses_ids else None,
        ),
        tokens=Tokens(
            traced.table,
            tokens.tokenizer,
            tokens.vocab,
            tokens.kind,
            "int8",
        ),
        temperature=traced.temperature,
        licence=options.licence or UNKNOWN_LICENCE,
        card="",
    )


def _tokens(source: Source, rows: int) -> PackTokens:
    if source.tokenizer is None:
        return from_openclip(open_tokenizer(source), rows)
    config = import_openclip().get_model_config(source.model)["text_cfg"]
    cleaning = (config.get("tokenizer_kwargs") or {}).get("clean", "whitespace")
    return from_file(source.tokenizer, cleaning, rows)


def _ids(tokens: PackTokens, plan: TextPlan, prompts: list[str]) -> list[list[int]]:
    """New ids of the prompts, by the pack's own tokenizer."""
    vocab: Any = [] if tokens.tokenizer["model"].get("type") == "Unigram" else {}
    compact = {
        "kind": tokens.kind,
        "tokenizer": {**tokens.tokenizer, "model": {**tokens.tokenizer["model"], "vocab": vocab}},
        "vocab": tokens.vocab,
    }
    tokenizer = PackTokenizer(gzip_bytes(canonical_json(compact), 1), plan.max_tokens, plan.pad)
    return [tokenizer.encode(prompt) for prompt in prompts]


def _padded(ids: list[list[int]], plan: TextPlan) -> NDArray[np.int64]:
    padded = np.full((len(ids), plan.max_tokens), plan.pad, dtype=np.int64)
    for row, found in zip(padded, ids, strict=True):
        row[: len(found)] = found
    return padded


def _run_text(
    core: onnx.ModelProto, table: NDArray[np.float32], ids: list[list[int]], plan: TextPlan
) -> NDArray[np.float32]:
    session = open_session(core.SerializeToString(), "text.onnx")
    rows = list(_padded(ids, plan)) if plan.padding == "max" else ids
    found = []
    for row in rows:
        feed: dict[str, NDArray[Any]] = {"embeddings": table[row][None]}
        if plan.uses_ids:
            feed["ids"] = np.array([row], dtype=np.int64)
        found.append(session.run(None, feed)[0])
    return np.concatenate(found)


def _run_image(image: onnx.ModelProto, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    session = open_session(image.SerializeToString(), "image.onnx")
    return np.concatenate([session.run(None, {"pixels": row[None]})[0] for row in pixels])


def _compressed(model: onnx.ModelProto, precision: WeightPrecision) -> bytes:
    return bytes(quantize_weights(model, precision).SerializeToString(deterministic=True))


def _transform(model: Any) -> Any:
    from open_clip.transform import PreprocessCfg, image_transform_v2

    return image_transform_v2(PreprocessCfg(**model.visual.preprocess_cfg), is_train=False)


def _card(traced: Traced, pack: ModelPack, options: Options, result: parity.Parity) -> str:
    source = traced.source
    weights = source.pretrained or (
        f"checkpoint {source.checkpoint.name}" if source.checkpoint else "RANDOM weights"
    )
    tokens = pack.manifest["tokens"]
    figures = "\n".join(f"| {key} | {value:g} |" for key, value in result.rounded().items())
    bar = parity.BARS[options.precision]
    return f"""# {pack.id}

OpenCLIP architecture {source.model} with the weights {weights}, exported by imagedb-site.

| part | precision | bytes |
|---|---|---|
| image tower | {options.of_image} | {pack.manifest["files"]["image.onnx"]["bytes"]:,} |
| text core | {options.precision} | {pack.manifest["files"]["text.onnx"]["bytes"]:,} |
| token table, {tokens["rows"]:,} rows | {tokens["precision"]} | {
        sum(pack.manifest["files"][file]["bytes"] for file in tokens["shards"]):,} |

## Agreement with torch

Compared on {result.pictures} {"given" if traced.given_pictures else "drawn"} pictures and
{result.prompts} prompts. The gate: float graphs within {parity.FLOAT_BOUND:g}; this precision's
cosines at least {bar.cosine:g}; agreement of the first ten at least {bar.agreement:g}, similarities
within {parity.TIE:g} counting as equal.

| figure | value |
|---|---|
{figures}

## Licence and use

{pack.manifest["licence"]["id"]}. {pack.manifest["licence"]["note"]}
The training data, intended use and weaknesses are those its publisher states.
"""
