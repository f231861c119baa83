"""Opens OpenCLIP models: by name and tag, from a checkpoint, with its own or a local tokenizer."""

from __future__ import annotations

import contextlib
import importlib
import logging
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imagedb_site.errors import PackError, UsageError

_PREPROCESSING_KEYS = ("mean", "std", "interpolation", "resize_mode", "fill_color")
_INSTALL = "Install them with: pip install 'imagedb-site[openclip]'"


@dataclass(frozen=True)
class Source:
    """Which weights: a tag of OpenCLIP's list, a checkpoint file, or neither (random weights).

    With both, the file has the weights of the tag and nothing is downloaded.
    """

    model: str
    pretrained: str | None = None
    checkpoint: Path | None = None
    tokenizer: Path | None = None
    """A local tokenizer.json, for models whose tokenizer OpenCLIP would download."""

    @property
    def label(self) -> str:
        """How the pack is called: `ViT-B-32:laion2b_s34b_b79k`, or with the checkpoint's name."""
        if self.pretrained:
            return f"{self.model}:{self.pretrained}"
        return f"{self.model}:{self.checkpoint.stem}" if self.checkpoint else self.model


def parse_name(name: str) -> Source | None:
    """`ViT-B-32:tag` as a source; None if `name` does not have that form."""
    model, colon, tag = name.partition(":")
    if not colon or not model or not tag or "/" in name or "\\" in name:
        return None
    return Source(model, tag)


def import_openclip() -> Any:
    """The open_clip module. Raises UsageError with what to install when it is not there."""
    try:
        _define_missing_torchvision_operators()
        import open_clip
    except ImportError as error:
        raise UsageError(
            f"OpenCLIP models need open_clip and torch, but “{error.name}” is missing.", _INSTALL
        ) from error
    return open_clip


