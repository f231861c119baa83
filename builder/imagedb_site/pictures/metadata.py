"""What a file and its XMP sidecar say about the picture, as fields: cleaned, bounded and checked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from PIL import Image

from imagedb_site.pictures.automatic import is_automatic
from imagedb_site.pictures.exif import read_exif
from imagedb_site.pictures.iptc import iptc_values, read_iptc
from imagedb_site.pictures.keywords import read_keywords
from imagedb_site.pictures.png_text import read_png_text
from imagedb_site.pictures.privacy import Secrets, is_owner, reveals
from imagedb_site.pictures.prompts import find_prompt, is_settings
from imagedb_site.pictures.quantities import exif_position, to_number, xmp_position
from imagedb_site.pictures.ratings import read_color_label, read_rating
from imagedb_site.pictures.sources import SOURCES, WRITTEN_BY_CAMERA
from imagedb_site.pictures.taken import read_taken
from imagedb_site.pictures.texts import decode_comment, fold, known_text, one_line, to_text
from imagedb_site.pictures.xmp import read_xmp, read_xmp_file
from imagedb_site.records import Value

_LIMITS = {
    "title": 300,
    "headline": 300,
    "description": 10_000,
    "comment": 10_000,
    "alt_text": 2_000,
    "extended_description": 10_000,
    "credit": 300,
    "copyright": 500,
    "creator": 200,
    "lens": 120,
    "owner": 200,
    "serial": 100,
    "lens_serial": 100,
}
"""The most characters of the fields that are one text."""
_CAPTIONS = ("title", "headline", "description", "comment")
"""A text is given in the first of these fields that has it."""
_NUMBERS: dict[str, tuple[float, float, int]] = {
    "focal_length": (0.1, 10_000, 4),
    "aperture": (0.5, 256, 4),
    "exposure_time": (1e-6, 86_400, 8),
    "iso": (1, 10_000_000, 4),
}
"""The least and the most value, and the digits after the point."""
_PNG_NAMES = {
    "title": "Title",
    "description": "Description",
    "caption": "Description",
    "author": "Author",
    "artist": "Author",
    "creator": "Author",
    "comment": "Comment",
    "keywords": "Keywords",
    "keyword": "Keywords",
    "copyright": "Copyright",
}
_MADE = ("xmp:CreateDate", "exif:DateTimeDigitized")
"""Dates that say when a file was made; in a sidecar they must not override the file's own date."""
_PLACE = SOURCES["place"]
_MAX_COMMENTS = 20

Found = Mapping[str, list[Any]]


def read_metadata(image: Image.Image, data: bytes = b"") -> dict[str, Value]:
    """Returns the metadata of an opened file; `data` are its bytes, of which PNG texts are read.

    Nothing a file contains makes this raise.
    """
    exif, texts = read_exif(image), read_png_text(data)
    iptc = read_iptc(image, texts)
    xmp = _safely(lambda: read_xmp(_xmp_packet(image, texts)))
    found: dict[str, list[Any]] = {**exif.values, **iptc_values(iptc), **_xmp_values(xmp)}
    for name, several in texts.items():
        known = _PNG_NAMES.get(name.casefold())
        if known:
            found.setdefault(f"PNG {known}", []).extend(several)
    comments = _comments(image)
    if image.format != "PNG" and comments:
        found["GIF comment" if image.format == "GIF" else "JPEG comment"] = comments
    own = [str(text) for text in found.get("EXIF UserComment", ())]
    settings = {**texts, "UserComment": own, "comment": [*texts.get("comment", ()), *comments]}
    prompt = _safely(lambda: dict(vars(find_prompt(settings))))
    chunks: dict[Any, Any] = {**image.info, **{name: several[0] for name, several in texts.items()}}
    return _safely(
        lambda: _Reader(found, prompt).fields(
            read_taken(exif.main, exif.detail, xmp, iptc, chunks),
            exif_position(exif.gps) or xmp_position(xmp),
        )
    )


