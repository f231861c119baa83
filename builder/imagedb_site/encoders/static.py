"""Static rows: one vector per token, whose sum stands in for the text tower (docs/FORMAT.md 3.7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagedb_site.container import read_container
from imagedb_site.emoji import spelled_out
from imagedb_site.encoders.tokenizer import PackTokenizer
from imagedb_site.errors import FormatError, PackError
from imagedb_site.packs import ModelPack
from imagedb_site.packs.codes import dequantize_rows

LEAST_LENGTH = 1e-6
"""A sum of rows that is shorter has no direction."""


def static_rows(pack: ModelPack) -> NDArray[np.float32] | None:
    """The static rows of a pack, float32 [rows, dim]; None if it has none. Raises PackError for damage."""
    spec = pack.manifest.get("static")
    if spec is None:
        return None
    file, rows = str(spec["file"]), int(pack.manifest["tokens"]["rows"])
    try:
        header, arrays = read_container(pack.read(file), "tokens")
        if (header["first"], header["count"], header["width"]) != (0, rows, pack.dim):
            raise FormatError("its header does not fit pack.json")
        if arrays["scale"].shape != (rows,) or header["precision"] not in ("int4", "int8"):
            raise FormatError("its sections do not fit its header")
        return dequantize_rows(arrays["scale"], arrays["codes"], pack.dim, header["precision"])
    except (FormatError, KeyError, ValueError) as error:
        raise PackError(f"“{file}” of the model pack is damaged: {error}.") from error


class StaticEncoder:
    """Texts to approximate embeddings, without any tower. Raises PackError if the pack has no static rows."""

    def __init__(self, pack: ModelPack) -> None:
        rows = static_rows(pack)
        if rows is None:
            raise PackError(f"The model pack {pack.id} has no static rows.")
        spec: dict[str, Any] = pack.manifest["text"]
        self._rows = rows
        self._tokenizer = PackTokenizer(
            pack.read(pack.manifest["tokenizer"]["file"]),
            int(spec["max_tokens"]),
            int(spec.get("pad_id", 0)),
        )

    def encode_queries(self, texts: Sequence[str]) -> list[NDArray[np.float32] | None]:
        """The approximate embedding float32 [dim], L2-normalised, of each text as a query; None for a text
        of which no token is known."""
        return [self._encode(spelled_out(text)) for text in texts]

    def _encode(self, text: str) -> NDArray[np.float32] | None:
        ids = self._tokenizer.encode_known(text)
        if ids is None:
            return None
        total = self._rows[ids].sum(axis=0, dtype=np.float64)
        length = float(np.sqrt(np.square(total).sum()))
        return (total / length).astype(np.float32) if length > LEAST_LENGTH else None
