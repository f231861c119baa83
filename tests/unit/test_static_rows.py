"""Static rows: reading, writing, publishing, and the fit."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from site_samples import sample_input
from test_site_model import Pack

from imagedb_site.encoders.static import StaticEncoder, static_rows
from imagedb_site.errors import FormatError, PackError
from imagedb_site.packs import load_pack
from imagedb_site.packs.writer import replace_static, write_static
from imagedb_site.reader.site import open_site
from imagedb_site.reader.verify import verify_site
from imagedb_site.site import write_site

TINY = Path(__file__).parents[1] / "golden" / "pack-tiny"
GOLDEN = json.loads((TINY / "golden.json").read_text())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(TINY, tmp_path / "pack"))


def test_texts_give_the_golden_approximate_embeddings() -> None:
    static = StaticEncoder(load_pack(TINY))
    for sample in GOLDEN["texts"]:
        (found,) = static.encode_queries([sample["text"]])
        if sample["approximate"] is None:
            assert found is None
        else:
            assert found is not None
            assert np.abs(found - sample["approximate"]).max() < 2e-5
            assert abs(np.linalg.norm(found) - 1) < 1e-5


def test_other_rows_leave_the_id_of_a_pack(folder: Path) -> None:
    pack = load_pack(folder)
    rows = np.full((pack.manifest["tokens"]["rows"], pack.dim), 0.5, dtype=np.float32)
    replace_static(folder, rows)
    changed = load_pack(folder)
    assert changed.id == pack.id
    found = static_rows(changed)
    assert found is not None
    assert np.abs(found - 0.5).max() < 0.04
    with pytest.raises(PackError, match="finite matrix"):
        replace_static(folder, rows[1:])


def test_a_sum_without_a_direction_is_no_embedding(folder: Path) -> None:
    pack = load_pack(folder)
    replace_static(folder, np.zeros((pack.manifest["tokens"]["rows"], pack.dim), dtype=np.float32))
    assert StaticEncoder(load_pack(folder)).encode_queries(["red car"]) == [None]


def test_a_pack_without_rows(folder: Path) -> None:
    manifest = json.loads((folder / "pack.json").read_text())
    manifest["static"] = None
    del manifest["files"]["static.bin"]
    (folder / "pack.json").write_text(json.dumps(manifest))
    pack = load_pack(folder)
    assert static_rows(pack) is None
    with pytest.raises(PackError, match="no static rows"):
        StaticEncoder(pack)


def test_damaged_rows_are_named(folder: Path) -> None:
    pack = load_pack(folder)
    data = write_static(np.zeros((3, pack.dim), dtype=np.float32))
    with pytest.raises(PackError, match="hash"):
        (folder / "static.bin").write_bytes(data)
        static_rows(pack)
    pack.manifest["files"]["static.bin"].update(entry_of(data))
    with pytest.raises(PackError, match="does not fit"):
        static_rows(pack)


def test_a_site_has_the_rows_of_its_pack(tmp_path: Path) -> None:
    made = dataclasses.replace(sample_input(9, dim=16), pack=Pack())
    write_site(made, tmp_path / "site")
    verify_site(open_site(tmp_path / "site"))
    other = write_static(np.ones((made.pack.manifest["tokens"]["rows"], 16), dtype=np.float32))
    write_site(dataclasses.replace(made, pack=Pack({"static.bin": other})), tmp_path / "other")
    assert open_site(tmp_path / "other").manifest.model.static_block == 64
    with pytest.raises(FormatError):
        verify_site(open_site(tmp_path / "other"))


def entry_of(data: bytes) -> dict[str, object]:
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def test_the_fit_finds_rows_that_add_up() -> None:
    pytest.importorskip("torch", reason="the fit needs torch")
    from imagedb_site.openclip.static_rows import fit_rows

    drawn = np.random.default_rng(3)
    true = drawn.standard_normal((40, 16)).astype(np.float32)
    true[0] = 0
    ids = [drawn.choice(np.arange(1, 40), drawn.integers(1, 5)).tolist() for _ in range(3000)]
    sums = np.array([true[one].sum(axis=0) for one in ids])
    targets = sums / np.linalg.norm(sums, axis=1, keepdims=True)
    rows = fit_rows(ids, targets, 40, epochs=60)
    found = np.array([rows[one].sum(axis=0) for one in ids])
    cosine = (found * targets).sum(axis=1) / np.linalg.norm(found, axis=1)
    assert cosine.mean() > 0.97
    # Nothing is known of a token that occurs in no text.
    assert not rows[0].any()
