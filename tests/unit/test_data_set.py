"""croissant.json and datapackage.json, read by the libraries that define them."""

from __future__ import annotations

import dataclasses
import gzip
import importlib
import json
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from plain_site import PlainSite
from site_samples import golden_input

from imagedb_site.site import Attribution, write_site

mlcroissant = pytest.importorskip("mlcroissant")
frictionless = pytest.importorskip("frictionless")


def write(folder: Path, **settings: Any) -> PlainSite:
    site = golden_input(**settings)
    credit = [Attribution("Drawn by a program", "https://example.org/", "CC0-1.0")]
    write_site(dataclasses.replace(site, attribution=credit), folder)
    return PlainSite(folder)


@pytest.mark.parametrize(
    "settings",
    [{"download_rows": 100}, {"download_rows": 100, "downloads": ("csv",)}, {"download_rows": 7}],
    ids=["json lines", "csv", "split"],
)
def test_croissant_gives_the_records(tmp_path: Path, settings: dict[str, Any]) -> None:
    site = write(tmp_path / "site", **settings)
    data_set = mlcroissant.Dataset(tmp_path / "site" / "croissant.json")
    assert data_set.metadata.issues.errors == set()
    assert data_set.metadata.name == "Tiny & <golden> collection"
    assert data_set.metadata.license == ["CC0-1.0"]
    records = list(data_set.records("records"))
    documents = site.documents()
    assert len(records) == len(documents) > 20
    for record, document in zip(records, documents, strict=True):
        assert record["records/id"].decode() == document["id"]
        fields = document["fields"]
        title = record["records/title"]
        assert (None if title is None else title.decode()) == fields.get("title")
        tags = record["records/tags"]
        assert [tag.decode() for tag in tags or []] == fields.get("tags", [])
        assert record["records/altitude"] == fields.get("altitude")
        assert record["records/favourite"] == fields.get("favourite")


def test_croissant_finds_a_damaged_download(tmp_path: Path) -> None:
    site = write(tmp_path / "site", download_rows=100)
    [part] = site.json(site.manifest["downloads"]["index"])["jsonl"]
    (site.folder / part["path"]).write_bytes(b"{}\n")
    data_set = mlcroissant.Dataset(site.folder / "croissant.json")
    page = json.loads((site.folder / "croissant.json").read_bytes())
    assert page["distribution"][0]["sha256"] == part["sha256"]
    with pytest.raises(mlcroissant.GenerationError):
        list(data_set.records("records"))


def test_addresses_are_absolute_if_the_site_has_one(tmp_path: Path) -> None:
    write(tmp_path / "site", url="https://example.org/pictures", download_rows=100)
    page = json.loads((tmp_path / "site" / "croissant.json").read_bytes())
    assert page["url"] == "https://example.org/pictures/"
    address = page["distribution"][0]["contentUrl"]
    assert address.startswith("https://example.org/pictures/downloads/metadata-00000.")


@pytest.mark.parametrize("rows", [100, 7])
def test_the_data_package_is_valid_and_gives_the_rows(tmp_path: Path, rows: int) -> None:
    site = write(tmp_path / "site", download_rows=rows)
    package = frictionless.Package(str(tmp_path / "site" / "datapackage.json"))
    report = package.validate()
    assert report.valid, report.flatten(["type", "message"])
    assert package.licenses == [{"name": "CC0-1.0", "title": "CC0-1.0"}]
    assert [person["title"] for person in package.contributors] == ["Drawn by a program"]
    documents = site.documents()
    for kind in ("jsonl", "csv"):
        parts = [one for one in package.resources if f"-{kind}-" in one.name]
        found = [row for one in parts for row in one.read_rows()]
        assert [row["id"] for row in found] == [document["id"] for document in documents]
        for row, document in zip(found, documents, strict=True):
            assert row["title"] == document["fields"].get("title")
            value = row["altitude"]
            assert (None if value is None else float(value)) == document["fields"].get("altitude")
            assert row["favourite"] == document["fields"].get("favourite")


def test_both_are_read_from_an_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    constants = importlib.import_module("mlcroissant._src.core.constants")
    monkeypatch.setattr(
        constants, "DOWNLOAD_PATH", type(constants.DOWNLOAD_PATH)(tmp_path / "kept")
    )
    server = start(tmp_path / "site")
    try:
        address = f"http://127.0.0.1:{server.server_address[1]}/"
        site = write(tmp_path / "site", download_rows=100, url=address)
        data_set = mlcroissant.Dataset(f"{address}croissant.json")
        assert len(list(data_set.records("records"))) == site.count
        package = frictionless.Package(f"{address}datapackage.json")
        assert package.validate().valid
        assert [len(one.read_rows()) for one in package.resources] == [site.count] * 2
    finally:
        server.shutdown()
        server.server_close()


def start(folder: Path) -> ThreadingHTTPServer:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def test_the_data_package_finds_a_damaged_download(tmp_path: Path) -> None:
    site = write(tmp_path / "site", download_rows=100)
    [part] = site.json(site.manifest["downloads"]["index"])["csv"]
    text = gzip.decompress((site.folder / part["path"]).read_bytes())
    (site.folder / part["path"]).write_bytes(gzip.compress(text.replace(b"cat", b"dog")))
    assert not frictionless.Package(str(site.folder / "datapackage.json")).validate().valid
