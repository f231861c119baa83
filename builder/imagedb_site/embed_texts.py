"""Embeds the texts of records without a picture, so that search by meaning finds them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from .encoders import Encoder
from .errors import UsageError
from .library import Library
from .library.placed import Placed
from .packs import ModelPack
from .records import FieldSpec, Progress, Value
from .site.list_view import ListChooser

LONGEST = 2000
"""How many characters of a text are embedded at most; the model reads fewer if they are many words."""
_BATCH = 256
"""Texts per run of the model. Each run is stored, so that a build that was interrupted goes on."""


def text_of(fields: Mapping[str, Value], names: Sequence[str]) -> str:
    """Returns the text that is embedded: the values of these fields, joined by “. ”, cut to `LONGEST`."""
    parts = (" ".join(part.split()) for name in names for part in _texts(fields.get(name)))
    return ". ".join(part for part in parts if part)[:LONGEST]


def _texts(value: Value | None) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        yield ", ".join(str(one) for one in value)


def text_hash(text: str, model: str) -> str:
    """Returns the name of a text's embedding in the library: SHA-256 in hex, or "" for an empty text.

    The id of the model is part of it: two packs with one image tower may have different text towers.
    """
    return hashlib.sha256(f"{model}\0{text}".encode()).hexdigest() if text else ""


def embed_texts(
    library: Library,
    placed: Placed,
    fields: Sequence[FieldSpec],
    wanted: Sequence[str],
    pack: ModelPack,
    progress: Progress,
) -> int:
    """Gives each record without a picture the embedding of its text; returns how many were computed.

    `wanted` names the fields that are embedded; if it is empty, they are chosen. Equal texts are embedded
    once. Embeddings that the library has are not computed again. A text of which the model knows nothing
    has no embedding. Raises UsageError for a field that does not exist or has no words.
    """
    names = _checked(wanted, fields) if wanted else _chosen(placed, fields)
    encoder = Encoder(pack)
    total, done, computed = placed.without_picture(), 0, 0
    for items in placed.texts_wanted(_BATCH):
        texts = {item: text_of(values, names) for item, values in items}
        unique = {text_hash(text, pack.id): text for text in texts.values() if text}
        missing = library.missing_text_embeddings(pack.encoder_hash, list(unique))
        found = dict(
            zip(missing, encoder.encode_queries([unique[one] for one in missing]), strict=True)
        )
        vectors = {one: vector for one, vector in found.items() if vector is not None}
        if vectors:
            stacked: NDArray[np.float32] = np.stack(list(vectors.values()))
            library.put_text_embeddings(pack.encoder_hash, list(vectors), stacked)
        hashes = {item: text_hash(text, pack.id) for item, text in texts.items()}
        unknown = found.keys() - vectors.keys()
        placed.set_texts({item: "" if one in unknown else one for item, one in hashes.items()})
        computed += len(vectors)
        done += len(items)
        progress("embed texts", done, total)
    return computed


def _checked(wanted: Sequence[str], fields: Sequence[FieldSpec]) -> Sequence[str]:
    able = [spec.name for spec in fields if spec.type in ("text", "category", "tags")]
    for name in wanted:
        if name not in able:
            raise UsageError(
                f"The field “{name[:80]}” cannot be embedded, because there is no such field with words.",
                f"The fields with words are: {', '.join(able)}.",
            )
    return wanted


def _chosen(placed: Placed, fields: Sequence[FieldSpec]) -> Sequence[str]:
    """The fields that are embedded: title and text of the list, else all of full text in order."""
    chooser = ListChooser(fields)
    for values in placed.all_fields():
        chooser.add(values)
    chosen = chooser.finish()
    names = [name for name in (chosen["title"], chosen["text"]) if name is not None]
    return names or [spec.name for spec in fields if spec.fts]


__all__ = ["LONGEST", "embed_texts", "text_hash", "text_of"]
