"""SVG drawings, rasterised by resvg, with nothing read but the drawing itself."""

from __future__ import annotations

import gzip
import io
import re
import xml.etree.ElementTree as ET
import zlib

import resvg_py
from PIL import Image

from imagedb_site.pictures.types import DecodeError, Limits

_MAX_BYTES = 16 << 20
_MAX_ELEMENTS = 200_000
_MAX_TEXT = 20_000
_DEFAULT_SIZE = 512.0
_LENGTH = re.compile(r"([0-9]{1,9}(?:\.[0-9]{0,9})?|\.[0-9]{1,9})\s*(px|pt|pc|mm|cm|in|em|ex|%)?")
_UNITS = {
    "px": 1,
    "pt": 4 / 3,
    "pc": 16,
    "mm": 96 / 25.4,
    "cm": 96 / 2.54,
    "in": 96,
    "em": 16,
    "ex": 8,
}
_EMBEDDED = re.compile(r"\s*data:image/(png|jpe?g|gif|webp)\s*[;,]", re.IGNORECASE)
_NAMESPACES = {
    "": "http://www.w3.org/2000/svg",
    "xlink": "http://www.w3.org/1999/xlink",
}
for _prefix, _uri in _NAMESPACES.items():
    ET.register_namespace(_prefix, _uri)


class Drawing:
    """A parsed SVG; `width` and `height` are its own size in CSS pixels, at least 1."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        self._limits = limits
        root = _parse(_unpack(data))
        _isolate(root)
        self.width, self.height = _size(root)
        self.texts = _text(root, "title"), _text(root, "desc")
        """What the drawing says about itself in its `title` and `desc`."""
        self._markup = ET.tostring(root, encoding="unicode")
        # Finding the system's fonts takes longer than most drawings do.
        self._fonts = any(_local(element.tag) == "text" for element in root.iter())

    def render(self, size: int) -> Image.Image:
        """Returns the drawing as RGBA, its longer side `size` pixels."""
        scale = size / max(self.width, self.height)
        width = max(1, round(self.width * scale))
        height = max(1, round(self.height * scale))
        if width * height > self._limits.max_pixels:
            raise DecodeError("the drawing is too large", "too_large")
        try:
            png = resvg_py.svg_to_bytes(
                svg_string=self._markup,
                width=width,
                height=height,
                # Without it, lengths in inches and points come to nothing.
                dpi=96,
                skip_system_fonts=not self._fonts,
            )
        except ValueError as error:
            raise DecodeError(f"the drawing cannot be read ({error})", "damaged") from error
        image = Image.open(io.BytesIO(bytes(png)), formats=["PNG"])
        image.load()
        return image


def _text(root: ET.Element, name: str) -> str:
    """Returns the text of the first child of the drawing with this name."""
    for child in root:
        if _local(child.tag) == name:
            return "".join(child.itertext())[:_MAX_TEXT]
    return ""


def _unpack(data: bytes) -> bytes:
    if data[:2] == b"\x1f\x8b":
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
                data = stream.read(_MAX_BYTES + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise DecodeError("the compressed drawing is damaged", "damaged") from error
    if len(data) > _MAX_BYTES:
        raise DecodeError("the drawing has more than 16 MiB of markup", "too_large")
    return data


def _parse(data: bytes) -> ET.Element:
    # Entities of the document itself are common in real drawings; expat bounds their growth and is
    # never asked for external ones.
    try:
        parser = ET.XMLParser()  # noqa: S314
        parser.feed(data)
        root = parser.close()
    except (ET.ParseError, ValueError, LookupError, RecursionError) as error:
        raise DecodeError(f"the drawing is not valid XML ({error})", "damaged") from error
    if _local(root.tag) != "svg":
        raise DecodeError("the file is not an SVG drawing", "unknown")
    return root


def _isolate(root: ET.Element) -> None:
    """Removes scripts and every reference to anything outside the drawing.

    resvg would load a file named in an `<image>` from anywhere on the disk.
    """
    count = 0
    stack = [(root, 0)]
    while stack:
        element, depth = stack.pop()
        count += 1
        if count > _MAX_ELEMENTS or depth > 256:
            raise DecodeError("the drawing has too many parts", "too_large")
        for name in list(element.attrib):
            local = _local(name)
            if local == "href":
                value = element.attrib[name]
                if not (value.lstrip().startswith("#") or _EMBEDDED.match(value)):
                    del element.attrib[name]
            elif local == "base" or local.startswith("on"):
                del element.attrib[name]
        for child in list(element):
            if _local(child.tag) in ("script", "foreignObject", ""):
                element.remove(child)
            else:
                stack.append((child, depth + 1))


def _local(name: object) -> str:
    return name.rpartition("}")[2] if isinstance(name, str) else ""


def _length(text: str | None) -> float | None:
    match = _LENGTH.fullmatch((text or "").strip())
    if not match or match.group(2) == "%":
        return None
    return float(match.group(1)) * _UNITS.get(match.group(2) or "px", 1)


def _size(root: ET.Element) -> tuple[int, int]:
    width, height = _length(root.get("width")), _length(root.get("height"))
    box = [float(n) for n in re.findall(r"-?\d{1,9}(?:\.\d{1,9})?", root.get("viewBox", ""))[:4]]
    if len(box) == 4 and box[2] > 0 and box[3] > 0:
        if width is None and height is None:
            width, height = box[2], box[3]
        elif width is None and height is not None:
            width = height * box[2] / box[3]
        elif height is None and width is not None:
            height = width * box[3] / box[2]
    width, height = width or _DEFAULT_SIZE, height or _DEFAULT_SIZE
    if max(width, height) > 1e6 or max(width, height) / min(width, height) > 1e3:
        raise DecodeError("the drawing's size makes no sense", "damaged")
    return max(1, round(width)), max(1, round(height))
