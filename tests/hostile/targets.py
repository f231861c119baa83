"""Every parser of the builder as one function of bytes, with seeds. It gives a result or an ImageDBError.

The functions are shared by the property tests, the kept cases, the long trials and, if it is installed, the
coverage-guided fuzzer atheris (hostile/guided.py).
"""

from __future__ import annotations

import gzip
import io
import json
import random
import tempfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from PIL import Image

from corpora import camera_exif, camera_iptc, camera_xmp, damaged
from hostile.packs import TINY
from hostile.texts import TEXTS
from imagedb_site.add import open_bundle
from imagedb_site.config import load_config
from imagedb_site.container import gunzip_if, read_container
from imagedb_site.dates import date_span, parse_date
from imagedb_site.encoders.graph import check_graph
from imagedb_site.encoders.preprocess import Preprocessing
from imagedb_site.encoders.tokenizer import PackTokenizer
from imagedb_site.errors import FormatError, ImageDBError, SourceError, UsageError
from imagedb_site.http_api import Api, Asked
from imagedb_site.packs import check_manifest
from imagedb_site.pictures.mend import mend_jpeg, mend_png
from imagedb_site.pictures.metadata import read_metadata, read_secrets, read_sidecar
from imagedb_site.pictures.png_text import read_png_text
from imagedb_site.pictures.prompts import find_prompt
from imagedb_site.pictures.user_comment import read_user_comment
from imagedb_site.pictures.xmp import read_xmp, read_xmp_file
from imagedb_site.query.parse import parse
from imagedb_site.reader.columns import decode_column
from imagedb_site.reader.decode import decode_ids, decode_order, decode_rows, decode_words
from imagedb_site.reader.documents import decode_documents
from imagedb_site.reader.lists import decode_node
from imagedb_site.reader.manifest import parse_manifest
from imagedb_site.reader.vectors import decode_quantizer, decode_shard
from imagedb_site.sources import load_additions, load_sidecar
from imagedb_site.text import analyze, fts_query, natural_key

GOLDEN = Path(__file__).parents[1] / "golden"
_PRINTED = "".join(map(chr, range(0x21, 0x7F)))
SLOW_S = 20.0
"""A parser that needs longer for one of these small inputs hangs."""


@dataclass(frozen=True)
class Target:
    """A parser, the inputs that are changed to try it, and the errors it may raise."""

    parse: Callable[[bytes], object]
    seeds: Callable[[], list[bytes]]
    errors: tuple[type[Exception], ...] = (FormatError,)


def attempt(target: Target, data: bytes) -> bool:
    """Whether the parser takes the input. Raises what it must not raise, TimeoutError if it hangs."""
    begun = time.monotonic()
    try:
        target.parse(data)
        return True
    except target.errors as error:
        assert isinstance(error, ImageDBError) and len(str(error)) < 2000 and "\n" not in str(error)
        return False
    finally:
        if time.monotonic() - begun > SLOW_S:
            raise TimeoutError(f"{time.monotonic() - begun:.0f} s")


def changed(data: bytes, chance: random.Random) -> bytes:
    """A seed with damage: bytes, pieces, numbers of JSON, or parts of another hostile text."""
    kind = chance.randrange(6)
    if kind < 3 and data:
        return damaged(data, chance)
    if kind == 3:
        text = chance.choice(TEXTS)[:2000].encode("utf-8", "surrogatepass")
        at = chance.randrange(len(data) + 1)
        return data[:at] + text + data[at:]
    if kind == 4 and data:
        at, size = chance.randrange(len(data)), chance.randrange(1, 64)
        return data[:at] + data[at : at + size] * chance.choice((2, 50, 2000)) + data[at + size :]
    odd = chance.choice((b"null", b"-1", b"1e999", b"[]", b'""', b"{}", b"9" * 30, b"\0", b"true"))
    for mark in (b":", b",", b"[", b" "):
        places = [at for at, byte in enumerate(data[:20_000]) if data[at : at + 1] == mark and byte]
        if places and chance.random() < 0.6:
            at = chance.choice(places) + 1
            return data[:at] + odd + data[at:]
    return data + odd


def _data(kind: str, site: str = "site-tiny") -> Callable[[], list[bytes]]:
    def seeds() -> list[bytes]:
        files = sorted((GOLDEN / site / "data").glob(f"{kind}.*"))
        found = [gunzip_if(file.read_bytes(), 1 << 24) for file in files]
        # The table of numbered tags has the name of a column of tags, but it is JSON.
        return [data for data in found if kind != "tags" or data.startswith(b"IDB1")][:3]

    return seeds


def _file(name: str, use: Callable[[Path], object]) -> Callable[[bytes], object]:
    """A parser of bytes made of a parser of files."""

    def parse_bytes(data: bytes) -> object:
        with tempfile.TemporaryDirectory(prefix="hostile-") as folder:
            path = Path(folder) / name
            path.write_bytes(data)
            return use(path)

    return parse_bytes


