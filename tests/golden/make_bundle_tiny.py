"""Makes tests/golden/bundle-tiny.zip, a bundle of docs/FORMAT.md section 4, and what reading it gives.

    python tests/golden/make_bundle_tiny.py

Both languages read it in their tests. It is made with nothing but the standard library and Pillow.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import struct
import zipfile
from pathlib import Path
from typing import Any

from PIL import Image

HERE = Path(__file__).parent
NAMES = ("Leuchtturm am Abend.png", "猫 und 😀.jpg", "no caption.webp")
FORMATS = ("PNG", "JPEG", "WEBP")


def picture(number: int) -> bytes:
    image = Image.new("RGB", (24 + 8 * number, 16), (200 - 60 * number, 40 + 50 * number, 90))
    stream = io.BytesIO()
    image.save(stream, FORMATS[number])
    return stream.getvalue()


def embedding(number: int) -> list[float]:
    """16 exact floats of length 1, as of tests/golden/pack-tiny."""
    values = [0.0] * 16
    values[number] = values[number + 4] = 0.5
    values[number + 8] = values[number + 12] = -0.5
    return values


def index(contents: list[bytes]) -> dict[str, Any]:
    pack = json.loads((HERE / "pack-tiny" / "pack.json").read_text(encoding="utf-8"))
    fields: list[dict[str, Any]] = [
        {"title": "A lighthouse at dusk", "tags": ["sea", "été"]},
        {"title": "A cat, 猫"},
        {},
    ]
    pictures = []
    for number, content in enumerate(contents):
        sha256 = hashlib.sha256(content).hexdigest()
        entry: dict[str, Any] = {
            "file": f"pictures/{sha256}.{('png', 'jpg', 'webp')[number]}",
            "name": NAMES[number],
            "sha256": sha256,
            "bytes": len(content),
            "type": f"image/{('png', 'jpeg', 'webp')[number]}",
            "width": 24 + 8 * number,
            "height": 16,
            "added": f"2026-11-0{number + 1}T10:00:00.000Z",
            "fields": fields[number],
        }
        if number < 2:
            packed = struct.pack("<16f", *embedding(number))
            entry["embedding"] = base64.b64encode(packed).decode()
        pictures.append(entry)
    return {
        "format": "imagedb-bundle",
        "version": 1,
        "generator": "make_bundle_tiny.py",
        "created": "2026-11-21T10:00:00.000Z",
        "collection": {"title": "Tiny", "hash": "0" * 64},
        "model": {"pack": pack["id"], "encoder_hash": pack["encoder_hash"], "dim": pack["dim"]},
        "fields": [
            {"name": "title", "label": "Title", "type": "text"},
            {"name": "tags", "label": "Tags", "type": "tags"},
        ],
        "pictures": pictures,
        "unknown": "a reader ignores it",
    }


def write(path: Path, described: dict[str, Any], contents: list[bytes]) -> None:
    with zipfile.ZipFile(path, "w") as bundle:
        head = zipfile.ZipInfo("bundle.json", (1980, 1, 1, 0, 0, 0))
        text = json.dumps(described, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        bundle.writestr(head, text.encode(), zipfile.ZIP_DEFLATED)
        for entry, content in zip(described["pictures"], contents, strict=True):
            bundle.writestr(zipfile.ZipInfo(entry["file"], (1980, 1, 1, 0, 0, 0)), content)


def main() -> None:
    contents = [picture(number) for number in range(len(NAMES))]
    described = index(contents)
    write(HERE / "bundle-tiny.zip", described, contents)
    expected = {
        "names": list(NAMES),
        "first": described["pictures"][0]["fields"],
        "embedding": embedding(0),
    }
    text = json.dumps(expected, ensure_ascii=False, indent=1, sort_keys=True)
    (HERE / "bundle-tiny.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
