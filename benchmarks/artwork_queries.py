"""Questions about the artworks in `shared/data/artworks`, and which records answer them.

A record is taken for an answer if its title and subjects together match each of a question's patterns.
That is a substitute for a person's judgement: it misses answers that say it otherwise and takes some that
only mention it. The questions were written before any result was seen. `NOTHING` has questions without an
answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

QUESTIONS: dict[str, tuple[str, ...]] = {
    "stormy sea": (
        r"storm|gale|tempest|rough sea|\bwaves?\b|shipwreck",
        r"\bsea\b|ship|coast|wave",
    ),
    "portrait of an old woman": (r"\bold\b|elderly|aged", r"woman|lady|\bmrs\b|mother"),
    "ruined abbey by moonlight": (r"abbey|priory|monast", r"ruin|moon"),
    "a dog sleeping": (r"\bdogs?\b|hound|puppy", r"sleep|lying|resting"),
    "abstract picture in blue": (r"\bblue\b", r"abstract|non-representational|colour|composition"),
    "woman reading a letter": (r"woman|girl|lady", r"reading|letter"),
    "horses in a field": (r"horses?\b", r"field|meadow|grazing|farm|plough"),
    "battle of ships": (r"battle|trafalgar|warship|naval", r"ship|fleet|naval|boat|\bsea\b"),
    "naked man standing": (r"nude|naked", r"\bman\b|male"),
    "mother with her baby": (r"mother|madonna|virgin", r"child|baby|infant"),
    "sun going down over the water": (r"sunset|sun set|evening", r"\bsea\b|river|lake|water|coast"),
    "fortress on a hill": (r"castle|fort", r"hill|rock|mountain|cliff"),
    "blossoms in a pot": (r"flower|rose|tulip", r"vase|\bpots?\b|bowl|jar"),
    "angels": (r"\bangels?\b",),
    "railway engine": (r"railway|train|locomotive|steam engine",),
    "inside a church": (r"interior", r"church|cathedral|chapel|abbey|minster|nave"),
    "kids at play": (r"child|boy|girl", r"play"),
    "angry crowd": (r"crowd|\bmob\b|riot|protest|demonstration",),
    "frozen landscape": (r"snow|\bice\b|frost|frozen|winter",),
    "musical instruments": (
        r"violin|guitar|piano|flute|trumpet|\bharp|drum|lute|mandolin|musical|cello",
    ),
    "people bathing": (r"bath(ing|er)|swim",),
    "fishermen with their boats": (r"fish(ing|er)", r"boat"),
    "a soldier who died in war": (
        r"soldier|warrior|military|army",
        r"death|dead|dying|killed|fallen",
    ),
    "volcano": (r"volcano|vesuvius|\betna\b|eruption",),
    "bridge over a river": (r"bridge", r"river|thames|\bwater\b"),
    "cattle drinking": (r"cattle|cows?\b", r"drink|water|stream|river|ford|pool"),
    "domestic cat": (r"\bcats?\b|kitten",),
    "fire in a building": (r"\bfire\b|burning|blaze|conflagration",),
    "skull, death is near": (r"skull|skeleton|vanitas|memento mori",),
    "lovers embracing": (r"lovers?\b|couple|embrac|kiss",),
    "self-portrait of the painter": (r"self.?portrait",),
    "grain mill turned by the wind": (r"windmill",),
    "lady dancing": (r"danc(e|ing|er)", r"woman|girl|female|lady|dancers?"),
    "the devil": (r"devil|satan|lucifer|demon",),
    "a feast at a table": (r"feast|banquet|supper|dinner|meal|dining|eating",),
    "workers in a factory": (r"factory|industr|\bmill\b", r"work"),
    "gondolas in Venice": (r"venice|venetian", r"gondola|canal|boat"),
    "cliffs by the shore": (r"cliff", r"\bsea\b|coast|beach|shore"),
    "birds in flight": (r"birds?\b|gull|swan|eagle|dove", r"fly|flight"),
    "sick person in bed": (
        r"\bill\b|illness|sick|disease|dying",
        r"\bbed\b|person|woman|man|child|girl",
    ),
}

NOTHING = (
    "quarterly tax return",
    "javascript compiler error",
    "football goalkeeper",
    "laptop computer keyboard",
    "skateboarder at night",
    "airport runway",
    "parking meter",
    "microwave oven",
    "traffic light",
    "baseball bat",
    "jet fighter cockpit",
    "mobile phone charger",
    "wind turbine",
    "cheeseburger with fries",
    "astronaut in space",
)


def answers(patterns: tuple[str, ...], fields: Mapping[str, Any]) -> bool:
    """Whether a record with these fields is taken for an answer."""
    text = " ; ".join([str(fields.get("title", "")), *fields.get("subjects", [])]).lower()
    return all(re.search(pattern, text) for pattern in patterns)