def read_secrets(image: Image.Image, data: bytes) -> Secrets:
    """Returns what an opened file says about its owner and its serial numbers."""
    exif, texts = read_exif(image), read_png_text(data)
    xmp = _safely(lambda: read_xmp(_xmp_packet(image, texts)))
    return _Reader({**exif.values, **_xmp_values(xmp)}, {}).secrets


def read_drawing(title: str, description: str) -> dict[str, Value]:
    """Returns the metadata of an SVG drawing with these texts."""
    return _Reader({"SVG title": [title], "SVG desc": [description]}, {}).fields("", None)


def read_sidecar(data: bytes) -> tuple[dict[str, Value], str]:
    """Returns what an XMP sidecar says, and what is wrong with it; empty if nothing is.

    An empty value means that the field has none, whatever the picture says. Of a damaged sidecar, what stands
    before the damage counts. The date must be one that says when the picture was taken.
    """
    try:
        xmp, damage = read_xmp_file(data)
        dates = {name: xmp[name] for name in xmp if name not in _MADE}
        taken = read_taken({}, {}, dates, {}, {})
        return _Reader(_xmp_values(xmp), {}).fields(taken, xmp_position(xmp), over=True), damage
    except Exception:  # hostile files
        return {}, "the XMP sidecar cannot be read"


def _xmp_values(xmp: Mapping[str, list[str]]) -> dict[str, list[Any]]:
    return {f"XMP {name}": values for name, values in xmp.items()}


class _Reader:
    """Puts the fields together from what was found, by the names of the sources."""

    def __init__(self, found: Found, prompt: Mapping[str, str]) -> None:
        self._found = found
        self._prompt = {name: to_text(text, 10_000) for name, text in prompt.items()}
        self._fields: dict[str, Value] = {}
        self._private: list[str] = []
        make, model = (
            one_line(self._first(f"EXIF {name}", f"XMP tiff:{name}"), 80)
            for name in ("Make", "Model")
        )
        self._camera = _camera(make, model)
        software = one_line(self._first("EXIF Software"), 200)
        self._devices = (make, model, f"{make} {model}", self._camera, software)
        serials = (*self._texts("serial"), *self._texts("lens_serial"))
        self.secrets = Secrets(tuple(self._texts("owner")), serials)

    def fields(
        self, taken: str, position: tuple[float, float, float | None] | None, over: bool = False
    ) -> dict[str, Value]:
        """Returns the fields; with `over`, empty ones are those that override others."""
        self._put_captions(over)
        keywords = read_keywords(self._found)
        self._private += [word for word in keywords if reveals(word, self.secrets.serials)]
        self._put("keywords", [word for word in keywords if word not in self._private])
        self._put("taken", taken)
        self._put("camera", self._camera)
        for name, (low, high, digits) in _NUMBERS.items():
            self._put(name, to_number(self._first(*SOURCES[name]), low, high, digits))
        rating = read_rating(self._found)
        if rating or (over and rating == 0):
            self._fields["rating"] = rating or ""
        self._put("color_label", read_color_label(self._found))
        for name in ("lens", "creator", "credit", "copyright", "owner", "serial", "lens_serial"):
            self._put(name, next(iter(self._texts(name)), ""))
        for name, value in zip(("latitude", "longitude", "altitude"), position or (), strict=False):
            if value is not None:
                self._fields[name] = value
        self._put("place", self._place())
        self._put("private_text", "\n".join(dict.fromkeys(self._private))[:10_000])
        return self._fields

    def _put_captions(self, over: bool) -> None:
        for name, key in (("prompt", "positive"), ("negative_prompt", "negative")):
            self._put(name, self._prompt.get(key, ""))
        self._put("generator", self._prompt.get("model", "")[:200])
        seen = {fold(str(self._fields.get("prompt", "")))}
        texts = {name: self._texts(name) for name in _CAPTIONS}
        if not over:
            # The comment is the caption of a picture that has no other. A sidecar does not know that.
            texts["description"] = texts["description"] or texts["comment"]
        for name, several in texts.items():
            text = next((one for one in several if fold(one) not in seen), "")
            seen.add(fold(text))
            if text or (over and several):
                self._fields[name] = text
        for name in ("alt_text", "extended_description"):
            self._put(name, next(iter(self._texts(name)), ""))

    def _put(self, name: str, value: Value | None) -> None:
        if value is not None and value != "" and value != []:
            self._fields[name] = value

    def _first(self, *names: str) -> object:
        """Returns the first value of the first of these sources that has one."""
        values = (self._found[name][0] for name in names if self._found.get(name))
        return next((value for value in values if value not in ("", b"")), None)

    def _texts(self, name: str) -> list[str]:
        """Returns the usable texts of a field, the best one first."""
        texts = []
        for source in SOURCES[name]:
            values = self._found.get(source, [])
            if name == "creator" and values and isinstance(values[0], str):
                values = [", ".join(map(str, values[:8]))]
            texts += [self._usable(name, source, known_text(v, _LIMITS[name])) for v in values]
        return [text for text in texts if text]

    def _usable(self, name: str, source: str, text: str) -> str:
        """Returns `text`, or nothing if it was written automatically or reveals something."""
        if not text or name in ("owner", "serial", "lens_serial"):
            return text
        if source in WRITTEN_BY_CAMERA and is_owner(text, self.secrets.owners):
            return ""
        if name not in ("lens", "creator") and reveals(text, self.secrets.serials):
            self._private.append(text)
            return ""
        written = name in (*_CAPTIONS, "copyright")
        if written and (is_automatic(text, self._devices) or is_settings(text)):
            return ""
        return text

    def _place(self) -> list[str]:
        pairs = zip(_PLACE[0::2], _PLACE[1::2], strict=True)
        parts = (one_line(self._first(*pair), 100) for pair in pairs)
        return list(dict.fromkeys(part for part in parts if part))


