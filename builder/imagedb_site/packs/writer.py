"""Writes a model pack (docs/FORMAT.md, section 3). The same input gives the same bytes."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from imagedb_site.container import canonical_json, gzip_bytes, write_container
from imagedb_site.durable import settle
from imagedb_site.errors import PackError
from imagedb_site.packs.codes import Precision, quantize_rows
from imagedb_site.packs.layout import FORMAT, VERSION, empty_vocab, encoder_hash, pack_id

SHARD_BYTES = 32 * 1024
MAX_SHARDS = 512
STATIC_FILE = "static.bin"


@dataclass(frozen=True)
class ImageTower:
    """`onnx` takes float32 [n, 3, height, width] as `input`, gives float32 [n, dim] as `output`."""

    onnx: bytes
    preprocessing: Mapping[str, Any]
    input: str = "pixels"
    output: str = "embedding"


@dataclass(frozen=True)
class TextTower:
    """The transformer core: `onnx` takes token rows as `embeddings`, float32 [n, tokens, width].

    `mask` and `ids` name int64 [n, tokens] inputs if the core has them.
    """

    onnx: bytes
    max_tokens: int
    padding: Literal["none", "max"] = "none"
    pad_id: int = 0
    embeddings: str = "embeddings"
    mask: str | None = None
    ids: str | None = None
    output: str = "embedding"
    weights: Mapping[str, bytes] | None = None
    """Files beside the graph that hold its weights, by their names (`packs.weights`)."""


@dataclass(frozen=True)
class Tokens:
    """The token table float32 [rows, width] in id order, and the tokenizer that numbers its rows.

    `tokenizer` is a tokenizer.json object; its `model.vocab` is emptied on writing. `vocab` lists
    the tokens in id order (for Unigram: `[token, score]`). Ids should fall in frequency.
    """

    table: NDArray[np.float32]
    tokenizer: Mapping[str, Any]
    vocab: Sequence[Any]
    kind: str
    precision: Precision = "int8"
    rows_per_shard: int | None = None


@dataclass(frozen=True)
class Vocabulary:
    """Frequent words, most frequent first, with their text embeddings, float32 [n, dim]."""

    words: Sequence[str]
    embeddings: NDArray[np.float32]


def write_pack(
    folder: Path,
    *,
    name: str,
    description: str,
    dim: int,
    image: ImageTower,
    text: TextTower,
    tokens: Tokens,
    temperature: float,
    licence: Mapping[str, Any],
    card: str,
    vocabulary: Vocabulary | None = None,
    static: NDArray[np.float32] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Write the pack into `folder` (replaced as a whole) and return its pack.json.

    `temperature`: similarity / temperature is a logit. `static`: float32 [rows, dim], a row for each of the
    tokens. `licence` has `id`, `note` and `commercial`.
    `extra` adds keys to pack.json that readers ignore. Raises PackError when the parts do not fit
    together.
    """
    _check(dim, tokens, temperature, licence, vocabulary)
    if static is not None:
        _check_static(static, len(tokens.table), dim)
    shards, rows_per_shard = write_token_shards(
        tokens.table, tokens.precision, tokens.rows_per_shard
    )
    tokenizer = dict(tokens.tokenizer)
    tokenizer["model"] = {**tokenizer["model"], "vocab": empty_vocab(tokenizer)}
    tokenizer.update(truncation=None, padding=None)
    compact = {"kind": tokens.kind, "tokenizer": tokenizer, "vocab": list(tokens.vocab)}
    files: dict[str, bytes] = {
        "card.md": card.encode("utf-8"),
        "image.onnx": image.onnx,
        "text.onnx": text.onnx,
        "tokenizer.json.gz": gzip_bytes(canonical_json(compact)),
    }
    names = [f"tokens.{index:04d}.bin" for index in range(len(shards))]
    files.update(zip(names, shards, strict=True))
    files.update(text.weights or {})
    if vocabulary is not None:
        files["vocabulary.bin"] = write_vocabulary(vocabulary)
    if static is not None:
        files[STATIC_FILE] = write_static(static)
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "name": name,
        "description": description,
        "dim": dim,
        "licence": dict(licence),
        "image": {
            "file": "image.onnx",
            "input": image.input,
            "output": image.output,
            "preprocessing": dict(image.preprocessing),
        },
        "text": {
            "file": "text.onnx",
            "inputs": {"embeddings": text.embeddings, "mask": text.mask, "ids": text.ids},
            "output": text.output,
            "width": int(tokens.table.shape[1]),
            "max_tokens": text.max_tokens,
            "padding": text.padding,
            "pad_id": text.pad_id,
            **({"weights": list(text.weights)} if text.weights else {}),
        },
        "tokens": {
            "rows": int(tokens.table.shape[0]),
            "width": int(tokens.table.shape[1]),
            "precision": tokens.precision,
            "rows_per_shard": rows_per_shard,
            "shards": names,
        },
        "tokenizer": {"file": "tokenizer.json.gz", "kind": tokens.kind},
        "vocabulary": None if vocabulary is None else {"file": "vocabulary.bin"},
        "static": None if static is None else {"file": STATIC_FILE},
        "calibration": {"temperature": float(temperature)},
        "card": "card.md",
        "files": {
            file: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for file, data in files.items()
        },
        **(extra or {}),
    }
    manifest["encoder_hash"] = encoder_hash(image.onnx, manifest["image"])
    manifest["id"] = pack_id(manifest)
    _write_folder(Path(folder), files, canonical_json(manifest))
    return manifest


