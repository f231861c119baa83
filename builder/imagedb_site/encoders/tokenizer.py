"""Text to token ids: the compact tokenizer of a pack (docs/FORMAT.md, section 3)."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from imagedb_site.container import gunzip_if
from imagedb_site.errors import FormatError, PackError

if TYPE_CHECKING:
    import tokenizers

TOKENIZER_LIMIT = 128 << 20
_SURROGATE = re.compile("[\ud800-\udfff]")
_DAMAGE = (
    *(FormatError, ValueError, KeyError, TypeError, IndexError, AttributeError),
    *(RecursionError, OverflowError),
)


class PackTokenizer:
    """Gives the token ids of a text, cut to `max_tokens` as the format says.

    Raises PackError when the compact form cannot be expanded.
    """

    def __init__(self, data: bytes, max_tokens: int, pad_id: int = 0) -> None:
        try:
            expanded = expand(json.loads(gunzip_if(data, TOKENIZER_LIMIT)))
            self._tokenizer = _build(expanded)
            self._unknown = _unknown_token(expanded["model"])
        except _DAMAGE as error:
            raise PackError("The pack's tokenizer cannot be read.") from error
        self.max_tokens = max_tokens
        self.pad_id = pad_id
        self._bare: list[int] = self._ids("")[0]
        if self._unknown in self._bare:
            self._unknown = None
        self._blank: int | None = self._tokenizer.token_to_id("\u2581")

    def encode(self, text: str) -> list[int]:
        """Token ids of one text: at least one, at most `max_tokens`.

        A longer text keeps its first tokens and, if it ends in a special token, that one too.
        """
        ids, special = self._ids(text)
        return self._cut(ids, special) or [self.pad_id]

    def encode_known(self, text: str) -> list[int] | None:
        """Token ids of what the model knows of a text, cut as `encode` does; None if it knows nothing.

        Unknown tokens are left out. A byte-level tokenizer has none.
        """
        ids, special = self._ids(text)
        if self._unknown is not None:
            after = [*ids[1:], None]
            ids = [
                token
                for token, following in zip(ids, after, strict=True)
                if token != self._unknown
                and not (token == self._blank and following == self._unknown)
            ]
        if [token for token in ids if token != self._blank] == self._bare:
            return None
        return self._cut(ids, special)

    def _ids(self, text: str) -> tuple[list[int], bool]:
        """All ids of a text, and whether the last one is a special token."""
        with _library_errors():
            encoding = self._tokenizer.encode(_SURROGATE.sub("\ufffd", text))
        ids: list[int] = encoding.ids
        return ids, bool(ids and encoding.special_tokens_mask[-1])

    def _cut(self, ids: list[int], special: bool) -> list[int]:
        if len(ids) <= self.max_tokens:
            return ids
        return [*ids[: self.max_tokens - 1], ids[-1]] if special else ids[: self.max_tokens]


def expand(compact: Mapping[str, Any]) -> dict[str, Any]:
    """The tokenizer.json object of a compact tokenizer: vocabulary and merges filled in."""
    tokenizer = copy.copy(dict(compact["tokenizer"]))
    model = dict(tokenizer["model"])
    vocab = compact["vocab"]
    if model["type"] == "Unigram":
        model["vocab"] = vocab
    else:
        model["vocab"] = {token: index for index, token in enumerate(vocab)}
        if len(model["vocab"]) != len(vocab):
            raise ValueError("a token is listed twice")
    merges = model.get("merges")
    if merges and not isinstance(merges[0], str):
        model["merges"] = [[_part(vocab, left), _part(vocab, right)] for left, right in merges]
    tokenizer["model"] = model
    return tokenizer


def _unknown_token(model: Mapping[str, Any]) -> int | None:
    """The id that stands for whatever the vocabulary lacks, or None if there is no such id."""
    unigram = model["type"] == "Unigram"
    unknown = model.get("unk_id") if unigram else model["vocab"].get(model.get("unk_token"))
    return unknown if isinstance(unknown, int) else None


def _part(vocab: Sequence[str], part: int | str) -> str:
    return part if isinstance(part, str) else vocab[part]


def _build(tokenizer: Mapping[str, Any]) -> tokenizers.Tokenizer:
    import tokenizers

    with _library_errors():
        built = tokenizers.Tokenizer.from_str(json.dumps(tokenizer))
    built.no_truncation()
    built.no_padding()
    return built


@contextmanager
def _library_errors() -> Iterator[None]:
    """What the library raises becomes a PackError: bare exceptions, and panics, which are no Exception."""
    try:
        yield
    except BaseException as error:
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise PackError("The pack's tokenizer cannot be used.") from error
        raise
