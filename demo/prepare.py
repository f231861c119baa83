"""Fetches the demo collection: the OpenMoji drawings with their names, tags, groups, dates and authors.

    python demo/prepare.py FOLDER

writes FOLDER/pictures/*.svg and FOLDER/openmoji.jsonl. The npm package is the only download.
OpenMoji is CC BY-SA 4.0 (openmoji.org); the demo site says so on every page.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path, PurePosixPath

PACKAGE = "openmoji@17.0.0"
STAMP = "complete"


def fetch(folder: Path) -> Path:
    """The package's archive in `folder`; npm downloads it if it is missing."""
    archive = folder / (PACKAGE.replace("@", "-") + ".tgz")
    if not archive.exists():
        npm = shutil.which("npm")
        if npm is None:
            sys.exit("npm is missing: install the development extra first (make demo does).")
        subprocess.run(
            [npm, "pack", "--silent", PACKAGE, "--pack-destination", str(folder)], check=True
        )
    return archive


def unpack(archive: Path, pictures: Path) -> list[dict[str, object]]:
    """Write the colour drawings into `pictures`. Returns the rows of the package's table."""
    rows: list[dict[str, object]] = []
    with tarfile.open(archive) as tar:
        for member in tar:
            name = PurePosixPath(member.name)
            content = tar.extractfile(member) if member.isfile() else None
            if content is None:
                continue
            if name.parts[1:3] == ("color", "svg") and re.fullmatch(r"[0-9A-F-]+\.svg", name.name):
                (pictures / name.name).write_bytes(content.read())
            elif name.parts[1:] == ("data", "openmoji.json"):
                rows = json.load(content)
    return rows


def describe(row: dict[str, object]) -> dict[str, object]:
    """One line of the sidecar table."""
    tags = f"{row['tags']}, {row['openmoji_tags']}".split(",")
    described = {
        "file": f"{row['hexcode']}.svg",
        "title": row["annotation"],
        "tags": list(dict.fromkeys(tag.strip() for tag in tags if tag.strip())),
        "emoji": row["emoji"],
        "group": str(row["group"]).replace("-", " "),
        "subgroup": str(row["subgroups"]).replace("-", " "),
        "author": row["openmoji_author"],
        "drawn": row["openmoji_date"],
        "skin_tone": row["skintone"],
        "licence": "CC BY-SA 4.0",
    }
    return {key: value for key, value in described.items() if value not in ("", [])}


def main() -> None:
    folder = Path(sys.argv[1])
    if (folder / STAMP).exists():
        return
    pictures = folder / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    rows = unpack(fetch(folder), pictures)
    known = {path.name for path in pictures.iterdir()}
    lines = [line for line in map(describe, rows) if line["file"] in known]
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    (folder / "openmoji.jsonl").write_text(text, encoding="utf-8")
    (folder / STAMP).touch()
    print(f"{len(known):,} drawings, {len(lines):,} described")


if __name__ == "__main__":
    main()
