"""How well a pack finds pictures: retrieval on captioned pairs, and by class names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class PairsResult:
    """Recall is the part of queries whose own picture (or caption) is among the first k."""

    t2i_r1: float
    t2i_r5: float
    t2i_r10: float
    i2t_r1: float
    i2t_r5: float
    i2t_r10: float
    median_rank: float


@dataclass(frozen=True)
class ClassesResult:
    """`precision_at_10`: the part of the first 10 pictures for a class name that are of the class,
    averaged over the classes (of the class's size if it has fewer). `top1`: the part of pictures
    whose nearest class name is their own."""

    precision_at_10: float
    top1: float


def evaluate_pairs(
    images: NDArray[np.float32], texts: NDArray[np.float32], owner: NDArray[np.int64]
) -> PairsResult:
    """`images` [n, dim], `texts` [m, dim]; text j describes image `owner[j]`.

    Ranks start at 1; ties count against the encoder. A picture's own rank among the texts is that of
    its best caption. Pictures without a caption only distract.
    """
    scores = texts @ images.T
    own = scores[np.arange(len(texts)), owner]
    text_ranks = (scores >= own[:, None]).sum(axis=1)
    captioned = np.unique(owner)
    picture_ranks = np.empty(len(captioned), dtype=np.int64)
    for position, image in enumerate(captioned):
        column = scores[:, image]
        best = column[owner == image].max()
        picture_ranks[position] = 1 + (column[owner != image] >= best).sum()
    t2i = (text_ranks[:, None] <= np.array([1, 5, 10])).mean(axis=0).tolist()
    i2t = (picture_ranks[:, None] <= np.array([1, 5, 10])).mean(axis=0).tolist()
    return PairsResult(
        t2i_r1=t2i[0],
        t2i_r5=t2i[1],
        t2i_r10=t2i[2],
        i2t_r1=i2t[0],
        i2t_r5=i2t[1],
        i2t_r10=i2t[2],
        median_rank=float(np.median(text_ranks)),
    )


def evaluate_classes(
    images: NDArray[np.float32], names: NDArray[np.float32], labels: NDArray[np.int64]
) -> ClassesResult:
    """`images` [n, dim], `names` [classes, dim]; image i is of class `labels[i]`."""
    scores = images @ names.T
    precisions = []
    for label in range(len(names)):
        of_class = labels == label
        depth = min(10, int(of_class.sum()))
        if depth:
            first = np.argsort(-scores[:, label], kind="stable")[:depth]
            precisions.append(float(of_class[first].mean()))
    top1 = float((scores.argmax(axis=1) == labels).mean())
    return ClassesResult(float(np.mean(precisions)), top1)


def class_name(folder: str) -> str:
    """The plain words of a class folder: `water_lilly` → `water lilly`."""
    return " ".join(folder.replace("_", " ").replace("-", " ").lower().split())


def top_agreement(
    first: NDArray[np.float32], second: NDArray[np.float32], k: int = 10
) -> NDArray[np.float64]:
    """For each row of two score matrices: the part of the first's best k among the second's."""
    k = min(k, first.shape[1])
    a = np.argsort(-first, axis=1, kind="stable")[:, :k]
    b = np.argsort(-second, axis=1, kind="stable")[:, :k]
    return np.array([len(set(x) & set(y)) / k for x, y in zip(a, b, strict=True)])


def cosines(a: NDArray[np.float32], b: NDArray[np.float32]) -> Sequence[float]:
    """Row-wise cosine of two matrices."""
    return [float(value) for value in (a * b).sum(1) / np.linalg.norm(a, axis=1)
            / np.linalg.norm(b, axis=1)]  # fmt: skip
