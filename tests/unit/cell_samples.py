"""Sites of the tier `cells`, made from flat ones, and a search of them that is written out value by value."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from drawn_samples import drawn_arrays
from site_samples import sample_input

from imagedb_site.checksum import sealed
from imagedb_site.reader import open_site
from imagedb_site.site import write_site
from imagedb_site.site.coarse import encode_coarse, fit_coarse, pack_bits, to_codes
from imagedb_site.site.lists import ListWriter
from imagedb_site.site.storage import SiteFiles
from imagedb_site.site.types import ArrayEmbeddings

ROWS_PER_FILE = 7


class _Folder:
    """A target that adds files to a site that is there."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def has(self, path: str, sha256: str) -> bool:
        return False

    def put(self, path: str, data: Any) -> None:
        (self._root / path).write_bytes(data)


def clustered(count: int, dim: int, cells: int, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors around centres, and the centre of each."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(cells, dim))
    of = random.integers(0, cells, count)
    rows = centres[of] + 0.4 * random.normal(size=(count, dim))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32), of


def cell_site(
    folder: Path,
    *,
    count: int = 60,
    dim: int = 8,
    cells: int = 6,
    tail: int = 0,
    missing: tuple[int, ...] = (),
    texts: int = 0,
    change: Any = None,
    least: int = 1,
    most: int = 2,
    equal: bool = False,
    drawn: bool = False,
    **settings: Any,
) -> np.ndarray:
    """Write a site of the tier `cells`; returns its embeddings, float32 [count, dim].

    `tail`: the last rows, which lie in the tail. `texts`: the first rows, which have the embedding of a text.
    `change(kind, header, arrays)` may alter every container. `equal`: all rows have the same embedding.
    `drawn`: files of vectors also have what draws their rows.
    """
    values, of = clustered(count, dim, cells)
    if equal:
        values[:] = values[0]
    values[list(missing)] = 0
    made = sample_input(count, dim=dim, **settings)
    no_picture: dict[str, Any] = {"width": 0, "height": 0, "thumbnail": None, "placeholder": b""}
    rows = [
        dataclasses.replace(row, **no_picture) if at < texts else row
        for at, row in enumerate(made.rows)
    ]
    folder.mkdir(parents=True, exist_ok=True)
    pictures = np.arange(count) >= texts
    given = {"rows": rows, "embeddings": ArrayEmbeddings(values), "pictures": pictures}
    write_site(dataclasses.replace(made, **given), folder)
    _CellWriter(folder, values, of, cells, tail, texts, change, drawn).write(least, most)
    return values


