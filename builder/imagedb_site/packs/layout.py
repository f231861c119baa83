"""The facts about a pack's layout that its reader and its writer share (docs/FORMAT.md, section 3)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from imagedb_site.container import canonical_json

FORMAT = "imagedb-pack"
VERSION = 1
ID_KEYS = ("calibration", "image", "text", "tokenizer", "tokens", "vocabulary")


def encoder_hash(image_onnx: bytes, image: Mapping[str, Any]) -> str:
    """16 hex digits over the image tower and how pictures are prepared for it."""
    return hashlib.sha256(image_onnx + canonical_json(dict(image))).hexdigest()[:16]


def pack_id(manifest: Mapping[str, Any]) -> str:
    """`<name>-<8 hex>`: changes with every file that embeddings depend on, and with how they are used."""
    static = manifest.get("static")
    others = (manifest["card"], static["file"] if static else None)
    lines = [
        f"{file} {entry['sha256']}\n"
        for file, entry in sorted(manifest["files"].items())
        if file not in others
    ]
    used = {key: manifest[key] for key in ID_KEYS}
    digest = hashlib.sha256("".join(lines).encode() + canonical_json(used))
    return f"{manifest['name']}-{digest.hexdigest()[:8]}"


def empty_vocab(tokenizer: Mapping[str, Any]) -> Any:
    """What `model.vocab` is while the vocabulary is stored beside it."""
    return [] if tokenizer["model"].get("type") == "Unigram" else {}
