"""Prompts of image generators, out of the settings that each program stores."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagedb_site.pictures.prompts import find_prompt
from metadata_samples import with_exif, with_png, with_png_texts

A1111 = """a red boat, (sea:1.2), masterpiece
second line
Negative prompt: people, text
blurry
Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Model hash: ab12, Model: seas_v3, Version: v1.6"""
FOUND = {
    "prompt": "a red boat, (sea:1.2), masterpiece\nsecond line",
    "negative_prompt": "people, text\nblurry",
    "generator": "seas_v3",
}


def test_parameters_of_automatic1111():
    assert with_png((b"tEXt", b"parameters\0" + A1111.encode())) == FOUND
    # In a JPEG they stand in the UserComment.
    big = b"UNICODE\0" + A1111.encode("utf-16-be")
    assert with_exif(None, {0x9286: big}) == FOUND
    short = "猫 in a hat\nSteps: 5, Sampler: Euler, Seed: 3"
    assert with_png_texts({"parameters": short}) == {"prompt": "猫 in a hat"}
    only_negative = "Negative prompt: people\nSteps: 5, Sampler: Euler"
    assert with_png_texts({"parameters": only_negative}) == {}


def graph(**nodes: dict[str, object]) -> str:
    return json.dumps(
        {name: {"class_type": "x", "inputs": inputs} for name, inputs in nodes.items()}
    )


SAMPLER = {"seed": 1, "positive": ["p", 0], "negative": ["n", 0], "model": ["m", 0]}
CHECKPOINT = {"ckpt_name": "seas.safetensors"}


@pytest.mark.parametrize(
    ("prompt", "positive", "negative"),
    [
        # The plain graph; through a control net; a text from another node; two encoders of SDXL.
        (
            graph(
                k=SAMPLER,
                p={"text": "a boat", "clip": ["m", 1]},
                n={"text": "fog", "clip": ["m", 1]},
            ),
            "a boat",
            "fog",
        ),
        (
            graph(
                k=SAMPLER,
                p={"positive": ["q", 0], "negative": ["n", 0], "control_net": ["c", 0]},
                q={"text": "a boat", "clip": ["m", 1]},
                n={"text": "fog", "clip": ["m", 1]},
                c={"text": "not this"},
            ),
            "a boat",
            "fog",
        ),
        (
            graph(k=SAMPLER, p={"text": ["t", 0], "clip": ["m", 1]}, t={"string": "a boat"}),
            "a boat",
            None,
        ),
        (
            graph(k=SAMPLER, p={"text_g": "a boat", "text_l": "on the sea"}),
            "a boat\non the sea",
            None,
        ),
        (
            graph(k={"positive": ["p", 0]}, l={"positive": ["p", 0]}, p={"text": "a boat"}),
            "a boat",
            None,
        ),
        (graph(p={"text": "a boat", "clip": ["m", 1]}), "a boat", None),
        # No rule says which of these texts is meant.
        (
            graph(p={"text": "a boat", "clip": ["m", 1]}, n={"text": "fog", "clip": ["m", 1]}),
            None,
            None,
        ),
        (graph(k=SAMPLER, p={"positive": ["p", 0]}), None, None),
        (graph(k=SAMPLER), None, None),
    ],
)
def test_graphs_of_comfyui(prompt, positive, negative):
    found = with_png_texts(
        {"prompt": prompt, "workflow": json.dumps({"nodes": [], "version": 0.4})}
    )
    expected = {"prompt": positive, "negative_prompt": negative}
    assert found == {name: value for name, value in expected.items() if value}


def test_the_model_of_a_graph():
    text = graph(k=SAMPLER, p={"text": "a boat"}, m=CHECKPOINT)
    assert with_png_texts({"prompt": text})["generator"] == "seas.safetensors"


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (
            {
                "invokeai_metadata": json.dumps(
                    {
                        "positive_prompt": "a boat",
                        "negative_prompt": "fog",
                        "model": {"name": "seas"},
                    }
                )
            },
            ("a boat", "fog", "seas"),
        ),
        (
            {
                "sd-metadata": json.dumps(
                    {"model_weights": "seas", "image": {"prompt": [{"prompt": "a boat"}]}}
                )
            },
            ("a boat", None, "seas"),
        ),
        ({"Dream": '"a boat" -s 50 -S 12 -W 512'}, ("a boat", None, None)),
        (
            {
                "Title": "NovelAI generated image",
                "Description": "a boat",
                "Software": "NovelAI",
                "Comment": json.dumps({"prompt": "a boat", "uc": "fog", "steps": 28}),
            },
            ("a boat", "fog", None),
        ),
        (
            {
                "parameters": json.dumps(
                    {"prompt": "a boat", "negative_prompt": "fog", "base_model": "seas"}
                )
            },
            ("a boat", "fog", "seas"),
        ),
        (
            {
                "parameters": json.dumps(
                    {"sui_image_params": {"prompt": "a boat", "negativeprompt": "fog"}}
                )
            },
            ("a boat", "fog", None),
        ),
        (
            {"prompt": "a boat", "negative_prompt": "fog", "use_stable_diffusion_model": "seas"},
            ("a boat", "fog", "seas"),
        ),
    ],
)
def test_other_programs(texts, expected):
    names = ("prompt", "negative_prompt", "generator")
    wanted = {name: value for name, value in zip(names, expected, strict=True) if value}
    assert with_png_texts(texts) == wanted


def test_what_is_not_a_prompt():
    for texts in (
        {"parameters": "just some words"},
        {"prompt": "{not json}"},
        {"parameters": json.dumps([1, 2])},
        {"Software": "Steps: 20, Sampler: Euler"},
        {"prompt": "[" * 100_000},
        {"prompt": json.dumps({"a": {"inputs": {"positive": ["a", 0]}}})},
    ):
        assert with_png_texts(texts) == {}
    comment = "A walk\nSteps: 12000 up to the tower"
    assert with_png_texts({"Comment": comment}) == {"description": comment}


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["prompt", "parameters", "Dream", "sd-metadata", "Comment"]),
        st.lists(
            st.recursive(
                st.none() | st.integers() | st.text(max_size=9),
                lambda inner: (
                    st.lists(inner, max_size=3)
                    | st.dictionaries(
                        st.sampled_from(["inputs", "positive", "text", "prompt", "a", "image"]),
                        inner,
                        max_size=4,
                    )
                ),
                max_leaves=12,
            ).map(json.dumps),
            max_size=2,
        ),
    )
)
def test_any_settings(texts):
    found = find_prompt(texts)
    assert all(isinstance(text, str) for text in vars(found).values())
