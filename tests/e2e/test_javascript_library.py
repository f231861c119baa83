"""imagedb.js in Chromium, on a page of another host, and in Node: the golden queries' answers."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from imagedb_site.query.parse import parse

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden"
sys.path.insert(0, str(GOLDEN))

import make_queries  # noqa: E402
from agreement import disagreement  # noqa: E402

FILE: dict[str, Any] = json.loads((GOLDEN / "queries.json").read_text(encoding="utf-8"))
# Every group is included; a lone surrogate cannot be typed into a page.
SAMPLE = [case for case in FILE["cases"][::4] if case["query"].isprintable()]
# The codes of a site built now, against those committed: pictures are decoded and embedded again.
TOLERANCE = 5e-4


class _Handler(SimpleHTTPRequestHandler):
    """Files with the permission that static hosts give to other pages."""

    def end_headers(self) -> None:
        self.send_header("Access-Control-Allow-Origin", "*")
        super().end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


def serve(folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_queries.build(tmp_path_factory.mktemp("library"))


@pytest.fixture(scope="module")
def site(folder: Path) -> Iterator[str]:
    yield from serve(folder)


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory, site: str) -> Iterator[str]:
    """Another host, with the example page set to the site."""
    place = tmp_path_factory.mktemp("host")
    page = (ROOT / "docs" / "examples" / "search.html").read_text(encoding="utf-8")
    assert page.count("https://example.org/pictures/") == 1
    page = page.replace("https://example.org/pictures/", site)
    (place / "search.html").write_text(page, encoding="utf-8")
    policy = "<meta http-equiv=content-security-policy content=\"worker-src 'none'\">"
    (place / "strict.html").write_text(page.replace("<title>", policy + "<title>"), "utf-8")
    yield from serve(place)


SEARCH = """
async ([site, images, cases, k]) => {
  const { open } = await import(`${site}imagedb.js`);
  const collection = await open(site);
  const pictures = Object.fromEntries(
    Object.entries(images).map(([name, values]) => [name, Float32Array.from(values)]));
  const found = [];
  for (const [text, mode] of cases) {
    try {
      const { hits, total, notices } = await collection.search(text, { mode, images: pictures, k });
      found.push({ rows: hits.map(({ row }) => row), total, notices: notices.map(({ kind }) => kind) });
    } catch (error) {
      found.push({ error: error.message });
    }
  }
  const batches = await collection.batches({ size: 8, test: 0.25, seed: 1 });
  collection.close();
  return { found, batches: batches.count };
}
"""


def asked() -> list[tuple[str, str]]:
    return [(case["query"], mode) for case in SAMPLE for mode in case["answers"]]


def check(found: list[dict[str, Any]]) -> None:
    wanted = [(case, mode) for case in SAMPLE for mode in case["answers"]]
    assert len(found) == len(wanted) > 100
    for (case, mode), answer in zip(wanted, found, strict=True):
        want, where = case["answers"][mode], f"{case['query'][:200]!r} in mode {mode}"
        if want.get("error"):
            assert "no image" in answer["error"], where
            continue
        if want.get("margin", 9) < 3 * TOLERANCE:
            continue
        assert "error" not in answer, f"{where}: {answer.get('error')}"
        query = parse(case["query"])
        problem = disagreement(
            want["rows"],
            want.get("words", []),
            want.get("coverage"),
            [value / 1e5 for value in want["similarity"]] if "similarity" in want else None,
            answer["rows"],
            mode=mode,
            tolerance=TOLERANCE,
            limit=query.k,
            ordered=query.sort is not None,
        )
        assert problem is None, f"{where}: {problem}"
        assert (answer["total"], answer["notices"]) == (want["total"], want.get("notices", [])), (
            where
        )


def test_another_page_gets_the_golden_answers(browser: Browser, host: str, site: str) -> None:
    page = browser.new_page()
    page.goto(f"{host}search.html")
    result = page.evaluate(SEARCH, [site, FILE["images"], asked(), FILE["count"]])
    check(result["found"])
    assert sum(result["batches"].values()) > 0
    page.close()


def test_node_gets_the_golden_answers(folder: Path, tmp_path: Path) -> None:
    node = shutil.which("node")
    assert node, "Node is among the development tools"
    script = tmp_path / "search.mjs"
    arguments = [f"{folder}/", FILE["images"], asked(), FILE["count"]]
    code = SEARCH.strip()
    (tmp_path / "arguments.json").write_text(json.dumps(arguments), encoding="utf-8")
    script.write_text(
        'import { readFileSync } from "node:fs";\n'
        f"const search = {code};\n"
        'const given = JSON.parse(readFileSync("arguments.json", "utf8"));\n'
        "console.log(JSON.stringify(await search(given)));\n",
        encoding="utf-8",
    )
    done = subprocess.run([node, script], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    check(json.loads(done.stdout)["found"])


@pytest.mark.parametrize("name", ["search.html", "strict.html"])
def test_the_example_page(browser: Browser, host: str, name: str) -> None:
    """Also if the page's policy does not allow a worker."""
    page = browser.new_page()
    page.goto(f"{host}{name}")
    page.wait_for_function("document.querySelectorAll('li').length === 24", timeout=60_000)
    assert len(page.workers) == (1 if name == "search.html" else 0)
    page.fill("input", "old lighthouse k:5")
    page.wait_for_function("document.querySelectorAll('li').length === 5", timeout=60_000)
    assert "old lighthouse" in page.inner_text("ul")
    page.wait_for_function("document.querySelector('li img').naturalWidth > 0", timeout=60_000)
    page.close()
