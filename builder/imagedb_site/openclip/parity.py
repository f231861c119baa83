"""The parity gate: a pack is only kept when it agrees with the torch model it was made from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.nn import functional

from imagedb_site.encoders.encoder import Encoder
from imagedb_site.encoders.preprocess import Preprocessing
from imagedb_site.errors import PackError
from imagedb_site.evaluate import cosines
from imagedb_site.openclip.quantize import WeightPrecision

FLOAT_BOUND = 1e-4
"""Largest difference of any component between the float32 graph and torch."""
PIXEL_BOUND = 1e-5
"""Largest difference of prepared pixels between this program and OpenCLIP."""
TIE = 0.01
"""Similarities this close count as equal when first-ten lists are compared."""
K = 10


@dataclass(frozen=True)
class Bar:
    """What a precision must reach: mean cosine of each tower, and agreement of the first ten."""

    cosine: float
    agreement: float


# The token rows are int8 at every precision, which random weights feel at 0.9999.
BARS: dict[WeightPrecision, Bar] = {
    "fp32": Bar(0.9995, 0.99),
    "fp16": Bar(0.9995, 0.99),
    "int8": Bar(0.995, 0.97),
    "int4": Bar(0.95, 0.90),
}


@dataclass(frozen=True)
class Parity:
    """`*_float_error`: the float32 graphs against torch. The rest: the finished pack against torch.

    `agreement_at_10`: of the ten pictures the pack finds first for a prompt, the part that torch
    holds to be as good as its own ten (within `TIE`); `strict_agreement_at_10` without tolerance.
    """

    pixel_error: float
    image_float_error: float
    text_float_error: float
    image_cosine: float
    text_cosine: float
    agreement_at_10: float
    strict_agreement_at_10: float
    pictures: int
    prompts: int

    def rounded(self) -> dict[str, float]:
        """For pack.json and the card."""
        return {key: float(f"{value:.4g}") for key, value in asdict(self).items()}


@dataclass(frozen=True)
class Reference:
    """What torch makes of the samples: embeddings [n, dim] and prepared pixels [n, 3, h, w]."""

    images: NDArray[np.float32]
    texts: NDArray[np.float32]
    pixels: NDArray[np.float32]


def torch_reference(
    embed_pixels: Callable[[torch.Tensor], torch.Tensor],
    embed_ids: Callable[[list[list[int]]], torch.Tensor],
    prepare: Callable[[Image.Image], torch.Tensor],
    pictures: Sequence[Image.Image],
    ids: list[list[int]],
) -> Reference:
    """Run the original model on pictures it prepares itself, and on texts of these ids."""
    pixels = torch.stack([prepare(picture) for picture in pictures])
    with torch.no_grad():
        images = [embed_pixels(part) for part in pixels.split(8)]
        texts = [embed_ids(ids[at : at + 16]) for at in range(0, len(ids), 16)]
    return Reference(
        functional.normalize(torch.cat(images), dim=-1).numpy(),
        functional.normalize(torch.cat(texts), dim=-1).numpy(),
        pixels.numpy(),
    )


def pixel_error(
    preprocessing: Preprocessing, pictures: Sequence[Image.Image], reference: Reference
) -> float:
    """Largest difference of the prepared pixels. Raises PackError above the bound."""
    error = max(
        float(np.abs(preprocessing.apply(picture) - wanted).max())
        for picture, wanted in zip(pictures, reference.pixels, strict=True)
    )
    if error > PIXEL_BOUND:
        raise PackError(
            f"The model prepares pictures in a way packs cannot express (difference {error:.2g})."
        )
    return error


def float_error(what: str, found: NDArray[np.float32], wanted: NDArray[np.float32]) -> float:
    """Largest difference of a float32 graph. Raises PackError above the bound."""
    error = float(np.abs(found - wanted).max()) if np.isfinite(found).all() else float("inf")
    if error > FLOAT_BOUND:
        raise PackError(
            f"The {what} tower's ONNX graph differs from torch by {error:.2g}, "
            f"more than {FLOAT_BOUND:g}: nothing was exported."
        )
    return error


def agreement(
    reference: Reference, images: NDArray[np.float32], texts: NDArray[np.float32], tie: float
) -> float:
    """Of the ten pictures found first, the part torch finds as good as its own ten."""
    wanted = reference.texts @ reference.images.T
    found = texts @ images.T
    k = min(K, wanted.shape[1])
    least = np.sort(wanted, axis=1)[:, -k] - tie
    first = np.argsort(-found, axis=1, kind="stable")[:, :k]
    return float((np.take_along_axis(wanted, first, axis=1) >= least[:, None]).mean())


def check_pack(
    encoder: Encoder,
    reference: Reference,
    pictures: Sequence[Image.Image],
    prompts: Sequence[str],
    precision: WeightPrecision,
    errors: tuple[float, float, float],
) -> Parity:
    """Run the finished pack as a build and a browser would. Raises PackError below the bar.

    `errors`: those of the pixels, the image graph and the text graph.
    """
    images = encoder.encode_images(pictures)
    texts = encoder.encode_texts(prompts)
    parity = Parity(
        *errors,
        image_cosine=float(np.mean(cosines(images, reference.images))),
        text_cosine=float(np.mean(cosines(texts, reference.texts))),
        agreement_at_10=agreement(reference, images, texts, TIE),
        strict_agreement_at_10=agreement(reference, images, texts, 0.0),
        pictures=len(pictures),
        prompts=len(prompts),
    )
    bar = BARS[precision]
    failed = [
        f"{what} {value:.4f} < {least}"
        for what, value, least in (
            ("image cosine", parity.image_cosine, bar.cosine),
            ("text cosine", parity.text_cosine, bar.cosine),
            ("agreement of the first ten", parity.agreement_at_10, bar.agreement),
        )
        if value < least
    ]
    if failed:
        raise PackError(
            f"The {precision} pack does not agree with torch ({'; '.join(failed)}): "
            "nothing was exported.",
            "Choose a higher --precision.",
        )
    return parity
