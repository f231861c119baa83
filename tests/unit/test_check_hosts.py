"""`check` of an address: what hosts may do to the files on the way, and what they may not."""

from __future__ import annotations

import gzip
import http.server
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from site_samples import golden_input, make_web

from imagedb_site.check import CheckReport, check_site
from imagedb_site.errors import StorageError
from imagedb_site.site import write_site

Answer = tuple[int, dict[str, str], bytes]
Host = Callable[[str, bytes | None], Answer]
"""What a host makes of a path and the file there."""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    write_site(golden_input(make_web(tmp_path / "web")), tmp_path / "site")
    return tmp_path / "site"


def plain(path: str, data: bytes | None) -> Answer:
    return (404, {}, b"Nothing here.") if data is None else (200, {}, data)


@contextmanager
def hosted(site: Path, host: Host) -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            file = site / self.path[1:]
            status, headers, body = host(
                self.path[1:], file.read_bytes() if file.is_file() else None
            )
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def checked(site: Path, host: Host) -> CheckReport:
    with hosted(site, host) as url:
        return check_site(url)


def errors(report: CheckReport) -> dict[str, str]:
    return {
        finding.file: finding.message for finding in report.findings if finding.level == "error"
    }


def test_every_file_is_asked_for(site: Path) -> None:
    asked: list[str] = []

    def host(path: str, data: bytes | None) -> Answer:
        asked.append(path)
        return plain(path, data)

    report = checked(site, host)
    assert report.findings == ()
    files = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
    assert sorted(asked) == sorted(files - {".nojekyll"})
    assert report.files == len(files) - 1
    assert report.bytes == sum((site / path).stat().st_size for path in files)


def test_compression_on_the_way_is_no_difference(site: Path) -> None:
    def host(path: str, data: bytes | None) -> Answer:
        if data is None:
            return plain(path, data)
        return 200, {"Content-Encoding": "gzip"}, gzip.compress(data)

    assert checked(site, host).findings == ()


def test_stored_gzip_that_is_announced_as_an_encoding(site: Path) -> None:
    def host(path: str, data: bytes | None) -> Answer:
        stored = data is not None and data[:2] == b"\x1f\x8b"
        return 200 if data else 404, {"Content-Encoding": "gzip"} if stored else {}, data or b""

    assert checked(site, host).ok


def decoding(path: str, data: bytes | None) -> Answer:
    if data is None:
        return plain(path, data)
    return 200, {}, gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data


def test_a_host_that_decodes_files(site: Path) -> None:
    report = checked(site, decoding)
    assert report.ok
    assert [finding.level for finding in report.findings] == ["warning"]
    assert "decodes compressed files" in report.findings[0].message


def test_a_host_that_decodes_files_and_damages_one(site: Path) -> None:
    catalog = next(path.name for path in site.glob("data/terms.*"))

    def host(path: str, data: bytes | None) -> Answer:
        status, headers, body = decoding(path, data)
        if path.endswith(catalog):
            body = body[:-1] + bytes([body[-1] ^ 1])
        return status, headers, body

    assert f"data/{catalog}" in errors(checked(site, host))


@pytest.mark.parametrize("name", ["index.html", "imagedb.js", "robots.txt", "sw.js"])
def test_a_host_that_rewrites_a_file(site: Path, name: str) -> None:
    def host(path: str, data: bytes | None) -> Answer:
        return plain(path, data + b"<script></script>" if data and path == name else data)

    found = errors(checked(site, host))
    assert "the host rewrites it" in found[name]


def test_a_page_in_the_place_of_a_missing_file(site: Path) -> None:
    missing = next(site.glob("assets/*.js")).relative_to(site).as_posix()

    def host(path: str, data: bytes | None) -> Answer:
        page = (site / "index.html").read_bytes()
        return plain(path, page if data is None or path == missing else data)

    found = errors(checked(site, host))
    assert found[missing] == "The host sends a web page in its place: the file is probably missing."


def test_the_page_for_missing_files_may_be_sent_as_one(site: Path) -> None:
    def host(path: str, data: bytes | None) -> Answer:
        return (404, {}, data or b"") if path == "404.html" else plain(path, data)

    assert checked(site, host).findings == ()
    (site / "404.html").unlink()
    assert "404.html" in errors(checked(site, host))


def test_a_temporary_failure_is_tried_again(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imagedb_site.check.fetch._PAUSE_S", 0.0)
    failed: set[str] = set()

    def host(path: str, data: bytes | None) -> Answer:
        if path not in failed:
            failed.add(path)
            # A promise that is not kept, or an error of the server.
            return (200, {"Content-Length": "9999999"}, b"x") if len(path) % 2 else (503, {}, b"")
        return plain(path, data)

    assert checked(site, host).findings == ()


def test_a_file_that_never_arrives(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imagedb_site.check.fetch._PAUSE_S", 0.0)

    def host(path: str, data: bytes | None) -> Answer:
        return (500, {}, b"") if path.startswith("lib/") else plain(path, data)

    found = errors(checked(site, host))
    assert any(path.startswith("lib/") and "500" in message for path, message in found.items())


def test_a_host_that_is_gone(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imagedb_site.check.fetch._PAUSE_S", 0.0)
    with pytest.raises(StorageError, match=r"manifest\.json"):
        check_site("http://127.0.0.1:9/")

    def host(path: str, data: bytes | None) -> Answer:
        return plain(path, data) if path == "manifest.json" else (503, {}, b"")

    assert not checked(site, host).ok


def test_a_file_without_an_end(site: Path) -> None:
    def host(path: str, data: bytes | None) -> Answer:
        return plain(path, (data or b"") * 100_000 if path == "imagedb.js" else data)

    found = errors(checked(site, host))
    assert "longer than" in found["imagedb.js"]


def test_a_damaged_list_of_files_is_named(site: Path) -> None:
    index = next(site.glob("data/rows-index.*")).relative_to(site).as_posix()

    def host(path: str, data: bytes | None) -> Answer:
        return plain(path, data[:-1] if data and path == index else data)

    assert not checked(site, host).ok
