"""Made pictures that teach attributes: greyscale, night, blur, colours, counts, pairs of things."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from .datasets import Picture

COLOURS = {
    "red": (214, 40, 40),
    "orange": (240, 140, 30),
    "yellow": (250, 215, 50),
    "green": (50, 160, 70),
    "blue": (40, 90, 210),
    "light blue": (140, 200, 245),
    "purple": (130, 60, 170),
    "pink": (245, 140, 185),
    "brown": (125, 80, 45),
    "black": (25, 25, 25),
    "white": (250, 250, 250),
    "grey": (140, 140, 140),
    "turquoise": (60, 190, 180),
}
NUMBERS = ("", "one", "two", "three", "four", "five", "six")
PHOTO_EFFECTS = ("grey", "night", "blur", "sepia")
EFFECT_WORDS = {
    "grey": (
        "black and white photo of {}",
        "{}, in black and white",
        "monochrome {}",
        "{}, grayscale",
    ),
    "night": ("{} at night", "{} in the dark", "dark photo of {}", "night, {}"),
    "blur": ("blurry photo of {}", "{}, out of focus", "blurred {}"),
    "sepia": ("sepia photo of {}", "old photograph of {}", "vintage photo of {}"),
}


@dataclass(frozen=True)
class Made:
    """A recipe: which picture(s), what is done to them, and the words for the result."""

    kind: str
    first: int
    second: int
    colour: str
    count: int
    texts: tuple[str, ...]


def lower_first(text: str) -> str:
    """A caption as the tail of a phrase."""
    return text[:1].lower() + text[1:]


def plural(noun: str) -> str:
    """The plural of an English noun phrase, by its last word's ending."""
    irregular = {"man": "men", "woman": "women", "person": "people", "child": "children"}
    irregular |= {
        "mouse": "mice",
        "tooth": "teeth",
        "foot": "feet",
        "fish": "fish",
        "sheep": "sheep",
    }
    head, _, last = noun.rpartition(" ")
    if last in irregular:
        last = irregular[last]
    elif last.endswith(("s", "x", "ch", "sh")):
        last += "es"
    elif last.endswith("y") and last[-2:-1] not in "aeiou":
        last = last[:-1] + "ies"
    else:
        last += "s"
    return f"{head} {last}".strip()


def recipes(pictures: list[Picture], rng: np.random.Generator) -> list[Made]:
    """All made pictures: effects on photographs; tints, counts and pairs of drawings."""
    photos = [i for i, p in enumerate(pictures) if p.split == "train" and not p.drawn]
    drawn = [
        i
        for i, p in enumerate(pictures)
        if p.source == "emoji" and len(p.texts[0].split()) <= 2 and ":" not in p.texts[0]
    ]
    made = []
    for i in rng.permutation(photos)[:1800]:
        effect = PHOTO_EFFECTS[int(rng.choice(4, p=[0.4, 0.35, 0.1, 0.15]))]
        own = pictures[i].texts or pictures[i].tags
        phrases = [lower_first(t) for t in own[:5]]
        texts = tuple(w.format(t) for t in phrases for w in EFFECT_WORDS[effect])
        made.append(Made(effect, int(i), -1, "", 1, texts))
    names = list(COLOURS)
    for i in rng.choice(drawn, 1000):
        colour = str(rng.choice(names))
        noun = pictures[i].texts[0]
        texts = (f"{colour} {noun}", f"a {colour} {noun}", f"{noun} in {colour}")
        made.append(Made("tint", int(i), -1, colour, 1, texts))
    for i in rng.choice(drawn, 400):
        colour = str(rng.choice(names))
        noun = pictures[i].texts[0]
        texts = (f"{noun} on a {colour} background", f"{noun}, {colour} background")
        made.append(Made("ground", int(i), -1, colour, 1, texts))
    for i in rng.choice(drawn, 900):
        count = int(rng.integers(2, 7))
        many = plural(pictures[i].texts[0])
        texts = (
            f"{NUMBERS[count]} {many}",
            f"{count} {many}",
            f"a picture of {NUMBERS[count]} {many}",
        )
        made.append(Made("count", int(i), -1, "", count, texts))
    for i, j in rng.choice(drawn, (600, 2)):
        a, b = pictures[i].texts[0], pictures[j].texts[0]
        texts = (f"{a} and {b}", f"a {a} with a {b}", f"{b} next to {a}", f"{a} {b}")
        made.append(Made("pair", int(i), int(j), "", 2, texts))
    for name in names * 3:
        texts = (name, f"plain {name}", f"{name} background", f"the colour {name}")
        made.append(Made("plain", -1, -1, name, 1, texts))
    return made


