"""Reading a published site: from a folder, over HTTP, and what is refused."""

from __future__ import annotations

import gzip
import http.server
import json
import os
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from site_samples import edit_manifest, golden_input, sample_input, tree

from imagedb_site.errors import FormatError, ImageDBError, StorageError, UsageError
from imagedb_site.index import SiteIndex
from imagedb_site.reader import Site, open_site, verify_site
from imagedb_site.reader.shape import safe_path
from imagedb_site.site import write_site


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_site(golden_input(row_block=10, document_block=9), tmp_path / "site")
    return tmp_path / "site"


class Host(http.server.SimpleHTTPRequestHandler):
    """A minimal host; `mode` makes it misbehave."""

    mode = ""

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        target = Path(self.directory) / self.path.removeprefix("/repo/")
        if self.path == "/repo/elsewhere/manifest.json":
            self.send_response(302)
            self.send_header("Location", "file:///etc/passwd")
            self.end_headers()
            return
        if not target.is_file() or self.mode == "503":
            self.send_error(503 if self.mode == "503" else 404)
            return
        data = target.read_bytes()
        if self.mode == "decoded" and data[:2] == b"\x1f\x8b":
            # Like a host that treats gzip files as compressed transfers and decodes them.
            data = gzip.decompress(data)
        if self.mode == "endless":
            data += bytes(1 << 24)
        self.send_response(200)
        self.send_header("Content-Length", str(len(data) + (10 if self.mode == "cut" else 0)))
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture
def host(folder: Path) -> Iterator[tuple[str, type[Host]]]:
    handler = type("OneHost", (Host,), {})
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(handler, directory=str(folder))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/repo/", handler
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("mode", ["", "decoded"])
def test_a_url_reads_as_the_folder_does(host, folder: Path, mode: str) -> None:
    url, handler = host
    handler.mode = mode
    query = np.ones(16, np.float32)
    with open_site(url) as remote, open_site(folder) as local:
        verify_site(remote)
        assert remote.ids == local.ids
        assert SiteIndex(remote).match("cat").tolist() == SiteIndex(local).match("cat").tolist()
        near, far = nearest(remote, query, 5), nearest(local, query, 5)
        assert near == far and len(near) == 5
        assert remote.thumbnail(3) == local.thumbnail(3)
        assert remote.document(7) == local.document(7)


@pytest.mark.parametrize("ending", ["", "index.html", "manifest.json", "?q=cat#top"])
def test_any_address_of_a_site_is_accepted(host, ending: str) -> None:
    url, _ = host
    assert open_site(url + ending).count == 24
    assert open_site(url.rstrip("/")).count == 24


@pytest.mark.parametrize(
    ("mode", "kind"), [("cut", StorageError), ("503", StorageError), ("endless", FormatError)]
)
def test_a_failing_host(host, mode: str, kind: type[ImageDBError]) -> None:
    url, handler = host
    site = open_site(url)
    handler.mode = mode
    with pytest.raises(kind):
        site.vectors.verify()


def test_a_redirect_to_a_local_file_is_not_followed(host) -> None:
    with pytest.raises(StorageError):
        open_site(host[0] + "elsewhere/")


def test_an_unreachable_host() -> None:
    with pytest.raises(StorageError):
        open_site("http://127.0.0.1:9/")
    with pytest.raises(UsageError):
        open_site("ftp://example.org/")


def test_what_is_not_a_site(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="missing"):
        open_site(tmp_path)
    with pytest.raises(StorageError):
        open_site(tmp_path / "nowhere")
    for text in ("", "[]", "{}", '{"format": "other"}', "\xff", '{"format":NaN}', "[" * 100_000):
        (tmp_path / "manifest.json").write_text(text, encoding="latin-1")
        with pytest.raises(FormatError):
            open_site(tmp_path)


def test_another_version_is_refused_by_name(folder: Path) -> None:
    for version in (3, 0, "2", None, True):
        edit_manifest(folder, lambda manifest, v=version: manifest.update(version=v))
        with pytest.raises(FormatError, match="format version"):
            open_site(folder)


