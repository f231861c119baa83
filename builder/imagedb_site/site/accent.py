"""The accent colour of a site, made legible on the light page and on the dark one."""

from __future__ import annotations

DEFAULT_ACCENT = "#2f6feb"
"""The colour of the program's icon."""

_PAGES = ("#ffffff", "#111315")
"""The light page and the dark page (web_assets/src/ui/styles/base.css)."""
_RAISED = ("#e7e9ec", "#272b2f")
"""The strongest grounds, light and dark, on which a text in the accent colour stands."""
_CONTRAST = 4.6
"""A little more than WCAG 2.2 AA asks for: colours are rounded."""
_WASH = (0.1, 0.22)
"""How much of the accent colour is in the ground of chosen things, light and dark."""
_STEPS = 100

Rgb = tuple[float, float, float]


def accent_style(accent: str) -> str:
    """Returns the style sheet that gives a page the accent colour `#rrggbb`.

    The colour is darkened for the light page and lightened for the dark page until text in it has the
    contrast of WCAG 2.2 AA on every ground, and text on it as well.
    """
    colour = _parse(accent)
    light = _until(colour, "#000000", _RAISED[0])
    dark = _until(colour, "#ffffff", _RAISED[1])
    ink = "#ffffff", _hex(_mixed(_parse(_PAGES[1]), colour, 0.06))
    washes = [
        _hex(_mixed(_parse(page), colour, part)) for page, part in zip(_PAGES, _WASH, strict=True)
    ]
    return (
        ":root:root{"
        f"--accent:light-dark({_hex(light)},{_hex(dark)});"
        f"--accent-ink:light-dark({ink[0]},{ink[1]});"
        f"--accent-wash:light-dark({washes[0]},{washes[1]})"
        "}\n"
    )


def contrast(first: str, second: str) -> float:
    """Returns the contrast ratio of two colours `#rrggbb`, 1 to 21 (WCAG 2.2, relative luminance)."""
    bright, dim = sorted((_luminance(_parse(first)), _luminance(_parse(second))), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def _until(colour: Rgb, goal: str, ground: str) -> Rgb:
    """Returns the colour nearest to `colour`, towards `goal`, that is legible on `ground`."""
    for step in range(_STEPS + 1):
        mixed = _mixed(colour, _parse(goal), step / _STEPS)
        if contrast(_hex(mixed), ground) >= _CONTRAST:
            return mixed
    return _parse(goal)


def _mixed(first: Rgb, second: Rgb, part: float) -> Rgb:
    """Returns `first` with `part` of `second` in it."""
    red, green, blue = (a + (b - a) * part for a, b in zip(first, second, strict=True))
    return red, green, blue


def _luminance(colour: Rgb) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _parse(text: str) -> Rgb:
    red, green, blue = (int(text[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _hex(colour: Rgb) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in colour)
