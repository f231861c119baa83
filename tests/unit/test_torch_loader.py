"""`imagedb_site.torch` with torch's own DataLoader and its worker processes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from site_samples import GOLDEN, sample_input

from imagedb_site.site import write_site

pytest.importorskip("torch")
pytestmark = pytest.mark.openclip

TINY = GOLDEN / "site-tiny"


def to_tensor(picture: Any) -> Any:
    """Of one size, so that pictures can be stacked."""
    import torch

    return torch.from_numpy(np.array(picture.resize((16, 16))))


@pytest.mark.parametrize("context", ["fork", "spawn"])
def test_workers_of_a_loader(context: str) -> None:
    from torch.utils.data import DataLoader

    from imagedb_site.torch import Dataset, collate

    data = Dataset(TINY, transform=to_tensor, embedding=True, seed=2)
    # The collection is open in this process before the workers start.
    assert data[0]["image"].shape == (16, 16, 3)
    loader = DataLoader(
        data, batch_size=5, shuffle=True, num_workers=2, collate_fn=collate,
        multiprocessing_context=context,
    )  # fmt: skip
    batches = list(loader)
    ids = [one for batch in batches for one in batch["id"]]
    assert sorted(ids) == sorted(data[number]["id"] for number in range(len(data)))
    assert batches[0]["embedding"].shape == (5, 16)


def test_persistent_workers_see_the_epoch(tmp_path: Path) -> None:
    from torch.utils.data import DataLoader

    from imagedb_site.torch import IterableDataset, collate

    write_site(sample_input(1000, pack_above=10), tmp_path / "site")
    data = IterableDataset(tmp_path / "site", pictures="none", embedding=True)
    loader = DataLoader(
        data, batch_size=50, num_workers=2, persistent_workers=True, collate_fn=collate
    )
    passes = []
    for epoch in (0, 1, 0):
        data.set_epoch(epoch)
        passes.append([one for batch in loader for one in batch["id"]])
        assert len(set(passes[-1])) == len(passes[-1]) == 1000
    assert passes[0] == passes[2] != passes[1]
