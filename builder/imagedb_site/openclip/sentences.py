"""Sentences that a core's rounding is calibrated on: captions and queries put together from words.

They share no sentence with the prompts of the parity gate.
"""

from __future__ import annotations

import numpy as np

_WHO = """man|woman|boy|girl|child|baby|couple|crowd|family|old lady|teenager|surfer|cyclist|runner|
climber|skateboarder|hiker|fisherman|farmer|cook|dancer|singer|guitarist|bride|soldier|policeman|
nurse|worker|teacher|tourist|swimmer|player|puppy|brown dog|black cat|kitten|horse|cow|sheep|goat|
pig|rabbit|squirrel|fox|bear|lion|tiger|giraffe|zebra|monkey|elephant calf|bird|owl|eagle|parrot|
duck|swan|penguin|fish|shark|turtle|snake|frog|bee|spider|dragonfly""".replace("\n", "").split("|")
_WHAT = """bicycle|bus|train|truck|tram|boat|ship|helicopter|rocket|tent|house|church|tower|temple|
lighthouse|windmill|barn|factory|kitchen|bathroom|bedroom|sofa|table|lamp|clock|mirror|window|door|
stairs|book|newspaper|camera|phone|keyboard|screen|cup of coffee|glass of wine|bottle|bread|cake|
soup|salad|burger|sandwich|apple|banana|orange|grapes|cheese|ice cream|rose|tulip|cactus|mushroom|
leaf|waterfall|river|lake|forest|desert|volcano|glacier|island|cave|field of wheat|rainbow|moon|
galaxy|map|diagram|poster|painting|statue|mask|crown|ring|shoes|hat|dress|umbrella|balloon|kite|
drum|piano|trumpet|chess board|dice|scissors|hammer|key|coin|flag|stamp""".replace("\n", "").split(
    "|"
)
_LOOK = """red|blue|green|yellow|pink|purple|white|grey|golden|tiny|huge|round|broken|wet|dusty|
shiny|striped|wooden|plastic|metal|glass|ancient|modern|empty|crowded|smiling|sleeping|angry|happy|
lonely|snow-covered|colourful""".replace("\n", "").split("|")
_DOES = """is running through the grass|jumps over a fence|sits on a bench|stands in the rain|
is eating lunch|plays with a ball|is looking at the camera|waits at the station|walks along the shore|
rides down a steep hill|is swimming in a pool|climbs a rock wall|holds a sign|sleeps on the floor|
is dancing on a stage|reads to two others|carries a heavy bag|points at something far away|
is throwing a frisbee|drinks from a fountain|is cooking over a fire|leans against a wall|
chases a smaller one|is being photographed|shakes hands with a friend|wears a helmet and gloves""".replace(
    "\n", ""
).split("|")
_WHERE = """in the park|on a busy street|at the beach|in front of a brick wall|under a bridge|
at night|at dawn|in winter|in a museum|near the sea|on a mountain top|in the garden|at a party|
inside a stadium|by the window|on an airport runway|in black and white|seen from above|up close|
out of focus|with long shadows|in Paris|in Tokyo|in New York, 1965|against a blue sky""".replace(
    "\n", ""
).split("|")
_FRAMES = (
    "{who} {where}",
    "A {look} {who} {does} .",
    "a {look} {what} {where}",
    "{what}",
    "{look} {what}",
    "Two {look} ones and a {who} {where} .",
    "A {who} and a {who2} with a {what} {where} .",
    "The {who} {does} while a {look} {who2} {does2} .",
    "{what} next to a {what2}",
    "my {look} {what}, {where} (2)",
    "A {who} in a {look} shirt {does} {where} .",
    "IMG_{number} {what}",
)
_OTHER = """ein Hund am Strand|une voiture rouge dans la rue|dos niños juegan en el parque|
um barco no mar|kot śpi na krześle|кошка на окне|красный автобус|一只猫在窗边|夕焼けの海|빨간 자동차|
शहर में बारिश|قطة على الطاولة|kırmızı çiçek|ένα παλιό σπίτι|כלב רץ|ภูเขา|❤️ 🌊|:-) #sunset|
https://example.org/a.jpg|3 x 4 = 12|?!|THE END""".replace("\n", "").split("|")


def calibration_texts(count: int = 512) -> list[str]:
    """`count` texts, the same every time."""
    generator = np.random.default_rng(12)

    def pick(words: list[str]) -> str:
        return words[int(generator.integers(len(words)))]

    texts = list(_OTHER[:count])
    while len(texts) < count:
        frame = _FRAMES[int(generator.integers(len(_FRAMES)))]
        texts.append(
            frame.format(
                who=pick(_WHO), who2=pick(_WHO), what=pick(_WHAT), what2=pick(_WHAT),
                look=pick(_LOOK), does=pick(_DOES), does2=pick(_DOES), where=pick(_WHERE),
                number=int(generator.integers(1000, 9999)),
            )
        )  # fmt: skip
    return texts
