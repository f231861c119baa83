"""Every state of every component, on one page: nothing overlaps or is cut, and axe finds nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page

from gallery_page import (
    FRAME,
    build_gallery,
    empty_frames,
    open_gallery,
    photograph_whole,
    serving_files,
    unexpected,
)
from page_checks import audit, faults

IMPACTS = ("minor", "moderate", "serious", "critical")
LEAST_FRAMES = 105
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = build_gallery(tmp_path_factory.mktemp("gallery"))
    with serving_files(folder) as url:
        yield url


def listened(page: Page) -> list[str]:
    """The errors of the page, as they come."""
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    return errors


@pytest.mark.parametrize("width", (390, 820, 1440))
def test_every_state_can_be_seen_and_used(
    browser: Browser, gallery: str, width: int, tmp_path: Path
) -> None:
    touch: dict[str, Any] = {"is_mobile": True, "has_touch": True} if width <= 820 else {}
    context = browser.new_context(
        viewport={"width": width, "height": 900}, reduced_motion="reduce", **touch
    )
    page = context.new_page()
    errors = listened(page)
    open_gallery(page, gallery)
    assert page.locator(FRAME).count() >= LEAST_FRAMES
    assert empty_frames(page) == []
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        photograph_whole(page, tmp_path / f"gallery-{width}-{scheme}.png")
        assert unexpected(faults(page)) == [], scheme
        assert unexpected(audit(page, IMPACTS)) == [], scheme
    assert errors == []
    context.close()
