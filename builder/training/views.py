"""Caches what the frozen lower blocks make of every view of every picture.

One row a view: the map after block CUT-1 (float16 [192, 7, 7]) and the original backbone's features
(float16 [1280]), which give the teacher's ImageNet posterior. Training the upper blocks on this cache
is several times faster than running the whole network, and needs no decoding.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import Literal

import numpy as np
import onnxruntime as ort
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from . import datasets, preprocess, snap, synth
from .backbone import FEATURES, Backbone, load_backbone
from .datasets import Picture
from .settings import CUT, SEED, SIZE, Paths, seeded

MAP = (192, SIZE // 32, SIZE // 32)
BATCH = 32
AUGMENTED = {"captioned": 4, "photo": 2, "art": 1, "graphic": 1, "labelled": 3, "emoji": 1}


def snapped_backbone() -> Backbone:
    """The backbone whose frozen lower part is already on the grid that is shipped."""
    net = load_backbone()
    snap.settle(net.stem)
    snap.settle(net.blocks[:CUT])
    return net


class _Lower(nn.Module):
    def __init__(self, net: Backbone) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        low = self.net.lower(x, CUT)
        return low, self.net.upper(low, CUT)


def plan(paths: Paths) -> tuple[list[Picture], list[synth.Made], list[tuple[int, int, int]]]:
    """Pictures, recipes, and the views to cache: (picture or -1, recipe or -1, view number)."""
    pictures = datasets.all_pictures(paths.data, paths.work)
    made = synth.recipes(pictures, np.random.default_rng(SEED))
    rows = [(i, -1, 0) for i in range(len(pictures))]
    for view in range(1, 1 + max(AUGMENTED.values())):
        if view == 2:
            rows += [(-1, j, 0) for j in range(len(made))]
        for i, p in enumerate(pictures):
            if p.split == "train" and view <= AUGMENTED.get(p.source, 1):
                rows.append((i, -1, view))
    return pictures, made, rows


def _pixels(
    row: tuple[int, int, int], pictures: list[Picture], made: list[synth.Made]
) -> NDArray[np.float32]:
    index, recipe, view = row
    rng = np.random.default_rng((SEED, index + 1, recipe + 1, view))
    if recipe >= 0:
        picture = synth.make(made[recipe], pictures, rng)
        return preprocess.tensor(preprocess.augment(picture, rng, 0.3))
    source = Image.open(pictures[index].path)
    ground = (255, 255, 255)
    if pictures[index].source == "emoji" and view == 1 and index % 2:
        light = rng.integers(150, 256, 3)
        ground = (int(light[0]), int(light[1]), int(light[2]))
    picture = synth.flat(source, ground)
    if view:
        strength = 0.4 if pictures[index].drawn else 1.0
        picture = preprocess.augment(picture, rng, strength)
    return preprocess.tensor(picture)


def _batches(
    rows: list[tuple[int, int, int]], pictures: list[Picture], made: list[synth.Made]
) -> Iterator[NDArray[np.float32]]:
    ready: queue.Queue[NDArray[np.float32] | None] = queue.Queue(maxsize=4)

    def work() -> None:
        for start in range(0, len(rows), BATCH):
            part = rows[start : start + BATCH]
            ready.put(np.stack([_pixels(row, pictures, made) for row in part]))
        ready.put(None)

    threading.Thread(target=work, daemon=True).start()
    while (batch := ready.get()) is not None:
        yield batch


def session(paths: Paths) -> ort.InferenceSession:
    """The frozen network in onnxruntime, which runs depthwise layers faster than torch on a CPU."""
    seeded()
    path = paths.file("lower.onnx")
    torch.onnx.export(
        _Lower(snapped_backbone()),
        (torch.zeros(1, 3, SIZE, SIZE),),
        str(path),
        dynamo=False,
        input_names=["x"],
        output_names=["map", "features"],
        dynamic_axes={"x": {0: "n"}, "map": {0: "n"}, "features": {0: "n"}},
    )
    options = ort.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return ort.InferenceSession(str(path), options)


def run(paths: Paths) -> None:
    """Fill `views.map.f16` and `views.feat.f16`; `views.done` counts finished rows, to resume at."""
    pictures, made, rows = plan(paths)
    net = session(paths)
    shape = (len(rows), *MAP)
    known = paths.file("views.done")
    done = int(known.read_text()) if known.exists() else 0
    mode: Literal["r+", "w+"] = "r+" if done else "w+"
    maps = np.memmap(paths.file("views.map.f16"), np.float16, mode, shape=shape)
    size = (len(rows), FEATURES)
    feats = np.memmap(paths.file("views.feat.f16"), np.float16, mode, shape=size)
    for batch in _batches(rows[done:], pictures, made):
        low, high = net.run(None, {"x": batch})
        maps[done : done + len(batch)] = low
        feats[done : done + len(batch)] = high
        done += len(batch)
        if done % (BATCH * 40) == 0 or done == len(rows):
            known.write_text(str(done))