def _safely(read: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Returns what `read` returns; nothing if it raises, because metadata is never worth a picture."""
    try:
        return read()
    except Exception:  # hostile files
        return {}


def _xmp_packet(image: Image.Image, texts: Mapping[str, list[str]]) -> bytes:
    packets: Iterable[object] = (
        image.info.get("xmp"),
        image.info.get("XML:com.adobe.xmp"),
        *texts.get("XML:com.adobe.xmp", ()),
    )
    for packet in packets:
        if isinstance(packet, str) and packet:
            return packet.encode("utf-8", "replace")
        if isinstance(packet, bytes) and packet:
            return packet
    return b""


def _comments(image: Image.Image) -> list[str]:
    """Returns the comments of a JPEG, GIF or JPEG 2000 file."""
    segments = getattr(image, "applist", None)
    raw = [body for name, body in segments if name == "COM"] if segments else []
    if not raw:
        raw = [image.info.get("comment")]
    texts = (one.encode("latin-1", "ignore") if isinstance(one, str) else one for one in raw)
    comments = (decode_comment(one) for one in texts if isinstance(one, bytes))
    return [text for text in comments if text][:_MAX_COMMENTS]


def _camera(make: str, model: str) -> str:
    """Returns maker and model without saying the maker twice."""
    make = make.removeprefix("Eastman ").removeprefix("EASTMAN ")
    make = known_text(make, 80)
    if not model or not make:
        return model or make
    short = re.sub(
        r"[ ,]+(corporation|corp|co|inc|ltd|company|imaging|optical|electronics|computer|"
        r"technologies|camera)\b.*$",
        "",
        make,
        flags=re.IGNORECASE,
    )
    short = short.title() if short.isupper() and len(short) > 3 else short
    if model.casefold().startswith(short.casefold()):
        return model
    return f"{short} {model}"
