"""Makes everything on one machine: decoders in processes that can be killed, the model in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from imagedb_site.parts.made import Made
from imagedb_site.pictures import DecodeError, Derived, Limits, Work, derive_all
from imagedb_site.run import LocalRunner
from imagedb_site.stopwatch import Stopwatch

if TYPE_CHECKING:
    from imagedb_site.encoders import Encoder
    from imagedb_site.encoders.preprocess import Preprocessing
    from imagedb_site.packs import ModelPack

DECODE = "decode"
MODEL = "model inference"


class LocalMaker:
    """A `Maker` on this machine; a build has one, and so has each worker of a cluster.

    `workers`: decoding processes, one per core by default. `batch_size`: pictures that are embedded and
    yielded together. `clock` gets the time of all decoders together and that of the model.
    """

    def __init__(
        self,
        pack: ModelPack | None,
        *,
        device: str = "cpu",
        workers: int | None = None,
        threads: int | None = None,
        batch_size: int = 32,
        clock: Stopwatch | None = None,
    ) -> None:
        limits = Limits()
        self._limits = limits
        self._pack = pack
        self._device = device
        self._threads = threads
        self._batch_size = batch_size
        self._clock = clock or Stopwatch()
        self._encoder: Encoder | None = None
        self._preprocess: Preprocessing | None = None
        if pack is not None:
            from imagedb_site.encoders.preprocess import Preprocessing

            self._preprocess = Preprocessing.from_json(pack.manifest["image"]["preprocessing"])
        self._runner = LocalRunner(
            workers,
            timeout_s=limits.timeout_s,
            memory_bytes=limits.memory_bytes,
            watch=self._decoded,
        )

    def __enter__(self) -> LocalMaker:
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.close()

    def make(self, works: Iterable[Work], seen: Callable[[], None]) -> Iterator[Sequence[Made]]:
        """See `Maker.make`. A picture that cannot be used is yielded at once."""
        batch: list[tuple[Work, Derived]] = []
        for work, result in self._derive(works):
            self._clock.add(DECODE, items=1, size=work.picture.bytes)
            if isinstance(result, Derived) and not self._fits(result.input):
                result = DecodeError("the decoder failed", "crash")
            if isinstance(result, DecodeError):
                yield [Made(work, result)]
            else:
                batch.append((work, result))
            if len(batch) >= self._batch_size:
                yield self._embedded(batch)
                batch = []
            seen()
        if batch:
            yield self._embedded(batch)

    def _derive(self, works: Iterable[Work]) -> Iterator[tuple[Work, Derived | DecodeError]]:
        preprocess = self._preprocess
        if preprocess is None:
            return derive_all(works, limits=self._limits, runner=self._runner)
        return derive_all(
            works,
            preprocess=preprocess.pixels,
            input_want=max(preprocess.height, preprocess.width),
            limits=self._limits,
            runner=self._runner,
        )

    def _fits(self, pixels: NDArray[Any] | None) -> bool:
        """Whether the model can take them. A picture may have made its decoder send anything."""
        wanted = self._preprocess
        if pixels is None or wanted is None:
            return True
        return pixels.dtype == np.uint8 and pixels.shape == (wanted.height, wanted.width, 3)

    def _embedded(self, batch: Sequence[tuple[Work, Derived]]) -> list[Made]:
        inputs = [derived.input for _, derived in batch if derived.input is not None]
        embeddings = iter(self._embed(inputs))
        return [
            Made(
                work,
                replace(derived, input=None),
                None if derived.input is None else next(embeddings),
            )
            for work, derived in batch
        ]

    def _embed(self, inputs: Sequence[NDArray[np.uint8]]) -> Iterable[np.ndarray]:
        if self._pack is None or not inputs:
            return ()
        if self._encoder is None:
            from imagedb_site.encoders import Encoder

            self._encoder = Encoder(self._pack, self._threads, device=self._device)
        with self._clock.timed("model", MODEL):
            embeddings = self._encoder.encode_pixels(inputs)
        self._clock.add(MODEL, items=len(inputs))
        return embeddings

    def _decoded(self, worker: str, began: float, ended: float) -> None:
        self._clock.add(DECODE, ended - began)
        self._clock.span(worker.replace("run", "decoder"), DECODE, began, ended)
