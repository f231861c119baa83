"""Draws words for a picture: a caption, a name, a tag, a phrase, now and then with a typing error."""

from __future__ import annotations

import numpy as np

from .corpus import TEMPLATES, misspell, phrases
from .datasets import Picture
from .synth import Made, lower_first
from .wordnet import Synset

TYPO = 0.04
MEDIA = {
    "emoji": ("{} emoji", "drawing of {}", "icon of a {}", "{} symbol"),
    "art": ("painting of {}", "artwork, {}"),
    "graphic": ("diagram of {}", "illustration of {}"),
}


def pick(options: tuple[str, ...] | list[str], rng: np.random.Generator) -> str:
    """One of the options."""
    return options[int(rng.integers(len(options)))]


def for_picture(picture: Picture, rng: np.random.Generator) -> str:
    """A text that someone looking for this picture might type."""
    chance = rng.random()
    if picture.source in ("captioned", "photo", "art", "graphic"):
        text = pick(picture.texts, rng)
        if chance < 0.06:
            runs = phrases(text)
            text = pick(runs, rng) if runs else text
    elif picture.source == "emoji":
        name = picture.texts[0]
        if chance < 0.4 or not picture.tags:
            text = name
        elif chance < 0.75:
            text = pick(picture.tags, rng)
        elif chance < 0.88:
            text = f"{pick(picture.tags, rng)} {pick((name, *picture.tags), rng)}"
        else:
            text = pick(MEDIA["emoji"], rng).format(name)
    else:
        own = (picture.tags[0] if chance < 0.55 else pick(picture.tags, rng)).lower()
        if picture.texts and chance > 0.8:
            own = pick(picture.texts, rng)
        elif rng.random() < 0.4:
            own = pick(TEMPLATES, rng).format(own)
        text = own
    return finish(text, rng)


def for_made(recipe: Made, rng: np.random.Generator) -> str:
    """The words of a made picture."""
    return finish(pick(recipe.texts, rng), rng)


def for_class(synset: Synset, rng: np.random.Generator) -> str:
    """The name of an ImageNet class, mostly its first lemma; sometimes a synonym or the gloss."""
    chance = rng.random()
    name = synset.lemmas[0] if chance < 0.6 else pick(synset.lemmas, rng)
    if chance > 0.93:
        return synset.gloss
    if rng.random() < 0.4:
        name = pick(TEMPLATES, rng).format(name)
    return finish(name, rng)


def finish(text: str, rng: np.random.Generator) -> str:
    """Random case of the first letter, rarely a typing error."""
    if rng.random() < TYPO:
        text = misspell(text, rng)
    return lower_first(text) if rng.random() < 0.5 else text
