"""Nothing private is published: builds of pictures full of secrets, and a search for them in every byte.

Counts `leaks`: secrets found in a published site, decoded or raw, and what `check --privacy` finds in it.
"""

from __future__ import annotations

import gzip
import io
import random
import sys
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from imagedb_site.build import build
from imagedb_site.check import check_site
from imagedb_site.config import load_config
from soak import _secrets

PACK = Path(__file__).parents[1] / "golden" / "pack-tiny"
BUILDS = 30
POSITIONS = ("47.28", "11.53", "47,16.9", "11,31.9")
"""How the position may be written; a number that begins so stands nowhere else in the collection."""


def make(folder: Path, seed: int, **settings: object) -> tuple[Path, _secrets.Secrets]:
    """Build a collection of secrets; gives the site and the secrets."""
    secrets = _secrets.Secrets(random.Random(seed))
    pictures, table = _secrets.collection(folder, secrets, seed)
    chosen = {
        "pictures": pictures,
        "output": folder / "site",
        "metadata": (table,),
        "model": str(PACK) if seed % 3 == 0 else "none",
        "originals": "link" if seed % 4 == 3 else "copy",
        "view_size": 360,
        "workers": 1,
        "title": "A walk",
        **settings,
    }
    build(load_config(None, chosen))
    return folder / "site", secrets


def found(site: Path, secrets: _secrets.Secrets) -> list[str]:
    """Every secret that stands anywhere in the site, with the file and the place it comes from."""
    leaks = []
    for path in sorted(site.rglob("*")):
        if not path.is_file() or path.relative_to(site).parts[0] in ("assets", "lib", "model"):
            continue
        name = path.relative_to(site).as_posix()
        for data in forms(path.read_bytes()):
            text = data.lower()
            for word, place in secrets.known.items():
                for encoding in ("ascii", "utf-16-le", "utf-16-be"):
                    if word.encode(encoding) in text:
                        leaks.append(f"{name}: {word} ({place})")
            if name.startswith(("data/documents", "manifest", "index.html", "404.html")):
                leaks += [f"{name}: position {one}" for one in POSITIONS if one.encode() in text]
        if name.startswith(("originals/", "views/", "thumbs/")):
            leaks += [f"{name}: {what}" for what in metadata(path)]
    return list(dict.fromkeys(leaks))


def forms(data: bytes) -> Iterator[bytes]:
    """The bytes themselves, and what they hold in compressed form, such as the words of full text."""
    yield data
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
        yield data
    at = 8
    while data[:8] == b"\x89PNG\r\n\x1a\n" and at + 8 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        body = data[at + 8 : at + 8 + length]
        for start in range(min(len(body), 100)):
            if body[start : start + 1] == b"\x78":
                try:
                    yield zlib.decompress(body[start:])
                except zlib.error:
                    continue
        at += 12 + length


def metadata(path: Path) -> Iterator[str]:
    """What a published picture must not have. Of packs and drawings, only the bytes are searched."""
    if path.suffix in (".bin", ".heic"):
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(io.BytesIO(path.read_bytes())) as image:
            block = image.getexif()
            if block.get_ifd(0x8825):
                yield "a GPS directory"
            if 0x927C in block.get_ifd(0x8769):
                yield "a maker note"
            if path.parent.name != "originals" and (block or "xmp" in image.info):
                yield "metadata in a derived picture"


def run(folder: Path, scale: float) -> dict[str, int]:
    leaks = 0
    for seed in range(max(1, round(BUILDS * scale))):
        place = folder / str(seed)
        site, secrets = make(place, seed)
        several = found(site, secrets)
        report = check_site(site, privacy=True)
        assert report.privacy is not None
        several += [leak.line() for leak in report.privacy.leaks]
        leaks += len(several)
        for line in several:
            print(f"leak in build {seed}: {line}", file=sys.stderr)
    return {"leaks": leaks}
