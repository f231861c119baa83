"""Makes builder/imagedb_site/emoji_names.txt: the English short names of emoji.

    python builder/make_emoji_names.py

The names are those of Unicode's CLDR (Unicode License v3), as the npm package below lists them (MIT). A line
of the file is a sequence without variation selectors and skin tones, a space and its name.
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

PACKAGE = "emojibase-data@17.0.0"
TARGET = Path(__file__).parent / "imagedb_site" / "emoji_names.txt"
_LEFT_OUT = re.compile("[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]")
_TONES = re.compile(r"[:,] (?:(?:medium-)?(?:light|dark)|medium) skin tone")


def fetch() -> list[dict[str, Any]]:
    """Returns the package's list of emoji, in Unicode's order."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "pack", PACKAGE], cwd=folder, check=True, capture_output=True)
        (archive,) = Path(folder).glob("*.tgz")
        with tarfile.open(fileobj=io.BytesIO(archive.read_bytes())) as package:
            data = package.extractfile("package/en/data.json")
            assert data is not None
            listed: list[dict[str, Any]] = json.load(data)
    return listed


def names(listed: list[dict[str, Any]]) -> dict[str, str]:
    """The name of each different sequence; those with skin tones take the name without them."""
    found: dict[str, str] = {}
    for one in listed:
        if one["label"].startswith("regional indicator"):
            continue
        for form in (one, *one.get("skins", [])):
            sequence = _LEFT_OUT.sub("", form["emoji"])
            if sequence:
                found.setdefault(sequence, _TONES.sub("", form["label"]))
    return found


def main() -> None:
    lines = [f"{sequence} {name}\n" for sequence, name in names(fetch()).items()]
    TARGET.write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