def _table(path: Path) -> None:
    joined = load_sidecar(path).join(["é/1.jpg", "2.jpg"])
    for at in range(2):
        joined.values(at)
    joined.unmatched_count()


def _bundle(path: Path) -> None:
    with open_bundle(path) as bundle:
        for picture in bundle.pictures:
            bundle.extract(picture, io.BytesIO())


def _text(use: Callable[[str], object]) -> Callable[[bytes], object]:
    def parse_text(data: bytes) -> object:
        try:
            return use(data.decode("utf-8", "surrogatepass"))
        except UnicodeDecodeError:
            return use(data.decode("utf-8", "replace"))

    return parse_text


def _headed(kind: str, use: Callable[[bytes, dict[str, Any]], object]) -> Callable[[bytes], object]:
    """A parser that is told what the file's own header says, as if a manifest agreed with it."""

    def parse_container(data: bytes) -> object:
        header, _ = read_container(data, kind)
        said = {name: value for name, value in header.items() if type(value) in (int, str)}
        return use(data, {"count": 12, "first": 0, "dim": 8, "prefix": "", **said})

    return parse_container


def _any_text(data: bytes) -> object:
    return [
        (use(text))
        for text in [data.decode("latin-1")]
        for use in (analyze, fts_query, natural_key)
    ]


def _dates(text: str) -> None:
    for day_first in (None, True, False):
        found = parse_date(text, day_first=day_first)
        if found is not None:
            assert date_span(found) is not None, (text, found)
    date_span(text)


def _queries(text: str) -> None:
    for expressions in (True, False):
        parse(text, expressions=expressions)


def _picture(data: bytes) -> None:
    try:
        image = Image.open(io.BytesIO(data), formats=["JPEG", "PNG", "WEBP", "TIFF"])
    except Exception:
        return
    with image:
        read_metadata(image, data)
        read_secrets(image, data)


@cache
def _pictures() -> list[bytes]:
    exif = camera_exif("Canon", "EOS 7D", 0, random.Random(3)).tobytes()
    found = []
    for kind in ("JPEG", "PNG", "WEBP", "TIFF"):
        stream = io.BytesIO()
        options = {} if kind in ("PNG", "TIFF") else {"xmp": camera_xmp("title")}
        Image.new("RGB", (20, 10), (1, 2, 3)).save(stream, kind, exif=exif, **options)
        data = stream.getvalue()
        found.append(data[:2] + camera_iptc(0) + data[2:] if kind == "JPEG" else data)
    return found


_ROWS: list[dict[str, Any]] = [
    {"file": f"é/{at}.jpg", "caption": f'Some "quoted" {at}', "tags": ["a", "b"], "n": at / 2}
    for at in range(6)
]
_CSV = "file,caption,tags,n\n" + "\n".join(f'é/{at}.jpg,"a, b",a;b,{at},5' for at in range(6))
_LINES = "\n".join(json.dumps(row) for row in _ROWS).encode()
_TOML = b'pictures = "p"\ntitle = "t"\nexample = ["a"]\nthumbnail_size = 320\nmodel = "none"\n'
_PROMPT = b"a cat\nNegative prompt: dog\nSteps: 20, Sampler: Euler, Seed: 1, Size: 9x9"
_GRAPH = (
    b'{"3": {"class_type": "KSampler", "inputs": {"positive": ["6", 0]}}, '
    b'"6": {"inputs": {"text": "x"}}}'
)


def _parquet() -> list[bytes]:
    import pyarrow
    from pyarrow import parquet

    stream = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(_ROWS), stream)
    return [stream.getvalue()]


def _pack(data: bytes) -> None:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return
    check_manifest(value, "of a test")
    Preprocessing.from_json(value["image"]["preprocessing"])


def _tokenizer(data: bytes) -> None:
    tokenizer = PackTokenizer(data, 24)
    tokenizer.encode("a red cat")
    tokenizer.encode_known("a red cat")


@cache
def _api() -> Api:
    return Api(GOLDEN / "site-queries")


def _request(data: bytes) -> None:
    """A request to the HTTP API, whose first line is its target and whose rest is its body."""
    target, _, body = data.partition(b"\n")
    path, _, query = quote(target, safe=_PRINTED).partition("?")
    for method in ("GET", "POST"):
        reply = _api().answer(Asked(method, path, query, "application/json", lambda: body))
        assert reply is None or reply.status in (200, 400, 404, 405, 413, 501), reply


def _bundles() -> list[bytes]:
    whole = (GOLDEN / "bundle-tiny.zip").read_bytes()
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as plain:
            for name in archive.namelist():
                plain.writestr(name, archive.read(name))
    return [whole, packed.getvalue()]


_SOURCE, _USAGE = (SourceError,), (UsageError,)
_PACK: tuple[type[Exception], ...] = (ImageDBError,)

