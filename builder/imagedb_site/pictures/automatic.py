"""Texts that cameras and programs write by themselves, which say nothing about the picture.

Such a text is left out wherever it stands. It is automatic if, as a whole, it

- has no letter and no symbol, only digits, punctuation and spaces (`000015`);
- consists of a maker's name, model numbers and words such as "digital camera" (`OLYMPUS DIGITAL CAMERA`),
  or repeats the camera or the program that the file names;
- is the file name that a camera gives (`DSC00019`) or the placeholder of a program (`Untitled`,
  `Screenshot`);
- says which program wrote the file (`Created with GIMP`, `File written by Adobe Photoshop 4.0`);
- is data and not text: JSON, XML, a list of settings, or a long code.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from imagedb_site.pictures.texts import fold

_MAX_LINE = 160
"""A longer text is not a mark of a camera or a program."""

_MAKERS_TEXT = """
acer agfa agfaphoto apple asus benq canon casio concord contax dji epson fuji fujifilm fujitsu genius
gopro hasselblad hp hewlett packard htc huawei jenoptik jvc kenox kodak konica kyocera leica lenovo lg
medion microtek minolta motorola mustek nikon nokia oneplus olympus oppo panasonic pentax polaroid
praktica ricoh rollei samsung samsungtechwin sanyo sharp sigma skanhex sony toshiba traveler trust umax
vivitar vivo xiaomi yakumo
"""
_MAKERS = frozenset(_MAKERS_TEXT.split())
_ALSO_WORDS = {"acer", "apple", "concord", "genius", "sharp", "sigma", "traveler", "trust", "vivo"}
"""Makers whose names mean something else as well."""
_CAMERA_WORDS_TEXT = """
digital still camera cameras zoom optical imaging image images photo pictures picture corporation corp
co ltd inc electric electronics company techwin dsc dcim cybershot cyber shot powershot coolpix finepix
easyshare exilim optio lumix ixus mavica eos professional
"""
_CAMERA_WORDS = frozenset(_CAMERA_WORDS_TEXT.split())
_MARKING = {"digital", "dsc", "dcim", "corp", "corporation", "inc", "ltd", "techwin"}
"""Words by which a maker's mark differs from the caption of a picture that shows a camera."""
_PLACEHOLDERS = set(
    """ascii|comment|comments|user comment|user comments|usercomment|default|description|image|jpeg picture|
    photo|picture|no description|no title|screenshot|screen shot|untitled|your description here|
    type your caption here|my beautiful picture|exif_jpeg_picture|exif jpeg|dcf|applemark|hdrpl|rhdr|sdr_hdrb|
    cof|oznor|edf|edfptr|fbt|nfl|bty|mde|ptr|rpt|cuva|_cuva|dav|qrf|ai generated image|
    novelai generated image|binary comment|*|test""".replace("\n    ", "").split("|")
)
"""The short codes are what Huawei phones write as a description."""
_PROGRAMS = (
    r"(?:the )?gimp|(?:adobe |macromedia )?(?:photoshop|lightroom|imageready|illustrator)|"
    r"imagemagick|graphicsmagick|paint\.net|(?:microsoft |ms ?)paint|inkscape|krita|snapseed|vsco\w*|picasa|"
    r"irfanview|xnview|acdsee|acd systems|openjpeg|kakadu|imagegear|lead technologies|u-?lead systems?|"
    r"ffmpeg|lavc|lavf|libvips|vips|gd-jpeg|ijg|jpegmini\w*|jpeg-recompress|mozjpeg|guetzli|tinypng|tinyjpg|"
    r"kraken\.io|ebay|canva|figma|darktable|rawtherapee|digikam|shotwell|matplotlib|gnuplot|graphviz|blender|"
    r"pov-?ray|plotly|snagit|greenshot|gyazo|flameshot|lightshot|quicktime|pixelmator|affinity photo|"
    r"affinity designer|coreldraw|corel|paint shop pro|photoscape|pixlr|fotor|picsart|instagram|exiftool"
)
_VERB = (
    r"(?:image |picture |photo |file |screenshot |jpeg |plot |graph )?(?:was )?(?:created|made|generated|"
    r"written|processed|optimi[sz]ed|compressed|recompressed|encoded|edited|converted|saved|exported|resized|"
    r"produced|rendered|captured)"
)
_MARKS = re.compile(
    rf"(?:{_VERB} (?:with|by|using|from|via)|software|creator|created):? (?:{_PROGRAMS})\b.{{0,60}}|"
    rf"{_VERB} (?:with|by|using|via) .*\bv?\d+(?:\.\d+)+\b.{{0,30}}|"
    r"(?:kakadu|lavc|lavf|ffmpeg|openjpeg|libvips|jpegli)[-_ v]*[\d.]+.*|creator: .*v\d.*|"
    r"(?:lead technologies|handmade software|u-?lead systems|intel\(r\) jpeg|jpeg encoder copyright|"
    r"accusoft|kofax|apple computer).*|file source: \S+|"
    r"test (?:[a-z]+ ){0,4}string(?: for \S+)?|this is usercomment\..*|"
    r"copyright,?|(?:\(c\)|©) by .* user|charset=.*|\[?ascii\]?",
    re.DOTALL,
)
_CAMERA_NAME = re.compile(
    r"(?:_?(?:dsc[nf]?|img|imag|pict|pic|p|mvi|mov|cimg|dscf|sam|gopr|hpim|kif|sany|dcp|scan|image|pxl|"
    r"wp|ph|screenshot)[-_ ]?)[\d_\-. ]{3,30}(?:\.(?:jpe?g|png|tiff?|heic|webp))?"
)
_CODE = re.compile(r"[A-Za-z0-9+/=_-]{64,}")
_SETTING = re.compile(r"[\w .\-]{1,40}\s*[:=]\s*(\S{0,60})")
_NUMERIC = re.compile(
    r"[-+]?(?:0x[\da-f]+|\d[\d.,:/]*)\w{0,3}|true|false|null|on|off", re.IGNORECASE
)
_PLAIN = re.compile(r"[\d\s!-/:-@\[-`{-~©®™]*")


