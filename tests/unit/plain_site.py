"""Reads a site with nothing but docs/FORMAT.md: `struct`, `zlib` and `json`, no code of the project.

The tests of the writer and of the document use it. Every check that fails is an AssertionError.
"""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import json
import zlib
from pathlib import Path
from typing import Any

from plain_formats import (
    MISSING,
    Entry,
    canonical,
    container,
    drawn_rows,
    entries_in,
    node_entries,
    posting,
    records,
    row_set,
    varints,
)


class PlainSite:
    """A site in a folder."""

    drawn_rows = staticmethod(drawn_rows)

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest = json.loads((folder / "manifest.json").read_bytes())
        data = (folder / "manifest.json").read_bytes()
        assert data == canonical(self.manifest)
        blank = data.replace(self.manifest["checksum"].encode(), b"0" * 64)
        assert hashlib.sha256(blank).hexdigest() == self.manifest["checksum"]
        self.count: int = self.manifest["collection"]["count"]

    def fetch(self, entry: Entry) -> bytes:
        """Section 1.2."""
        stored = (self.folder / entry["path"]).read_bytes()
        assert len(stored) == entry["bytes"]
        assert hashlib.sha256(stored).hexdigest() == entry["sha256"]
        raw = zlib.decompress(stored, 31) if stored[:2] == b"\x1f\x8b" else stored
        assert len(raw) == entry["raw_bytes"]
        return raw

    def container(self, entry: Entry, kind: str) -> tuple[dict[str, Any], dict[str, list]]:
        return container(self.fetch(entry), kind)

    def rows_of(self, listed: dict[str, Any] | None) -> list[int]:
        """Section 1.6: the rows of `{"count", "file"}`, none for null."""
        rows = [] if listed is None else row_set(self.fetch(listed["file"]), self.count)
        assert len(rows) == (0 if listed is None else listed["count"])
        return rows

    def list(self, listed: dict[str, Any]) -> list[Entry]:
        """Section 1.4: the entries of a list of files."""
        found = self._node(listed["index"], 0)
        assert len(found) == listed["count"]
        return found

    def _node(self, entry: Entry, first: int) -> list[Entry]:
        assert entry["index"] is True
        header, sections = self.container(entry, "index")
        assert header["first"] == first
        entries = node_entries(header, sections)
        if header["level"] == 0:
            return entries
        found: list[Entry] = []
        for at, child in enumerate(entries):
            assert len(found) == at * header["fanout"] ** header["level"]
            found += self._node(child, first + len(found))
        return found

    def walk(self) -> list[Entry]:
        """Section 1.5: the entry of every file but the pictures."""
        found = []
        waiting = list(entries_in(self.manifest))
        while waiting:
            entry = waiting.pop()
            found.append(entry)
            if not entry.get("index"):
                continue
            raw = self.fetch(entry)
            if raw[:4] == b"IDB1":
                waiting += node_entries(*container(raw, "index"))
            else:
                assert raw == canonical(json.loads(raw))
                waiting += entries_in(json.loads(raw))
        return found

    def json(self, entry: Entry) -> Any:
        raw = self.fetch(entry)
        assert raw == canonical(json.loads(raw))
        return json.loads(raw)

    def rows(self) -> list[dict[str, Any]]:
        """Section 2.3."""
        found: list[dict[str, Any]] = []
        block = self.manifest["rows"]["block"]
        for index, entry in enumerate(self.list(self.manifest["rows"]["files"])):
            header, sections = self.container(entry, "rows")
            assert header["first"] == index * block == len(found)
            found += drawn_rows(sections, header["count"])
        assert len(found) == self.count
        return found

    def thumbnail(self, row: dict[str, Any]) -> bytes | None:
        """Section 2.6: the picture of one of `rows()`."""
        if not row["length"]:
            return None
        data = (self.folder / self.thumbnail_path(row)).read_bytes()
        return data[row["offset"] :][: row["length"]]

    def thumbnail_path(self, row: dict[str, Any]) -> str:
        return f"thumbs/{row['pack']}.{self.manifest['thumbnails']['extension']}"

    def row_of(self) -> dict[str, int]:
        """Section 2.4: the row of every id."""
        found: dict[str, int] = {}
        digits = self.manifest["ids"]["digits"]
        files = self.list(self.manifest["ids"]["files"])
        assert len(files) == 16**digits
        for number, entry in enumerate(files):
            header, sections = self.container(entry, "ids")
            prefix = f"{number:x}".zfill(digits) if digits else ""
            assert header["prefix"] == prefix
            packed = bytes(sections["id"])
            ids = [packed[at : at + 8].hex() for at in range(0, len(packed), 8)]
            assert len(ids) == header["count"] == len(sections["row"])
            assert ids == sorted(ids) and all(i.startswith(prefix) for i in ids)
            found.update(zip(ids, sections["row"], strict=True))
        assert len(found) == self.count
        return found

    def order(self) -> list[int]:
        """Section 2.5: the row at every position of the default order."""
        order = self.manifest["order"]
        if order is None:
            return list(range(self.count))
        found: list[int] = []
        for index, entry in enumerate(self.list(order["files"])):
            header, sections = self.container(entry, "order")
            assert header["first"] == index * order["block"] == len(found)
            row = -1
            for step in sections["step"]:
                row += 1 + step
                found.append(row)
        assert sorted(found) == list(range(self.count))
        return found

    def documents(self) -> list[dict[str, Any]]:
        """Section 2.7."""
        blocks = [self.json(entry) for entry in self.list(self.manifest["documents"]["files"])]
        block = self.manifest["documents"]["block"]
        assert all(len(part) == block for part in blocks[:-1])
        return [document for part in blocks for document in part]

    def columns(self) -> dict[str, list[Any]]:
        """Section 2.2."""
        if self.manifest["columns"] is None:
            return {}
        index = self.json(self.manifest["columns"])
        kinds = {field["name"]: field["type"] for field in self.manifest["fields"]}
        return {name: self._column(name, column, kinds[name]) for name, column in index.items()}

    def _column(self, name: str, column: dict[str, Any], kind: str) -> list[Any]:
        found: list[Any] = []
        for number, entry in enumerate(column["files"]):
            part = self._block(entry, kind, first=number * column["block"])
            assert len(part) == min(column["block"], self.count - len(found))
            if kind in ("number", "date"):
                self._zone(part, kind, column["zones"][number])
            found += part
        assert column["known"] == sum(value not in (None, []) for value in found)
        lists = [value if kind == "tags" else [value] for value in found]
        rows: dict[str, list[int]] = {}
        for row, values in enumerate(lists):
            for value in values:
                if value is not None:
                    rows.setdefault(value if isinstance(value, str) else "", []).append(row)
        if kind in ("number", "date") or len(column["files"]) == 1 or not rows:
            assert "values" not in column
        else:
            self._values(column["values"], rows)
        return found

    def _zone(self, part: list[Any], kind: str, zone: list[float] | None) -> None:
        known = [value for value in part if value is not None]
        spans = [v if kind == "date" else [v, 0] for v in known]
        ends = [start + max(length - 1, 0) for start, length in spans]
        assert zone == ([min(start for start, _ in spans), max(ends)] if known else None)

    def _values(self, values: dict[str, Any], rows: dict[str, list[int]]) -> None:
        """The names, the counts and the row sets are those of the blocks."""
        assert values["count"] == len(rows)
        head, top = self.container(values["head"], "values")
        ranked = sorted(rows, key=lambda value: (-len(rows[value]), value))[:1000]
        assert head["values"] == ranked
        assert top["counts"] == [len(rows[value]) for value in ranked]
        names: dict[str, int] = {}
        for entry in self.list(values["names"]):
            header, sections = self.container(entry, "names")
            names.update(zip(header["values"], sections["counts"], strict=True))
        assert names == {value: len(found) for value, found in rows.items()}
        assert len(head["names"]) == values["names"]["count"]
        sets: dict[str, list[int]] = {value: [] for value in rows}
        for segment, listed in enumerate(values["sets"]):
            assert len(head["sets"][segment]) == (listed["count"] if listed else 0)
            for entry in self.list(listed) if listed else []:
                header, sections = self.container(entry, "sets")
                first = segment * values["segment"]
                assert header["rows"] == min(values["segment"], self.count - first)
                data, start = bytes(sections["sets"]), 0
                for value, count, end in zip(
                    header["values"], sections["counts"], sections["ends"], strict=True
                ):
                    found = row_set(data[start:end], header["rows"])
                    assert len(found) == count > 0
                    sets[value] += [first + row for row in found]
                    start = end
        assert sets == rows

    def _block(self, entry: Entry, kind: str, first: int) -> list[Any]:
        header, sections = self.container(entry, "column")
        assert header["first"] == first
        if kind == "date":
            lengths = sections.get("lengths", [0] * len(sections["values"]))
            spans = zip(sections["values"], lengths, strict=True)
            return [None if start != start else [start, length] for start, length in spans]
        if kind == "number":
            dtype = header["sections"]["values"]["dtype"]
            values = sections["values"]
            return [None if v != v or v == MISSING.get(dtype) else v for v in values]
        if kind == "tags":
            names = [header["values"][code] for code in sections["codes"]]
            return [names[a:b] for a, b in itertools.pairwise(sections["offsets"])]
        missing = MISSING[header["sections"]["codes"]["dtype"]]
        return [None if c == missing else header["values"][c] for c in sections["codes"]]

    def quantizer(self) -> tuple[list[float], list[float]]:
        header, sections = self.container(self.manifest["vectors"]["quantizer"], "quantizer")
        assert header["dim"] == len(sections["mean"]) == len(sections["scale"])
        return sections["mean"], sections["scale"]

    def codes(self) -> list[list[int]]:
        """Section 2.9: the codes of every row."""
        vectors, found = self.manifest["vectors"], []
        for index, entry in enumerate(self.list(vectors["files"])):
            header, sections = self.container(entry, "vectors")
            assert header["first"] == index * vectors["block"] == len(found)
            assert header["dim"] == vectors["dim"] and header["codec"] == vectors["codec"]
            dim, padded, codes = header["dim"], header["padded_dim"], sections["codes"]
            assert padded % 16 == 0 and padded - dim < 16
            for row in range(header["count"]):
                group, r = divmod(row, 4)
                at = [group * 4 * padded + d // 16 * 64 + r * 16 + d % 16 for d in range(dim)]
                found.append([codes[place] for place in at])
        return found

    def catalog(self) -> dict[str, dict[int, list[tuple[int, int]]]]:
        """Section 2.8: the column and position of each place, by term and row. Only short lists are read."""
        catalog = self.manifest["catalog"]
        header, sections = self.container(catalog["terms"]["first"], "first-terms")
        first = bytes(sections["text"]).split(b"\n")
        assert header["count"] == len(first) == catalog["terms"]["files"]["count"]
        found: dict[str, dict[int, list[tuple[int, int]]]] = {}
        files = (self.list(catalog[name]["files"]) for name in ("terms", "places"))
        for number, (entry, beside) in enumerate(zip(*files, strict=True)):
            header, sections = self.container(entry, "terms")
            places = self.container(beside, "places")[1]
            terms = bytes(sections["text"]).split(b"\n")
            having = varints(sections["having"])
            assert "long" not in sections
            assert header["count"] == len(terms) == len(having)
            assert terms == sorted(terms) and terms[0] >= first[number]
            lists = (records(sections, "lists"), records(places, "places"))
            for term, size, stored, at in zip(terms, having, *lists, strict=True):
                found[term.decode()] = posting(stored, at, len(catalog["columns"]), self.count)
                assert len(found[term.decode()]) == size
        assert len(found) == catalog["terms"]["count"]
        return found

    def lengths(self) -> list[int]:
        """Section 2.8: how many tokens each row has."""
        lengths, found = self.manifest["catalog"]["lengths"], []
        for index, entry in enumerate(self.list(lengths["files"])):
            header, sections = self.container(entry, "lengths")
            assert header["first"] == index * lengths["block"] == len(found)
            found += varints(sections["tokens"])
        assert sum(found) == self.manifest["catalog"]["tokens"]
        return found

    def words(self) -> list[tuple[str, int]]:
        """Section 2.10."""
        if self.manifest["suggestions"] is None:
            return []
        header, sections = self.container(self.manifest["suggestions"]["file"], "words")
        return list(zip(header["words"], sections["counts"], strict=True))

    def downloads(self) -> dict[str, list[dict[str, Any]]]:
        """Section 2.14: the lines of each format as they are, read by the standard library."""
        if self.manifest["downloads"] is None:
            return {}
        index = self.json(self.manifest["downloads"]["index"])
        names = [column["name"] for column in index["columns"]]
        found: dict[str, list[dict[str, Any]]] = {}
        for name in self.manifest["downloads"]["formats"]:
            rows = found.setdefault(name, [])
            for number, part in enumerate(index[name]):
                assert part["path"].startswith(f"downloads/metadata-{number:05d}.")
                assert part["path"].endswith(f".{name}.gz")
                text = self.fetch(part).decode()
                if name == "csv":
                    lines: list[dict[str, Any]] = list(
                        csv.DictReader(io.StringIO(text, newline=""))
                    )
                else:
                    lines = [json.loads(line) for line in text.removesuffix("\n").split("\n")]
                assert list(lines[0]) == names
                assert len(lines) == part["rows"] <= self.manifest["downloads"]["rows"]
                rows += lines
        return found

    def files(self) -> dict[str, bytes]:
        """Every file with its content."""
        return {
            path.relative_to(self.folder).as_posix(): path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file()
        }

    def check(self) -> None:
        """Everything agrees: each file is found and has its hash in its name, and each row its parts."""
        files = self.files()
        sizes = {path: len(data) for path, data in files.items() if path != "manifest.json"}
        assert self.manifest["bytes"] == sum(sizes.values())
        found = {entry["path"] for entry in self.walk()}
        rows, documents = self.rows(), self.documents()
        assert [row["id"] for row in rows] == [document["id"] for document in documents]
        assert self.row_of() == {row["id"]: number for number, row in enumerate(rows)}
        lines = "".join(f"{image_id}\n" for image_id in sorted(row["id"] for row in rows))
        digest = hashlib.sha256(lines.encode()).hexdigest()
        assert digest == self.manifest["collection"]["hash"]
        assert sorted(self.order()) == list(range(self.count))
        for row, document in zip(rows, documents, strict=True):
            assert (row["width"], row["height"]) == (document["width"], document["height"])
            if row["length"]:
                found.add(self.thumbnail_path(row))
            if "view" in document:
                found.add(document["view"]["path"])
            if "original" in document:
                found.add(document["original"])
        assert found == set(sizes)
        for lines in self.downloads().values():
            assert [line["id"] for line in lines] == [row["id"] for row in rows]
        for path, data in files.items():
            if path.split("/")[0] in ("data", "downloads", "thumbs", "views", "originals", "model"):
                name = path.removesuffix(".gz").split("/")[1].split(".")[-2]
                assert len(name) == 16 and hashlib.sha256(data).hexdigest().startswith(name)
        thumbnails = self.manifest["thumbnails"]
        assert thumbnails["count"] == sum(row["length"] > 0 for row in rows)
        in_folder = [size for path, size in sizes.items() if path.startswith("thumbs/")]
        assert thumbnails["bytes"] == sum(in_folder)
        if self.manifest["vectors"] is not None:
            # `plain_cells` reads the other tier.
            if self.manifest["vectors"]["tier"] == "flat":
                assert len(self.codes()) == self.count
            assert min(self.quantizer()[1]) > 0
