"""Another order of a tokenizer's ids, so that frequent tokens come first."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from imagedb_site.errors import PackError


def vocab_in_order(tokenizer: Mapping[str, Any]) -> list[Any]:
    """The `vocab` list of a tokenizer.json object: tokens in id order (Unigram: `[token, score]`).

    Added tokens outside `model.vocab` take their own place; ids without a token get a placeholder
    that no text contains. Raises PackError if two tokens share an id.
    """
    vocab = tokenizer["model"]["vocab"]
    if isinstance(vocab, list):
        return list(vocab)
    tokens: dict[int, str] = {}
    for token, index in vocab.items():
        if tokens.setdefault(index, token) != token:
            raise PackError(f"The tokenizer gives the id {index} to two tokens.")
    for added in tokenizer.get("added_tokens", []):
        tokens.setdefault(added["id"], added["content"])
    return [tokens.get(index, f"\u0000unused{index}") for index in range(max(tokens) + 1)]


def renumber(
    tokenizer: Mapping[str, Any], vocab: Sequence[Any], order: Sequence[int]
) -> tuple[dict[str, Any], list[Any]]:
    """A tokenizer whose id i is the old id `order[i]`; gives the tokenizer.json object and vocab.

    Sort the token table the same way: `table[order]`. The ids of added tokens, of the template
    post-processor and of the padding follow. Raises PackError unless `order` is a permutation.
    """
    if sorted(order) != list(range(len(vocab))):
        raise PackError("Tokens can only be renumbered by a permutation of their ids.")
    new_id = {old: new for new, old in enumerate(order)}
    made = copy.deepcopy(dict(tokenizer))
    for added in made.get("added_tokens") or []:
        added["id"] = new_id[added["id"]]
    made["added_tokens"] = sorted(made.get("added_tokens") or [], key=lambda added: added["id"])
    _renumber_processor(made.get("post_processor"), new_id)
    padding = made.get("padding")
    if padding:
        padding["pad_id"] = new_id[padding["pad_id"]]
    model = made["model"]
    if model.get("type") == "Unigram" and model.get("unk_id") is not None:
        model["unk_id"] = new_id[model["unk_id"]]
    merges = model.get("merges")
    if merges and not isinstance(merges[0], str) and isinstance(merges[0][0], int):
        model["merges"] = [[new_id[left], new_id[right]] for left, right in merges]
    return made, [vocab[old] for old in order]


def _renumber_processor(processor: dict[str, Any] | None, new_id: Mapping[int, int]) -> None:
    if not processor:
        return
    for inner in processor.get("processors", []):
        _renumber_processor(inner, new_id)
    special = processor.get("special_tokens")
    if isinstance(special, dict):
        for entry in special.values():
            entry["ids"] = [new_id[index] for index in entry["ids"]]
    for key in ("cls", "sep"):
        if isinstance(processor.get(key), list):
            token, index = processor[key]
            processor[key] = [token, new_id[index]]
