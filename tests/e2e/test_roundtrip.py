"""A torch checkpoint is exported, built into a site and searched: the page finds what torch finds.

Needs the `[openclip]` extra: `make test-openclip`.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Visit
from numpy.typing import NDArray
from PIL import Image

import imagedb_site
from imagedb_site.encoders import Encoder
from imagedb_site.encoders.preprocess import Preprocessing
from imagedb_site.openclip.samples import drawn_pictures
from imagedb_site.packs import BUILTIN_FOLDER, load_pack

torch = pytest.importorskip("torch", reason="needs torch, of the [openclip] extra")
pytest.importorskip("open_clip", reason="needs the [openclip] extra")

from imagedb_site.openclip import builtin  # noqa: E402

pytestmark = pytest.mark.openclip
COUNT = 60
K = 10
TIE = 0.004
"""Similarities this close may change places: the site stores embeddings in 8 bits."""
QUERIES = (
    "a red circle", "green square", "a blue shape on a white ground", "dark picture",
    "colourful noise", "yellow flower", "sunset over the sea", "an old man reading",
    "city street at night", "snowy mountain",
)  # fmt: skip


@dataclass(frozen=True)
class Checkpoint:
    """A tuned checkpoint, and torch's similarities with it: [queries, rows of the site]."""

    site: Path
    scores: NDArray[np.float32]
    before: NDArray[np.float32]
    """The similarities of the model before it was tuned."""


def run(*arguments: str | Path) -> None:
    command = [sys.executable, "-m", "imagedb_site.cli.main", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def similarities(model: builtin.BuiltinModel, pictures: list[Any]) -> NDArray[np.float32]:
    """By torch alone, in float32."""
    preprocessing = Preprocessing.from_json(model.pack.manifest["image"]["preprocessing"])
    pixels = torch.from_numpy(np.stack([preprocessing(picture) for picture in pictures]))
    ids = builtin.token_ids(builtin.tokens_of(model.pack), builtin.plan_of(model.pack), QUERIES)
    found: NDArray[np.float32] = (model.embed_ids(ids) @ model.embed_pixels(pixels).T).numpy()
    return found


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    folder = tmp_path_factory.mktemp("roundtrip")
    torch.manual_seed(11)
    model = builtin.BuiltinModel().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.numel() > 1024:
                parameter.add_(torch.randn_like(parameter) * parameter.std() * 0.08)
    torch.save(model.state_dict(), folder / "tuned.pt")
    (folder / "pictures").mkdir()
    for number, picture in enumerate(drawn_pictures(COUNT)):
        picture.save(folder / "pictures" / f"{number:02}.png")
    # 8 bits would add rounding errors to the random changes. With 16 bits this tests the path alone.
    more = ("--checkpoint", folder / "tuned.pt", "--precision", "fp16", "-o", folder / "pack")
    more += ("--static-texts", "500")
    run("model", "export", "builtin", *more)
    run("build", folder / "pictures", "-o", folder / "site", "-q", "--model", folder / "pack")
    with imagedb_site.open(folder / "site") as published:
        paths = [str(published.index.document(row)["path"]) for row in range(published.count)]
    assert len(paths) == COUNT
    pictures = [Image.open(folder / "pictures" / path).convert("RGB") for path in paths]
    shipped = Encoder(load_pack(BUILTIN_FOLDER))
    before = shipped.encode_texts(QUERIES) @ shipped.encode_images(pictures).T
    return Checkpoint(folder / "site", similarities(model, pictures), before)


@pytest.fixture(scope="module")
def site(checkpoint: Checkpoint) -> Path:
    return checkpoint.site


def best(scores: NDArray[np.float32]) -> NDArray[np.int64]:
    return np.argsort(-scores, axis=1, kind="stable")[:, :K]


def test_the_browser_finds_what_torch_finds(visit: Visit, checkpoint: Checkpoint) -> None:
    wanted, scores = best(checkpoint.scores), checkpoint.scores
    visitor = visit()
    # Results of the first search may keep the places of its first answer.
    visitor.search("warming up", "meaning")
    same = 0
    for number, query in enumerate(QUERIES):
        page = visitor.open(f"#q={query.replace(' ', '+')}&mode=meaning&group=no")
        visitor.settled(f"“{query}”")
        page.locator(f"a[data-index='{K - 1}']").wait_for()
        shown = page.evaluate(
            "(k) => [...document.querySelectorAll('a[data-row]')]"
            ".map((a) => [Number(a.dataset.index), Number(a.dataset.row)])"
            ".filter(([index]) => index < k).sort(([a], [b]) => a - b).map(([, row]) => row)",
            K,
        )
        assert len(set(shown)) == K
        # Any other image among the ten is as good as torch's own tenth, and similarities decrease.
        found = scores[number, shown]
        assert found.min() > scores[number, wanted[number, -1]] - TIE, query
        assert (np.diff(found) < TIE).all(), query
        same += len(set(shown) & set(wanted[number].tolist()))
    assert same >= 0.95 * K * len(QUERIES)


def test_the_comparison_would_notice_another_model(checkpoint: Checkpoint) -> None:
    """Without tuning other pictures come first, by much larger differences than ties."""
    wanted, before = best(checkpoint.scores), best(checkpoint.before)
    assert np.ptp(checkpoint.scores, axis=1).min() > 10 * TIE
    shared = [len(set(a) & set(b)) for a, b in zip(wanted.tolist(), before.tolist(), strict=True)]
    assert sum(shared) < 0.9 * K * len(QUERIES)
