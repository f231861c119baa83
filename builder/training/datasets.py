"""The pictures and their words, with fixed splits. Held-out parts never reach a training stage."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CLASS_NAMES = {
    "Faces": ["face", "person's face", "portrait of a person"],
    "Faces_easy": ["face", "close-up of a face", "portrait of a person"],
    "Leopards": ["leopard"],
    "Motorbikes": ["motorbike", "motorcycle"],
    "airplanes": ["airplane", "aeroplane", "aircraft"],
    "bass": ["bass", "bass fish", "fish"],
    "car_side": ["car", "side of a car"],
    "cougar_body": ["cougar", "puma", "mountain lion"],
    "cougar_face": ["cougar face", "cougar", "face of a mountain lion"],
    "crocodile_head": ["crocodile head", "crocodile"],
    "flamingo_head": ["flamingo head", "flamingo"],
    "hawksbill": ["hawksbill", "hawksbill turtle", "sea turtle"],
    "cellphone": ["cellphone", "mobile phone"],
    "ewer": ["ewer", "pitcher", "jug"],
    "gerenuk": ["gerenuk", "antelope"],
    "ketch": ["ketch", "sailing boat", "sailboat"],
    "schooner": ["schooner", "sailing ship"],
    "nautilus": ["nautilus", "nautilus shell"],
    "tick": ["tick", "tick insect"],
    "menorah": ["menorah", "candelabrum"],
    "yin_yang": ["yin yang", "yin and yang symbol"],
    "garfield": ["garfield", "cartoon cat"],
    "snoopy": ["snoopy", "cartoon dog"],
}


@dataclass(frozen=True)
class Picture:
    """One training or test picture. `texts` are full captions, `tags` short names."""

    path: Path
    source: str
    split: str
    texts: tuple[str, ...]
    tags: tuple[str, ...] = ()
    label: str = ""

    @property
    def drawn(self) -> bool:
        """Whether the picture is not a photograph."""
        return self.source in ("art", "graphic", "emoji")


def bucket(name: str, buckets: int) -> int:
    """A stable pseudo-random bucket of a file, by its relative path."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "little") % buckets


def clean(text: str) -> str:
    """One line, single spaces, no stray space before the final stop."""
    return re.sub(r"\s+([.,;!?])", r"\1", re.sub(r"\s+", " ", text)).strip().rstrip(".").strip()


def captioned(data: Path) -> Iterator[Picture]:
    """Flickr8k's train and validation parts (non-commercial), split as published."""
    with (data / "captioned/captions.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            split = "train" if row["split"] == "train" else "val"
            texts = tuple(clean(c) for c in row["captions"])
            yield Picture(data / "captioned" / row["file"], "captioned", split, texts)


def open_pictures(data: Path) -> Iterator[Picture]:
    """The open pictures; a tenth of the textbook photographs is held out."""
    with (data / "open/captions.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            book = row["source"].startswith("OpenStax")
            kind = row["kind"] if book else row["tags"][-1]
            texts = tuple(" ".join(clean(c).split()[:40]) for c in row["captions"])
            held = book and kind == "photo" and bucket(row["file"], 10) == 0
            tags = tuple(t for t in row["tags"] if t not in ("grocery", "food", "clothing"))
            label = "" if book else row["tags"][0]
            yield Picture(
                data / "open" / row["file"], kind, "val" if held else "train", texts, tags, label
            )


def class_terms(folder: str) -> tuple[str, ...]:
    """What a class folder's picture may be called, the folder's own words first."""
    own = re.sub(r"[_\-]+", " ", folder).lower()
    return tuple(dict.fromkeys([own, *CLASS_NAMES.get(folder, [])]))


def labelled(data: Path) -> Iterator[Picture]:
    """The class folders; ten pictures of every class (24 each) are held out."""
    for folder in sorted(p for p in (data / "labelled").iterdir() if p.is_dir()):
        terms = class_terms(folder.name)
        files = sorted(folder.iterdir())
        held = set(sorted(files, key=lambda p: bucket(f"{folder.name}/{p.name}", 2**31))[:10])
        for path in files:
            split = "val" if path in held else "train"
            yield Picture(path, "labelled", split, (), terms, folder.name)


def emoji(work: Path) -> Iterator[Picture]:
    """The drawings that `emoji.render` made."""
    with (work / "emoji/emoji.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            path = work / "emoji" / row["file"]
            yield Picture(path, "emoji", "train", (row["name"],), tuple(row["tags"]), row["name"])


def all_pictures(data: Path, work: Path) -> list[Picture]:
    """Every picture of all sources, in a fixed order."""
    parts = (captioned(data), open_pictures(data), labelled(data), emoji(work))
    return [picture for part in parts for picture in part]
