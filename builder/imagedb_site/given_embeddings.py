"""Embeddings that the owner brings along: `build --embeddings FILE`.

The library keeps them beside those that the model computes, under a name of their own. So a later build
without the file computes its own again, and none of the given ones is taken for a computed one.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from .errors import SourceError
from .library import Library, Stage, given_encoder
from .library.placed import Placed
from .packs import ModelPack
from .records import Problem, Progress
from .report import counted
from .sources.faults import Faults, quoted
from .sources.vector_file import VectorFile, Vectors

_STEP = "read embeddings"
_DIFFERENT = 1e-4


class GivenEmbeddings:
    """The embeddings in a file. `pack` encodes queries for them, and only these."""

    def __init__(self, path: Path, pack: ModelPack) -> None:
        """Raises SourceError and UsageError if the file cannot fit the model."""
        self._file = VectorFile(path, pack.dim)
        self.encoder_hash = given_encoder(pack.encoder_hash)
        self.notes: list[str] = []
        self._texts: dict[int, str] = {}

    def store(self, stage: Stage, library: Library, progress: Progress) -> list[Problem]:
        """Gives the staged records their embeddings. Returns what cannot be used, and what has none.

        Raises SourceError if the file has none for any of them.
        """
        name = self._file.path.name
        faults = Faults(name)
        self._file.rescaled, self._texts = 0, {}
        rows = _Rows(stage, library, self.encoder_hash, faults)
        with library.transaction():
            library.forget_embeddings(self.encoder_hash)
            for keys, vectors in self._file.batches(faults):
                for key, vector in zip(keys, vectors, strict=True):
                    rows.add(key, vector)
                rows.store()
                progress(_STEP, rows.stored, None)
            if not rows.stored:
                raise SourceError(
                    f"{name} has no embedding for any picture.",
                    f"Keys are those of the collection, such as paths. The first problem: {faults.first()}."
                    if faults.first()
                    else "It has no rows.",
                )
            self._texts = rows.texts
            self._fill(stage, library, faults)
        progress(_STEP, rows.stored, rows.stored)
        self.notes = []
        if self._file.rescaled:
            scaled = counted(self._file.rescaled, "vector")
            self.notes.append(f"{scaled} in {name} did not have the length 1 before the build.")
        return faults.problems()

    def place(self, placed: Placed) -> None:
        """Gives records without a picture the embeddings that `store` found for them."""
        placed.set_texts(self._texts)

    def _fill(self, stage: Stage, library: Library, faults: Faults) -> None:
        """Marks the pictures without an embedding: they are found by words only."""
        zeros: Vectors = np.zeros((1, self._file.dim), dtype=np.float32)
        for key, content_hash in list(stage.unembedded(self.encoder_hash)):
            faults.add(
                "pictures without an embedding",
                f"{quoted(key)} has no embedding here; it is found by words only",
            )
            library.put_embeddings(self.encoder_hash, [content_hash], zeros)


class _Rows:
    """The rows of the file on their way into the library. `texts` has those of records by item."""

    def __init__(self, stage: Stage, library: Library, encoder_hash: str, faults: Faults) -> None:
        self.stored = 0
        self.texts: dict[int, str] = {}
        self._stage = stage
        self._library = library
        self._encoder = encoder_hash
        self._faults = faults
        self._keys: set[bytes] = set()
        self._contents: set[bytes] = set()
        self._pictures: dict[str, Vectors] = {}
        self._records: dict[str, Vectors] = {}

    def add(self, key: str, vector: Vectors) -> None:
        """Takes a row; what it cannot be used for is a fault."""
        found = self._stage.find(key)
        # Digests take less memory than keys.
        digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()[:16]
        if found is None:
            reason = f"{quoted(key)} is the key of no picture that can be used"
            self._faults.add("keys that no picture has", reason)
        elif digest in self._keys:
            self._faults.add("keys that come again", f"{quoted(key)} comes again")
        elif found[1] is None:
            name = hashlib.sha256(b"given " + vector.tobytes()).hexdigest()
            self.texts[found[0]] = name
            self._records[name] = vector
        elif bytes.fromhex(found[1]) in self._contents:
            self._compare(key, found[1], vector)
        else:
            self._contents.add(bytes.fromhex(found[1]))
            self._pictures[found[1]] = vector
        self._keys.add(digest)

    def store(self) -> None:
        """Puts what was taken into the library."""
        for put, vectors in (
            (self._library.put_embeddings, self._pictures),
            (self._library.put_text_embeddings, self._records),
        ):
            if vectors:
                put(self._encoder, list(vectors), np.stack(list(vectors.values())))
            self.stored += len(vectors)
            vectors.clear()

    def _compare(self, key: str, content_hash: str, vector: Vectors) -> None:
        """Copies of one picture share an embedding: the first one."""
        first = self._pictures.get(content_hash)
        if first is None:
            first = self._library.embeddings(self._encoder, [content_hash])[0]
        if float(first @ vector) < 1 - _DIFFERENT:
            reason = f"{quoted(key)} has another vector than a copy of the same picture; that one is used"
            self._faults.add("copies with different vectors", reason)