TARGETS: dict[str, Target] = {
    "manifest": Target(
        parse_manifest,
        lambda: [
            (GOLDEN / site / "manifest.json").read_bytes() for site in ("site-tiny", "site-grown")
        ],
    ),
    "container": Target(lambda data: read_container(data, "rows"), _data("rows")),
    "gzip": Target(lambda data: gunzip_if(data, 1 << 20), lambda: [gzip.compress(b"text" * 99)]),
    "rows": Target(
        _headed("rows", lambda data, said: decode_rows(data, said["first"], said["count"])),
        _data("rows"),
    ),
    "ids": Target(
        _headed("ids", lambda data, said: decode_ids(data, str(said["prefix"]), 24)), _data("ids")
    ),
    "order": Target(
        _headed("order", lambda data, said: decode_order(data, said["first"], said["count"], 24)),
        _data("order", "site-grown"),
    ),
    "nodes": Target(decode_node, _data("ids-index")),
    "quantizer": Target(
        _headed("quantizer", lambda data, said: decode_quantizer(data, said["dim"])),
        _data("quantizer"),
    ),
    "vectors": Target(
        _headed(
            "vectors",
            lambda data, said: decode_shard(data, said["first"], said["count"], said["dim"]),
        ),
        _data("vectors"),
    ),
    "words": Target(lambda data: decode_words(data, 79, 24), _data("words")),
    "numbers": Target(lambda data: decode_column(data, "number", 24), _data("rating")),
    "dates-column": Target(lambda data: decode_column(data, "date", 24), _data("taken")),
    "categories": Target(lambda data: decode_column(data, "category", 24), _data("place")),
    "tags": Target(lambda data: decode_column(data, "tags", 24), _data("tags")),
    "documents": Target(
        lambda data: decode_documents(data, ["0" * 16] * 4, []), _data("documents")
    ),
    "queries": Target(_text(_queries), lambda: [text.encode() for text in TEXTS]),
    "dates": Target(
        _text(_dates), lambda: [b"2020-01-02T03:04:05Z", b"24.12.2019", b"c. 1890", b"May 1993"]
    ),
    "texts": Target(_any_text, lambda: [text.encode() for text in TEXTS]),
    "table.csv": Target(
        _file("t.csv", _table), lambda: [_CSV.encode(), _CSV.encode("utf-16")], _SOURCE
    ),
    "table.tsv": Target(
        _file("t.tsv", _table), lambda: [_CSV.replace(",", "\t").encode()], _SOURCE
    ),
    "table.jsonl": Target(_file("t.jsonl", _table), lambda: [_LINES], _SOURCE),
    "table.json": Target(_file("t.json", _table), lambda: [json.dumps(_ROWS).encode()], _SOURCE),
    "table.jsonl.gz": Target(_file("t.jsonl.gz", _table), lambda: [gzip.compress(_LINES)], _SOURCE),
    "table.parquet": Target(_file("t.parquet", _table), _parquet, _SOURCE),
    "additions": Target(
        _file("imagedb-additions.json", lambda path: load_additions(path.parent)),
        lambda: [b'{"format": "imagedb-additions", "version": 1, "fields": [], "pictures": {}}'],
        _SOURCE,
    ),
    "settings": Target(
        _file("imagedb-site.toml", lambda path: load_config(path, {})), lambda: [_TOML], _USAGE
    ),
    "xmp": Target(
        lambda data: (read_xmp(data), read_xmp_file(data)), lambda: [camera_xmp("a title")]
    ),
    "sidecar": Target(read_sidecar, lambda: [camera_xmp("a title")]),
    "png-text": Target(read_png_text, lambda: _pictures()[1:2]),
    "comment": Target(
        read_user_comment, lambda: [b"ASCII\0\0\0text", b"UNICODE\0t\0e\0", b"JIS\0\0\0\0\0\x1b$B"]
    ),
    "prompt": Target(
        lambda data: find_prompt(
            {"parameters": [data.decode("latin-1")], "prompt": [data.decode("latin-1")]}
        ),
        lambda: [_PROMPT, _GRAPH],
    ),
    "request": Target(
        _request,
        lambda: [
            b"api/search?q=cat+-+dog&k=5&offset=1",
            b"search?q=NEAR(red+car,+3)&l=3",
            b"api/facets?field=folder&under=2020&q=tag:cat",
            b"posts/batch/601e7789f9c3-5-20-10-7/train/1",
            b'posts/batch\n{"batch_size": 7, "validation_split": 12.5, "seed": 3}',
            b"api/similar?id=9966e6c00a5741a5&k=3",
        ],
    ),
    "metadata": Target(_picture, _pictures),
    "mending": Target(lambda data: (mend_png(data), mend_jpeg(data)), _pictures),
    "bundle": Target(_file("b.zip", _bundle), _bundles, _SOURCE),
    "pack": Target(_pack, lambda: [(TINY / "pack.json").read_bytes()], _PACK),
    "tokenizer": Target(
        _tokenizer, lambda: [gzip.decompress((TINY / "tokenizer.json.gz").read_bytes())], _PACK
    ),
    "graph": Target(
        lambda data: check_graph(data, "x.onnx"), lambda: [(TINY / "text.onnx").read_bytes()], _PACK
    ),
}
