"""OpenCLIP's tokenizers as compact pack tokenizers with ids by falling frequency."""

from __future__ import annotations

import json
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imagedb_site.errors import PackError
from imagedb_site.openclip.cleaning import Cleaning, cleaning_normalizers
from imagedb_site.openclip.renumber import renumber, vocab_in_order

CLIP_PATTERN = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


@dataclass(frozen=True)
class PackTokens:
    """A tokenizer ready for a pack. `order[i]` is the model's own id of the new id i; `eot` and
    `pad` are new ids (`eot` is −1 if the model has none)."""

    tokenizer: dict[str, Any]
    vocab: list[Any]
    kind: str
    order: list[int]
    eot: int
    pad: int


def from_openclip(tokenizer: Any, rows: int) -> PackTokens:
    """From a tokenizer of open_clip; `rows` are those of the model's token table.

    Raises PackError for the variants that cannot be expressed.
    """
    if hasattr(tokenizer, "bpe_ranks"):
        if tokenizer.reduction_fn is not None:
            raise PackError("Tokenizers that drop tokens at random cannot be exported.")
        made = clip_tokenizer(tokenizer.encoder, tokenizer.bpe_ranks, _cleaning(tokenizer))
        return _finish(made, "clip", rows, eot=tokenizer.eot_token_id, pad=0)
    if getattr(tokenizer, "tokenizer_mode", "") or getattr(tokenizer, "strip_sep_token", False):
        raise PackError("This model changes its tokens after tokenizing, which packs cannot say.")
    inner = tokenizer.tokenizer
    made = json.loads(inner.backend_tokenizer.to_str())
    pad = inner.pad_token_id
    return from_json(made, _cleaning(tokenizer), rows, pad=0 if pad is None else int(pad))


def from_file(file: Path, cleaning: Cleaning, rows: int) -> PackTokens:
    """From a local tokenizer.json. Raises PackError when it is none."""
    try:
        made = json.loads(file.read_text(encoding="utf-8"))
        if "model" not in made:
            raise ValueError("it has no model")
    except (OSError, ValueError, TypeError) as error:
        raise PackError(f"{file} is not a tokenizer.json: {error}.") from error
    return from_json(made, cleaning, rows, pad=_pad_id(made))


def from_json(tokenizer: Mapping[str, Any], cleaning: Cleaning, rows: int, pad: int) -> PackTokens:
    """From a tokenizer.json object whose texts OpenCLIP cleans first."""
    made = dict(tokenizer)
    own = made.get("normalizer")
    steps = cleaning_normalizers(cleaning)
    made["normalizer"] = {"type": "Sequence", "normalizers": [*steps, *([own] if own else [])]}
    tokens = _finish(made, str(made["model"]["type"]).lower(), rows, eot=-1, pad=pad)
    if cleaning == "canonicalize":
        # OpenCLIP removes punctuation before it tokenizes, so that no text can contain `<eos>`; the
        # tokenizers library looks for added tokens before it normalises.
        tokens.tokenizer["added_tokens"] = [
            added
            for added in tokens.tokenizer["added_tokens"]
            if not set(added["content"]) & set(string.punctuation)
        ]
    return tokens


def clip_tokenizer(
    ids: Mapping[str, int], ranks: Mapping[tuple[str, str], int], cleaning: Cleaning
) -> dict[str, Any]:
    """CLIP's byte-pair encoding as a tokenizer.json object."""
    start, end = sorted(ids, key=ids.__getitem__)[-2:]
    merges = [f"{left} {right}" for left, right in sorted(ranks, key=ranks.__getitem__)]
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {
                "id": ids[token],
                "content": token,
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": True,
                "special": True,
            }
            for token in (start, end)
        ],
        "normalizer": {"type": "Sequence", "normalizers": cleaning_normalizers(cleaning)},
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                {
                    "type": "Split",
                    "pattern": {"Regex": CLIP_PATTERN},
                    "behavior": "Removed",
                    "invert": True,
                },
                {
                    "type": "ByteLevel",
                    "add_prefix_space": False,
                    "trim_offsets": True,
                    "use_regex": False,
                },
            ],
        },
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [_special(start), {"Sequence": {"id": "A", "type_id": 0}}, _special(end)],
            "pair": [
                _special(start),
                {"Sequence": {"id": "A", "type_id": 0}},
                {"Sequence": {"id": "B", "type_id": 0}},
                _special(end),
            ],
            "special_tokens": {
                token: {"id": token, "ids": [ids[token]], "tokens": [token]}
                for token in (start, end)
            },
        },
        "decoder": None,
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": "",
            "end_of_word_suffix": "</w>",
            "fuse_unk": False,
            "byte_fallback": False,
            "vocab": dict(ids),
            "merges": merges,
        },
    }


