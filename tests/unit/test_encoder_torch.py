"""The torch path for bulk indexing gives the embeddings of the onnxruntime path."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from imagedb_site.build import build
from imagedb_site.config import BuildConfig
from imagedb_site.encoders import Encoder
from imagedb_site.encoders.encoder import resolve_device
from imagedb_site.errors import UsageError
from imagedb_site.index import LIBRARY_FILE
from imagedb_site.library import Library
from imagedb_site.openclip.samples import drawn_pictures
from imagedb_site.packs import BUILTIN_FOLDER, load_pack

pytestmark = pytest.mark.openclip
TINY = Path(__file__).parents[1] / "golden" / "pack-tiny"
PACKS = [TINY, *([BUILTIN_FOLDER] if (BUILTIN_FOLDER / "pack.json").is_file() else [])]


def test_the_processor_needs_no_torch():
    assert resolve_device("cpu") == "cpu"


def test_a_missing_device_is_named():
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
    mixed = TorchImageEncoder(pack, device, mixed=True).encode_tensors(inputs[:4])
    assert (mixed * wanted[:4]).sum(axis=1).min() > 0.999


def test_a_build_on_torch_is_one_of_the_same_model(tmp_path):
    """Batches from the decoders go through torch; the library keeps them under the same encoder."""
    torch = pytest.importorskip("torch", reason="needs torch")
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number, picture in enumerate(drawn_pictures(10)):
        picture.save(folder / f"{number}.png")
    # A device with a number is passed to torch unchanged: `cpu:0` is torch's processor.
    on_torch = "cuda" if torch.cuda.is_available() else "cpu:0"
    found = {}
    for device in ("cpu", on_torch):
        site = tmp_path / device.replace(":", "") / "dist"
        config = BuildConfig(folder, site, model=str(TINY), device=device, batch_size=4, workers=1)
        report = build(config)
        with Library.open(config.library_folder / LIBRARY_FILE) as library:
            hashes = [row.content_hash for row in library.rows()]
            embeddings = library.embeddings(load_pack(TINY).encoder_hash, hashes)
        found[device] = (report.model, hashes, embeddings)
    (model, hashes, wanted), (model_on_torch, hashes_on_torch, embeddings) = found.values()
    assert (model, hashes) == (model_on_torch, hashes_on_torch)
    assert len(wanted) == 10
    assert (embeddings * wanted).sum(axis=1).min() > 0.999
