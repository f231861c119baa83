"""Reads vectors of the tier `cells` and searches them with nothing but docs/FORMAT.md and docs/QUERY.md.

Plain Python in double precision: sums term after term, the base of a similarity is added last. The tests of
the writer use it, and tests/golden/site-cells.json is made by it. What does not fit is an AssertionError.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from plain_site import PlainSite

Numbers = Sequence[float]
REFINED = 52
FEW = 2048


@dataclass
class Found:
    """What a search found: rows with falling similarities, and which cells it read."""

    rows: list[int]
    similarities: list[float]
    cells: list[int]


@dataclass
class Group:
    """A cell's part of a group file, or the tail. `exact`: by which centre its rows are coded."""

    rows: list[int]
    factors: list[int]
    values: list[list[int]]
    centre: list[int] | None
    near: list[int]


class PlainCells:
    """Everything is decoded at once; sizes and orders are checked."""

    def __init__(self, site: PlainSite) -> None:
        vectors = site.manifest["vectors"]
        assert vectors["tier"] == "cells" and vectors["codec"] == "int8"
        self.site = site
        self.dim: int = vectors["dim"]
        self.rows: int = vectors["count"]
        self.settings = vectors["cells"]
        self.count: int = self.settings["count"]
        self.missing = set(site.rows_of(vectors["missing"]))
        _, quantizer = site.container(vectors["quantizer"], "quantizer")
        self.mean, self.scale = quantizer["mean"], quantizer["scale"]
        self._read_coarse(vectors["coarse"]["file"])
        self._read_index(self.settings["file"])
        header, sizes = site.container(self.settings["sizes"], "cell-sizes")
        self.tail: int = header["tail"]
        self.sizes: list[int] = sizes["sizes"]
        self.group_cells: list[int] = sizes["group_cells"]
        assert header["cells"] == self.count and header["groups"] == len(self.group_cells)
        assert len(self.sizes) == self.count + self.tail == sum(self.group_cells)
        assert min(self.group_cells) >= 1 and sum(self.sizes) == self.rows - len(self.missing)
        self._read_groups(vectors["groups"])
        self._read_vectors(vectors["files"])
        self._read_row_cells(vectors["row_cells"])
        self.samples = {name: self._read_sample(entry) for name, entry in vectors["sample"].items()}

    def _read_coarse(self, entry: Any) -> None:
        header, coarse = self.site.container(entry, "coarse")
        assert header["dim"] == self.dim
        self.dims: int = header["dims"]
        self.row_bytes: int = header["row_bytes"]
        self.bits, self.steps = coarse["bits"], coarse["steps"]
        self.directions = [
            [
                coarse["scale"][d] * code
                for code in coarse["matrix"][d * self.dim : (d + 1) * self.dim]
            ]
            for d in range(self.dims)
        ]
        assert len(self.bits) == len(self.steps) == len(coarse["scale"]) == self.dims
        assert all(1 <= bits <= 7 for bits in self.bits) and min(self.steps) > 0
        assert self.row_bytes == -(-sum(self.bits) // 8)

    def _read_index(self, entry: Any) -> None:
        header, index = self.site.container(entry, "cells")
        assert (header["cells"], header["dim"], header["dims"]) == (
            self.count,
            self.dim,
            self.dims,
        )
        self.index_steps, self.row_scale = index["steps"], index["row_scale"]
        assert all(0 <= bits <= 7 for bits in index["bits"]) and len(index["bits"]) == self.dims
        assert min(self.index_steps) > 0 and len(self.index_steps) == self.dims
        assert min(self.row_scale) > 0 and len(self.row_scale) == self.dim
        assert header["code_bytes"] == -(-sum(index["bits"]) // 8)
        self.reach = [value * header["reach_step"] for value in index["reach"]]
        assert len(self.reach) == self.count
        self.index = [unpacked(code, index["bits"]) for code in cut(index["codes"], self.count)]

    def _read_groups(self, listed: Any) -> None:
        entries = self.site.list(listed)
        assert len(entries) == len(self.group_cells)
        self.groups: list[Group] = []
        for entry, cells in zip(entries, self.group_cells, strict=True):
            header, parts = self.site.container(entry, "cell-codes")
            first = len(self.groups)
            sizes = self.sizes[first : first + cells]
            assert (header["first"], header["cells"]) == (first, cells)
            assert header["count"] == sum(sizes) == len(parts["rows"]) == len(parts["factors"])
            assert (header["row_bytes"], header["dim"]) == (self.row_bytes, self.dim)
            assert all(factor >= 1 for factor in parts["factors"])
            values = [unpacked(code, self.bits) for code in cut(parts["codes"], header["count"])]
            centres = cut(parts.get("centres", []), cells)
            assert ("near" in parts) == (first == self.count) == ("centres" not in parts)
            assert first < self.count or cells == 1
            at = 0
            for cell, size in enumerate(sizes):
                inside = slice(at, at + size)
                near = parts.get("near", [])
                assert all(other < self.count for other in near)
                self.groups.append(
                    Group(
                        parts["rows"][inside],
                        parts["factors"][inside],
                        values[inside],
                        None if near else list(centres[cell]),
                        near,
                    )
                )
                at += size
        known = sorted(row for group in self.groups for row in group.rows)
        assert known == sorted(set(range(self.rows)) - self.missing)

    def _read_vectors(self, listed: Any) -> None:
        entries = iter(self.site.list(listed))
        self.vectors: dict[int, tuple[int, list[int]]] = {}
        self.drawn: dict[int, dict[str, Any]] = {}
        for cell, group in enumerate(self.groups):
            size = len(group.rows)
            files = -(-size // self.settings["rows_per_file"])
            for i in range(files):
                header, parts = self.site.container(next(entries), "cell-vectors")
                first, end = i * size // files, (i + 1) * size // files
                assert (header["cell"], header["first"], header["count"], header["dim"]) == (
                    cell,
                    first,
                    end - first,
                    self.dim,
                )
                codes = cut(parts["codes"], end - first)
                assert min(parts["codes"]) >= -127 and min(parts["scales"]) >= 1
                for row, scale, code in zip(
                    group.rows[first:end], parts["scales"], codes, strict=True
                ):
                    self.vectors[row] = (scale, list(code))
                if self.settings.get("drawn"):
                    drawn = self.site.drawn_rows(parts, end - first)
                    self.drawn |= dict(zip(group.rows[first:end], drawn, strict=True))
        assert next(entries, None) is None

    def _read_row_cells(self, listed: Any) -> None:
        assert listed["block"] == 16384
        self.row_cells: list[int] = []
        for entry in self.site.list(listed["files"]):
            header, parts = self.site.container(entry, "row-cells")
            assert header["first"] == len(self.row_cells)
            assert header["count"] == len(parts["cells"])
            self.row_cells += parts["cells"]
        expected = [0xFFFF] * self.rows
        for cell, group in enumerate(self.groups):
            for row in group.rows:
                expected[row] = cell
        assert self.row_cells == expected

    def _read_sample(self, entry: Any) -> list[list[int]]:
        if entry is None:
            return []
        header, parts = self.site.container(entry["file"], "sample")
        assert (header["count"], header["dim"]) == (entry["count"], self.dim)
        return [list(code) for code in cut(parts["codes"], header["count"])]

    def centre(self, cell: int) -> list[float]:
        """The centre of a cell by its group file."""
        codes = self.groups[cell].centre
        assert codes is not None and min(codes) >= -127
        return [m + s * code for m, s, code in zip(self.mean, self.scale, codes, strict=True)]

    def rough_centre(self, cell: int) -> list[float]:
        """The centre of a cell as the index codes it."""
        steps = zip(self.index_steps, self.index[cell], strict=True)
        return add(self.mean, self._along([step * value for step, value in steps]))

    def _along(self, values: Numbers) -> list[float]:
        return [
            sum(
                value * direction[k]
                for value, direction in zip(values, self.directions, strict=True)
            )
            for k in range(self.dim)
        ]

    def base_of(self, cell: int, at: int) -> list[float]:
        """What the row at a place of a cell is coded against."""
        group = self.groups[cell]
        return self.rough_centre(group.near[at]) if group.near else self.centre(cell)

    def embeddings(self) -> list[list[float] | None]:
        """What the vector files give for each row, None without an embedding."""
        found: list[list[float] | None] = [None] * self.rows
        for cell, group in enumerate(self.groups):
            for at, row in enumerate(group.rows):
                scale, codes = self.vectors[row]
                steps = zip(self.row_scale, codes, strict=True)
                residual = [scale / 32 * step * code for step, code in steps]
                found[row] = add(self.base_of(cell, at), residual)
        return found

    def coarse_embeddings(self) -> list[list[float] | None]:
        """What the coarse codes give for each row, None without an embedding."""
        found: list[list[float] | None] = [None] * self.rows
        for cell, group in enumerate(self.groups):
            for at, row in enumerate(group.rows):
                steps = zip(self.steps, group.values[at], strict=True)
                residual = self._along([step * value for step, value in steps])
                factor = group.factors[at] / 128
                found[row] = add(self.base_of(cell, at), [factor * value for value in residual])
        return found

    def background(self, query: Numbers, kind: str) -> list[float]:
        """The similarities of a query to the sample of a kind."""
        scaled = [q * s for q, s in zip(query, self.scale, strict=True)]
        return [dot(query, self.mean) + dot(scaled, code) for code in self.samples[kind]]

    def search(self, query: Numbers, k: int, allowed: set[int] | None = None) -> Found:
        """The k most similar rows of those that are allowed, docs/QUERY.md."""
        return Search(self, query).run(k, None if allowed is None else allowed - self.missing)


class Search:
    """One query: what it is multiplied with is computed once."""

    def __init__(self, cells: PlainCells, query: Numbers) -> None:
        self.cells = cells
        self.query = query
        p = [dot(direction, query) for direction in cells.directions]
        self.steps = [a * b for a, b in zip(p, cells.steps, strict=True)]
        index_steps = [a * b for a, b in zip(p, cells.index_steps, strict=True)]
        self.scaled = [a * b for a, b in zip(query, cells.scale, strict=True)]
        self.row_steps = [a * b for a, b in zip(query, cells.row_scale, strict=True)]
        self.mean = dot(query, cells.mean)
        norm = math.sqrt(dot(query, query))
        self.base = [dot(index_steps, values) + self.mean for values in cells.index]
        routed = [b + r * norm for b, r in zip(self.base, cells.reach, strict=True)]
        self.order = sorted(range(cells.count), key=lambda cell: (-routed[cell], cell))
        middle = sum(routed) / cells.count
        spread = math.sqrt(sum((r - middle) ** 2 for r in routed) / cells.count)
        least = max(routed) - 1.1 * spread
        self.likely = sum(r >= least for r in routed)

    def cells_for(self, k: int) -> int:
        """How many cells are read."""
        settings, count = self.cells.settings, self.cells.count
        n = min(max(self.likely, settings["least"]), settings["most"], count)
        return n if k <= 1024 else min(count, -(-n * k // 1024))

    def run(self, k: int, allowed: set[int] | None) -> Found:
        """See PlainCells.search."""
        cells = self.cells
        n = self.cells_for(k)
        last = [cells.count] * cells.tail
        found: dict[int, float] = {}
        read = [*self.order[:n], *last]
        if allowed is not None and len(allowed) <= FEW:
            own = {cells.row_cells[row] for row in allowed}
            routed = [cell for cell in self.order if cell in own]
            read = routed[: 4 * cells.settings["most"]]
            for row in allowed:
                if cells.row_cells[row] not in {*read, *last}:
                    found[row] = self.base[cells.row_cells[row]]
            read += [cell for cell in last if cell in own]
        elif allowed is not None:
            held = sum(row in allowed for cell in read for row in cells.groups[cell].rows)
            at = n
            while held < k and at < min(4 * n, cells.count):
                more = self.order[at : min(at + n, 4 * n)]
                held += sum(row in allowed for cell in more for row in cells.groups[cell].rows)
                read = [*read[:at], *more, *last]
                at += len(more)
        for cell in read:
            for at, row in enumerate(cells.groups[cell].rows):
                if allowed is None or row in allowed:
                    found[row] = self.coarse(cell, at)
        return self.refined(found, k, read)

    def refined(self, found: dict[int, float], k: int, read: list[int]) -> Found:
        """The first k by the similarities in `found`; the first of them again by their vectors."""
        first = sorted(found, key=lambda row: (-found[row], row))[:k]
        kept = {row: found[row] for row in first}
        for row in first[:REFINED]:
            scale, codes = self.cells.vectors[row]
            cell = self.cells.row_cells[row]
            at = self.cells.groups[cell].rows.index(row)
            kept[row] = scale / 32 * dot(self.row_steps, codes) + self.exact_base(cell, at)
        rows = sorted(kept, key=lambda row: (-kept[row], row))
        return Found(rows, [kept[row] for row in rows], sorted(read))

    def exact_base(self, cell: int, at: int) -> float:
        group = self.cells.groups[cell]
        if group.centre is None:
            return self.base[group.near[at]]
        return dot(self.scaled, group.centre) + self.mean

    def coarse(self, cell: int, at: int) -> float:
        """The similarity of the row at a place of a cell by its coarse code."""
        group = self.cells.groups[cell]
        own = group.factors[at] / 128 * dot(self.steps, group.values[at])
        return own + self.exact_base(cell, at)


def dot(a: Numbers, b: Numbers) -> float:
    """A sum term after term."""
    total = 0.0
    for x, y in zip(a, b, strict=True):
        total += x * y
    return total


def add(a: Numbers, b: Numbers) -> list[float]:
    return [x + y for x, y in zip(a, b, strict=True)]


def cut(values: list[int], count: int) -> list[list[int]]:
    """A section cut into `count` equal parts."""
    if not count:
        assert not values
        return []
    size = len(values) // count
    assert size * count == len(values)
    return [values[at * size : (at + 1) * size] for at in range(count)]


def unpacked(code: Sequence[int], bits: Sequence[int]) -> list[int]:
    """The values of a packed code: `2c − 2^bits + 1` of each direction."""
    whole = int.from_bytes(bytes(code), "little")
    values = []
    for width in bits:
        values.append(2 * (whole & ((1 << width) - 1)) - (1 << width) + 1)
        whole >>= width
    assert whole == 0
    return values
