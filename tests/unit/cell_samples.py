"""Sites of the tier `cells`, made from flat ones, and a search of them that is written out value by value."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from site_samples import sample_input

from imagedb_site.checksum import sealed
from imagedb_site.reader import open_site
from imagedb_site.site import write_site
from imagedb_site.site.coarse import encode_coarse, fit_coarse, pack_bits, to_codes
from imagedb_site.site.lists import ListWriter
from imagedb_site.site.storage import SiteFiles
from imagedb_site.site.types import ArrayEmbeddings


class _Folder:
    """A target that adds files to a site that is there."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def has(self, path: str, sha256: str) -> bool:
        return False

    def put(self, path: str, data: Any) -> None:
        (self._root / path).write_bytes(data)


def leb128(number: int) -> bytes:
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


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
    change: Any = None,
    probes: int = 2,
) -> np.ndarray:
    """Write a site of the tier `cells`; returns its embeddings, float32 [count, dim].

    `tail`: the last rows, which lie in the tail. `change(kind, header, arrays)` may alter every container.
    """
    values, of = clustered(count, dim, cells)
    values[list(missing)] = 0
    made = sample_input(count, dim=dim)
    folder.mkdir(parents=True, exist_ok=True)
    write_site(dataclasses.replace(made, embeddings=ArrayEmbeddings(values)), folder)
    _to_cells(folder, values, of, cells, tail, change, probes)
    return values


