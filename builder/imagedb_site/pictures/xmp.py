"""The part of an XMP packet that people search for, read by a parser that cannot be led astray.

Only elements, attributes and character data are looked at; a document type declaration (the way to
entity bombs and external files) ends the reading at once.
"""

from __future__ import annotations

from collections import defaultdict
from xml.parsers import expat

_MAX_PACKET = 1 << 20
MAX_SIDECAR = 8 << 20
"""How many bytes a sidecar may have: programs store every stroke of a brush in it."""
_MAX_DEPTH = 64
_MAX_VALUES = 2_000
_MAX_VALUE = 20_000

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_PREFIXES = {
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://ns.adobe.com/xap/1.0/": "xmp",
    "http://ns.adobe.com/photoshop/1.0/": "photoshop",
    "http://ns.adobe.com/exif/1.0/": "exif",
    "http://ns.adobe.com/exif/1.0/aux/": "aux",
    "http://cipa.jp/exif/1.0/": "exifEX",
    "http://ns.adobe.com/tiff/1.0/": "tiff",
    "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/": "Iptc4xmpCore",
    "http://ns.adobe.com/lightroom/1.0/": "lr",
    "http://www.digikam.org/ns/1.0/": "digiKam",
    "http://ns.microsoft.com/photo/1.0/": "MicrosoftPhoto",
    "http://ns.microsoft.com/photo/1.0": "MicrosoftPhoto",
    "http://ns.iview-multimedia.com/mediapro/1.0/": "mediapro",
    "http://ns.acdsee.com/iptc/1.0/": "acdsee",
    "http://darktable.sf.net/": "darktable",
}
_PLAIN = frozenset({"Description", "Alt", "Bag", "Seq", "li", "RDF"})


class _Refused(Exception):
    pass


def read_xmp(packet: bytes) -> dict[str, list[str]]:
    """Returns the values of each known property by its customary name, as `dc:subject`.

    Of language alternatives the default one comes first. A packet that is damaged gives what stood
    before the damage.
    """
    return _read(packet[:_MAX_PACKET])[0]


def read_xmp_file(data: bytes) -> tuple[dict[str, list[str]], str]:
    """Returns the same of a sidecar, and what is wrong with it; empty if nothing is."""
    if len(data) > MAX_SIDECAR:
        return {}, f"the XMP sidecar has more than {MAX_SIDECAR >> 20} MiB"
    if not data.strip(b"\0 \r\n\t"):
        return {}, "the XMP sidecar is empty"
    found, is_xmp, damage = _read(data)
    if not is_xmp:
        return {}, f"the XMP sidecar is not XMP{f' ({damage})' if damage else ''}"
    return found, f"the XMP sidecar is damaged ({damage})" if damage else ""


def _read(packet: bytes) -> tuple[dict[str, list[str]], bool, str]:
    """Returns the properties, whether there is an RDF element, and what ended the reading too early."""
    found: dict[str, list[str]] = defaultdict(list)
    reader = _Reader(found)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    damage = ""
    try:
        parser.Parse(packet.strip(b"\0 \r\n\t"), True)
    except expat.ExpatError as error:
        damage = str(error)
    except _Refused:
        damage = "a part of it that is not allowed in XMP"
    except (ValueError, LookupError):
        damage = "an unknown encoding"
    return {name: values for name, values in found.items() if values}, reader.is_xmp, damage


def _refuse(*_: object) -> None:
    raise _Refused


class _Reader:
    def __init__(self, found: dict[str, list[str]]) -> None:
        self._found = found
        self.is_xmp = False
        self._count = 0
        # A property's name and where it stands; nested ones (a thumbnail's, a history's) do not count.
        self._depth = 0
        self._property: tuple[str, int] | None = None
        self._foreign = 0
        self._text: list[str] = []
        self._default = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise _Refused
        self._text = []
        uri, _, local = name.rpartition(" ")
        if self._property is not None:
            self._default = (
                attributes.get("http://www.w3.org/XML/1998/namespace lang") == "x-default"
            )
            if uri != _RDF:
                self._foreign += 1
            return
        if uri == _RDF and local in _PLAIN:
            self.is_xmp = True
            if local == "Description":
                for attribute, value in attributes.items():
                    known = _known(attribute)
                    if known:
                        self._add(known, value)
            return
        known = _known(name)
        if known:
            self._property, self._foreign = (known, self._depth), 0
        elif uri not in (_RDF, "adobe:ns:meta/"):
            # What an unknown property holds is its own business.
            self._property, self._foreign = ("", self._depth), 0

    def end(self, name: str) -> None:
        if self._property is not None:
            known, depth = self._property
            uri, _, local = name.rpartition(" ")
            holds = (uri == _RDF and local == "li") or depth == self._depth
            if known and holds and not self._foreign:
                self._add(known, "".join(self._text))
            if uri != _RDF and depth != self._depth:
                self._foreign -= 1
            if depth == self._depth:
                self._property = None
        self._text = []
        self._depth -= 1

    def text(self, data: str) -> None:
        if self._property is not None and sum(map(len, self._text)) < _MAX_VALUE:
            self._text.append(data)

    def _add(self, name: str, value: str) -> None:
        value = value[:_MAX_VALUE].strip()
        if not value:
            return
        self._count += 1
        if self._count > _MAX_VALUES:
            raise _Refused
        if self._default:
            self._found[name].insert(0, value)
        else:
            self._found[name].append(value)
        self._default = False


def _known(name: str) -> str | None:
    uri, _, local = name.rpartition(" ")
    prefix = _PREFIXES.get(uri)
    return f"{prefix}:{local}" if prefix else None
