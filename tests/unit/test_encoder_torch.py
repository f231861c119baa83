"""The torch path for bulk indexing gives the embeddings of the onnxruntime path."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from imagedb_site.encoders import Encoder, load_pack
from imagedb_site.encoders.encoder import resolve_device
from imagedb_site.encoders.export.samples import drawn_pictures
from imagedb_site.encoders.pack import BUILTIN_FOLDER
from imagedb_site.errors import UsageError

TINY = Path(__file__).parents[1] / "golden" / "pack-tiny"
PACKS = [TINY, *([BUILTIN_FOLDER] if (BUILTIN_FOLDER / "pack.json").is_file() else [])]


def test_the_processor_needs_no_torch():
    assert resolve_device("cpu") == "cpu"


def test_a_device_that_is_not_there_is_named():
    with pytest.raises(UsageError, match=r"device|torch"):
        resolve_device("quantum")


@pytest.mark.parametrize("folder", PACKS, ids=lambda folder: folder.name)
def test_torch_agrees_with_onnxruntime(folder):
    pytest.importorskip("torch", reason="needs torch")
    from imagedb_site.encoders.torchrun import TorchImageEncoder

    pack = load_pack(folder)
    encoder = Encoder(pack)
    pictures = drawn_pictures(12)
    inputs = np.stack([encoder.preprocessing(picture) for picture in pictures])
    wanted = encoder.encode_inputs(inputs)
    found = TorchImageEncoder(pack, "cpu").encode_tensors(inputs)
    np.testing.assert_allclose(found, wanted, atol=1e-4)
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    mixed = TorchImageEncoder(pack, device, mixed=True).encode_tensors(inputs)
    assert (mixed * wanted).sum(axis=1).min() > 0.999
