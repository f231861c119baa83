"""Makes tests/golden/tokenizers/: two compact tokenizers as exported packs hold them, and the ids
OpenCLIP itself gives to 2,000 strings. Needs the `[openclip]` extra.

    python tests/golden/make_tokenizers.py

`clip` is CLIP's byte-pair encoding (with vocabulary learned from this project's own documents),
`gemma` has the structure of SigLIP 2's: metaspace, byte fallback, an end token, canonical cleaning.
"""

from __future__ import annotations

import gzip
import json
import random
import sys
import tempfile
import unicodedata
from pathlib import Path

import tokenizers
from open_clip.tokenizer import SimpleTokenizer, _clean_canonicalize
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

from imagedb_site.container import canonical_json, gzip_bytes
from imagedb_site.openclip.tokenizers import PackTokens, from_json, from_openclip
from imagedb_site.packs.layout import empty_vocab

FOLDER = Path(__file__).parent / "tokenizers"
ROOT = Path(__file__).parents[2]
COUNT = 2000
LENGTHS = {"clip": 77, "gemma": 64}

PHRASES = """a red car at night|two dogs playing in the snow|a photo of a sunflower|motorbike
a wild cat|something to play music on|sunset over the sea|a child blowing out birthday candles
black and white portrait|an old man reading a newspaper|pizza with basil|New York City
It's a dog's life|don't you think?|I've never seen it, you'll see|they're here; we'd go
c++|a-b|8k, ultra detailed|f/2.8 1/250s ISO 400|rock'n'roll|100%|$5.99|#hashtag @user
snake_case_words|CamelCaseWords|ALL CAPS|MiXeD|e-mail: someone@example.org|https://example.org/?q=1
Zürich im Winter|café au lait|naïve façade|smørrebrød|piñata|Łódź|čeština|Straße|ﬁne ﬂour|Ǆ ǅ ǆ
Привет, мир!|собака на снегу|Ёлка|Київ|Ελλάδα|ΟΔΥΣΣΕΥΣ ΟΔΟΣ|ΣΑΣ. ΑΣ|שלום עולם|مرحبا بالعالم|سگ
नमस्ते दुनिया|হ্যালো|வணக்கம்|สวัสดีชาวโลก|你好，世界|一只在雪地里奔跑的狗|東京の夜|カタカナ|ﾊﾝｶｸ|안녕하세요|강아지
😀|a dog 🐶 and a cat 🐱|👨‍👩‍👧‍👦|👍🏽|🇨🇭 flag|❤️|🏳️‍🌈 parade|©®™|→ ⇒ ∞ ≠ ½ ² ₂|♔♕|𝒳𝔸|🜁
“curly” ‘quotes’|«guillemets»|em — dash|ellipsis…|•bullet|tab\there|non breaking|ｆｕｌｌ　ｗｉｄｔｈ！
&amp; &lt;b&gt; &quot;x&quot; &#39;s|caf&eacute;|&copy 2024|R&D AT&T|&amp;amp;|&nbsp;x&nbsp;|&#8217;|&#x27;
<end_of_text>|a <start_of_text> b|<bos>|<eos>|<pad>|</w>|▁|Ġ|[CLS]|<0x41>""".replace(
    "\n", "|"
).split("|")

RANGES = [
    (0x20, 0x7F), (0x20, 0x7F), (0x20, 0x7F), (0xA0, 0x180), (0x370, 0x400), (0x400, 0x460),
    (0x5D0, 0x5EB), (0x620, 0x650), (0x905, 0x940), (0xE01, 0xE30), (0x1E00, 0x1F00),
    (0x2010, 0x2070), (0x20A0, 0x20C0), (0x2190, 0x2200), (0x2600, 0x2700), (0x3041, 0x3100),
    (0x4E00, 0x4F00), (0xAC00, 0xAD00), (0xFB00, 0xFB07), (0xFF01, 0xFF5F), (0x1F300, 0x1F600),
    (0, 0x20), (0x80, 0xA0), (0xFEFF, 0xFF00),
]  # fmt: skip


def strings() -> list[str]:
    """Phrases as they are and mixed, then text of every range; no unassigned code points, whose
    class depends on the version of Unicode, and nothing that cleaning.py says it does not cover."""
    chance = random.Random(20261121)
    found = ["", " ", "\n", *PHRASES]
    words = [word for phrase in PHRASES for word in phrase.split(" ")]
    while len(found) < COUNT:
        kind = chance.random()
        if kind < 0.45:
            text = " ".join(chance.choice(words) for _ in range(chance.randint(1, 12)))
        elif kind < 0.5:
            text = " ".join(chance.choice(words) for _ in range(chance.randint(60, 400)))
        else:
            text = "".join(character(chance) for _ in range(chance.randint(1, 30)))
        if not mojibake(text) and not ("<" in text and "&#8217" in text):
            found.append(text)
    return found


