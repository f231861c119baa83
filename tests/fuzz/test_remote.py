"""Hosts that misbehave: a wrong answer is one error message, soon, and never the content of a local file."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from hostile.sites import ANSWERS, hosted
from imagedb_site.errors import ImageDBError, StorageError
from imagedb_site.reader import open_site, source, verify_site

WRONG = [name for name in ANSWERS if name != "whole"]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "_TIMEOUT_S", 0.5)


def visited(url: str) -> str:
    """Reads all of a site; gives the message if that fails."""
    begun = time.monotonic()
    try:
        with open_site(url) as site:
            verify_site(site)
    except ImageDBError as error:
        return str(error)
    finally:
        assert time.monotonic() - begun < 10
    return ""


def test_a_good_site_is_read() -> None:
    with hosted("whole") as host:
        assert visited(host.url) == ""


@pytest.mark.parametrize("answer", WRONG)
def test_a_wrong_manifest(answer: str) -> None:
    tracemalloc.start()
    try:
        with hosted(answer) as host:
            message = visited(host.url)
        assert tracemalloc.get_traced_memory()[1] < 200 << 20
    finally:
        tracemalloc.stop()
    assert message and "root:" not in message and len(message) < 600


@pytest.mark.parametrize("answer", WRONG)
def test_wrong_files_under_a_good_manifest(answer: str) -> None:
    with hosted("whole", answer) as host:
        assert visited(host.url)


def test_a_host_that_hardly_sends_is_given_up() -> None:
    for answer, words in (("slow", "too slowly"), ("slow headers", "does not answer")):
        with hosted(answer) as host, pytest.raises(StorageError, match=words):
            open_site(host.url)


def test_the_internet_cannot_point_into_this_network(monkeypatch: pytest.MonkeyPatch) -> None:
    private = source._is_private
    assert (
        private("http://127.0.0.1/") and private("http://[::1]:80/x") and private("http://10.1.2.3")
    )
    assert private("http://169.254.169.254/latest/") and not private("http://93.184.216.34/")
    with hosted("whole") as inside, hosted("to another port") as host:
        monkeypatch.setattr(source, "_is_private", lambda url: "//127.0.0.1:1/" in url)
        with pytest.raises(StorageError, match="not on the internet"):
            open_site(host.url)
        assert visited(inside.url) == ""
