"""What somebody asked an image generator for, out of the settings that it stored in the picture.

Read are the `parameters` of AUTOMATIC1111 and the programs that follow it, JSON of ComfyUI, InvokeAI,
NovelAI, Fooocus and SwarmUI, and the separate texts of Easy Diffusion.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from imagedb_site.pictures.texts import distinct

_MAX_JSON = 2 << 20
_MAX_NODES = 5_000
_MAX_STEPS = 40
_MAX_SAMPLERS = 4
_POSITIVE = ("prompt", "positive_prompt", "positive", "positiveprompt", "c")
_NEGATIVE = ("negative_prompt", "negativeprompt", "negative", "uc")
_MODEL = ("model", "base_model", "model_name", "base_model_name", "model_weights")
_SETTINGS = re.compile(r"(?:^|\n)(Steps: \d+, [^\n]*)")
_MODEL_SETTING = re.compile(r"(?:^|, )Model: ([^,\n]{1,200})")
_NEGATIVE_MARK = "Negative prompt:"
_DREAM = re.compile(r'"(.*?)"\s+-', re.DOTALL)


@dataclass(frozen=True)
class Prompt:
    """What a picture shows, what it was not to show, and the model that made it; empty if not known."""

    positive: str = ""
    negative: str = ""
    model: str = ""


def find_prompt(texts: Mapping[str, list[str]]) -> Prompt:
    """Returns the prompt in the texts of a file, which are named as they are in the file."""
    for name, several in texts.items():
        for text in several:
            found = _prompt(name.casefold(), text.strip())
            if found.positive:
                return found
    plain = {name.casefold(): several[0] for name, several in texts.items() if several}
    # Easy Diffusion writes each setting as a text of its own.
    if "negative_prompt" in plain and "{" not in plain.get("prompt", "{")[:1]:
        model = plain.get("use_stable_diffusion_model", "")
        return Prompt(plain["prompt"], plain["negative_prompt"], model)
    return Prompt()


def is_settings(text: str) -> bool:
    """Returns whether a text is the settings of a generator, and not a comment on the picture."""
    return bool(_SETTINGS.search(text[:_MAX_JSON])) or _json(text.strip()) is not None


def _prompt(name: str, text: str) -> Prompt:
    if name == "dream":
        match = _DREAM.match(text[:20_000])
        return Prompt(match[1]) if match else Prompt()
    found = _json(text)
    if isinstance(found, dict):
        return _of_graph(found) if _is_graph(found) else _of_settings(found)
    return _of_parameters(text) if name in ("parameters", "comment", "usercomment") else Prompt()


def _of_parameters(text: str) -> Prompt:
    """Reads the three parts of AUTOMATIC1111: what is wanted, "Negative prompt:", and the settings."""
    matches = [*_SETTINGS.finditer(text[:_MAX_JSON])]
    if not matches:
        return Prompt()
    settings = matches[-1]
    words = text[: settings.start()]
    before, _, negative = f"\n{words}".partition(f"\n{_NEGATIVE_MARK}")
    model = _MODEL_SETTING.search(settings[1])
    return Prompt(before.strip(), negative.strip(), model[1].strip() if model else "")


def _json(text: str) -> Any:
    """Returns the object or list that a text is in JSON, or None."""
    if not (text[:1] == "{" and text[-1:] == "}") or len(text) > _MAX_JSON:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _of_settings(settings: dict[str, Any]) -> Prompt:
    """Reads an object with the prompt under one of the names that programs use."""
    for inner in ("sui_image_params", "image", "v2"):
        if isinstance(settings.get(inner), dict):
            settings = {**settings, **settings[inner]}
    named = {name.casefold().replace(" ", "_"): value for name, value in settings.items()}
    return Prompt(*(_first(named, names) for names in (_POSITIVE, _NEGATIVE, _MODEL)))


def _first(named: Mapping[str, Any], names: tuple[str, ...]) -> str:
    for name in names:
        value = named.get(name)
        if isinstance(value, list) and value and isinstance(value[0], dict):
            value = value[0]
        if isinstance(value, dict):
            value = next(
                (value[one] for one in ("prompt", "name", "model_name") if one in value), ""
            )
        if isinstance(value, str) and value.strip():
            return value.strip()
    return ""


# -- ComfyUI: a graph of nodes -----------------------------------------------------------------


def _is_graph(found: dict[str, Any]) -> bool:
    return 0 < len(found) <= _MAX_NODES and all(
        isinstance(node, dict) and isinstance(node.get("inputs"), dict) for node in found.values()
    )


def _of_graph(graph: dict[str, Any]) -> Prompt:
    """Follows the inputs `positive` and `negative` of each sampler back to a text.

    Without a sampler, the only text of the graph counts if there is exactly one.
    """
    samplers = [node for node in graph.values() if _is_link(node["inputs"].get("positive"))]
    sides = []
    for side in ("positive", "negative"):
        links = [node["inputs"].get(side) for node in samplers[: 8 * _MAX_SAMPLERS]]
        texts = distinct(text for link in links for text in _texts(graph, link, side))
        sides.append("\n".join(texts[:_MAX_SAMPLERS]))
    if not samplers:
        texts = distinct(
            text for node in graph.values() if "clip" in node["inputs"] for text in _own_texts(node)
        )
        sides[0] = texts[0] if len(texts) == 1 else ""
    names = (
        node["inputs"].get(name) for node in graph.values() for name in ("ckpt_name", "unet_name")
    )
    model = next((name for name in names if isinstance(name, str)), "")
    return Prompt(sides[0], sides[1], model)


def _is_link(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], (str, int))


def _texts(graph: dict[str, Any], link: Any, side: str) -> Iterator[str]:
    """Yields the texts at the end of a link: those of the first nodes on the way that have one."""
    todo: list[Any] = [link]
    seen: set[str] = set()
    while todo and len(seen) < _MAX_STEPS:
        link = todo.pop(0)
        name = str(link[0]) if _is_link(link) else ""
        node = graph.get(name)
        if node is None or name in seen:
            continue
        seen.add(name)
        texts = [*_own_texts(node)]
        if texts:
            yield from texts
            continue
        inputs = node["inputs"]
        # A node that passes both sides on, such as a control net, has an input for each.
        ahead = [inputs[side]] if side in inputs else list(inputs.values())
        todo += [one for one in ahead if _is_link(one)]


def _own_texts(node: dict[str, Any]) -> Iterator[str]:
    for name in (
        "text",
        "text_g",
        "text_l",
        "t5xxl",
        "clip_l",
        "prompt",
        "string",
        "value",
        "wildcard_text",
    ):
        value = node["inputs"].get(name)
        if isinstance(value, str) and value.strip():
            yield value.strip()
