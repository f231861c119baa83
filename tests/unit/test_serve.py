"""The local server: right types, ranges, revalidation; nothing outside the site, no other origin."""

from __future__ import annotations

import http.client
import socket
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from site_samples import golden_input, make_web
from site_servers import running

from imagedb_site.errors import FormatError, StorageError, UsageError
from imagedb_site.reader import open_site, verify_site
from imagedb_site.serve import SiteServer, content_type, parse_range
from imagedb_site.site import write_site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("serve")
    write_site(golden_input(make_web(folder / "web")), folder / "site")
    (folder / "secret.txt").write_text("secret")
    (folder / "site" / "link.txt").symlink_to(folder / "secret.txt")
    (folder / "site" / ".git").mkdir()
    (folder / "site" / ".git" / "config").write_text("secret")
    return folder / "site"


@pytest.fixture(scope="module")
def server(site: Path) -> Iterator[SiteServer]:
    with running(site) as server:
        yield server


class Answer:
    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.body = response.read()
        self.headers = response.headers


def ask(
    server: SiteServer, path: str, headers: dict[str, str] | None = None, method: str = "GET"
) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    try:
        connection.putrequest(method, path, skip_host="Host" in (headers or {}))
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        connection.endheaders()
        return Answer(connection.getresponse())
    finally:
        connection.close()


def asset(site: Path, pattern: str) -> str:
    return "/" + sorted(site.glob(pattern))[0].relative_to(site).as_posix()


def test_the_page(server: SiteServer, site: Path) -> None:
    for path in ("/", "/index.html", "/?q=cat#x", "/?q=../../etc"):
        answer = ask(server, path)
        assert answer.status == 200
        assert answer.body == (site / "index.html").read_bytes()
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert answer.headers["Cache-Control"] == "no-cache"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("pattern", "kind", "immutable"),
    [
        ("assets/scan-*.wasm", "application/wasm", True),
        ("assets/main-*.js", "text/javascript; charset=utf-8", True),
        ("assets/main-*.css", "text/css; charset=utf-8", True),
        ("assets/icon.*.svg", "image/svg+xml", True),
        ("thumbs/*.webp", "image/webp", True),
        ("views/*.webp", "image/webp", True),
        ("data/ids.*.bin", "application/octet-stream", True),
        ("manifest.json", "application/json", False),
        ("sw.js", "text/javascript; charset=utf-8", False),
        ("robots.txt", "text/plain; charset=utf-8", False),
    ],
)
def test_types_and_caching(
    server: SiteServer, site: Path, pattern: str, kind: str, immutable: bool
) -> None:
    answer = ask(server, asset(site, pattern))
    assert answer.status == 200
    assert answer.headers["Content-Type"] == kind
    cache = answer.headers["Cache-Control"]
    assert cache == ("public, max-age=31536000, immutable" if immutable else "no-cache")
    assert "Content-Encoding" not in answer.headers


def test_module_and_manifest_types() -> None:
    assert content_type("a.mjs") == "text/javascript; charset=utf-8"
    assert content_type("x.WEBP") == "image/webp"
    assert content_type("a/b.unknown") == "application/octet-stream"


