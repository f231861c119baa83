"""How Chromium shows picture files: the pixels of each one on a small canvas."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page, Route

_ORIGIN = "http://pictures.invalid"
_SHOW = """async ([url, type, side]) => {
  const bytes = await (await fetch(url)).arrayBuffer();
  const blob = URL.createObjectURL(new Blob([bytes], { type }));
  const image = new Image();
  const shown = new Promise((resolve) => {
    image.onload = () => resolve(true);
    image.onerror = () => resolve(false);
    setTimeout(() => resolve(false), 20000);
  });
  image.src = blob;
  const loaded = await shown;
  URL.revokeObjectURL(blob);
  if (!loaded || !image.naturalWidth || !image.naturalHeight) return null;
  const { naturalWidth: width, naturalHeight: height } = image;
  const scale = Math.min(1, side / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  try { context.drawImage(image, 0, 0, canvas.width, canvas.height); } catch { return null; }
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  let text = "";
  for (let at = 0; at < data.length; at += 32768) {
    text += String.fromCharCode(...data.subarray(at, at + 32768));
  }
  return { width, height, size: [canvas.width, canvas.height], data: btoa(text) };
}"""


@dataclass(frozen=True)
class Shown:
    """A picture as Chromium shows it: its own size, upright, and u8 [height, width, 4], RGBA in sRGB."""

    width: int
    height: int
    pixels: NDArray[np.uint8]


class Renderer:
    """Renders files in a page that is open."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._path: Path | None = None
        page.route(f"{_ORIGIN}/**", self._answer)
        page.goto(f"{_ORIGIN}/page")

    def show(self, path: Path, side: int) -> Shown | None:
        """The picture within a square of `side` pixels, or None if Chromium does not show it."""
        self._path = path
        kind = "image/svg+xml" if path.suffix.lower() == ".svg" else ""
        found: dict[str, Any] | None = self._page.evaluate(_SHOW, [f"{_ORIGIN}/file", kind, side])
        if found is None:
            return None
        width, height = found["size"]
        pixels = np.frombuffer(base64.b64decode(found["data"]), dtype=np.uint8)
        return Shown(found["width"], found["height"], pixels.reshape(height, width, 4))

    def _answer(self, route: Route) -> None:
        if route.request.url.endswith("/file") and self._path is not None:
            route.fulfill(body=self._path.read_bytes(), content_type="application/octet-stream")
        else:
            route.fulfill(body="<!doctype html><title>pictures</title>", content_type="text/html")
