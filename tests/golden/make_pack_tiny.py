"""Makes tests/golden/pack-tiny/ and its golden.json: a tiny random model pack that both languages
read, with the ids, tensors and embeddings they must find.

    python tests/golden/make_pack_tiny.py

The pack is deterministic. Its embeddings are meaningless, but it has every part of a real pack.
"""

from __future__ import annotations

import hashlib
import json
import string
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from imagedb_site.encoders import Encoder
from imagedb_site.encoders.static import StaticEncoder
from imagedb_site.packs import load_pack
from imagedb_site.packs.writer import (
    ImageTower,
    TextTower,
    Tokens,
    Vocabulary,
    write_pack,
)

FOLDER = Path(__file__).parent / "pack-tiny"
DIM = 16
WIDTH = 16
WORDS = [
    "the",
    "a",
    "of",
    "and",
    "in",
    "on",
    "with",
    "red",
    "car",
    "dog",
    "cat",
    "sun",
    "##flower",
    "##s",
    "tree",
    "man",
    "woman",
    "two",
    "night",
    "black",
    "white",
    "photo",
    "blue",
    "sky",
    "sea",
    "play",
    "##ing",
    "music",
    "bike",
    "motor",
    "##bike",
    "some",
    "##thing",
    "to",
    "drink",
    "winter",
    "sport",
    "cafe",
    "zurich",
    "naive",
]
TEXTS = [
    "",
    " ",
    "a",
    "the",
    "red car",
    "Red Car",
    "RED  CAR",
    "a red car at night",
    "sunflowers",
    "motorbike",
    "something to drink",
    "playing music",
    "a-b",
    "c++",
    "don't",
    "8k,",
    "hello, world!",
    "(parentheses) [brackets] {braces}",
    "semi;colon: dash – em — dots…",
    "“quotes” ‘single’ «guillemets»",
    "tab\tand\nnewline\r\n",
    "\u0000null\u0001control\u007f",
    "café",
    "cafe\u0301",
    "Zürich",
    "naïve",
    "Straße",
    "İstanbul",
    "ｆｕｌｌ ｗｉｄｔｈ",
    "ﬁne ligature",
    "¼ ½ ²",
    "mañana por la mañana",
    "Привет мир",
    "ёлка",
    "Ελλάδα",
    "שלום עולם",
    "مرحبا بالعالم",
    "नमस्ते दुनिया",
    "สวัสดี",
    "你好，世界",
    "東京の夜",
    "カタカナ",
    "안녕하세요",
    "한국어 text",
    "😀",
    "a dog 🐶 and a cat 🐱",
    "👨‍👩‍👧‍👦 family",
    "👍🏽",
    "🇨🇭 flag",
    "❤️ love",
    "a\u200bzero\u200dwidth",
    "soft\u00adhyphen",
    "\ufeffbom",
    "\u3000ideographic space",
    "[CLS] red [SEP]",
    "[PAD][UNK]",
    "<|endoftext|>",
    "https://example.org/a?b=c&d=e#f",
    "user@example.com",
    "1234567890",
    "3.14159",
    "$5 €6 £7 ¥8",
    "a" * 120,
    "word " * 60,
    "的" * 50,
    "𝒳 𐍈 𠀀",
]


def weights(generator: np.random.Generator, *shape: int) -> np.ndarray:
    return (generator.standard_normal(shape) / np.sqrt(shape[0])).astype(np.float32)


def model(nodes: list, inputs: list, outputs: list, constants: dict[str, np.ndarray]) -> bytes:
    graph = helper.make_graph(
        nodes,
        "tiny",
        inputs,
        outputs,
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(made)
    return made.SerializeToString(deterministic=True)


def normalised(source: str) -> list:
    return [
        helper.make_node("ReduceL2", [source], ["norm"], axes=[1], keepdims=1),
        helper.make_node("Div", [source, "norm"], ["embedding"]),
    ]


def image_tower(generator: np.random.Generator) -> bytes:
    nodes = [
        helper.make_node(
            "Conv", ["pixels", "w1", "b1"], ["c1"], kernel_shape=[4, 4], strides=[4, 4]
        ),
        helper.make_node("Relu", ["c1"], ["r1"]),
        helper.make_node("Flatten", ["r1"], ["flat"]),
        helper.make_node("MatMul", ["flat", "w2"], ["out"]),
        *normalised("out"),
    ]
    pixels = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["n", 3, 32, 32])
    result = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", DIM])
    constants = {
        "w1": (generator.standard_normal((4, 3, 4, 4)) / 7).astype(np.float32),
        "b1": weights(generator, 4),
        "w2": weights(generator, 4 * 8 * 8, DIM),
    }
    return model(nodes, [pixels], [result], constants)