def test_head_is_get_without_the_body(server: SiteServer, site: Path) -> None:
    for path in ("/", asset(site, "thumbs/*"), "/nothing"):
        get, head = ask(server, path), ask(server, path, method="HEAD")
        assert head.status == get.status and head.body == b""
        assert head.headers["Content-Length"] == str(len(get.body))
        assert head.headers["ETag"] == get.headers["ETag"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_nothing_is_changed(server: SiteServer, method: str) -> None:
    answer = ask(server, "/", method=method, headers={"Content-Length": "0"})
    assert answer.status == 405
    assert answer.headers["Allow"] == "GET, HEAD"


def test_revalidation(server: SiteServer, site: Path) -> None:
    for path in ("/manifest.json", asset(site, "thumbs/*")):
        tag = ask(server, path).headers["ETag"]
        for header in (tag, f"W/{tag}", f'"x", {tag}', "*"):
            answer = ask(server, path, {"If-None-Match": header})
            assert answer.status == 304 and answer.body == b""
            assert answer.headers["ETag"] == tag
        assert ask(server, path, {"If-None-Match": '"other"'}).status == 200


def test_a_rebuilt_site_is_seen_at_once(tmp_path: Path) -> None:
    write_site(golden_input(), tmp_path / "site")
    with running(tmp_path / "site") as server:
        path = tmp_path / "site" / "manifest.json"
        before = ask(server, "/manifest.json")
        data = path.read_bytes().replace(b"Tiny", b"Tidy")
        path.write_bytes(data)
        after = ask(server, "/manifest.json", {"If-None-Match": before.headers["ETag"]})
        assert after.status == 200 and after.body == data


def test_ranges(server: SiteServer, site: Path) -> None:
    path = asset(site, "thumbs/*")
    whole = (site / path[1:]).read_bytes()
    size = len(whole)
    cases = {
        "bytes=0-0": (0, 1),
        "bytes=2-9": (2, 10),
        f"bytes={size - 3}-": (size - 3, size),
        "bytes=-5": (size - 5, size),
        f"bytes=4-{size * 9}": (4, size),
        f"bytes=-{size * 9}": (0, size),
    }
    for header, (first, end) in cases.items():
        answer = ask(server, path, {"Range": header})
        assert answer.status == 206, header
        assert answer.body == whole[first:end]
        assert answer.headers["Content-Range"] == f"bytes {first}-{end - 1}/{size}"
    for header in (f"bytes={size}-", "bytes=-0", f"bytes={size + 5}-{size + 9}"):
        answer = ask(server, path, {"Range": header})
        assert answer.status == 416 and answer.body == b""
        assert answer.headers["Content-Range"] == f"bytes */{size}"
    for header in ("bytes=5-2", "bytes=a-b", "items=0-1", "bytes=0-1,3-4", "bytes=-", ""):
        answer = ask(server, path, {"Range": header})
        assert answer.status == 200 and answer.body == whole
    tag = ask(server, path).headers["ETag"]
    assert ask(server, path, {"Range": "bytes=0-0", "If-Range": tag}).status == 206
    assert ask(server, path, {"Range": "bytes=0-0", "If-Range": '"old"'}).status == 200


@given(header=st.text("bytes=-0123456789, ", max_size=24), size=st.integers(0, 1000))
def test_a_range_lies_within_the_file(header: str, size: int) -> None:
    span = parse_range(header, size)
    if span is not None:
        assert 0 <= span[0] <= span[1] <= size


@pytest.mark.parametrize(
    "path",
    [
        *("/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/%2e%2e%2fsecret.txt"),
        *("/thumbs/../../secret.txt", "/..\\secret.txt", "/%5c..%5csecret.txt", "//etc/passwd"),
        *("/link.txt", "/.git/config", "/%2egit/config", "/thumbs/", "/thumbs", "/data/", "/%00"),
        *("/index.html/", "/index.html%00.png", "/" + "a" * 5000, "/%ff%fe", "/C:/x", "/nothing"),
    ],
)
def test_nothing_but_the_files_of_the_site(server: SiteServer, site: Path, path: str) -> None:
    answer = ask(server, path)
    assert answer.status == 404
    assert answer.body == (site / "404.html").read_bytes()
    assert b"secret" not in answer.body


def test_the_404_page(server: SiteServer, site: Path) -> None:
    answer = ask(server, "/no/such/page")
    assert answer.status == 404
    assert answer.body == (site / "404.html").read_bytes()
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


def test_below_a_path_as_on_github_pages(site: Path) -> None:
    with running(site, mount="repo/pictures") as server:
        assert server.url == f"http://127.0.0.1:{server.port}/repo/pictures/"
        assert ask(server, "/repo/pictures/").body == (site / "index.html").read_bytes()
        moved = ask(server, "/repo/pictures")
        assert (moved.status, moved.headers["Location"]) == (301, "/repo/pictures/")
        for path in ("/", "/index.html", "/repo/", "/repo/picturesx/", "//evil.example/"):
            assert ask(server, path).status == 404
        with open_site(server.url) as remote:
            verify_site(remote)
    with pytest.raises(UsageError):
        SiteServer(site, port=0, mount="/../x")


def test_other_host_names_are_refused(server: SiteServer, site: Path) -> None:
    for host in ("127.0.0.1", "localhost", f"localhost:{server.port}", "[::1]:80", "a.localhost"):
        assert ask(server, "/", {"Host": host}).status == 200, host
    for host in ("evil.example", "127.0.0.1.evil.example", "evil.example:80", "", "[", "10.0.0.1"):
        assert ask(server, "/", {"Host": host}).status == 403, host
    with running(site, host="0.0.0.0") as open_server:
        assert ask(open_server, "/", {"Host": "my-laptop.local"}).status == 200
        assert open_server.url.startswith("http://127.0.0.1:")


def test_a_taken_port(site: Path, server: SiteServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StorageError, match=f"port {server.port}") as caught:
        SiteServer(site, port=server.port)
    assert caught.value.hint
    monkeypatch.setattr("imagedb_site.serve.server.DEFAULT_PORT", server.port)
    with SiteServer(site) as other:
        assert server.port < other.port < server.port + 100


def test_what_cannot_be_served(site: Path, tmp_path: Path) -> None:
    with pytest.raises(FormatError):
        SiteServer(tmp_path, port=0)
    with pytest.raises(StorageError):
        SiteServer(tmp_path / "nowhere", port=0)
    with pytest.raises(UsageError):
        SiteServer(site, port=70_000)
    with pytest.raises(StorageError):
        SiteServer(site, host="203.0.113.1", port=0)


def test_one_connection_for_many_requests(server: SiteServer, site: Path) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    try:
        for path in ("/", "/nothing", asset(site, "thumbs/*"), "/manifest.json"):
            connection.request("GET", path)
            connection.getresponse().read()
            assert connection.sock is not None
    finally:
        connection.close()


def test_many_clients_at_once_and_broken_connections(server: SiteServer, site: Path) -> None:
    path = asset(site, "thumbs/*")
    whole = (site / path[1:]).read_bytes()
    for noise in (b"", b"\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\xff" * 100):
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as rude:
            rude.sendall(noise)
    bodies: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: bodies.append(ask(server, path).body)) for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert bodies == [whole] * 20


def test_requests_are_logged(site: Path) -> None:
    lines: list[str] = []
    with running(site, log=lines.append) as server:
        ask(server, "/")
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as rude:
            rude.sendall(
                b"GET /\x1b[2J\x9b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            )
            assert b"404" in rude.recv(1000)
    assert all(line.isprintable() for line in lines)
    assert any("[2J" in line for line in lines)
    assert any('"GET / HTTP/1.1" 200' in line for line in lines)


def test_many_readers_may_connect_at_once(site: Path) -> None:
    """Their connections wait in the system until the server accepts them."""
    with SiteServer(site, port=0) as server, ExitStack() as stack:
        for _ in range(100):
            reader = socket.create_connection(("127.0.0.1", server.port), timeout=2)
            stack.enter_context(reader)


def test_small_files_do_not_wait_for_a_confirmation(server: SiteServer, site: Path) -> None:
    """The system of a reader confirms the headers after 40 ms; the content must not wait for that."""
    path = asset(site, "assets/worker-*.js")
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    seconds = []
    for _ in range(31):
        started = time.perf_counter()
        connection.request("GET", path)
        assert connection.getresponse().read()
        seconds.append(time.perf_counter() - started)
    connection.close()
    assert statistics.median(seconds) < 0.03