def test_every_change_of_the_manifest_is_noticed(folder: Path) -> None:
    path = folder / "manifest.json"
    whole = path.read_bytes()
    for at in range(0, len(whole), 5):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1 :])
        with pytest.raises(FormatError):
            open_site(folder)
    for other in (whole[:-1], whole + b"\n", b"\xef\xbb\xbf" + whole, whole.replace(b",", b", ")):
        path.write_bytes(other)
        with pytest.raises(FormatError):
            open_site(folder)
    path.write_bytes(whole)
    open_site(folder).close()


def test_a_draft_site_has_to_be_built_again(folder: Path) -> None:
    edit_manifest(folder, lambda manifest: manifest.update(version=1))
    with pytest.raises(FormatError, match="draft version") as caught:
        open_site(folder)
    assert str(caught.value).count(".") == 1
    assert caught.value.hint == "Build it again with this version."


def test_unknown_keys_are_ignored(folder: Path) -> None:
    def add(value: object) -> None:
        if isinstance(value, dict):
            for item in list(value.values()):
                add(item)
            if "sha256" not in value:
                value["x_new"] = {"later": [1]}
        elif isinstance(value, list):
            for item in value:
                add(item)

    edit_manifest(folder, add)
    verify_site(open_site(folder))


def field_of(manifest: dict, kind: str) -> dict:
    return next(field for field in manifest["fields"] if field["type"] == kind)


def index_of(manifest: dict, key: str) -> dict:
    return manifest[key]["files"]["index"]


CHANGES = [
    ("catalog.tier", lambda m: m["catalog"].update(tier="paged")),
    ("vectors.tier", lambda m: m["vectors"].update(tier="leaves")),
    ("vectors.codec", lambda m: m["vectors"].update(codec="pq")),
    ("vectors.count", lambda m: m["vectors"].update(count=23)),
    ("vectors.dim", lambda m: m["vectors"].update(dim=0)),
    (
        "vectors.block",
        lambda m: (m["vectors"].update(block=6), m["vectors"]["files"].update(count=4)),
    ),
    ("catalog.columns", lambda m: m["catalog"].update(columns=["title"])),
    ("collection.count", lambda m: m["collection"].update(count=-1)),
    ("collection.count", lambda m: m["collection"].update(count=True)),
    ("rows has", lambda m: m["rows"].update(block=0)),
    ("rows.block", lambda m: m["rows"].update(block=1 << 17)),
    ("rows has", lambda m: m["rows"]["files"].update(count=2)),
    ("lists no file", lambda m: m["rows"]["files"].update(count=0)),
    ("documents has", lambda m: m["documents"].update(block=7)),
    ("ids has", lambda m: m["ids"].update(digits=2)),
    ("ids.digits", lambda m: m["ids"].update(digits=9)),
    ("ids.files.index.sha256", lambda m: index_of(m, "ids").update(sha256="x")),
    ("ids.files.index.path", lambda m: index_of(m, "ids").update(path="../secret")),
    ("ids.files.index.path", lambda m: index_of(m, "ids").update(path="/etc/passwd")),
    ("ids.files.index.path", lambda m: index_of(m, "ids").update(path="http://evil.example/x")),
    ("ids.files.index.bytes", lambda m: index_of(m, "ids").update(bytes=1 << 40)),
    ("not the entry of an index", lambda m: index_of(m, "ids").pop("index")),
    ("not the entry of an index", lambda m: m["program"].update(index=False)),
    ("ids", lambda m: m.pop("ids")),
    ("program", lambda m: m.pop("program")),
    ("columns is missing", lambda m: m.update(columns=None)),
    ("field name", lambda m: m["fields"][0].update(name="A B")),
    ("field name", lambda m: m["fields"].append(m["fields"][0])),
    ("type", lambda m: m["fields"][0].update(type="blob")),
    ("fts", lambda m: m["fields"][0].update(fts=1)),
    ("column", lambda m: m["fields"][0].update(column=None)),
    ("separator", lambda m: m["fields"][0].update(separator="/", type="text")),
    ("separator", lambda m: field_of(m, "tags").update(separator="::")),
    ("separator", lambda m: field_of(m, "tags").update(separator="")),
    ("separator", lambda m: field_of(m, "category").update(separator=None)),
    ("originals", lambda m: m.update(originals="all")),
    ("extension", lambda m: m["thumbnails"].update(extension="exe")),
    ("not an object", lambda m: m.update(collection=[])),
    ("attribution", lambda m: m["collection"].update(attribution=[{"url": "x"}])),
]


