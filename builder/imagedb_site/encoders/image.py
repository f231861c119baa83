"""The image tower: pictures to embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imagedb_site.encoders.preprocess import Preprocessing
from imagedb_site.encoders.runtime import open_session, run_session
from imagedb_site.packs import ModelPack


class ImageEncoder:
    """Runs one picture at a time on each of `threads` threads: as fast as batches on a processor,
    and the embedding of a picture never depends on what else was in its batch."""

    def __init__(self, pack: ModelPack, threads: int) -> None:
        spec = pack.manifest["image"]
        self._dim = pack.dim
        self._input = str(spec["input"])
        self._output = str(spec["output"])
        self._file = str(spec["file"])
        self.preprocessing = Preprocessing.from_json(spec["preprocessing"])
        self._session = open_session(pack.read(self._file), self._file)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="image-encoder")

    def encode(self, images: Sequence[Image.Image]) -> NDArray[np.float32]:
        """Embeddings float32 [n, dim], L2-normalised."""
        if not images:
            return np.empty((0, self._dim), dtype=np.float32)
        return np.concatenate(list(self._pool.map(self._encode_one, images)))

    def encode_tensors(self, tensors: NDArray[np.float32]) -> NDArray[np.float32]:
        """The same from prepared input, float32 [n, 3, height, width]."""
        if not len(tensors):
            return np.empty((0, self._dim), dtype=np.float32)
        return np.concatenate(list(self._pool.map(self._run, tensors)))

    def encode_pixels(self, pixels: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """The same from `Preprocessing.pixels`, each uint8 [height, width, 3]."""
        if not pixels:
            return np.empty((0, self._dim), dtype=np.float32)
        return np.concatenate(list(self._pool.map(self._normalise_and_run, pixels)))

    def _encode_one(self, image: Image.Image) -> NDArray[np.float32]:
        return self._run(self.preprocessing.apply(image))

    def _normalise_and_run(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        return self._run(self.preprocessing.normalised(pixels))

    def _run(self, tensor: NDArray[np.float32]) -> NDArray[np.float32]:
        feed = {self._input: tensor[None]}
        return run_session(self._session, self._output, feed, self._dim, self._file)
