"""A collection of real pictures of any size, for the benchmarks that need one that grows.

The pictures of `open`, `captioned` and `labelled` come first (14,150). Further ones are crops and mirror
images of these, written as new JPEG files, so that every file differs in its bytes and its embedding.
"""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness import collection
from PIL import Image, ImageOps

_FIRST_DAY = datetime.datetime(2005, 1, 1)


@dataclass(frozen=True)
class Source:
    """A picture of the test data with its metadata from the table."""

    path: Path
    caption: str
    tags: tuple[str, ...]


def sources() -> list[Source]:
    """The real pictures in a stable order; exits with a clear message if the test data are absent."""
    found: list[Source] = []
    for name in ("open", "captioned"):
        root = collection(name)
        with (root / "captions.jsonl").open(encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                path = root / row["file"]
                captions = row.get("captions") or [row.get("caption", "")]
                if path.is_file():
                    found.append(Source(path, str(captions[0]), tuple(row.get("tags", ()))))
    root = collection("labelled")
    for path in sorted(root.rglob("*.jpg")):
        found.append(Source(path, path.parent.name.replace("_", " "), ()))
    return found


class Growing:
    """A folder of pictures with a table beside it; pictures are added at either end of the default order."""

    def __init__(self, root: Path) -> None:
        self.pictures = root / "pictures"
        self.table = root / "captions.jsonl"
        self.pictures.mkdir(parents=True)
        self._rows: dict[str, dict[str, object]] = {}
        self._supply = self._made(sources())

    def add(self, count: int, *, newest: bool = True) -> None:
        """Add pictures that are newer than all so far, or that have no date and so come last."""
        for _ in range(count):
            number = len(self._rows)
            source, place = next(self._supply)
            name = f"{number:06d}{place.suffix.lower()}"
            place.replace(self.pictures / name)
            row: dict[str, object] = {"file": name, "caption": source.caption}
            if source.tags:
                row["tags"] = list(source.tags)
            if newest:
                moment = _FIRST_DAY + datetime.timedelta(hours=3 * number)
                row["taken"] = moment.isoformat()
            self._rows[name] = row
        self._write()

    def edit_caption(self) -> None:
        """Change one word of one caption in the middle of the collection."""
        name = sorted(self._rows)[len(self._rows) // 2]
        self._rows[name]["caption"] = f"{self._rows[name]['caption']} lighthouse"
        self._write()

    def _write(self) -> None:
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in self._rows.values())
        self.table.write_text(text, encoding="utf-8")

    def _made(self, real: list[Source]) -> Iterator[tuple[Source, Path]]:
        """Every picture once, then crops and mirror images of them, round after round."""
        place = self.pictures.parent / "next"
        for source in real:
            target = place.with_suffix(source.path.suffix)
            try:
                os.link(source.path, target)
            except OSError:
                target.write_bytes(source.path.read_bytes())
            yield source, target
        for turn in range(1, 1000):
            for number, source in enumerate(real):
                target = place.with_suffix(".jpg")
                _altered(source.path, number, turn).save(target, quality=88)
                yield source, target


def _altered(path: Path, number: int, turn: int) -> Image.Image:
    """A crop of 70 to 95 % of each side at a position that depends on the numbers, often mirrored."""
    with Image.open(path) as opened:
        image = ImageOps.exif_transpose(opened).convert("RGB")
    mix = (number * 2654435761 + turn * 40503) % (1 << 32)
    share = 0.70 + 0.25 * (mix % 1000) / 1000
    width, height = max(8, round(image.width * share)), max(8, round(image.height * share))
    left = (mix >> 10) % (image.width - width + 1)
    top = (mix >> 20) % (image.height - height + 1)
    crop = image.crop((left, top, left + width, top + height))
    return ImageOps.mirror(crop) if mix & 1 else crop