@pytest.mark.parametrize(("message", "change"), CHANGES)
def test_a_wrong_manifest(folder: Path, message: str, change) -> None:
    edit_manifest(folder, change)
    with pytest.raises(FormatError, match=message):
        open_site(folder)


@pytest.mark.parametrize(
    "path",
    [
        *("", "..", "a/../b", "/a", "a//b", "a\\b", "%2e%2e/a", "a/%2E%2e/b", "c:/x", "data:x"),
        *("a?b", "a#b", "a\nb", "./a", "a/", "x" * 1001, 7, None),
    ],
)
def test_paths_that_lead_outside(path: object) -> None:
    with pytest.raises(FormatError):
        safe_path(path, "x")


def test_a_normal_path() -> None:
    assert safe_path("data/ids.0123456789abcdef.bin", "x") == "data/ids.0123456789abcdef.bin"


def test_every_damaged_file_is_named(folder: Path) -> None:
    """One flipped bit anywhere in any hashed file is found, and the file is named."""
    files = tree(folder)
    assert len(files) > 20
    for path, data in files.items():
        if path == "manifest.json":
            continue
        for position in {0, len(data) // 2, len(data) - 1}:
            changed = bytearray(data)
            changed[position] ^= 0x10
            (folder / path).write_bytes(changed)
            with pytest.raises(FormatError) as caught:
                verify_site(open_site(folder))
            assert path in str(caught.value), path
        (folder / path).write_bytes(data[: len(data) // 2])
        with pytest.raises(FormatError, match=path):
            verify_site(open_site(folder))
        (folder / path).unlink()
        with pytest.raises(FormatError, match=path):
            verify_site(open_site(folder))
        (folder / path).write_bytes(data)
    verify_site(open_site(folder))


def test_a_link_out_of_the_site_is_not_followed(folder: Path, tmp_path: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_bytes())
    path = folder / index_of(manifest, "ids")["path"]
    outside = tmp_path / "outside.bin"
    path.rename(outside)
    path.symlink_to(outside)
    with pytest.raises(FormatError, match="outside"):
        _ = open_site(folder).ids


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_something_else_in_place_of_a_file(folder: Path, kind: str) -> None:
    manifest = json.loads((folder / "manifest.json").read_bytes())
    path = folder / index_of(manifest, "ids")["path"]
    path.unlink()
    if kind == "folder":
        path.mkdir()
    else:
        os.mkfifo(path)
    with pytest.raises(FormatError, match="not a file"):
        _ = open_site(folder).ids


def test_ids_must_give_the_hash(folder: Path) -> None:
    edit_manifest(folder, lambda m: m["collection"].update(hash="0" * 64))
    with pytest.raises(FormatError, match="collection's hash"):
        _ = open_site(folder).ids


def nearest(site: Site, query: np.ndarray, k: int) -> list[tuple[int, float]]:
    found = SiteIndex(site).nearest(query.astype(np.float32), k, None)
    return list(zip(found.rows.tolist(), found.similarities.tolist(), strict=True))


def test_search_limits_and_errors(folder: Path) -> None:
    site = open_site(folder)
    assert len(SiteIndex(site).match("cat", 2)) == 2
    assert len(SiteIndex(site).match("cat", 0)) == 0
    assert len(nearest(site, np.ones(16), 3)) == 3
    assert nearest(site, np.ones(16), 0) == []
    with pytest.raises(UsageError, match="shape"):
        nearest(site, np.ones(15), 3)
    for query in ('"open', "a-b", "c++", "NEAR(", "nofield: x", "AND", ""):
        with pytest.raises(UsageError):
            SiteIndex(site).match(query, 3)
    with pytest.raises(UsageError):
        site.document(24)
    with pytest.raises(UsageError, match="no column"):
        site.column("title")
    with pytest.raises(FormatError, match="no field"):
        site.column("nothing")


def test_rows_and_ids_lead_to_each_other(folder: Path) -> None:
    site = open_site(folder)
    assert [site.row_of(image_id) for image_id in site.ids] == list(range(24))
    assert [site.row(row).image_id for row in range(24)] == site.ids
    for unknown in ("f" * 16, "0" * 16, "", "x" * 16, site.ids[0].upper() + "0"):
        assert site.row_of(unknown) is None


def test_only_what_is_needed_is_read(tmp_path: Path) -> None:
    """One document costs its block, the rows of its block, and their nodes, whatever else is missing."""
    write_site(sample_input(40, document_block=10, row_block=10), tmp_path / "site")
    for path in tree(tmp_path / "site"):
        needed = ("manifest.json", "data/rows", "data/documents")
        if not path.startswith(needed):
            (tmp_path / "site" / path).unlink()
    assert open_site(tmp_path / "site").document(15)["path"] == "folder/15.jpg"


def test_similarity_is_that_of_the_codes(tmp_path: Path) -> None:
    given = sample_input(50, dim=24, vector_block=12)
    write_site(given, tmp_path / "site")
    published = open_site(tmp_path / "site")
    vectors, rows = published.vectors, np.arange(50)
    coded = vectors.embeddings(rows)
    query = np.random.default_rng(3).normal(size=24).astype(np.float32)
    found = nearest(published, query, 50)
    assert len(found) == 50
    for row, similarity in found:
        assert similarity == pytest.approx(float(coded[row] @ query), abs=1e-5)
    assert given.embeddings is not None
    exact = np.concatenate(list(given.embeddings.blocks()))
    assert np.abs(coded - exact).max() < 0.005


@pytest.mark.parametrize("kept", [0, 200, 1 << 20])
@pytest.mark.parametrize("remote", [False, True])
def test_codes_beyond_the_limit_are_found_again(
    host, folder: Path, monkeypatch: pytest.MonkeyPatch, kept: int, remote: bool
) -> None:
    """Shards that are not kept in memory come from the folder, or from a copy of what was downloaded."""
    shutil.rmtree(folder)
    write_site(sample_input(40, dim=16, vector_block=8), folder)
    query = np.linspace(-1, 1, 16)
    want = nearest(open_site(folder), query, 40)
    monkeypatch.setattr("imagedb_site.reader.spill.KEPT_BYTES", kept)
    with open_site(host[0] if remote else folder) as site:
        assert nearest(site, query, 40) == want
        if remote:
            host[1].mode = "503"
        assert nearest(site, query, 40) == want
        rows = np.array([39, 0, 17, 8])
        by_row = dict(want)
        similar = site.vectors.exact(query.astype(np.float32), site.vectors.codes(rows))
        assert similar.tolist() == [by_row[row] for row in rows.tolist()]


def test_expected_rows_have_the_same_similarities(folder: Path) -> None:
    query = np.linspace(-1, 1, 16).astype(np.float32)
    rows = np.array([23, 0, 7, 7, 12])
    with open_site(folder) as site:
        index = SiteIndex(site)
        want = index.similarities(query, rows)
        index.expect_rows(rows)
        near = index.nearest(query, 3, None)
        assert index.similarities(query, rows).tolist() == want.tolist()
        others = np.append(near.rows, 1)
        assert index.similarities(query, others)[:3].tolist() == near.similarities.tolist()