def text_tower(generator: np.random.Generator) -> bytes:
    """One self-attention without positions, masked, then the mean over the tokens."""
    nodes = [
        helper.make_node("MatMul", ["embeddings", "wq"], ["q"]),
        helper.make_node("MatMul", ["embeddings", "wk"], ["k"]),
        helper.make_node("Transpose", ["k"], ["kt"], perm=[0, 2, 1]),
        helper.make_node("MatMul", ["q", "kt"], ["scores"]),
        helper.make_node("Cast", ["mask"], ["real"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["real", "one"], ["keys"]),
        helper.make_node("Sub", ["unit", "keys"], ["hidden"]),
        helper.make_node("Mul", ["hidden", "far"], ["bias"]),
        helper.make_node("Add", ["scores", "bias"], ["masked"]),
        helper.make_node("Softmax", ["masked"], ["attention"], axis=-1),
        helper.make_node("MatMul", ["attention", "embeddings"], ["mixed"]),
        helper.make_node("MatMul", ["mixed", "wo"], ["changed"]),
        helper.make_node("Tanh", ["changed"], ["active"]),
        helper.make_node("Add", ["active", "embeddings"], ["hidden2"]),
        helper.make_node("Unsqueeze", ["real", "two"], ["rows"]),
        helper.make_node("Mul", ["hidden2", "rows"], ["kept"]),
        helper.make_node("ReduceSum", ["kept", "one"], ["sum"], keepdims=0),
        helper.make_node("MatMul", ["sum", "wp"], ["out"]),
        *normalised("out"),
    ]
    inputs = [
        helper.make_tensor_value_info("embeddings", TensorProto.FLOAT, ["n", "tokens", WIDTH]),
        helper.make_tensor_value_info("mask", TensorProto.INT64, ["n", "tokens"]),
    ]
    result = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", DIM])
    constants = {name: weights(generator, WIDTH, WIDTH) for name in ("wq", "wk", "wo")}
    constants["wp"] = weights(generator, WIDTH, DIM)
    constants["one"] = np.array([1], dtype=np.int64)
    constants["two"] = np.array([2], dtype=np.int64)
    constants["unit"] = np.array(1, dtype=np.float32)
    constants["far"] = np.array(-1e4, dtype=np.float32)
    return model(nodes, inputs, [result], constants)


def tokenizer() -> tuple[dict, list[str]]:
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    letters = string.ascii_lowercase + string.digits
    vocab = [
        *specials,
        *WORDS,
        *letters,
        *("##" + letter for letter in letters),
        *".,!?-'\"()+:;/@#&$%",
        *"的你好世界東京夜",
        *"привет",
        *(letter for letter in "αελδ"),
        "😀",
        "🐶",
    ]
    vocab = list(dict.fromkeys(vocab))
    ids = {token: index for index, token in enumerate(vocab)}
    made = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {
                "id": ids[token],
                "content": token,
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": False,
                "special": True,
            }
            for token in specials
        ],
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": True,
            "handle_chinese_chars": True,
            "strip_accents": None,
            "lowercase": True,
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [
                {"SpecialToken": {"id": "[CLS]", "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}},
                {"SpecialToken": {"id": "[SEP]", "type_id": 0}},
            ],
            "pair": [
                {"SpecialToken": {"id": "[CLS]", "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}},
                {"SpecialToken": {"id": "[SEP]", "type_id": 0}},
                {"Sequence": {"id": "B", "type_id": 1}},
                {"SpecialToken": {"id": "[SEP]", "type_id": 1}},
            ],
            "special_tokens": {
                token: {"id": token, "ids": [ids[token]], "tokens": [token]}
                for token in ("[CLS]", "[SEP]")
            },
        },
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": {},
        },
    }
    return made, vocab


def pictures(generator: np.random.Generator) -> dict[str, Image.Image]:
    """Noise, a tall gradient, a wide photograph-like picture, and one with transparency."""

    def smooth(height: int, width: int) -> np.ndarray:
        y, x = np.mgrid[0:height, 0:width]
        waves = [np.sin(x / 9 + c) * np.cos(y / 7 - c) * 90 + 128 for c in range(3)]
        return np.clip(np.stack(waves, axis=-1), 0, 255).astype(np.uint8)

    alpha = np.dstack([smooth(40, 36), np.mgrid[0:40, 0:36][1].astype(np.uint8) * 7])
    return {
        "noise": Image.fromarray(generator.integers(0, 256, (37, 53, 3), dtype=np.uint8)),
        "tall": Image.fromarray(smooth(91, 31)),
        "wide": Image.fromarray(smooth(60, 101)),
        "alpha": Image.fromarray(alpha),
    }


def main() -> None:
    generator = np.random.default_rng(20261121)
    tokens, vocab = tokenizer()
    table = generator.standard_normal((len(vocab), WIDTH)).astype(np.float32)
    words = [word for word in WORDS if not word.startswith("##")]
    spread = generator.standard_normal((len(words), DIM)).astype(np.float32)
    write_pack(
        FOLDER,
        name="tiny",
        description="A random pack for tests.",
        dim=DIM,
        image=ImageTower(
            image_tower(generator),
            {
                "size": [32, 32],
                "resize": "shortest",
                "interpolation": "bicubic",
                "crop": "center",
                "mean": [0.48, 0.46, 0.41],
                "std": [0.27, 0.26, 0.28],
                "fill": [0, 0, 0],
            },
        ),
        text=TextTower(text_tower(generator), max_tokens=24, mask="mask"),
        tokens=Tokens(table, tokens, vocab, "wordpiece", "int8", rows_per_shard=64),
        temperature=0.05,
        licence={"id": "Apache-2.0", "note": "Random numbers.", "commercial": True},
        card="# tiny\n\nA random pack for tests.\n",
        vocabulary=Vocabulary(words, spread / np.linalg.norm(spread, axis=1, keepdims=True)),
        static=np.random.default_rng(7).standard_normal((len(vocab), DIM)).astype(np.float32),
    )
    encoder = Encoder(load_pack(FOLDER), threads=1)
    samples = []
    for name, picture in pictures(generator).items():
        picture.save(FOLDER / f"{name}.png", optimize=True)
        tensor = encoder.image.preprocessing.apply(picture)
        samples.append(
            {
                "file": f"{name}.png",
                "width": picture.width,
                "height": picture.height,
                "tensor_sha256": hashlib.sha256(tensor.tobytes()).hexdigest(),
                "tensor_corner": [rounded(row) for row in tensor[:, 0, :4]],
                "tensor_mean": rounded(tensor.mean(axis=(1, 2))),
                "embedding": rounded(encoder.encode_images([picture])[0]),
            }
        )
    static = StaticEncoder(encoder.pack)
    texts = [
        {
            "text": text,
            "ids": encoder.text.tokenizer.encode(text),
            "embedding": rounded(encoder.encode_texts([text])[0]),
            "approximate": approximate(static, text),
        }
        for text in TEXTS
    ]
    lines = [
        f'"{key}": [\n{rows(value)}\n]' for key, value in (("pictures", samples), ("texts", texts))
    ]
    (FOLDER / "golden.json").write_text("{" + ",\n".join(lines) + "}\n")


def approximate(static: StaticEncoder, text: str) -> list[float] | None:
    """The embedding by static rows, None if nothing of the text is known."""
    (found,) = static.encode_queries([text])
    return None if found is None else rounded(found)


def rows(items: list[dict]) -> str:
    return ",\n".join(json.dumps(item) for item in items)


def rounded(values: np.ndarray) -> list[float]:
    return [round(float(value), 6) for value in values]


if __name__ == "__main__":
    sys.exit(main())