def mojibake(text: str) -> bool:
    from ftfy import fix_encoding

    return fix_encoding(text) != text


def character(chance: random.Random) -> str:
    while True:
        low, high = chance.choice(RANGES)
        found = chr(chance.randrange(low, high))
        if unicodedata.category(found) not in ("Cn", "Co", "Cs"):
            return found


def documents() -> list[str]:
    texts = [path.read_text() for path in sorted((ROOT / "docs").glob("*.md"))]
    return [*texts, *PHRASES]


def clip() -> tuple[PackTokens, list[list[int]]]:
    learner = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    learner.normalizer = normalizers.Lowercase()
    learner.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Whitespace(), pre_tokenizers.ByteLevel(False, use_regex=False)]
    )
    trainer = trainers.BpeTrainer(vocab_size=1800, end_of_word_suffix="</w>", show_progress=False)
    learner.train_from_iterator(documents(), trainer)
    merges = [
        merge if isinstance(merge, str) else " ".join(merge)
        for merge in json.loads(learner.to_str())["model"]["merges"]
    ]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "merges.txt.gz"
        file.write_bytes(gzip.compress("\n".join(["version", *merges]).encode()))
        original = SimpleTokenizer(str(file))
    tokens = from_openclip(original, len(original.encoder))
    new = {old: index for index, old in enumerate(tokens.order)}
    expected = []
    for text in strings():
        ids = [original.sot_token_id, *original.encode(text), original.eot_token_id]
        if len(ids) > LENGTHS["clip"]:
            ids = [*ids[: LENGTHS["clip"] - 1], original.eot_token_id]
        expected.append([new[index] for index in ids])
    return tokens, expected


def gemma() -> tuple[PackTokens, list[list[int]]]:
    special = ["<pad>", "<eos>", "<bos>", "<unk>"]
    bytes_ = [f"<0x{value:02X}>" for value in range(256)]
    original = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    original.normalizer = normalizers.Replace(" ", "▁")
    original.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    trainer = trainers.BpeTrainer(
        vocab_size=2500, special_tokens=[*special, *bytes_], show_progress=False, min_frequency=2
    )
    original.train_from_iterator(documents(), trainer)
    made = json.loads(original.to_str())
    made["added_tokens"] = [added for added in made["added_tokens"] if added["content"] in special]
    made["pre_tokenizer"] = {
        "type": "Split",
        "pattern": {"String": " "},
        "behavior": "MergedWithPrevious",
        "invert": False,
    }
    made["post_processor"] = {
        "type": "TemplateProcessing",
        "single": [
            {"Sequence": {"id": "A", "type_id": 0}},
            {"SpecialToken": {"id": "<eos>", "type_id": 0}},
        ],
        "pair": [
            {"Sequence": {"id": "A", "type_id": 0}},
            {"Sequence": {"id": "B", "type_id": 0}},
            {"SpecialToken": {"id": "<eos>", "type_id": 0}},
        ],
        "special_tokens": {"<eos>": {"id": "<eos>", "ids": [1], "tokens": ["<eos>"]}},
    }
    whole = tokenizers.Tokenizer.from_str(json.dumps(made))
    tokens = from_json(made, "canonicalize", len(made["model"]["vocab"]), pad=0)
    new = {old: index for index, old in enumerate(tokens.order)}
    expected = []
    for text in strings():
        ids = whole.encode(_clean_canonicalize(text)).ids
        if len(ids) > LENGTHS["gemma"]:
            ids = [*ids[: LENGTHS["gemma"] - 1], ids[-1]]
        expected.append([new[index] for index in ids])
    return tokens, expected


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    golden: dict[str, object] = {"strings": strings(), "max_tokens": LENGTHS}
    for name, make in (("clip", clip), ("gemma", gemma)):
        tokens, expected = make()
        model = {**tokens.tokenizer["model"], "vocab": empty_vocab(tokens.tokenizer)}
        compact = {
            "kind": tokens.kind,
            "tokenizer": {**tokens.tokenizer, "model": model},
            "vocab": tokens.vocab,
        }
        (FOLDER / f"{name}.json.gz").write_bytes(gzip_bytes(canonical_json(compact)))
        golden[name] = expected
    (FOLDER / "golden.json.gz").write_bytes(gzip_bytes(canonical_json(golden)))


if __name__ == "__main__":
    sys.exit(main())