def _to_cells(
    folder: Path,
    values: np.ndarray,
    of: np.ndarray,
    cells: int,
    tail: int,
    change: Any,
    probes: int,
) -> None:
    with open_site(folder) as site:
        quantizer = site.vectors.quantizer
        codes = site.vectors.codes(np.arange(site.count))
    manifest = json.loads((folder / "manifest.json").read_bytes())
    count, dim = values.shape
    known = values.any(axis=1)
    files = SiteFiles(_Folder(folder))

    def put(kind: str, header: dict[str, Any], arrays: dict[str, Any]) -> Any:
        if change is not None:
            change(kind, header, arrays)
        return files.put_container(kind, kind, header, arrays, compress=False)

    total = cells + (tail > 0)
    row_cells = np.where(known, of, 65535).astype(np.uint16)
    if tail:
        row_cells[-tail:] = np.where(known[-tail:], cells, 65535)
    centres = np.zeros((total, dim), np.int8)
    for cell in range(cells):
        inside = known & (of == cell)
        if inside.any():
            centres[cell] = np.rint(codes[inside].mean(axis=0))
    exact = quantizer.mean + quantizer.scale * centres
    coarse = fit_coarse(values[known] - exact[of[known]], max(1, dim // 2))
    rotated = (exact[:cells] - quantizer.mean) @ coarse.directions.T
    bits = np.full(len(coarse.bits), 3, np.uint8)
    bits[-1] = 0
    steps = np.full(len(bits), float(np.abs(rotated).max()) / 7, np.float32)
    index_codes = to_codes(rotated, bits, steps)
    index = pack_bits(index_codes, bits)
    rough = quantizer.mean + ((2.0 * index_codes - 7) * steps * (bits > 0)) @ coarse.directions
    against = exact[of]
    if tail:
        against[-tail:] = rough[of[-tail:]]
    packed = encode_coarse(values - against, coarse)
    order = np.lexsort((np.arange(count), row_cells))[: int(known.sum())]
    sizes = np.bincount(row_cells[known], minlength=total)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    runs = [(at, min(at + 3, cells)) for at in range(0, cells, 3)] + [(cells, total)][: tail > 0]
    groups = ListWriter(files, "cell-codes", None)
    for first, end in runs:
        inside = order[starts[first] : starts[end]]
        text = b""
        for cell in range(first, end):
            rows = order[starts[cell] : starts[cell + 1]]
            text += b"".join(map(leb128, np.diff(rows, prepend=0).tolist()))
        header = {"first": first, "cells": end - first, "count": len(inside)}
        header |= {"row_bytes": coarse.row_bytes, "dim": dim}
        arrays: dict[str, Any] = {
            "centres": centres[first:end],
            "rows": np.frombuffer(text, np.uint8),
            "codes": packed[inside],
        }
        if first == cells:
            arrays["near"] = of[inside].astype(np.uint16)
        groups.add(put("cell-codes", header, arrays))
    vectors = ListWriter(files, "cell-vectors", None)
    file_rows = []
    for at in range(0, len(order), 7):
        inside = order[at : at + 7]
        file_rows.append(len(inside))
        header = {"first": at, "count": len(inside), "dim": dim}
        vectors.add(put("cell-vectors", header, {"codes": codes[inside]}))
    blocks = ListWriter(files, "row-cells", None)
    blocks.add(put("row-cells", {"first": 0, "count": count}, {"cells": row_cells}))
    header = {"cells": total, "groups": len(runs), "files": len(file_rows), "dim": dim}
    header |= {"tail": int(tail > 0), "code_bytes": index.shape[1], "reach_step": 0.01}
    reach = np.arange(total, dtype=np.uint8) * 5 % 23
    empty = np.zeros((int(tail > 0), index.shape[1]), np.uint8)
    reach[cells:] = 0
    arrays = {
        "bits": bits,
        "steps": steps,
        "codes": np.concatenate([index, empty]),
        "reach": reach,
        "sizes": sizes.astype(np.uint32),
        "group_cells": np.array([end - first for first, end in runs], np.uint32),
        "file_rows": np.array(file_rows, np.uint32),
    }
    table = put("cells", header, arrays)
    header = {"dim": dim, "dims": len(coarse.bits), "row_bytes": coarse.row_bytes}
    arrays = {name: getattr(coarse, name) for name in ("scale", "steps", "bits", "matrix")}
    scheme = put("coarse", header, arrays)
    sampled = np.flatnonzero(known)
    sample = put("sample", {"count": len(sampled), "dim": dim}, {"codes": codes[sampled]})
    found = manifest["vectors"]
    for name in ("block", "files", "coarse"):
        found.pop(name, None)
    found |= {
        "tier": "cells",
        "coarse": {"file": scheme.to_json()},
        "cells": {"count": total, "probes": probes, "file": table.to_json()},
        "sample": {
            "pictures": {"count": len(sampled), "file": sample.to_json()},
            "texts": None,
        },
        "groups": groups.finish(),
        "files": vectors.finish(),
        "row_cells": {"block": 16384, "files": blocks.finish()},
    }
    (folder / "manifest.json").write_bytes(sealed(manifest))


class Plain:
    """The rule of the search in plain Python, with no vector of numpy in a sum."""

    def __init__(self, site: Any) -> None:
        self.vectors = site.vectors
        self.store = site.vectors.store

    def start(self, query: np.ndarray) -> None:
        scheme, quantizer = self.store.scheme, self.vectors.quantizer
        self.q = [float(one) for one in query]
        self.mean = [float(one) for one in quantizer.mean]
        self.scale = [float(one) for one in quantizer.scale]
        self.base = 0.0
        for one, mean in zip(self.q, self.mean, strict=True):
            self.base += one * mean
        self.p = []
        for row, scale in zip(scheme.matrix, scheme.scale, strict=True):
            total = 0.0
            for one, value in zip(self.q, row, strict=True):
                total += one * float(value)
            self.p.append(float(scale) * total)

    def code(self, packed: bytes, bits: Any, steps: Any) -> float:
        number = int.from_bytes(packed, "little")
        total = 0.0
        for p, width, step in zip(self.p, bits.tolist(), steps, strict=True):
            value = 2 * (number & ((1 << width) - 1)) - (1 << width) + 1
            number >>= width
            total += p * float(step) * value
        return total

    def route(self) -> list[int]:
        table = self.store.table
        norm = 0.0
        for one in self.q:
            norm += one * one
        self.plain = [
            self.base + self.code(one.tobytes(), table.bits, table.steps) for one in table.codes
        ]
        reached = [
            plain + float(reach) * math.sqrt(norm)
            for plain, reach in zip(self.plain, table.reach, strict=True)
        ]
        return sorted(range(table.count - table.tail), key=lambda cell: (-reached[cell], cell))

    def centre(self, cell: int) -> float:
        total = 0.0
        code = self.store.centre(cell)
        for q, mean, scale, value in zip(self.q, self.mean, self.scale, code, strict=True):
            total += q * (mean + scale * float(value))
        return total

    def refined(self, row: int) -> float:
        total = 0.0
        code = self.vectors.codes(np.array([row]))[0]
        for q, scale, value in zip(self.q, self.scale, code, strict=True):
            total += q * scale * float(value)
        return self.base + total

    def search(
        self, query: np.ndarray, k: int, allowed: set[int] | None
    ) -> list[tuple[int, float]]:
        self.start(query)
        order, table, probes = self.route(), self.store.table, self.store.tier.probes
        last = table.count - 1
        if allowed is None:
            cells = order[: max(probes, math.ceil(probes * k / 1024))] + [last] * table.tail
        else:
            rows = np.array(sorted(allowed), np.int64)
            of = dict(zip(rows.tolist(), self.store.cells_of(rows).tolist(), strict=True))
            of = {row: cell for row, cell in of.items() if cell != 65535}
            cells = [cell for cell in order if cell in of.values()][: 4 * probes]
            cells += [last] * table.tail
        found = {}
        for cell in cells:
            part = self.store.rows_of(cell)
            scheme = self.store.scheme
            for row, code, near in zip(part.rows.tolist(), part.codes, part.cells, strict=True):
                if allowed is None or row in allowed:
                    base = self.plain[near] if near != cell else self.centre(cell)
                    found[row] = base + self.code(code.tobytes(), scheme.bits, scheme.steps)
        if allowed is not None:
            found |= {row: self.plain[cell] for row, cell in of.items() if row not in found}
        best = sorted(found.items(), key=lambda one: (-one[1], one[0]))[:k]
        first = [(row, self.refined(row)) for row, _ in best[:64]]
        return sorted(first + best[64:], key=lambda one: (-one[1], one[0]))
