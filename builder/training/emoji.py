"""OpenMoji's drawings (CC BY-SA 4.0) as training pictures, rendered from the npm package."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
from pathlib import Path

import resvg_py
from PIL import Image

PACKAGE = "openmoji@17.0.0"
PIXELS = 224


def fetch(work: Path) -> Path:
    """Unpack the npm package into the work folder and return its root."""
    root = work / "package"
    if not (root / "data/openmoji.json").exists():
        subprocess.run(["npm", "pack", PACKAGE], cwd=work, check=True, capture_output=True)
        with tarfile.open(work / (PACKAGE.replace("@", "-") + ".tgz")) as archive:
            archive.extractall(work, filter="data")
    return root


def words(row: dict[str, str]) -> list[str]:
    """The tags of a drawing, without empty ones and repeats."""
    parts = f"{row['tags']},{row['openmoji_tags']}".split(",")
    tags = (part.strip().lower() for part in parts)
    return list(dict.fromkeys(t for t in tags if t and t != row["annotation"].lower()))


def render(work: Path) -> None:
    """Write one PNG a drawing (skin-tone variants left out) and `emoji.jsonl` beside them."""
    root = fetch(work)
    out = work / "emoji"
    if (out / "emoji.jsonl").exists():
        return
    out.mkdir(exist_ok=True)
    lines = []
    for row in json.loads((root / "data/openmoji.json").read_text(encoding="utf-8")):
        source = root / "color/svg" / f"{row['hexcode']}.svg"
        if row["skintone"] or row["group"] == "component" or not source.exists():
            continue
        png = bytes(resvg_py.svg_to_bytes(svg_path=str(source), width=PIXELS, height=PIXELS))
        picture = Image.open(io.BytesIO(png)).convert("RGBA")
        name = f"{row['hexcode']}.png"
        picture.save(out / name)
        entry = {"file": name, "name": row["annotation"].lower(), "tags": words(row)}
        entry["group"] = row["group"]
        lines.append(json.dumps(entry, ensure_ascii=False))
    (out / "emoji.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
