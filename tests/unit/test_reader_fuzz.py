"""Hostile bytes: a reader always gives a right result or a FormatError."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from site_samples import GOLDEN, tree

from imagedb_site.checksum import sealed
from imagedb_site.container import (
    canonical_json,
    gunzip_if,
    gzip_bytes,
    read_container,
    write_container,
)
from imagedb_site.errors import FormatError, UsageError
from imagedb_site.index import SiteIndex
from imagedb_site.reader import Site, open_site, verify_site
from imagedb_site.reader.columns import decode_column
from imagedb_site.reader.decode import decode_ids, decode_order, decode_rows
from imagedb_site.reader.documents import decode_documents
from imagedb_site.reader.lists import decode_node
from imagedb_site.reader.manifest import parse_manifest
from imagedb_site.reader.term_files import (
    TermFile,
    decode_first_terms,
    decode_lengths,
    decode_places_file,
)
from imagedb_site.reader.vectors import decode_quantizer, decode_shard

FOLDER = GOLDEN / "site-grown"
CELLS = GOLDEN / "site-cells"
RELAXED = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class Memory:
    """A source whose files a test can change."""

    name = "memory"

    def __init__(self, folder: Path = FOLDER) -> None:
        self.folder = folder
        self.files = tree(folder)

    def read(self, path: str, limit: int) -> bytes:
        data = self.files.get(path)
        if data is None or len(data) > limit:
            raise FormatError(f"{path} is missing or too long.")
        return data


def use(source: Memory) -> None:
    """Everything a user of the reader can ask of a site."""
    with Site(source) as site:
        verify_site(site)
        SiteIndex(site).match("cat OR sea", 5)
        SiteIndex(site).having('"a cat" OR s*')
        site.row_of(site.ids[0])
        if site.manifest.vectors is not None:
            query = np.ones(site.manifest.vectors.dim, np.float32)
            index = SiteIndex(site)
            index.nearest(query, 5, None)
            index.above(query, 0.5)
            index.background(query)
            index.embeddings(np.arange(site.count))
            if site.manifest.vectors.cells is not None:
                # Few allowed rows are looked up.
                index.nearest(query, 5, np.arange(site.count) % 3 == 0)


def damage(data: bytes, random_: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(random_.choice([1, 1, 1, 3, 20])):
        position = random_.randrange(len(changed))
        match random_.randrange(4):
            case 0:
                changed[position] ^= 1 << random_.randrange(8)
            case 1:
                changed[position] = random_.choice(b'\x00\xff\x7f\x80[]{}"0')
            case 2:
                del changed[position : position + random_.randrange(1, 9)]
            case 3:
                changed[position:position] = random_.randbytes(random_.randrange(1, 9))
        if not changed:
            break
    if changed == data:
        changed.pop()
    return bytes(changed)


@pytest.mark.parametrize("folder", [FOLDER, CELLS], ids=["flat", "cells"])
@pytest.mark.parametrize("seed", range(150))
def test_a_damaged_manifest(seed: int, folder: Path) -> None:
    """Its checksum tells; and behind a right checksum its reader stands on its own."""
    source = Memory(folder)
    damaged = damage(source.files["manifest.json"], random.Random(seed))
    with pytest.raises(FormatError):
        parse_manifest(damaged)
    try:
        damaged = sealed(json.loads(damaged))
    except (ValueError, TypeError):
        return
    source.files["manifest.json"] = damaged
    try:
        use(source)
    except (FormatError, UsageError):
        return
    # If it is accepted, nothing that search depends on has changed.
    before, after = parse_manifest(tree(folder)["manifest.json"]), parse_manifest(damaged)
    assert (before.count, before.hash) == (after.count, after.hash)
    source.files["manifest.json"] = damaged
    named = {entry.sha256 for entry in Site(source).entries()}
    assert named <= {entry.sha256 for entry in Site(Memory(folder)).entries()}


def forge(source: Memory, path: str, raw: bytes) -> None:
    """Put `raw` in the place of a file, with indexes and a manifest that vouch for it."""
    entry = store(source, path, raw)
    for parent in tree(source.folder):
        data = source.files[parent]
        content = gunzip_if(data, 1 << 24) if not parent.startswith(("thumbs/", "views/")) else b""
        name = f'"{path}"'.encode()
        if content[:4] == b"IDB1" and b'"kind":"index"' in content[:2000]:
            header, arrays = read_container(content, "index")
            digests = arrays["sha256"].reshape(-1, 32)
            paths = [
                f"{header['prefix']}{d.tobytes().hex()[:16]}{header['suffix']}" for d in digests
            ]
            if path in paths:
                at = paths.index(path)
                changed = {key: array.copy() for key, array in arrays.items()}
                changed["sha256"][32 * at : 32 * at + 32] = list(bytes.fromhex(entry["sha256"]))
                changed["bytes"][at], changed["raw_bytes"][at] = entry["bytes"], entry["raw_bytes"]
                del header["kind"], header["sections"]
                forge(source, parent, write_container("index", header, changed))
        elif name in content and parent != path:
            value = json.loads(content)
            replace_entry(value, path, entry)
            if parent == "manifest.json":
                source.files[parent] = sealed(value)
            else:
                forge(source, parent, canonical_json(value))


def store(source: Memory, path: str, raw: bytes) -> dict[str, Any]:
    packed = gzip_bytes(raw)
    digest = hashlib.sha256(packed).hexdigest()
    stem, _, suffix = path.rpartition(".")
    new = f"{stem.rpartition('.')[0]}.{digest[:16]}.{suffix}"
    source.files[new] = packed
    return {"path": new, "bytes": len(packed), "raw_bytes": len(raw), "sha256": digest}


def replace_entry(value: object, path: str, entry: dict[str, Any]) -> None:
    if isinstance(value, dict):
        if value.get("path") == path:
            value.update(entry)
        for item in value.values():
            replace_entry(item, path, entry)
    elif isinstance(value, list):
        for item in value:
            replace_entry(item, path, entry)


KINDS = [
    *(
        "terms",
        "terms-index",
        "first-terms",
        "places",
        "lengths",
        "documents",
        "ids",
        "ids-index",
        "rows",
        "rows-index",
        "order",
        "quantizer",
    ),
    *("vectors", "columns", "program", "tags", "place", "rating", "taken"),
]


OF_CELLS = [
    *("coarse", "cells", "cell-sizes", "cell-codes", "cell-vectors", "row-cells"),
    *("sample-pictures", "cell-codes-index", "cell-vectors-index", "quantizer"),
]


@pytest.mark.parametrize(
    ("folder", "kind"), [*((FOLDER, kind) for kind in KINDS), *((CELLS, one) for one in OF_CELLS)]
)
def test_a_forged_file_with_a_right_hash(folder: Path, kind: str) -> None:
    """The hash protects against accidents only: the decoders have to stand on their own."""
    path = next(path for path in tree(folder) if path.startswith(f"data/{kind}."))
    whole = gunzip_if((folder / path).read_bytes(), 1 << 20)
    refused = 0
    for seed in range(60):
        source = Memory(folder)
        forge(source, path, damage(whole, random.Random(f"{kind} {seed}")))
        try:
            use(source)
        except (FormatError, UsageError):
            refused += 1
    assert refused > 0


@pytest.mark.parametrize(("folder", "kind"), [(FOLDER, "terms"), (CELLS, "cell-codes")])
def test_forging_alone_does_not_break_the_site(folder: Path, kind: str) -> None:
    source = Memory(folder)
    path = next(path for path in source.files if path.startswith(f"data/{kind}."))
    forge(source, path, gunzip_if(source.files[path], 1 << 20))
    use(source)


DECODERS: list[Callable[[bytes], object]] = [
    parse_manifest,
    lambda data: decode_rows(data, 0, 4),
    lambda data: decode_ids(data, "", 4),
    lambda data: decode_order(data, 0, 4, 4),
    lambda data: decode_shard(data, 0, 4, 4),
    lambda data: decode_quantizer(data, 4),
    decode_node,
    lambda data: decode_column(data, "number", 4),
    lambda data: decode_column(data, "tags", 4),
    lambda data: decode_column(data, "category", 4),
    lambda data: decode_documents(data, ["0" * 16], []),
    lambda data: TermFile(data, 4, False),
    lambda data: decode_first_terms(data, 4),
    lambda data: decode_places_file(data, 4),
    lambda data: decode_lengths(data, 0, 4),
]


@given(
    data=st.binary(max_size=200)
    | st.builds(
        lambda kind, body: write_container(kind, {}, {"codes": np.frombuffer(body, np.uint8)}),
        st.sampled_from(["rows", "ids", "vectors", "column", "order", "index", "quantizer"]),
        st.binary(max_size=64),
    ),
    decoder=st.sampled_from(DECODERS),
)
@RELAXED
def test_noise_is_refused(data: bytes, decoder: Callable[[bytes], object]) -> None:
    with pytest.raises(FormatError):
        decoder(data)


SECTIONS = st.dictionaries(
    st.sampled_from(
        [
            "values",
            "codes",
            "offsets",
            "mean",
            "scale",
            "ids",
            "width",
            "height",
            "pack",
            "offset",
            "length",
            "placeholder",
        ]
    ),
    st.builds(
        lambda dtype, length, fill: np.full(length, fill).astype(dtype),
        st.sampled_from(["i1", "u1", "u2", "u4", "i4", "f4", "f8"]),
        st.integers(0, 40),
        st.sampled_from([0, 1, 3, 100]),
    ),
    max_size=7,
)
HEADERS = st.fixed_dictionaries(
    {
        "count": st.sampled_from([4, 4, 4, 5, "4", None]),
        "first": st.sampled_from([0, 0, 1]),
        "values": st.sampled_from([["a", "b"], ["a"], [], "a", [1], ["a", "a"]]),
        "codec": st.just("int8"),
        "dim": st.just(4),
        "padded_dim": st.sampled_from([16, 4]),
    }
)


@given(
    header=HEADERS,
    sections=SECTIONS,
    kind=st.sampled_from(["rows", "ids", "vectors", "column", "order", "index", "quantizer"]),
)
@RELAXED
def test_well_formed_containers_with_invalid_content(
    header: dict, sections: dict, kind: str
) -> None:
    data = write_container(kind, header, sections)
    for decoder in DECODERS[1:-2]:
        try:
            decoded = decoder(data)
        except FormatError:
            continue
        counts = {"ids": "ids", "quantizer": "mean", "index": "entries"}
        # Columns of some types have no codes.
        if kind != "column":
            assert len(getattr(decoded, counts.get(kind, "codes"), decoded)) == 4


def test_a_zip_bomb_is_stopped(tmp_path: Path) -> None:
    source = Memory()
    manifest = json.loads(source.files["manifest.json"])
    bomb = gzip_bytes(bytes(50_000_000))
    digest = hashlib.sha256(bomb).hexdigest()
    node = manifest["ids"]["files"]["index"]
    node.update(bytes=len(bomb), path=f"data/x.{digest[:16]}.bin", raw_bytes=288, sha256=digest)
    source.files[node["path"]] = bomb
    source.files["manifest.json"] = sealed(manifest)
    with pytest.raises(FormatError, match="more than"):
        _ = Site(source).ids


@pytest.mark.parametrize("folder", [FOLDER, CELLS], ids=["flat", "cells"])
def test_the_golden_site_is_whole(folder: Path) -> None:
    use(Memory(folder))
    verify_site(open_site(folder))
