"""Sites of invented records: without any picture, and with pictures for some of them."""

from __future__ import annotations

import io
import json
import random
import tarfile
from pathlib import Path

from PIL import Image, ImageDraw

from imagedb_site.build import build
from imagedb_site.config import BuildConfig
from imagedb_site.records import FieldSpec, Value
from imagedb_site.site import SiteInput, SiteRow, SiteSettings, write_site

FIELDS = [
    FieldSpec("title", "Title", "text", fts=True),
    FieldSpec("description", "Description", "text", fts=True),
    FieldSpec("medium", "Medium", "category", fts=True, facet=True, column=True),
    FieldSpec("artist", "Artist", "category", fts=True, facet=True, column=True),
    FieldSpec("made", "Made", "date", facet=True, column=True),
    FieldSpec("height", "Height", "number", column=True, unit="cm"),
    FieldSpec("keywords", "Keywords", "tags", fts=True, facet=True, column=True),
    FieldSpec("licence", "Licence", "text"),
    FieldSpec("source", "Source", "url"),
]
PROMPTS = [
    FieldSpec("prompt", "Prompt", "text", fts=True),
    FieldSpec("sampler", "Sampler", "category", facet=True, column=True),
    FieldSpec("steps", "Steps", "number", column=True),
    FieldSpec("guidance", "Guidance", "number", column=True),
]
THINGS = (
    "vase",
    "river landscape",
    "portrait of a child",
    "tapestry",
    "mask",
    "harbour",
    "lantern",
)
MANNERS = ("Blue", "Small", "Unfinished", "Ceremonial", "Late", "Restored", "Moonlit")
MEDIA = ("Oil on canvas", "Glazed clay", "Wool and silk", "Ink on paper", "Carved wood")
ARTISTS = ("Ada Lindqvist", "Workshop of the Old Mill", "Unknown", "J. M. Okafor", "伊藤 花子")
KEYWORDS = (
    "water",
    "night",
    "family",
    "harvest",
    "animals",
    "journey",
    "ornament",
    "music",
    "winter",
)
SENTENCES = (
    "Found in the attic of a farmhouse and given to the collection by the family.",
    "The surface was cleaned in 1987, when an earlier layer came to light.",
    "A lighthouse stands at the edge of the scene, half hidden by rain.",
    "Letters of the time mention it twice, each time with another name.",
    "Its colours were mixed from plants that grow along the river.",
    "Nothing is known about the person who paid for the work.",
)
HOSTILE = "<img src=x onerror=alert(1)> & <b>bold</b>"


def record(number: int) -> dict[str, Value]:
    """The fields of one record; the same for the same number."""
    draw = random.Random(number)
    fields: dict[str, Value] = {
        "title": f"{draw.choice(MANNERS)} {draw.choice(THINGS)}, no. {number}",
        "description": " ".join(draw.sample(SENTENCES, 1 + number % 4)),
        "medium": draw.choice(MEDIA),
        "made": str(1500 + draw.randrange(500)),
        "height": round(draw.uniform(4, 240), 1),
        "keywords": draw.sample(KEYWORDS, 1 + number % 6),
        "licence": "CC0 1.0",
    }
    if number % 7:
        fields["artist"] = draw.choice(ARTISTS)
    if number % 5 == 0:
        fields["source"] = f"https://example.org/objects/{number}"
    if number == 8:
        fields["title"] = HOSTILE
    if number == 9:
        del fields["description"], fields["keywords"]
    return fields


def drawn(number: int) -> bytes:
    picture = Image.new("RGB", (320, 240), (200, 60 + number * 7 % 180, 90 + number * 31 % 160))
    ImageDraw.Draw(picture).ellipse((60, 30, 260, 210), fill=(245, 240, number * 13 % 256))
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=70)
    return out.getvalue()


def rows(count: int, pictured: int) -> list[SiteRow]:
    """One row in every `pictured` rows has a picture; 0 for none."""
    return [
        SiteRow(
            image_id=f"{number * 0x9E3779B97F4A7C15 % 2**64:016x}",
            key=f"record-{number:05}",
            width=640 if pictured and number % pictured == 0 else 0,
            height=480 if pictured and number % pictured == 0 else 0,
            thumbnail=(320, 240) if pictured and number % pictured == 0 else None,
            fields=record(number),
        )
        for number in range(count)
    ]


def write_records(out: Path, *, count: int = 300, pictured: int = 0) -> Path:
    """A site of museum records."""
    write_site(
        SiteInput(
            title="Harbour museum",
            description="Records of things that were found, made and given.",
            rows=rows(count, pictured),
            fields=FIELDS,
            thumbnail=lambda row: drawn(row) if pictured and row % pictured == 0 else None,
            settings=SiteSettings(examples=["lighthouse", "glazed vase", "winter journey"]),
        ),
        out,
    )
    return out


def write_prompts(out: Path, count: int = 200) -> Path:
    """A site of texts without titles."""
    names = ("a castle above the clouds", "portrait of an old sailor", "macro photograph of moss")
    write_site(
        SiteInput(
            title="Prompts",
            rows=[
                SiteRow(
                    image_id=f"{number:016x}",
                    key=f"{number:08x}.png",
                    width=0,
                    height=0,
                    fields={
                        "prompt": ", ".join(
                            [names[number % 3], *["intricate detail"] * (number % 9 + 1)]
                        ),
                        "sampler": ("k_lms", "ddim")[number % 2],
                        "steps": 20 + number % 5 * 10,
                        "guidance": 7.5,
                    },
                )
                for number in range(count)
            ],
            fields=PROMPTS,
            thumbnail=lambda row: None,
        ),
        out,
    )
    return out


TITLES = (
    "Ships in a storm",
    "A locomotive at the station",
    "Portrait of an elderly lady",
    "Sleeping hound",
    "Monastery ruins in moonlight",
    "Bread and fruit on a table",
    "A mountain lake at dawn",
    "Two soldiers with rifles",
    "A violin and a flute",
    "Snow on the village roofs",
)
DISCS = {"red": (206, 40, 40), "green": (44, 150, 70), "blue": (40, 80, 210)}


def build_texts(folder: Path, *, pictured: bool) -> Path:
    """A site of records that the built-in model has read. `pictured`: with three pictures beside them."""
    source = folder / "records.tar"
    with tarfile.open(source, "w") as tar:
        for number, title in enumerate(TITLES):
            _member(tar, f"r{number}.json", json.dumps({"title": title}).encode())
        for name, colour in DISCS.items() if pictured else ():
            picture = Image.new("RGB", (320, 240), "white")
            ImageDraw.Draw(picture).ellipse((60, 20, 260, 220), fill=colour)
            out = io.BytesIO()
            picture.save(out, "PNG")
            _member(tar, f"{name}.png", out.getvalue())
            _member(tar, f"{name}.json", json.dumps({"title": f"No. {len(name)}"}).encode())
    config = BuildConfig(
        pictures=source, output=folder / "site", source="webdataset", embed="text", title="Texts"
    )
    build(config)
    return folder / "site"


def _member(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    tar.addfile(member, io.BytesIO(data))
