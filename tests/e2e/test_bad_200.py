"""A damaged answer with the status 200 harms no later visit. The soak part `bad_200` tries all files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from soak._damaging import DamagingHost, damaging_host
from soak._tour import Tour
from soak.bad_200 import Trial, attempt, poisoned


@pytest.fixture(scope="module")
def damaging(site: Path) -> Iterator[DamagingHost]:
    with damaging_host(site) as host:
        yield host


def test_one_damaged_script(browser: Browser, damaging: DamagingHost, site: Path) -> None:
    trial = Trial("worker", "cut")
    assert attempt(browser, damaging, Tour.of(site, damaging.url), trial) == ""


def test_damaged_caches_heal(browser: Browser, damaging: DamagingHost, site: Path) -> None:
    tour = Tour.of(site, damaging.url)
    assert poisoned(browser, tour, "flipped", earlier=False) == ""