def is_automatic(text: str, devices: Iterable[str] = ()) -> bool:
    """Returns whether a clean text was written by a device or a program on its own.

    `devices` are the names of the camera and the program in the same file.
    """
    if _PLAIN.fullmatch(text) or _is_data(text):
        return True
    if len(text) > _MAX_LINE:
        return False
    folded = fold(text)
    if folded in _PLACEHOLDERS or _MARKS.fullmatch(folded) or _CAMERA_NAME.fullmatch(folded):
        return True
    return _names_a_device(folded) or folded in {fold(name) for name in devices if name}


def _names_a_device(folded: str) -> bool:
    words = re.findall(r"[^\W_]+", folded)
    if len(words) == 1:
        return words[0] in _MAKERS and words[0] not in _ALSO_WORDS
    named = any(word in _MAKERS or word in ("camera", "dsc", "dcim") for word in words)
    return (
        named
        and not _MARKING.isdisjoint(words)
        and all(
            word in _MAKERS or word in _CAMERA_WORDS or any(c.isdigit() for c in word)
            for word in words
        )
    )


def _is_data(text: str) -> bool:
    if text[0] in "{[" and text[-1] in "}]":
        try:
            return isinstance(json.loads(text), dict | list)
        except (ValueError, RecursionError):
            return False
    if text[0] == "<" and text[-1] == ">" and re.match(r"<[?!/a-zA-Z]", text):
        return True
    return _CODE.fullmatch(text) is not None or _is_settings(text)


def _is_settings(text: str) -> bool:
    """Returns whether every line, or every part between semicolons, is a name and a value, mostly numbers."""
    lines = [line for line in re.split(r"[\n;]", text[:4000]) if line.strip()]
    values = [_SETTING.fullmatch(line.strip()) for line in lines]
    if len(lines) < 2 or not all(values):
        return False
    numbers = sum(_NUMERIC.fullmatch(match[1]) is not None for match in values if match)
    return 2 * numbers >= len(lines)
