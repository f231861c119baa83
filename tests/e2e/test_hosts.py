"""The most common hosts in short; `make soak` visits all of them. The guide's settings do what it says."""

from __future__ import annotations

import http.client
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from soak._servers import Running
from soak.hosts import EXPLAINED, HOSTS, missing, try_host
from soak.load import digests, read_at_once, serve_command


def skip_if_missing(name: str) -> None:
    if missing(name):
        pytest.skip(f"{name} is not installed, and apt cannot provide it")


@pytest.mark.parametrize("name", ["nginx", "GitHub Pages"])
def test_a_site_works_on_a_host(browser: Browser, site: Path, tmp_path: Path, name: str) -> None:
    skip_if_missing(name)
    assert try_host(browser, site, tmp_path / "host", name) == []


@pytest.mark.parametrize("name", EXPLAINED)
def test_a_host_that_cannot_work_gives_a_page_that_says_so(
    browser: Browser, site: Path, tmp_path: Path, name: str
) -> None:
    assert try_host(browser, site, tmp_path / "host", name) == []


def test_an_address_without_the_last_slash_leads_to_the_site(
    browser: Browser, site: Path, tmp_path: Path
) -> None:
    """Also on a host that gives the page there instead of a redirect."""
    with HOSTS["no redirect to the folder"](site, tmp_path) as host:
        page = browser.new_page()
        page.goto(host.url.rstrip("/") + "?a=b#q=red&mode=words")
        expect(page.locator(".summary")).to_contain_text("“red”")
        assert page.url.startswith(f"{host.url}?a=b#q=red")
        page.close()


def ask(
    host: Running, path: str, headers: dict[str, str] | None = None, method: str = "GET"
) -> http.client.HTTPResponse:
    address = urlsplit(host.url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=20)
    connection.request(method, address.path + path, headers=headers or {})
    answer = connection.getresponse()
    answer.read()
    return answer


@pytest.mark.parametrize("name", ["nginx", "Caddy", "imagedb-site serve"])
def test_a_server_sends_the_headers_of_the_guide(site: Path, tmp_path: Path, name: str) -> None:
    skip_if_missing(name)
    hashed = next((site / "thumbs").iterdir()).relative_to(site).as_posix()
    with HOSTS[name](site, tmp_path) as host:
        kept = ask(host, hashed)
        assert (kept.status, kept.getheader("Content-Type")) == (200, "image/webp")
        assert kept.getheader("Cache-Control") == "public, max-age=31536000, immutable"
        for path in ("", "manifest.json", "sw.js"):
            answer = ask(host, path)
            assert (answer.status, answer.getheader("Cache-Control")) == (200, "no-cache"), path
        for path in ("nothing", "thumbs/0123456789abcdef.webp"):
            gone = ask(host, path)
            assert gone.status == 404, path
            assert "immutable" not in (gone.getheader("Cache-Control") or ""), path
            assert gone.getheader("Content-Length") == str((site / "404.html").stat().st_size)
        address = urlsplit(host.url)
        bare = Running(host.url.rstrip("/"), host.stop)
        redirect = ask(bare, "")
        assert redirect.status in (301, 302, 307, 308)
        assert urlsplit(str(redirect.getheader("Location"))).path == address.path


def test_the_imitation_of_github_pages_has_its_habits(site: Path, tmp_path: Path) -> None:
    with HOSTS["GitHub Pages"](site, tmp_path) as host:
        script = next((site / "assets").glob("main.*.js")).relative_to(site).as_posix()
        for method in ("GET", "HEAD"):
            answer = ask(host, script, {"Accept-Encoding": "gzip", "Range": "bytes=0-9"}, method)
            assert answer.status == 200 and answer.getheader("Content-Encoding") == "gzip"
            assert int(str(answer.getheader("Content-Length"))) < (site / script).stat().st_size
            assert answer.getheader("Cache-Control") == "max-age=600"
        assert ask(host, "nothing").status == 404


def test_many_readers_get_every_byte(site: Path) -> None:
    files = digests(site)
    with serve_command(site) as server:
        seen = read_at_once(server.url, files, readers=50, seconds=2)
        assert seen.errors == [] and len(seen.seconds) > 200
        files["manifest.json"] = "another"
        only = {"manifest.json": "another"}
        wrong = read_at_once(server.url, only, readers=1, seconds=0.2)
        assert wrong.errors and set(wrong.errors) == {"manifest.json: other bytes"}
