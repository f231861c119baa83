"""The HTTP API twice: `serve` and a service worker give the same bytes, and old clients run unchanged."""

from __future__ import annotations

import base64
import http.client
import shutil
import threading
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, WEB
from playwright.sync_api import Browser, Page

from api_requests import Maker, Request
from data_sets import posts
from imagedb_site.serve import SiteServer

GOLDEN = ROOT / "tests" / "golden"
HEADERS = ("content-type", "cache-control", "access-control-allow-origin", "allow")
# Registers the worker and waits until it answers this page's requests.
START = """async () => {
  const registration = await navigator.serviceWorker.register("sw.js");
  await navigator.serviceWorker.ready;
  while (!navigator.serviceWorker.controller) await new Promise((done) => setTimeout(done, 20));
}"""
ASK = """async ({ requests, headers }) => {
  const found = [];
  for (const { path, method, body, accept } of requests) {
    const options = { method, body, headers: { Accept: accept }, cache: "no-store" };
    const response = await fetch(path || "./", options);
    const content = new Uint8Array(await response.arrayBuffer());
    found.push({
      status: response.status, body: btoa(Array.from(content, (byte) => String.fromCharCode(byte)).join("")),
      headers: Object.fromEntries(headers.map((name) => [name, response.headers.get(name)])),
    });
  }
  return found;
}"""


def with_worker(site: Path, folder: Path) -> Path:
    """A copy of a golden site, which has no pages, with the service worker and a page that starts it."""
    shutil.copytree(site, folder)
    for name in ("lib", "assets"):
        shutil.copytree(WEB / name, folder / name, dirs_exist_ok=True)
    shell = 'self.IMAGEDB_SHELL={"files":[],"version":"test"};\n'
    (folder / "sw.js").write_text(shell + (WEB / "sw.js").read_text(encoding="utf-8"))
    (folder / "start.html").write_text("<!doctype html><title>Start</title>")
    return folder


class Both:
    """The same site behind `serve` and behind its service worker."""

    def __init__(self, site: Path, page: Page, mount: str) -> None:
        self.log: list[str] = []
        self.server = SiteServer(site, port=0, mount=mount, log=self.log.append)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        self.page = page
        page.goto(self.server.url + "start.html")
        page.evaluate(START)

    def worker(self, requests: list[Request]) -> list[dict[str, Any]]:
        """What the service worker answers."""
        asked = [asdict(request) for request in requests]
        found: list[dict[str, Any]] = self.page.evaluate(
            ASK, {"requests": asked, "headers": HEADERS}
        )
        return found

    def serve(self, requests: list[Request]) -> list[dict[str, Any]]:
        """What the server answers."""
        found = []
        for request in requests:
            connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
            connection.request(
                request.method,
                self.server.mount + request.path,
                body=None if request.body is None else request.body.encode(),
                headers={"Accept": request.accept},
            )
            response = connection.getresponse()
            found.append(
                {
                    "status": response.status,
                    "body": base64.b64encode(response.read()).decode(),
                    "headers": {name: response.headers.get(name) for name in HEADERS},
                }
            )
            connection.close()
        return found

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module", params=["site-queries", "posts"])
def both(
    request: pytest.FixtureRequest, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Both]:
    folder = tmp_path_factory.mktemp("api")
    golden = GOLDEN / "site-queries"
    site = golden if request.param == "site-queries" else posts(folder / "posts", WEB)
    copy = with_worker(site, folder / "site")
    context = browser.new_context()
    found = Both(copy, context.new_page(), "/some/where/")
    yield found
    context.close()
    found.close()


def test_both_give_the_same_bytes(both: Both) -> None:
    requests = Maker(both.server.root, seed=14).all(each=24)
    assert len(requests) >= 300
    expected = both.serve(requests)
    both.log.clear()
    found = both.worker(requests)
    # None of them reached the server: the service worker answered.
    api = [
        line
        for line in both.log
        if not any(part in line for part in ("/data/", "manifest", "/assets/"))
    ]
    assert api == []
    different = [
        (
            request,
            ours["status"],
            theirs["status"],
            base64.b64decode(ours["body"])[:300],
            base64.b64decode(theirs["body"])[:300],
        )
        for request, ours, theirs in zip(requests, expected, found, strict=True)
        if ours != theirs
    ]
    assert different == [], f"{len(different)} of {len(requests)}"
    # The comparison means something: most addresses gave results, and all kinds of refusals occurred.
    statuses = [answer["status"] for answer in expected]
    assert statuses.count(200) > 150
    assert {400, 404, 405, 413, 501, 204} <= set(statuses)
