"""`Encoder`: a model pack at work on onnxruntime."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imagedb_site.container import read_container
from imagedb_site.emoji import spelled_out
from imagedb_site.encoders.image import ImageEncoder
from imagedb_site.encoders.preprocess import Preprocessing
from imagedb_site.encoders.runtime import default_threads
from imagedb_site.encoders.text import TextEncoder
from imagedb_site.errors import FormatError, PackError, UsageError
from imagedb_site.packs import ModelPack

if TYPE_CHECKING:
    from imagedb_site.encoders.torchrun import TorchImageEncoder


def resolve_device(device: str) -> str:
    """`cpu` stays with onnxruntime; `auto` is what torch finds, if torch is installed.

    Raises UsageError when the device, or torch for it, is not there.
    """
    if device == "cpu":
        return device
    try:
        from imagedb_site.encoders.torchrun import pick_device
    except ImportError as error:
        if device == "auto":
            return "cpu"
        raise UsageError(
            f"The device {device} needs torch.", "Install it with: pip install torch"
        ) from error
    return pick_device(device)


class Encoder:
    """Embeds pictures and texts; each tower is loaded when it is first used.

    `threads`: how many pictures or texts are embedded at once; one per core by default. The results are
    the same for any number. Safe to call from several threads.

    `device`: with `cuda`, `mps` or a numbered one, pictures run on torch in batches; `auto` does so
    if torch finds such a device. These embeddings agree with the others to a cosine of .999, but
    not to the bit.
    """

    def __init__(self, pack: ModelPack, threads: int | None = None, *, device: str = "cpu") -> None:
        self.pack = pack
        self.threads = threads or default_threads()
        self.device = resolve_device(device)

    @property
    def dim(self) -> int:
        return self.pack.dim

    @cached_property
    def image(self) -> ImageEncoder:
        return ImageEncoder(self.pack, self.threads)

    @cached_property
    def text(self) -> TextEncoder:
        return TextEncoder(self.pack, self.threads)

    @cached_property
    def vocabulary(self) -> Sequence[str]:
        """The words and short phrases of the pack's vocabulary, most frequent first; () without one."""
        spec = self.pack.manifest.get("vocabulary")
        if spec is None:
            return ()
        words: object = None
        with suppress(FormatError):
            words = read_container(self.pack.read(spec["file"]), "vocabulary")[0].get("words")
        if not isinstance(words, list):
            raise PackError("The pack's vocabulary cannot be read.")
        return [str(word) for word in words]

    @cached_property
    def _on_device(self) -> TorchImageEncoder:
        from imagedb_site.encoders.torchrun import TorchImageEncoder

        return TorchImageEncoder(self.pack, self.device)

    def encode_images(
        self, images: Sequence[Image.Image], batch_size: int = 32
    ) -> NDArray[np.float32]:
        """float32 [n, dim], L2-normalised, of oriented pictures in sRGB.

        An embedding does not depend on the other pictures, nor on `batch_size`, which only bounds
        how many prepared pictures are held at once.
        """
        prepare = self.preprocessing
        parts = [
            self.encode_inputs(np.stack([prepare(image) for image in images[at : at + batch_size]]))
            if self.device != "cpu"
            else self.image.encode(images[at : at + batch_size])
            for at in range(0, len(images), batch_size)
        ]
        return np.concatenate(parts) if parts else np.empty((0, self.dim), dtype=np.float32)

    @property
    def preprocessing(self) -> Preprocessing:
        """Makes the input of `encode_inputs` or `encode_pixels` from a picture; picklable."""
        return Preprocessing.from_json(self.pack.manifest["image"]["preprocessing"])

    def encode_inputs(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """`encode_images` of prepared pictures, float32 [n, 3, height, width]."""
        encoder = self.image if self.device == "cpu" else self._on_device
        return encoder.encode_tensors(inputs)

    def encode_pixels(self, pixels: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """`encode_images` of what `preprocessing.pixels` made, each uint8 [height, width, 3]."""
        if self.device == "cpu":
            return self.image.encode_pixels(pixels)
        normalised = self.preprocessing.normalised
        return self.encode_inputs(np.stack([normalised(one) for one in pixels]))

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32 [n, dim], L2-normalised. Any text is allowed: empty, long, in any script."""
        return self.text.encode(texts)

    def encode_queries(self, texts: Sequence[str]) -> list[NDArray[np.float32] | None]:
        """The embedding float32 [dim], L2-normalised, of each text as a query (docs/QUERY.md, "Emoji").

        Emoji are replaced by their names, and tokens that the model does not know are left out. None for
        a text that has no known token.
        """
        return self.text.encode_known([spelled_out(text) for text in texts])