def _define_missing_torchvision_operators() -> None:
    """torchvision built for another torch (a CPU torch beside a CUDA torchvision, say) has no
    compiled operators, and fails at import because it registers fakes for two of them. Nothing here
    uses them, so declaring their schemas is enough."""
    import torch

    try:
        importlib.import_module("torchvision")
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
    else:
        return
    library = torch.library.Library("torchvision", "FRAGMENT")
    for schema in (
        "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
        "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    ):
        with contextlib.suppress(RuntimeError):
            library.define(schema)
    _KEPT_ALIVE.append(library)


_KEPT_ALIVE: list[Any] = []


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """OpenCLIP and the exporter report through logging and warnings, and errors as exceptions too."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def open_model(source: Source) -> Any:
    """The model in evaluation mode, float32, on the CPU.

    Pickle checkpoints are only read with `weights_only`. Raises UsageError for an unknown model or
    tag, PackError when the weights cannot be had or read.
    """
    open_clip = import_openclip()
    if source.model not in open_clip.list_models():
        near = [name for name in open_clip.list_models() if source.model.lower() in name.lower()]
        raise UsageError(
            f"OpenCLIP knows no model “{source.model}”.",
            f"Did you mean {', '.join(near[:5])}?" if near else "See open_clip.list_models().",
        )
    tags = open_clip.list_pretrained_tags_by_model(source.model)
    if source.pretrained and source.pretrained not in tags:
        raise UsageError(
            f"OpenCLIP knows no weights “{source.pretrained}” for {source.model}.",
            f"Known: {', '.join(tags)}." if tags else None,
        )
    if source.checkpoint and not source.checkpoint.is_file():
        raise UsageError(f"There is no checkpoint {source.checkpoint}.")
    # A file goes first: with a tag beside it, the tag only says what the weights were trained with.
    weights = str(source.checkpoint) if source.checkpoint else source.pretrained
    try:
        with quiet():
            model = open_clip.create_model(
                source.model,
                pretrained=weights,
                load_weights=weights is not None,
                pretrained_image=False,
                pretrained_text=False,
                weights_only=True,
                **_trained_with(open_clip, source),
            )
    except Exception as error:
        raise _load_error(open_clip, source, error) from error
    return model.eval()


def _trained_with(open_clip: Any, source: Source) -> dict[str, Any]:
    """What the architecture's configuration leaves to the weights: how pictures are normalised and
    resized, and the activation.

    OpenCLIP knows it of its tags alone. A checkpoint without a tag takes what all tags of its
    architecture have in common.
    """
    if source.pretrained:
        tags = [source.pretrained]
    elif source.checkpoint:
        tags = open_clip.list_pretrained_tags_by_model(source.model)
    else:
        return {}
    known = [open_clip.get_pretrained_cfg(source.model, tag) for tag in tags]
    preprocessing = {
        key: known[0][key]
        for key in _PREPROCESSING_KEYS
        if known and all(config.get(key) == known[0].get(key) is not None for config in known)
    }
    found: dict[str, Any] = {"force_preprocess_cfg": preprocessing} if preprocessing else {}
    if known and all(config.get("quick_gelu") for config in known):
        found["force_quick_gelu"] = True
    return found


def _load_error(open_clip: Any, source: Source, error: Exception) -> PackError:
    reason = str(error).strip().splitlines()[0][:120] if str(error).strip() else ""
    if source.checkpoint:
        return PackError(
            f"{source.checkpoint} cannot be loaded as {source.model}: {reason}",
            "A checkpoint must be a safetensors file or a plain state dictionary of this model.",
        )
    if not source.pretrained:
        return PackError(f"{source.model} cannot be made: {reason}")
    return PackError(
        f"The weights of {source.label} could not be downloaded.",
        f"Fetch {_weights_file(open_clip, source)} and run "
        f"`imagedb-site model export {source.label} --checkpoint FILE`; "
        f"{source.label} then needs no network. ({reason})",
    )


def _weights_file(open_clip: Any, source: Source) -> str:
    """Which file, and where it is."""
    config = open_clip.get_pretrained_cfg(source.model, source.pretrained)
    repository, _, file = str(config.get("hf_hub") or "").rpartition("/")
    if not repository:
        return str(config.get("url") or "the file from its publisher")
    if file:
        return f"https://huggingface.co/{repository}/resolve/main/{file}"
    return (
        f"https://huggingface.co/{repository}/resolve/main/open_clip_model.safetensors "
        "(if there is none, open_clip_pytorch_model.bin)"
    )


def open_tokenizer(source: Source) -> Any:
    """OpenCLIP's own tokenizer of the model. Raises PackError when it would have to be downloaded
    and cannot be."""
    open_clip = import_openclip()
    try:
        with quiet():
            return open_clip.get_tokenizer(source.model)
    except Exception as error:
        config = open_clip.get_model_config(source.model)["text_cfg"]
        name = config.get("hf_tokenizer_name") or config.get("hf_model_name")
        raise PackError(
            f"The tokenizer of {source.model} could not be downloaded.",
            f"Fetch https://huggingface.co/{name}/resolve/main/tokenizer.json and run "
            f"`imagedb-site model export {source.label} --tokenizer FILE`"
            + (" with your --checkpoint." if source.checkpoint else "."),
        ) from error


def preprocessing_of(model: Any) -> dict[str, Any]:
    """The `preprocessing` object of a pack from the model's own record of it."""
    config = dict(model.visual.preprocess_cfg)
    size = config["size"]
    height, width = (size, size) if isinstance(size, int) else size
    mode = config["resize_mode"]
    fill = config.get("fill_color", 0)
    # "random" is for training; OpenCLIP evaluates such models with bicubic.
    interpolation = "bilinear" if config["interpolation"] == "bilinear" else "bicubic"
    if mode == "shortest" and height != width:
        # OpenCLIP's own resize for this case ignores the interpolation it was given.
        interpolation = "bicubic"
    return {
        "size": [int(height), int(width)],
        "resize": mode,
        "interpolation": interpolation,
        "crop": "none" if mode == "squash" else "center",
        "mean": [float(value) for value in config["mean"]],
        "std": [float(value) for value in config["std"]],
        "fill": [int(fill)] * 3 if isinstance(fill, int) else [int(value) for value in fill],
    }
