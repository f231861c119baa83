"""Finds a Chromium for the browser tests and benchmarks, or installs one.

    python tests/browser.py      installs one if there is none

In turn: the path in IMAGEDB_CHROMIUM, a Chromium or Chrome on PATH, Playwright's own browser
(downloaded if it is missing), and, if that download fails and this user may install packages,
Debian's `chromium`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# No sandbox (for root and containers), no requests to the vendor at start.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


@cache
def chromium_path() -> str | None:
    """The executable to start; None means Playwright's own browser.

    Raises RuntimeError if there is no browser and none can be installed.
    """
    given = os.environ.get("IMAGEDB_CHROMIUM")
    if given:
        return given
    found = _on_path()
    if found:
        return found
    if _own_browser():
        return None
    if subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"]).returncode == 0:
        return None
    apt = shutil.which("apt-get")
    if apt and os.geteuid() == 0:
        subprocess.run([apt, "update", "-qq"])
        subprocess.run([apt, "install", "-y", "-qq", "chromium"])
    found = _on_path()
    if not found:
        raise RuntimeError("No Chromium: install one, or set IMAGEDB_CHROMIUM to its path.")
    return found


def _on_path() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


def _own_browser() -> bool:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path).exists()


if __name__ == "__main__":
    print("Chromium:", chromium_path() or "Playwright's own")
