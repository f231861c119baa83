"""Exports a trained checkpoint, builds a site and searches it: are the first ten results those of torch?

    make bench NAME=roundtrip        # needs the extra: .venv/bin/pip install -e '.[openclip]'

The built-in model is saved as a torch checkpoint, exported with `model export builtin --checkpoint`,
the class-folder collection is built with the pack, and the class names are asked in Chromium (mode
meaning). The same names and pictures go through torch alone, in float32; the codes of the site are
int8, so that ties may fall the other way: `same_top_10` is the mean overlap, `near_ties` the part of
the differing pictures whose similarity in torch is within 0.002 of the tenth's, `largest_gap` how far
below it the worst of them is. `library_top_10` is the overlap of a search in the library, which holds
embeddings in float32.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import torch
from harness import browsing, collection, emit, note, run_cli, serving, show_results, shown_rows
from PIL import Image
from precision import K, plain

import imagedb_site
from imagedb_site.encoders.preprocess import Preprocessing
from imagedb_site.openclip import builtin

BATCH = 32
TIE = 0.002


def embed(model: builtin.BuiltinModel, files: list[Path]) -> np.ndarray:
    """float32 [n, dim] of picture files, by torch."""
    preprocessing = Preprocessing.from_json(model.pack.manifest["image"]["preprocessing"])
    found = []
    for start in range(0, len(files), BATCH):
        some = [preprocessing(Image.open(file)) for file in files[start : start + BATCH]]
        found.append(model.embed_pixels(torch.from_numpy(np.stack(some))).numpy())
        note(f"torch: {start + len(some)} of {len(files)} pictures")
    return np.concatenate(found)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--limit", type=int, default=0, help="pictures; default all")
    parser.add_argument("--precision", help="of the export; default as the model was trained")
    options = parser.parse_args()
    pictures = collection("labelled")
    with tempfile.TemporaryDirectory() as folder:
        checkpoint, pack, site = (Path(folder) / name for name in ("tuned.pt", "pack", "dist"))
        model = builtin.BuiltinModel().eval()
        torch.save(model.state_dict(), checkpoint)
        note("exporting")
        asked = ["--precision", options.precision] if options.precision else []
        made, _ = run_cli(
            "model", "export", "builtin", "--checkpoint", checkpoint, "-o", pack, *asked
        )
        note("building")
        more = ["--limit", str(options.limit)] if options.limit else []
        run_cli("build", pictures, "-o", site, "--model", pack, *more)
        with imagedb_site.open(site) as published:
            rows = [published.index.document(row) for row in range(published.count)]
        names = sorted({str(row["fields"]["label"]) for row in rows})
        images = embed(model, [pictures / str(row["path"]) for row in rows])
        ids = builtin.token_ids(
            builtin.tokens_of(model.pack), builtin.plan_of(model.pack), [plain(n) for n in names]
        )
        scores = model.embed_ids(ids).numpy() @ images.T
        wanted = np.argsort(-scores, axis=1)[:, :K]
        overlap, ties, differing, gap = [], 0, 0, 0.0
        with serving(site) as server, browsing() as page:
            for number, name in enumerate(names):
                show_results(page, server.url, plain(name), "meaning", group=False)
                page.wait_for_selector(f"a[data-index='{K - 1}']")
                shown = shown_rows(page, K)
                overlap.append(len(set(shown) & set(wanted[number].tolist())) / K)
                tenth = scores[number, wanted[number, -1]]
                for row in set(shown) - set(wanted[number].tolist()):
                    differing += 1
                    ties += bool(scores[number, row] > tenth - TIE)
                    gap = max(gap, float(tenth - scores[number, row]))
        place = {str(row["path"]): number for number, row in enumerate(rows)}
        with imagedb_site.open(site.with_name("dist.library")) as library:
            exact = []
            for number, name in enumerate(names):
                hits = library.search(plain(name), mode="meaning", k=K, group=False).hits
                found = {place[str(hit.document["path"])] for hit in hits}
                exact.append(len(found & set(wanted[number].tolist())) / K)
    emit(
        {
            "pack": made["id"],
            "built_in": model.pack.id,
            "queries": len(names),
            "pictures": len(rows),
            "same_top_10": round(float(np.mean(overlap)), 4),
            "identical": round(float(np.mean([share == 1 for share in overlap])), 4),
            "differing": differing,
            "near_ties": ties,
            "largest_gap": round(gap, 4),
            "library_top_10": round(float(np.mean(exact)), 4),
            "precision": options.precision or "as trained",
        }
    )


if __name__ == "__main__":
    main()