def replace_card(folder: Path, card: str) -> None:
    """Write another model card into a pack; its id stays."""
    manifest = json.loads((folder / "pack.json").read_text(encoding="utf-8"))
    _replace(folder, manifest, manifest["card"], card.encode("utf-8"))


def replace_static(folder: Path, rows: NDArray[np.float32]) -> None:
    """Write other static rows, float32 [rows, dim], into a pack; its id stays. Raises PackError for
    another shape."""
    manifest = json.loads((folder / "pack.json").read_text(encoding="utf-8"))
    _check_static(rows, manifest["tokens"]["rows"], manifest["dim"])
    manifest["static"] = {"file": STATIC_FILE}
    _replace(folder, manifest, STATIC_FILE, write_static(rows))


def _replace(folder: Path, manifest: dict[str, Any], file: str, data: bytes) -> None:
    manifest["files"][file] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    (folder / file).write_bytes(data)
    (folder / "pack.json").write_bytes(canonical_json(manifest))


def write_token_shards(
    table: NDArray[np.float32], precision: Precision, rows_per_shard: int | None = None
) -> tuple[list[bytes], int]:
    """Cut the token table into containers of kind `tokens`; also gives the rows of each.

    By default a shard holds about 32 KiB, and there are at most 512 of them: every shard costs a
    line in the site's manifest.
    """
    rows, width = table.shape
    if rows_per_shard is None:
        row_bytes = 4 + (width if precision == "int8" else width // 2)
        least = max(SHARD_BYTES // row_bytes, -(-rows // MAX_SHARDS), 1)
        rows_per_shard = 1 << (least - 1).bit_length()
    shards = []
    for first in range(0, rows, rows_per_shard):
        part = np.asarray(table[first : first + rows_per_shard], dtype=np.float32)
        scale, codes = quantize_rows(part, precision)
        header = {"first": first, "count": len(part), "width": width, "precision": precision}
        shards.append(write_container("tokens", header, {"scale": scale, "codes": codes}))
    return shards, rows_per_shard


def write_static(rows: NDArray[np.float32]) -> bytes:
    """All static rows as one container of kind `tokens`, 4 bits a value if the dimension is even."""
    precision: Precision = "int8" if rows.shape[1] % 2 else "int4"
    shards, _ = write_token_shards(rows, precision, len(rows))
    return shards[0]


def write_vocabulary(vocabulary: Vocabulary) -> bytes:
    """A container of kind `vocabulary` with int8 embeddings, one scale a word."""
    embeddings = np.asarray(vocabulary.embeddings, dtype=np.float32)
    scale, codes = quantize_rows(embeddings, "int8")
    header = {"words": list(vocabulary.words), "dim": int(embeddings.shape[1])}
    return write_container("vocabulary", header, {"scale": scale, "codes": codes})


def _check(
    dim: int,
    tokens: Tokens,
    temperature: float,
    licence: Mapping[str, Any],
    vocabulary: Vocabulary | None,
) -> None:
    if tokens.table.ndim != 2 or not np.isfinite(tokens.table).all():
        raise PackError("The token table must be a finite matrix [rows, width].")
    if len(tokens.vocab) > tokens.table.shape[0]:
        raise PackError(
            f"The tokenizer has {len(tokens.vocab):,} tokens, "
            f"but the token table only {tokens.table.shape[0]:,} rows."
        )
    if tokens.precision == "int4" and tokens.table.shape[1] % 2:
        raise PackError("A 4-bit token table needs an even width.")
    if "model" not in tokens.tokenizer:
        raise PackError("The tokenizer is not a tokenizer.json object: it has no “model”.")
    if not (np.isfinite(temperature) and temperature > 0):
        raise PackError("The calibration temperature must be a positive number.")
    if set(licence) != {"id", "note", "commercial"}:
        raise PackError("A pack's licence has exactly the keys id, note and commercial.")
    if vocabulary is not None and vocabulary.embeddings.shape != (len(vocabulary.words), dim):
        raise PackError("The vocabulary's embeddings must be [words, dim].")


def _check_static(rows: NDArray[np.float32], tokens: int, dim: int) -> None:
    if rows.shape != (tokens, dim) or not np.isfinite(rows).all():
        raise PackError("The static rows must be a finite matrix [tokens, dim].")


def _write_folder(folder: Path, files: Mapping[str, bytes], manifest: bytes) -> None:
    """Write aside and swap in, so that a stopped export leaves no half pack behind."""
    aside = folder.with_name(folder.name + ".partial")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    for name, data in files.items():
        (aside / name).write_bytes(data)
    (aside / "pack.json").write_bytes(manifest)
    if folder.is_dir() and any(folder.iterdir()) and not (folder / "pack.json").is_file():
        shutil.rmtree(aside)
        raise PackError(
            f"{folder} exists and is not a model pack.", "Choose an empty or a new folder."
        )
    # The new pack is on the disk before the old one goes.
    settle(aside)
    if folder.is_dir():
        shutil.rmtree(folder)
    aside.rename(folder)
