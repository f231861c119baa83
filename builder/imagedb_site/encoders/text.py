"""The text tower: texts to embeddings, by way of token ids and rows of the token table."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagedb_site.container import read_container
from imagedb_site.encoders.runtime import open_session, run_session
from imagedb_site.encoders.tokenizer import PackTokenizer
from imagedb_site.errors import FormatError, PackError
from imagedb_site.packs import ModelPack
from imagedb_site.packs.codes import dequantize_rows
from imagedb_site.packs.weights import read_weights


class TokenTable:
    """Rows of the token table by id; a shard is read when a token of it is first asked for."""

    def __init__(self, pack: ModelPack) -> None:
        self._pack = pack
        self._spec = pack.manifest["tokens"]
        self.rows = int(self._spec["rows"])
        self.width = int(self._spec["width"])
        self._per_shard = int(self._spec["rows_per_shard"])
        self._shards: dict[int, tuple[NDArray[np.float32], NDArray[Any]]] = {}
        self._lock = Lock()

    def look_up(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """float32 [tokens, width]. Raises PackError for an id outside the table."""
        result = np.empty((len(ids), self.width), dtype=np.float32)
        for position, index in enumerate(ids):
            if not 0 <= index < self.rows:
                raise PackError(f"The pack's token table has no row {index}.")
            scale, codes = self._shard(index // self._per_shard)
            row = index % self._per_shard
            result[position] = dequantize_rows(
                scale[row : row + 1], codes[row : row + 1], self.width, self._spec["precision"]
            )[0]
        return result

    def _shard(self, number: int) -> tuple[NDArray[np.float32], NDArray[Any]]:
        with self._lock:
            if number not in self._shards:
                self._shards[number] = self._read(number)
            return self._shards[number]

    def _read(self, number: int) -> tuple[NDArray[np.float32], NDArray[Any]]:
        file = self._spec["shards"][number]
        try:
            header, arrays = read_container(self._pack.read(file), "tokens")
            expected = min(self._per_shard, self.rows - number * self._per_shard)
            found = (header["first"], header["count"], header["width"], header["precision"])
            if found != (
                number * self._per_shard,
                expected,
                self.width,
                self._spec["precision"],
            ):
                raise FormatError("its header does not fit pack.json")
            codes = arrays["codes"].reshape(expected, -1)
            int8 = self._spec["precision"] == "int8"
            stored = (self.width, np.int8) if int8 else (self.width // 2, np.uint8)
            if arrays["scale"].shape != (expected,) or (codes.shape[1], codes.dtype) != stored:
                raise FormatError("its sections do not fit pack.json")
            return arrays["scale"], codes
        except (FormatError, KeyError, ValueError) as error:
            raise PackError(f"“{file}” of the model pack is damaged: {error}.") from error


def _weights(pack: ModelPack, file: str) -> NDArray[np.uint8]:
    try:
        return read_weights(pack.read(file))
    except FormatError as error:
        raise PackError(f"“{file}” of the model pack is damaged: {error}.") from error


class TextEncoder:
    """Runs each text by itself: trimmed to its own tokens, or padded to the pack's length."""

    def __init__(self, pack: ModelPack, threads: int) -> None:
        spec = pack.manifest["text"]
        self._dim = pack.dim
        self._file = str(spec["file"])
        self._inputs: dict[str, str | None] = spec["inputs"]
        self._output = str(spec["output"])
        self._pad = spec["padding"] == "max"
        self.max_tokens = int(spec["max_tokens"])
        self.pad_id = int(spec.get("pad_id", 0))
        self.tokenizer = PackTokenizer(
            pack.read(pack.manifest["tokenizer"]["file"]), self.max_tokens, self.pad_id
        )
        self._table = TokenTable(pack)
        parts = {file: _weights(pack, file) for file in spec.get("weights") or ()}
        self._session = open_session(pack.read(self._file), self._file, parts)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="text-encoder")

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embeddings float32 [n, dim], L2-normalised, of texts of any kind and length."""
        if not texts:
            return np.empty((0, self._dim), dtype=np.float32)
        ids = [self.tokenizer.encode(text) for text in texts]
        return np.concatenate(list(self._pool.map(self._run, ids)))

    def encode_known(self, texts: Sequence[str]) -> list[NDArray[np.float32] | None]:
        """The embedding float32 [dim] of what the model knows of each text, or None if that is nothing."""
        ids = [self.tokenizer.encode_known(text) for text in texts]
        found = self._pool.map(self._run, [one for one in ids if one is not None])
        return [None if one is None else next(found)[0] for one in ids]

    def _run(self, ids: list[int]) -> NDArray[np.float32]:
        """The embedding float32 [1, dim] of a text's token ids."""
        real = len(ids)
        if self._pad:
            ids = ids + [self.pad_id] * (self.max_tokens - real)
        feed: dict[str, NDArray[Any]] = {
            str(self._inputs["embeddings"]): self._table.look_up(ids)[None]
        }
        if self._inputs["mask"]:
            feed[self._inputs["mask"]] = (np.arange(len(ids)) < real).astype(np.int64)[None]
        if self._inputs["ids"]:
            feed[self._inputs["ids"]] = np.array([ids], dtype=np.int64)
        return run_session(self._session, self._output, feed, self._dim, self._file)
