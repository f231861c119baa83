"""Checks what a pack.json says about the use of its files, so that no encoder meets a value it cannot use."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

_MOST = 1 << 31
_MOST_TOKENS = 1 << 16


def wrong_use(manifest: Mapping[str, Any]) -> str | None:
    """The first key with a value that no encoder can use, None if there is none.

    The objects `image`, `text`, `tokens`, `tokenizer` and `calibration` must be there. `preprocessing` is
    checked when it is used.
    """
    return next((key for key, valid in _checks(manifest).items() if not valid), None)


def _checks(manifest: Mapping[str, Any]) -> dict[str, bool]:
    image, text, tokens = manifest["image"], manifest["text"], manifest["tokens"]
    inputs = text.get("inputs")
    rows, width, per_shard = (tokens.get(key) for key in ("rows", "width", "rows_per_shard"))
    shards, precision = tokens.get("shards"), tokens.get("precision")
    table = _whole(rows) and _whole(width) and _whole(per_shard)
    padding = text.get("padding")
    temperature = manifest["calibration"].get("temperature")
    level = manifest.get("level")
    return {
        "image.file": _is_text(image.get("file")),
        "image.input": _is_text(image.get("input")) and _is_text(image.get("output")),
        "text.file": _is_text(text.get("file")),
        "text.weights": isinstance(text.get("weights", []), list)
        and all(map(_is_text, text.get("weights", []))),
        "text.output": _is_text(text.get("output")),
        "text.inputs": isinstance(inputs, dict)
        and _is_text(inputs.get("embeddings"))
        and all(inputs.get(key) is None or _is_text(inputs.get(key)) for key in ("mask", "ids")),
        "text.max_tokens": _whole(text.get("max_tokens"), 2, _MOST_TOKENS),
        "text.padding": padding == "none" or padding == "max",
        "text.pad_id": _whole(text.get("pad_id", 0), 0),
        "tokens.rows": table,
        "tokens.precision": precision == "int8"
        or (precision == "int4" and table and width % 2 == 0),
        "tokens.shards": isinstance(shards, list)
        and table
        and len(shards) == -(-rows // per_shard)
        and all(map(_is_text, shards)),
        "tokenizer.file": _is_text(manifest["tokenizer"].get("file")),
        "vocabulary": "vocabulary" in manifest
        and (
            manifest["vocabulary"] is None
            or (
                isinstance(manifest["vocabulary"], dict)
                and _is_text(manifest["vocabulary"].get("file"))
            )
        ),
        "static": manifest.get("static") is None
        or (isinstance(manifest["static"], dict) and _is_text(manifest["static"].get("file"))),
        "calibration.temperature": isinstance(temperature, (int, float))
        and math.isfinite(temperature)
        and temperature > 0,
        "level": level is None
        or (type(level) in (int, float) and math.isfinite(level) and -1 < level < 1),
        "licence": all(isinstance(manifest["licence"].get(key), str) for key in ("id", "note")),
        "card": _is_text(manifest.get("card")),
    }


def _whole(value: object, least: int = 1, most: int = _MOST) -> bool:
    return type(value) is int and least <= value <= most


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)
