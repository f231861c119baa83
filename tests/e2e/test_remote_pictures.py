"""Pictures on another host: what browsers ask for, what they tell it, and what stays forbidden."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import Host, Visit
from playwright.sync_api import Request, Route, expect
from record_sites import FIELDS, drawn, rows

from imagedb_site.site import SiteInput, write_site

OTHER = "https://images.example.org"
STRANGER = "https://stranger.example"
COUNT = 60


@pytest.fixture(scope="module")
def remote_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("remote") / "site"
    made = [
        replace(row, remote={"image": f"{OTHER}/full/{at}", "thumbnail": f"{OTHER}/small/{at}"})
        for at, row in enumerate(rows(COUNT, 0))
    ]
    settings = {"title": "Remote", "fields": FIELDS, "thumbnail": lambda row: None}
    write_site(SiteInput(rows=made, origins=[OTHER], **settings), folder)  # type: ignore[arg-type]
    return folder


@pytest.fixture
def host(remote_site: Path) -> Iterator[Host]:
    server = Host(remote_site, mount="/shapes/")
    yield server
    server.stop()


def test_the_other_host_is_asked_for_pictures_in_view_and_learns_nothing_else(visit: Visit) -> None:
    visitor = visit()
    visitor.tolerate(f"request to another origin: {OTHER}/")
    asked: list[Request] = []

    def answer(route: Route) -> None:
        asked.append(route.request)
        route.fulfill(body=drawn(1), content_type="image/webp")

    visitor.context.route(f"{OTHER}/**", answer)
    page = visitor.open("#view=list")
    expect(page.locator("img.remote-picture.shown").first).to_be_visible()
    page.locator(".record-link").first.click()
    expect(page.get_by_role("dialog", name="Record")).to_be_visible()
    expect(page.get_by_role("dialog").locator(".stage-picture img.shown")).to_be_visible()
    assert any("/full/" in request.url for request in asked)
    assert {request.resource_type for request in asked} == {"image"}
    for request in asked:
        assert not {"referer", "origin", "cookie"} & set(request.all_headers())
    # Rows that are out of view are not asked for.
    assert len({request.url for request in asked}) < COUNT


def test_the_policy_stops_pictures_of_any_other_host(visit: Visit) -> None:
    visitor = visit()
    visitor.tolerate(f"request to another origin: {OTHER}/", STRANGER, "Content Security Policy")
    reached: list[str] = []
    visitor.context.route(f"{OTHER}/**", lambda route: route.fulfill(body=drawn(1)))
    visitor.context.route(
        f"{STRANGER}/**", lambda route: (reached.append(route.request.url), route.abort())
    )
    page = visitor.open("#view=list")
    expect(page.locator("img.remote-picture").first).to_be_attached()
    refused = page.evaluate(
        """(address) => new Promise((done) => {
            addEventListener("securitypolicyviolation", (event) => done(event.violatedDirective));
            new Image().src = address;
        })""",
        f"{STRANGER}/a.png",
    )
    assert refused == "img-src" and reached == []
