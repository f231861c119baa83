"""The HTTP API of `serve`: its description, its answers, and what it refuses."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openapi_spec_validator import validate
from site_samples import make_web
from site_servers import running

from api_requests import Maker
from data_sets import posts
from imagedb_site.api_table import routes, table
from imagedb_site.http_api import Api, Asked, Reply
from imagedb_site.http_api.api import _INSIDE, _PLAIN, _QUERY
from imagedb_site.http_api.jsontext import json_text, number_text
from imagedb_site.serve import SiteServer
from imagedb_site.site.api_pages import help_values, openapi, schemas

ROOT = Path(__file__).parents[2]
SITE = ROOT / "tests" / "golden" / "site-queries"


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    found = Api(SITE)
    yield found
    found.close()


def ask(
    api: Api, path: str, method: str = "GET", body: str | None = None, accept: str = ""
) -> Reply:
    target, _, query = path.partition("?")
    reply = api.answer(Asked(method, target, query, accept, lambda: (body or "").encode()))
    assert reply is not None
    return reply


def found(api: Api, path: str, **options: str) -> Any:
    reply = ask(api, path, **options)
    assert reply.status == 200, reply.content
    return json.loads(reply.content)


# -- the description ---------------------------------------------------------------------------


def test_every_address_has_an_answer() -> None:
    names = {route.name for route in routes()}
    assert names == {*_INSIDE, *_QUERY, *_PLAIN, "postBatchNew"}
    assert {route.answer for route in routes()} <= set(table()["schemas"])


def test_openapi_is_valid() -> None:
    described = openapi("Title", "Text")
    validate(described)
    assert set(described["paths"]) == {route.path for route in routes()}


def test_the_help_has_the_table_of_the_query_language() -> None:
    text = (ROOT / "docs" / "QUERY.md").read_text(encoding="utf-8")
    for typed, meaning in table()["syntax"]:
        assert f"| {typed} | {meaning} |" in text
    assert (
        len(table()["syntax"])
        == len(re.findall(r"^\| .* \|$", text.split("What other")[0], re.M)) - 1
    )
    shown: Any = help_values([])
    assert len(shown["groups"]) == 3 and "<code>" in shown["syntax"][0][0]


def test_the_guide_names_every_address() -> None:
    guide = (ROOT / "docs" / "guide" / "api.md").read_text(encoding="utf-8")
    assert [route.path for route in routes() if f"`{route.path}" not in guide] == []


# -- answers -----------------------------------------------------------------------------------


def test_answers_follow_their_schemas(api: Api) -> None:
    defined = {"components": {"schemas": schemas()}}
    seen = set()
    for route in routes():
        schema = {"$ref": f"#/components/schemas/{route.answer}", **defined}
        checked = jsonschema.Draft202012Validator(schema)
        maker = Maker(SITE, seed=3)
        for _ in range(12):
            request = maker.draw(route)
            reply = ask(api, request.path, request.method, request.body)
            value = json.loads(reply.content)
            if reply.status == 200:
                checked.validate(value)
                seen.add(route.name)
            else:
                assert reply.status in (*route.status, 400), request
                assert set(value) <= {route.error, "suggestion"}
    assert seen == {route.name for route in routes()}


def test_similar_images(api: Api) -> None:
    image = found(api, "api/pages?size=1")["images"][0]["id"]
    near = found(api, f"api/similar?id={image}&k=10")["results"]
    values = [one["similarity"] for one in near]
    assert values == sorted(values, reverse=True) and len(near) == 10
    assert image not in [one["id"] for one in near]
    same = found(api, f"api/search?q=like:{image}&k=11")["results"]
    assert same[0]["id"] == image and same[0]["similarity"] == 1
    assert [one["id"] for one in same[1:]] == [one["id"] for one in near]
    page = found(api, f"api/similar?id={image}&k=3&offset=4")["results"]
    assert page == near[4:7]


def test_images_without_an_embedding(tmp_path: Path) -> None:
    api = Api(posts(tmp_path / "posts", make_web(tmp_path / "web")))
    ids = [image["id"] for image in found(api, "api/pages?size=10")["images"]]
    reply = ask(api, f"api/similar?id={ids[5]}")
    assert reply.status == 404 and b"has no embedding" in reply.content
    near = found(api, f"api/similar?id={ids[6]}&k=200")["results"]
    assert len(near) == 119 and all((one["number"] - 1) % 5 for one in near)
    assert found(api, f"api/search?q=like:{ids[6]}+like:{ids[5]}")["results"][0]["id"] == ids[6]
    api.close()


def test_words_filters_and_order(api: Api) -> None:
    words = found(api, "api/search?q=cat&k=5")
    assert words["results"] and all("cat" in one["matched"] for one in words["results"][:1])
    filtered = found(api, "api/search?q=tag:black_cat&k=200")["results"]
    assert len(filtered) == 9 and all("black_cat" in one["fields"]["tags"] for one in filtered)
    wide = [one["width"] for one in found(api, "api/search?q=sort:-width&k=60")["results"]]
    assert wide == sorted(wide, reverse=True)
    for query in ("cat&mode=all", "cat&mode=meaning", "image:x.jpg", "like:9966e6c00a5741a5+cat"):
        reply = ask(api, f"api/search?q={query}")
        assert reply.status == 501 and b"needs the model" in reply.content


def test_batches(api: Api) -> None:
    made = found(api, "api/batches?size=7&validation=20&test=10&seed=3")
    seen = []
    for part, count in made["batches"].items():
        for number in range(count):
            batch = found(api, f"api/batches/{made['id']}/{part}/{number}")
            seen += [image["id"] for image in batch["images"]]
        reply = ask(api, f"api/batches/{made['id']}/{part}/{count}")
        assert reply.status == 404 and f"0 to {count - 1}".encode() in reply.content
    assert len(seen) == len(set(seen)) == 60
    body = '{"batch_size": 7, "validation_split": 20, "test_split": 10, "seed": 3}'
    assert found(api, "posts/batch", method="POST", body=body) == {"id": made["id"]}


def test_a_seed_decides_a_sample(api: Api) -> None:
    first, same = (ask(api, "posts/random?size=5&seed=9") for _ in range(2))
    assert first.content == same.content and "max-age=600" in first.headers["Cache-Control"]
    others = {ask(api, "posts/random?size=20").content for _ in range(4)}
    assert len(others) > 1
    assert ask(api, "posts/random").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("posts?batch_size=0", 400, "batch_size must be a whole number from 1 to 1000."),
        ("posts?batch_size=60&batch_number=2", 404, "There is no batch 2: the numbers are 1 to 1."),
        ("api/batches?validation=60&test=41", 400, "at most 100 % together"),
        ("api/batches?size=1001", 400, "size must be a whole number from 1 to 1000."),
        ("api/batches/x", 404, "This collection has no batches x."),
        ("tag/0", 404, "There is no tag 0: the numbers are 1 to 23."),
        ("api/documents/x", 404, "The collection has no image x."),
        ("api/search?q=like:0000000000000000", 404, "has no image 0000000000000000"),
        ("api/facets", 400, "The parameter field is missing."),
        ("api/facets?field=nothing", 400, "cannot be counted. Fields: folder"),
        ("api/facets?field=tags&under=x", 400, "are not paths"),
        ("api/search?mode=other", 400, "mode must be one of words, meaning, all."),
        ("api/search?q=" + "x" * 10_001, 400, "q must have at most 10000 characters."),
        ("api/search?k=201", 400, "k must be a whole number from 1 to 200."),
        ("search?q=a-b", 400, "q is not a full-text expression"),
        ("search?q=" + "(" * 9_000, 400, "q is not a full-text expression"),
        ("api/nothing", 404, "There is no such address."),
    ],
)
def test_refusals_say_what_is_allowed(api: Api, path: str, status: int, message: str) -> None:
    reply = ask(api, path)
    assert reply.status == status and message in reply.content.decode()
    assert reply.headers["Cache-Control"] == "no-store"


def test_what_is_not_for_the_api(api: Api) -> None:
    for path in ("", "index.html", "api/", "api/openapi.json", "searches", "data/x.bin", "%FF/x"):
        assert api.answer(Asked("GET", path)) is None
    assert found(api, "", accept="application/json")["search"].startswith("/search")
    assert api.answer(Asked("GET", "", accept="text/html,application/json")) is None


numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**20), 10**20)


@given(numbers)
def test_numbers_keep_their_value(number: float) -> None:
    assert float(number_text(number)) == float(number)


def test_json_is_that_of_javascript() -> None:
    # What JSON.stringify gives in Node.
    numbers = [0.1, 1e21, 1e-7, 100.0, -0.0, 123456789012345680000, 1e-6]
    assert json_text(numbers) == "[0.1,1e+21,1e-7,100,0,123456789012345680000,0.000001]"
    texts = {"é\u2028\x7f": ['\x01\ud800"', None, True]}
    assert json_text(texts) == '{"é\u2028\x7f":["\\u0001\\ud800\\"",null,true]}'


# -- the server --------------------------------------------------------------------------------


def over(
    server: SiteServer, method: str, path: str, body: bytes | None = None, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request(method, path, body, headers)
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response.status, dict(response.headers.items()), content


def test_methods_and_headers() -> None:
    with running(SITE) as server:
        status, headers, content = over(server, "GET", "/stats")
        assert status == 200 and headers["Access-Control-Allow-Origin"] == "*"
        assert headers["Cache-Control"] == "public, max-age=600"
        assert headers["X-Content-Type-Options"] == "nosniff"
        head = over(server, "HEAD", "/stats")
        assert head[1]["Content-Length"] == str(len(content)) and head[2] == b""
        status, headers, _ = over(server, "OPTIONS", "/posts/batch")
        assert status == 204 and headers["Access-Control-Allow-Methods"] == "POST, OPTIONS"
        assert over(server, "POST", "/stats")[0] == 405 == over(server, "POST", "/manifest.json")[0]
        assert over(server, "PUT", "/posts/batch", b"{}")[0] == 405
        assert over(server, "POST", "/posts/batch", b" " * 70_000)[0] == 413


def test_other_sites_do_not_read_a_collection_of_this_machine() -> None:
    allowed = "Access-Control-Allow-Origin"
    with running(SITE) as server:
        for origin in ("http://localhost:3000", "http://127.0.0.1"):
            assert over(server, "GET", "/stats", Origin=origin)[1].get(allowed) == "*"
        for origin in ("https://example.org", "null", "http://localhost.example.org"):
            assert allowed not in over(server, "GET", "/stats", Origin=origin)[1]
        assert over(server, "GET", "/stats", Host="example.org")[0] == 403
    with running(SITE, any_origin=True) as server:
        assert over(server, "GET", "/stats", Origin="https://example.org")[1][allowed] == "*"


def test_threads_take_turns() -> None:
    paths = [
        "/api/search?q=cat",
        "/api/stats",
        "/tag/3",
        "/posts?batch_size=5",
        "/search?q=dog",
    ] * 8
    with running(SITE) as server, ThreadPoolExecutor(16) as pool:
        alone = {path: over(server, "GET", path) for path in set(paths)}
        for path, reply in zip(
            paths, pool.map(lambda p: over(server, "GET", p), paths), strict=True
        ):
            assert (reply[0], reply[2]) == (200, alone[path][2])


def test_a_new_build_is_noticed(tmp_path: Path) -> None:
    site = tmp_path / "site"
    shutil.copytree(SITE, site)
    api = Api(site)
    assert found(api, "stats")["count"] == 60
    tiny = ROOT / "tests" / "golden" / "site-tiny"
    shutil.copytree(tiny, site, dirs_exist_ok=True)
    count = json.loads((tiny / "manifest.json").read_text(encoding="utf-8"))["collection"]["count"]
    assert found(api, "stats")["count"] == count
    os.truncate(site / "manifest.json", 100)
    assert ask(api, "stats").status == 500
    api.close()