def _special(token: str) -> dict[str, Any]:
    return {"SpecialToken": {"id": token, "type_id": 0}}


def _cleaning(tokenizer: Any) -> Cleaning:
    name = getattr(tokenizer.clean_fn, "__name__", "")
    known: dict[str, Cleaning] = {
        "_clean_lower": "lower",
        "_clean_whitespace": "whitespace",
        "_clean_canonicalize": "canonicalize",
    }
    if name not in known:
        raise PackError(f"The tokenizer's cleaning “{name}” is not known to this version.")
    return known[name]


def _pad_id(tokenizer: Mapping[str, Any]) -> int:
    padding = tokenizer.get("padding")
    if isinstance(padding, dict):
        return int(padding["pad_id"])
    for added in tokenizer.get("added_tokens") or []:
        if added["content"] in ("<pad>", "[PAD]"):
            return int(added["id"])
    return 0


def _finish(tokenizer: dict[str, Any], kind: str, rows: int, *, eot: int, pad: int) -> PackTokens:
    vocab = vocab_in_order(tokenizer)
    if len(vocab) > rows:
        raise PackError(
            f"The tokenizer has {len(vocab):,} tokens, but the model only {rows:,}.",
            "It belongs to another model.",
        )
    order = frequency_order(tokenizer, vocab, first=pad)
    made, moved = renumber(tokenizer, vocab, order)
    made["truncation"] = made["padding"] = None
    return PackTokens(
        tokenizer=made,
        vocab=moved,
        kind=kind,
        order=[*order, *range(len(vocab), rows)],
        eot=order.index(eot) if eot >= 0 else -1,
        pad=order.index(pad),
    )


def frequency_order(tokenizer: Mapping[str, Any], vocab: Sequence[Any], first: int) -> list[int]:
    """Ids by falling frequency, as far as the tokenizer itself tells: padding and special tokens,
    then whole words (learned in the order of their frequency), then pieces of words."""
    special = {added["id"] for added in tokenizer.get("added_tokens") or []}
    kind = tokenizer["model"].get("type")
    suffix = tokenizer["model"].get("end_of_word_suffix") or ""
    in_templates = set(_template_ids(tokenizer.get("post_processor")))

    def rank(index: int) -> tuple[int, int]:
        entry = vocab[index]
        token = entry if isinstance(entry, str) else entry[0]
        if index == first or index in in_templates:
            return 0, index
        if index in special or token.startswith("\u0000unused"):
            return 4, index
        if suffix:
            whole = token.endswith(suffix) and token[: -len(suffix)].isascii()
        elif kind == "WordPiece":
            whole = not token.startswith("##")
        else:
            whole = token.startswith(("\u2581", "\u0120"))
        return (1 if whole else 2), index

    return sorted(range(len(vocab)), key=rank)


def _template_ids(processor: Any) -> list[int]:
    if not isinstance(processor, dict):
        return []
    found = []
    for inner in processor.get("processors", []):
        found += _template_ids(inner)
    special = processor.get("special_tokens")
    if isinstance(special, dict):
        found += [index for entry in special.values() for index in entry["ids"]]
    for key in ("cls", "sep"):
        if isinstance(processor.get(key), list):
            found.append(processor[key][1])
    return found