class _CellWriter:
    """Puts files of cells in the place of those of a flat site."""

    def __init__(
        self,
        folder: Path,
        values: np.ndarray,
        of: np.ndarray,
        cells: int,
        tail: int,
        texts: int,
        change: Any,
        drawn: bool,
    ) -> None:
        self.folder, self.values, self.of, self.cells = folder, values, of, cells
        self.files = SiteFiles(_Folder(folder))
        self.change = change
        with open_site(folder) as site:
            self.drawn = drawn_arrays(site.rows(0, site.count)) if drawn else None
            self.quantizer = site.vectors.quantizer
            self.codes = site.vectors.codes(np.arange(site.count))
        self.known = values.any(axis=1)
        self.texts = np.arange(len(values)) < texts
        self.tail = tail
        row_cells = of.copy()
        row_cells[len(of) - tail :] = cells
        self.row_cells = np.where(self.known, row_cells, 65535).astype(np.uint16)
        # The rows of a cell are in no order.
        shuffled = np.random.default_rng(4).permutation(len(values))
        order = shuffled[np.argsort(self.row_cells[shuffled], kind="stable")]
        self.order = order[: int(self.known.sum())]
        self.sizes = np.bincount(self.row_cells[self.known], minlength=cells + (tail > 0))
        self.starts = np.concatenate([[0], np.cumsum(self.sizes)])

    def put(self, kind: str, header: dict[str, Any], arrays: dict[str, Any]) -> Any:
        if self.change is not None:
            self.change(kind, header, arrays)
        return self.files.put_container(kind, kind, header, arrays, compress=False)

    def write(self, least: int, most: int) -> None:
        cells, dim = self.cells, self.values.shape[1]
        centres = np.zeros((cells, dim), np.int8)
        for cell in range(cells):
            inside = self.known & (self.of == cell)
            if inside.any():
                centres[cell] = np.rint(self.codes[inside].mean(axis=0))
        exact = self.quantizer.mean + self.quantizer.scale * centres
        self.coarse = fit_coarse((self.values - exact[self.of])[self.known], max(1, dim // 2))
        index, rough = self.write_index(exact)
        against = exact[self.of]
        tail = len(self.of) - self.tail
        against[tail:] = rough[self.of[tail:]]
        residuals = self.values - against
        manifest = json.loads((self.folder / "manifest.json").read_bytes())
        found = manifest["vectors"]
        for name in ("block", "files", "coarse"):
            found.pop(name, None)
        header = {"dim": dim, "dims": len(self.coarse.bits), "row_bytes": self.coarse.row_bytes}
        arrays = {name: getattr(self.coarse, name) for name in ("scale", "steps", "bits", "matrix")}
        groups, sizes = self.write_groups(centres, residuals)
        blocks = ListWriter(self.files, "row-cells", None)
        first = {"first": 0, "count": len(self.of)}
        blocks.add(self.put("row-cells", first, {"cells": self.row_cells}))
        found |= {
            "tier": "cells",
            "coarse": {"file": self.put("coarse", header, arrays).to_json()},
            "cells": {
                "count": cells,
                "least": least,
                "most": most,
                "rows_per_file": ROWS_PER_FILE,
                **({} if self.drawn is None else {"drawn": True}),
                "file": index,
                "sizes": sizes,
            },
            "sample": {
                "pictures": self.write_sample(self.known & ~self.texts),
                "texts": self.write_sample(self.known & self.texts),
            },
            "groups": groups,
            "files": self.write_vectors(residuals),
            "row_cells": {"block": 16384, "files": blocks.finish()},
        }
        (self.folder / "manifest.json").write_bytes(sealed(manifest))
        self.remove_flat(manifest)

    def remove_flat(self, manifest: dict[str, Any]) -> None:
        """Remove the files of the flat site that are not part of this one."""
        with open_site(self.folder) as site:
            own = {entry.path for entry in site.entries()}
        for file in (self.folder / "data").iterdir():
            if f"data/{file.name}" not in own:
                file.unlink()
        files = [file for file in self.folder.rglob("*") if file.is_file()]
        manifest["bytes"] = sum(
            file.stat().st_size for file in files if file.name != "manifest.json"
        )
        (self.folder / "manifest.json").write_bytes(sealed(manifest))

    def write_index(self, exact: np.ndarray) -> tuple[Any, np.ndarray]:
        """The entry of the index, and the centres as it codes them."""
        rotated = (exact - self.quantizer.mean) @ self.coarse.directions.T
        bits = np.full(len(self.coarse.bits), 3, np.uint8)
        bits[-1] = 0
        steps = np.full(len(bits), max(float(np.abs(rotated).max()) / 7, 1e-6), np.float32)
        codes = to_codes(rotated, bits, steps)
        along = (2.0 * codes - 7) * steps * (bits > 0)
        packed = pack_bits(codes, bits)
        header = {"cells": self.cells, "dim": exact.shape[1], "dims": len(bits)}
        header |= {"code_bytes": packed.shape[1], "reach_step": 0.01}
        self.row_scale = np.linspace(0.004, 0.006, exact.shape[1]).astype(np.float32)
        arrays = {
            "bits": bits,
            "steps": steps,
            "codes": packed,
            "reach": np.arange(self.cells, dtype=np.uint8) * 5 % 23,
            "row_scale": self.row_scale,
        }
        rough = self.quantizer.mean + along @ self.coarse.directions
        return self.put("cells", header, arrays).to_json(), rough

    def write_groups(self, centres: np.ndarray, residuals: np.ndarray) -> tuple[Any, Any]:
        """The list of groups, of three cells each, and the entry of the sizes."""
        cells, starts = self.cells, self.starts
        packed = encode_coarse(residuals, self.coarse)
        runs = [(at, min(at + 3, cells)) for at in range(0, cells, 3)]
        runs += [(cells, cells + 1)] * (self.tail > 0)
        groups = ListWriter(self.files, "cell-codes", None)
        for first, end in runs:
            inside = self.order[starts[first] : starts[end]]
            header = {"first": first, "cells": end - first, "count": len(inside)}
            header |= {"row_bytes": self.coarse.row_bytes, "dim": centres.shape[1]}
            arrays: dict[str, Any] = {
                "rows": inside.astype(np.uint32),
                "factors": (100 + inside % 50).astype(np.uint8),
                "codes": packed[inside],
            }
            if first == cells:
                arrays["near"] = self.of[inside].astype(np.uint16)
            else:
                arrays["centres"] = centres[first:end]
            groups.add(self.put("cell-codes", header, arrays))
        header = {"cells": cells, "tail": int(self.tail > 0), "groups": len(runs)}
        arrays = {
            "sizes": self.sizes.astype(np.uint32),
            "group_cells": np.array([end - first for first, end in runs], np.uint32),
        }
        return groups.finish(), self.put("cell-sizes", header, arrays).to_json()

    def write_vectors(self, residuals: np.ndarray) -> Any:
        vectors = ListWriter(self.files, "cell-vectors", None)
        scales = np.ceil(np.abs(residuals / self.row_scale).max(axis=1) / 127 * 32)
        scales = np.clip(scales, 1, 255).astype(np.uint8)
        codes = np.rint(residuals / (self.row_scale * (scales / 32.0)[:, None]))
        codes = np.clip(codes, -127, 127).astype(np.int8)
        for cell, size in enumerate(self.sizes.tolist()):
            parts = -(-size // ROWS_PER_FILE)
            for number in range(parts):
                first, end = number * size // parts, (number + 1) * size // parts
                inside = self.order[self.starts[cell] + first : self.starts[cell] + end]
                header = {"cell": cell, "first": first, "count": end - first}
                header |= {"dim": residuals.shape[1]}
                arrays = {"scales": scales[inside], "codes": codes[inside]}
                if self.drawn is not None:
                    arrays |= {name: one[inside].ravel() for name, one in self.drawn.items()}
                vectors.add(self.put("cell-vectors", header, arrays))
        return vectors.finish()

    def write_sample(self, of_kind: np.ndarray) -> Any:
        rows = np.flatnonzero(of_kind)
        if not len(rows):
            return None
        rows = rows[np.arange(min(len(rows), 1024)) * len(rows) // min(len(rows), 1024)]
        header = {"count": len(rows), "dim": self.values.shape[1]}
        file = self.put("sample", header, {"codes": self.codes[rows]})
        return {"count": len(rows), "file": file.to_json()}


class Plain:
    """The rule of the search in plain Python, with no vector of numpy in a sum."""

    def __init__(self, site: Any, few: int = 2048, refined: int = 52) -> None:
        self.store = site.vectors.store
        self.tier = self.store.tier
        self.few, self.refined = few, refined
        sums = site.vectors._sums
        self.mean, self.scale = sums.mean.tolist(), sums.scale.tolist()
        self.row_scale = sums.row_scale.tolist()

    def start(self, query: np.ndarray) -> None:
        scheme, index = self.store.scheme, self.store.index
        self.q = [float(one) for one in query]
        self.base = self.sum(self.q, self.mean)
        self.p = []
        for row, scale in zip(scheme.matrix, scheme.scale, strict=True):
            self.p.append(float(scale) * self.sum(self.q, [float(one) for one in row]))
        codes = [self.code(one.tobytes(), index.bits, index.steps) for one in index.codes]
        self.plain = [self.base + one for one in codes]
        norm = math.sqrt(self.sum(self.q, self.q))
        self.reached = [
            plain + float(reach) * norm
            for plain, reach in zip(self.plain, index.reach, strict=True)
        ]
        self.order = sorted(range(self.tier.count), key=lambda cell: (-self.reached[cell], cell))

    @staticmethod
    def sum(one: list[float], other: list[float]) -> float:
        total = 0.0
        for a, b in zip(one, other, strict=True):
            total += a * b
        return total

    def code(self, packed: bytes, bits: Any, steps: Any) -> float:
        number = int.from_bytes(packed, "little")
        total = 0.0
        for p, width, step in zip(self.p, bits.tolist(), steps, strict=True):
            value = 2 * (number & ((1 << width) - 1)) - (1 << width) + 1
            number >>= width
            total += p * float(step) * value
        return total

    def cells(self, k: int) -> int:
        """How many cells a search for k rows reads."""
        mean = variance = 0.0
        for one in self.reached:
            mean += one
        mean /= len(self.reached)
        for one in self.reached:
            variance += (one - mean) * (one - mean)
        limit = max(self.reached) - 1.1 * math.sqrt(variance / len(self.reached))
        near = sum(one >= limit for one in self.reached)
        found = min(max(near, self.tier.least), self.tier.most, self.tier.count)
        return found if k <= 1024 else min(self.tier.count, math.ceil(found * k / 1024))

    def exact_base(self, cell: int, near: int) -> float:
        if cell == self.store.tail:
            return self.plain[near]
        centre = [
            mean + scale * float(code)
            for mean, scale, code in zip(
                self.mean, self.scale, self.store.centre(cell), strict=True
            )
        ]
        return self.sum(self.q, centre)

    def scored(self, cell: int) -> dict[int, float]:
        """All rows of a cell by their coarse codes."""
        part, scheme = self.store.rows_of(cell), self.store.scheme
        found = {}
        for at, row in enumerate(part.rows.tolist()):
            added = self.code(part.codes[at].tobytes(), scheme.bits, scheme.steps)
            base = self.exact_base(cell, int(part.cells[at]))
            found[row] = base + int(part.factors[at]) / 128 * added
        return found

    def by_vector(self, row: int) -> float:
        places = self.store.places_of(np.array([row]))
        file = self.store.vectors.at(places.positions)
        weights = [q * scale for q, scale in zip(self.q, self.row_scale, strict=True)]
        added = self.sum(weights, [float(one) for one in file.codes[0]])
        cell = int(self.store.cells_of(np.array([row]))[0])
        return self.exact_base(cell, int(places.cells[0])) + int(file.scales[0]) / 32 * added

    def candidates(self, k: int, allowed: set[int] | None) -> dict[int, float]:
        tail = [] if self.store.tail is None else [self.store.tail]
        n = self.cells(k)
        found: dict[int, float] = {}
        if allowed is None:
            for cell in self.order[:n] + tail:
                found |= self.scored(cell)
            return found
        rows = np.array(sorted(allowed), np.int64)
        of = dict(zip(rows.tolist(), self.store.cells_of(rows).tolist(), strict=True))
        of = {row: cell for row, cell in of.items() if cell != 65535}
        if len(of) <= self.few:
            cells = [cell for cell in self.order if cell in of.values()][: 4 * self.tier.most]
            for cell in cells + tail:
                found |= {row: one for row, one in self.scored(cell).items() if row in of}
            return {row: self.plain[cell] for row, cell in of.items() if row not in found} | found
        at, more = 0, self.order[:n] + tail
        while more:
            for cell in more:
                found |= {row: one for row, one in self.scored(cell).items() if row in of}
            at += n
            more = self.order[at : min(at + n, 4 * n)] if len(found) < k else []
        return found

    def search(
        self, query: np.ndarray, k: int, allowed: set[int] | None
    ) -> list[tuple[int, float]]:
        self.start(query)
        found = self.candidates(k, allowed)
        best = sorted(found.items(), key=lambda one: (-one[1], one[0]))[:k]
        first = [(row, self.by_vector(row)) for row, _ in best[: self.refined]]
        return sorted(first + best[self.refined :], key=lambda one: (-one[1], one[0]))