def flat(picture: Image.Image, ground: tuple[int, int, int] = (255, 255, 255)) -> Image.Image:
    """The picture in RGB, on a ground colour if it is transparent."""
    if picture.mode != "RGB" and ("A" in picture.getbands() or "transparency" in picture.info):
        layer = picture.convert("RGBA")
        base = Image.new("RGBA", layer.size, (*ground, 255))
        base.alpha_composite(layer)
        return base.convert("RGB")
    return picture.convert("RGB")


def photo_effect(picture: Image.Image, effect: str, rng: np.random.Generator) -> Image.Image:
    """One of PHOTO_EFFECTS on an RGB picture."""
    if effect == "grey":
        return ImageOps.grayscale(picture).convert("RGB")
    if effect == "blur":
        return picture.filter(ImageFilter.GaussianBlur(float(rng.uniform(2.5, 5))))
    if effect == "sepia":
        grey = ImageOps.grayscale(picture)
        return ImageOps.colorize(grey, (40, 26, 13), (250, 235, 205))
    dark = ImageEnhance.Brightness(picture).enhance(float(rng.uniform(0.15, 0.4)))
    red, green, blue = dark.split()
    return Image.merge("RGB", (red.point(lambda v: int(v * 0.8)), green, blue))


def _shade(rgb: tuple[int, int, int], rng: np.random.Generator) -> tuple[int, int, int]:
    moved = np.clip(np.array(rgb) + rng.integers(-18, 19, 3), 0, 255)
    return int(moved[0]), int(moved[1]), int(moved[2])


def make(recipe: Made, pictures: list[Picture], rng: np.random.Generator) -> Image.Image:
    """Draw one recipe, RGB."""
    colour = _shade(COLOURS.get(recipe.colour, (255, 255, 255)), rng)
    if recipe.kind == "plain":
        return Image.new("RGB", (224, 224), colour)
    first = Image.open(pictures[recipe.first].path)
    if recipe.kind in PHOTO_EFFECTS:
        return photo_effect(flat(first), recipe.kind, rng)
    first = first.convert("RGBA")
    if recipe.kind == "ground":
        return flat(first, colour)
    if recipe.kind == "tint":
        alpha = first.getchannel("A")
        grey = ImageOps.autocontrast(ImageOps.grayscale(flat(first)))
        tinted = ImageOps.colorize(grey, (0, 0, 0), (255, 255, 255), mid=colour)
        tinted.putalpha(alpha)
        dark = max(colour) < 60 or min(colour) > 230
        return flat(tinted, (200, 200, 200) if dark else (255, 255, 255))
    ground = (255, 255, 255) if rng.random() < 0.6 else _shade((225, 230, 235), rng)
    board = Image.new("RGBA", (320, 320), (*ground, 255))
    second = (
        first if recipe.second < 0 else Image.open(pictures[recipe.second].path).convert("RGBA")
    )
    things = [first, second] if recipe.kind == "pair" else [first] * recipe.count
    cells = 2 if len(things) <= 4 else 3
    side = 320 // cells
    order = rng.permutation(cells * cells)[: len(things)]
    if len(things) == 2 and rng.random() < 0.5:
        order = np.array([0, 1]) + (0 if rng.random() < 0.5 else 2)
    for thing, cell in zip(things, order, strict=False):
        size = int(side * rng.uniform(0.75, 1.0))
        x, y = int(cell % cells) * side, int(cell // cells) * side
        board.alpha_composite(thing.resize((size, size), Image.Resampling.BILINEAR), (x, y))
    return board.convert("RGB")
