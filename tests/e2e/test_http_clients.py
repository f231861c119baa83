"""Clients of diffusiondb-api and danbooru-meta-api run unchanged, on `serve` and on a static site.

Each client knows nothing but the address of "its" server and the documentation of that server.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import WEB, Host, eventually
from playwright.sync_api import Browser

from data_sets import TAGS, posts, prompts

# What a page that shows prompts does with the server of diffusiondb-api.
PROMPTS_CLIENT = """async (server) => {
  const get = async (path) => {
    const response = await fetch(server + path);
    if (!response.ok) throw new Error(String(response.status));
    return await response.json();
  };
  const { count, mtime } = await get("/stats");
  const { results, l, q } = await get("/search?q=" + encodeURIComponent("red AND castle") + "&l=5");
  const phrase = await get("/search?q=" + encodeURIComponent('"red car"'));
  const prefix = await get("/search?q=artst*&l=500");
  const missing = await get("/search?q=%20");
  const map = await (await fetch(server + "/", { headers: { Accept: "application/json" } })).json();
  return {
    count, changed: Date.parse(mtime) > 0, results, l, q, missing, map,
    phrases: phrase.results.map(({ p }) => p), prefixes: prefix.results.length,
    most: prefix.l, usual: phrase.l,
  };
}"""
# What a training script does with the server of danbooru-meta-api.
POSTS_CLIENT = """async (server) => {
  const json = async (path, options) => await (await fetch(server + path, options)).json();
  const stat = await json("/stat");
  const random = await json("/posts/random?start=1&end=50&size=8");
  const page = await json("/posts?batch_size=40&batch_number=2");
  const { id } = await json("/posts/batch", {
    method: "POST", headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ batch_size: 16, validation_split: 20, test_split: 10, seed: 42 }),
  });
  const list = await json("/posts/batch/list");
  const info = await json(`/posts/batch/${id}/info`);
  const parts = {};
  for (const part of ["train", "validation", "test"]) {
    parts[part] = [];
    for (let n = 0; n < info[`${part}_batches`]; n++) {
      const { count, result } = await json(`/posts/batch/${id}/${part}/${n}`);
      if (count !== result.length) throw new Error("count");
      parts[part].push(...result.map(({ post_id }) => post_id));
    }
  }
  const tag = await json(`/tag/${random.result.find(({ tags }) => tags.length).tags[0]}`);
  const gone = await fetch(`${server}/posts/batch/${id}/train/${info.train_batches}`);
  const post = (body) => fetch(server + "/posts/batch", { method: "POST", body: JSON.stringify(body) });
  const zero = await post({ batch_size: 0 });
  const over = await post({ batch_size: 8, validation_split: 60, test_split: 50 });
  const unknown = await fetch(server + "/tag/1");
  return {
    stat, random, page, id, list, info, parts, tag,
    refused: await Promise.all([gone, zero, over, unknown].map(
      async (answer) => [answer.status, (await answer.json()).message],
    )),
  };
}"""


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("data-sets")
    return {"prompts": prompts(folder / "prompts", WEB), "posts": posts(folder / "posts", WEB)}


class Page:
    """A page of a site, whose requests are answered by its service worker or by the server."""

    def __init__(self, browser: Browser, host: Host, *, worker: bool) -> None:
        mode = "allow" if worker else "block"
        self.context = browser.new_context(service_workers=mode)  # type: ignore[arg-type]
        self.page = self.context.new_page()
        self.page.goto(host.url)
        if worker:
            controlled = "navigator.serviceWorker.controller !== null"
            eventually(lambda: bool(self.page.evaluate(controlled)), 60)
        self.server = host.url.rstrip("/")

    def run(self, client: str) -> dict[str, Any]:
        found: dict[str, Any] = self.page.evaluate(client, self.server)
        return found


@pytest.fixture(params=["serve", "service worker"])
def where(request: pytest.FixtureRequest) -> bool:
    return bool(request.param == "service worker")


@pytest.fixture
def run(
    request: pytest.FixtureRequest, browser: Browser, sites: dict[str, Path], where: bool
) -> Iterator[Any]:
    name = "prompts" if "prompts" in request.node.name else "posts"
    host = Host(sites[name], mount="/data/")
    page = Page(browser, host, worker=where)
    if where:
        # The engine's files come from the caches or the server, but no address of the API does.
        host.requests.clear()
    yield page.run
    if where:
        asked = [line for line in host.requests if "/search" in line or "/posts" in line]
        assert asked == []
    page.context.close()
    host.stop()


def test_a_client_of_prompts(run: Any) -> None:
    found = run(PROMPTS_CLIENT)
    assert found["count"] == 120 and found["changed"]
    assert (found["l"], found["q"]) == (5, "red AND castle")
    assert 0 < len(found["results"]) <= 5
    for result in found["results"]:
        assert list(result) == ["id", "p", "se", "c", "st", "sa"]
        assert {"red", "castle"} <= set(result["p"].split())
        assert not result["id"].endswith(".png")
        assert (result["st"], result["sa"]) == (50, "k_lms") and result["c"] in (7, 7.5)
    assert found["phrases"] and all("red car" in text for text in found["phrases"])
    assert found["prefixes"] > 0 and (found["usual"], found["most"]) == (50, 200)
    assert found["missing"] == {"error": "query is empty"}
    assert set(found["map"]) >= {"search", "stats"}


def test_a_client_of_posts(run: Any) -> None:
    found = run(POSTS_CLIENT)
    assert found["stat"] == {"num_posts": 150, "num_ratings": 3, "num_tags": len(TAGS)}
    assert found["random"]["count"] == len(found["random"]["result"]) == 8
    for post in found["random"]["result"]:
        assert list(post) == [
            "id", "post_id", "md5", "rating", "width", "height", "file_ext", "file_size", "source",
            "pixiv_id", "location", "tags",
        ]  # fmt: skip
        assert 1 <= post["id"] <= 50
        assert post["location"] == f"{post['post_id'] % 1000}/{post['post_id']}.png"
        assert set(post["tags"]) <= {number for number, _, _ in TAGS}
    assert [post["id"] for post in found["page"]["result"]] == list(range(41, 81))
    numbers = {number: (name, field) for number, name, field in TAGS}
    categories = {"tags": 0, "artist": 1, "copyright": 3, "character": 4, "meta": 5}
    name, field = numbers[found["tag"]["id"]]
    assert found["tag"] == {"id": found["tag"]["id"], "name": name, "category": categories[field]}
    info = found["info"]
    assert info["total_batches"] == sum(
        info[f"{part}_batches"] for part in ("train", "validation", "test")
    )
    every = [post for part in found["parts"].values() for post in part]
    assert len(every) == 150 and len(set(every)) == 150
    assert len(found["parts"]["validation"]) > len(found["parts"]["test"]) > 0
    assert [status for status, _ in found["refused"]] == [404, 400, 400, 404]
    assert f"the numbers are 0 to {info['train_batches'] - 1}" in found["refused"][0][1]
    assert "from 1 to 1000" in found["refused"][1][1] and "100" in found["refused"][2][1]


def test_ids_of_batches_are_the_same_everywhere(browser: Browser, sites: dict[str, Path]) -> None:
    host = Host(sites["posts"], mount="/data/")
    pages = [Page(browser, host, worker=worker) for worker in (False, True)]
    found = [page.run(POSTS_CLIENT) for page in pages]
    for page in pages:
        page.context.close()
    host.stop()
    assert found[0]["id"] == found[1]["id"] and found[0]["parts"] == found[1]["parts"]
    assert found[0]["list"] == found[1]["list"] and found[0]["info"] == found[1]["info"]


def test_a_visited_site_answers_offline(browser: Browser, sites: dict[str, Path]) -> None:
    host = Host(sites["prompts"], mount="/data/")
    page = Page(browser, host, worker=True)
    first = page.run(PROMPTS_CLIENT)
    host.stop()
    assert page.run(PROMPTS_CLIENT) == first
    page.context.close()


def test_a_worker_that_was_stopped_answers_again(browser: Browser, sites: dict[str, Path]) -> None:
    """Browsers stop idle workers. A started one may run the API's script only because it was installed."""
    host = Host(sites["prompts"], mount="/data/")
    page = Page(browser, host, worker=True)
    session = page.context.new_cdp_session(page.page)
    session.send("ServiceWorker.enable")
    # Twice: before the API was ever used, and after it.
    session.send("ServiceWorker.stopAllWorkers")
    first = page.run(PROMPTS_CLIENT)
    session.send("ServiceWorker.stopAllWorkers")
    host.stop()
    assert page.run(PROMPTS_CLIENT) == first
    page.context.close()
