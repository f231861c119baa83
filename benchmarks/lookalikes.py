"""Look-alikes of DiffusionDB and of Danbooru's posts, of any size, for tests and benchmarks.

    python benchmarks/lookalikes.py diffusiondb 2000000 metadata.parquet
    python benchmarks/lookalikes.py danbooru 3700000 posts.jsonl.gz

They are deterministic, and the first n rows of a larger file are those of a smaller one. Nothing in them is
a real prompt or a real name of a tag. What is real, if `../shared/data` is there, are frequencies: those of
words in captions, and those of 140,782 tags with their categories. Without these files Zipf's law stands in.

*Prompts* have 25 words on average. Half of the words of the subject follow the frequencies of captions, the
others those of a long tail (250,000 words); modifiers such as "highly detailed" follow, separated by commas.
As in DiffusionDB, a user repeats a prompt with other seeds: about 24 % of the prompts repeat the one before.

*Posts* have 32 tags on average. A post has a theme; half of its general tags come from the tags of the theme,
the others from all tags, both by their frequencies. A character brings its copyright with it.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
BLOCK = 5_000
"""Rows that are drawn together; each block has a seed of its own."""
TAIL = 250_000
THEMES = 400
PER_PART = 1_000
CATEGORIES = ("0", "1", "3", "4", "5")
_SYLLABLES = """
ka lo mi ren sta ver ti on der qu ing la pe tor ne su ri cha do ber nol fi ang bo ost ex ju hei mar zen
"""
SYLLABLES = _SYLLABLES.split()
_MODIFIERS = """
highly detailed|digital painting|concept art|sharp focus|trending on the front page|octane render|8 k|4 k
intricate|illustration|smooth|cinematic lighting|oil on canvas|photorealistic|elegant|fantasy|hyper realistic
volumetric lighting|studio lighting|depth of field|portrait|matte painting|unreal engine|beautiful|watercolor
soft light|dramatic|symmetrical|35 mm|bokeh|golden hour|wide angle|pencil sketch|art nouveau|low poly|ultra hd
"""
MODIFIERS = re.split(r"[|\n]", _MODIFIERS.strip())
SAMPLERS = (8, 3, 1, 2, 4, 5, 6, 7, 9)
Numbers = NDArray[np.int64]


def made_up(number: int, length: int) -> str:
    """Word number `number` with this many syllables; a different one for each number below 27,000."""
    parts = []
    for _ in range(length):
        number, at = divmod(number, len(SYLLABLES))
        parts.append(SYLLABLES[at])
    return "".join(parts) + (str(number) if number else "")


def limits(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.cumsum(weights) / weights.sum()


def draw(chance: np.random.Generator, bounds: NDArray[np.float64], count: int) -> NDArray[np.intp]:
    """`count` numbers by the shares whose sums are `bounds`."""
    return np.minimum(np.searchsorted(bounds, chance.random(count)), len(bounds) - 1)


@cache
def caption_words() -> tuple[list[str], NDArray[np.float64]]:
    """The words of the captions of the test data, most frequent first, with the limits of their shares."""
    counts: Counter[str] = Counter()
    for name in ("captioned", "open"):
        file = DATA / name / "captions.jsonl"
        if file.is_file():
            with file.open(encoding="utf-8") as lines:
                for line in lines:
                    for caption in json.loads(line)["captions"]:
                        counts.update(re.findall(r"[a-z]{2,}", caption.lower()))
    if not counts:
        counts = Counter(
            {made_up(at, 1 + at // 100 % 3): 10_000_000 // (at + 10) for at in range(10_000)}
        )
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [word for word, _ in ordered], limits(np.array([count for _, count in ordered], float))


@cache
def tail_words() -> tuple[list[str], NDArray[np.float64]]:
    words = _different(made_up(at * 7919 % TAIL, 2 + (at > 900)) for at in range(TAIL))
    return words, limits(1 / np.arange(20, TAIL + 20, dtype=float))


def prompts(count: int) -> Iterator[dict[str, Any]]:
    """The first `count` rows of a table like metadata.parquet."""
    known, known_limits = caption_words()
    tail, tail_limits = tail_words()
    styles = limits(1 / np.arange(2, len(MODIFIERS) + 2, dtype=float))
    samplers = limits(np.array([60, 20, 8, 4, 3, 2, 1, 1, 1], float))
    begin = datetime(2022, 8, 6, tzinfo=UTC)
    for block in range(-(-count // BLOCK)):
        chance = np.random.default_rng((1, block))
        lengths = np.clip(chance.lognormal(2.3, 0.6, BLOCK), 1, 60).astype(int)
        first = draw(chance, known_limits, int(lengths.sum()))
        second = draw(chance, tail_limits, int(lengths.sum()))
        common = chance.random(int(lengths.sum())) < 0.5
        added = chance.poisson(5, BLOCK) * (chance.random(BLOCK) < 0.8)
        chosen = draw(chance, styles, int(added.sum()))
        again = chance.random(BLOCK) < 0.24
        used = SAMPLERS_OF[draw(chance, samplers, BLOCK)]
        names = chance.bytes(16 * BLOCK).hex()
        numbers = chance.integers(0, 1 << 32, (BLOCK, 4)).tolist()
        unsafe = np.round(chance.beta(0.5, 4, (BLOCK, 2)), 6).tolist()
        at = to = 0
        prompt = ""
        for row in range(min(BLOCK, count - block * BLOCK)):
            words = [
                known[first[one]] if common[one] else tail[second[one]]
                for one in range(at, at + lengths[row])
            ]
            extra = [MODIFIERS[one] for one in chosen[to : to + added[row]]]
            at, to = at + lengths[row], to + added[row]
            if row == 0 or not again[row]:
                prompt = ", ".join([" ".join(words), *dict.fromkeys(extra)])
            number = block * BLOCK + row
            seed, other, size, user = numbers[row]
            name = names[32 * row : 32 * row + 32]
            yield {
                "image_name": f"{name[:8]}-{name[8:12]}-{name[12:16]}-{name[16:20]}-{name[20:]}.png",
                "prompt": prompt,
                "part_id": number // PER_PART + 1,
                "seed": seed,
                "step": (50, 50, 50, 30, 100, 150)[other % 6],
                "cfg": (7.0, 7.0, 7.5, 12.0, 15.0, 9.1)[other // 7 % 6],
                "sampler": int(used[row]),
                "width": (512, 512, 512, 704, 768)[size % 5],
                "height": (512, 512, 704, 512, 768)[size // 5 % 5],
                "user_name": f"{user % 10_000:064x}",
                "timestamp": begin + timedelta(seconds=number // 2),
                "image_nsfw": unsafe[row][0],
                "prompt_nsfw": unsafe[row][1],
            }


SAMPLERS_OF = np.array(SAMPLERS)


class Tags:
    """The tags by category, most frequent first: numbers, names and the limits of their shares."""

    def __init__(self) -> None:
        counts: dict[str, list[int]] = {category: [] for category in CATEGORIES}
        file = DATA / "tag-counts.tsv.gz"
        if file.is_file():
            with gzip.open(file, "rt") as lines:
                for line in lines:
                    category, count = line.split()
                    counts.setdefault(category, []).append(int(count))
        else:
            shares = zip(CATEGORIES, (60_000, 30_000, 8_000, 40_000, 500), strict=True)
            counts = {name: [6_000_000 // (at + 3) for at in range(size)] for name, size in shares}
        self.names: dict[str, list[str]] = {}
        self.numbers: dict[str, Numbers] = {}
        self.limits: dict[str, NDArray[np.float64]] = {}
        mixed = np.random.default_rng(3).permutation(sum(map(len, counts.values()))) + 1
        start = 0
        for category in CATEGORIES:
            size = len(counts[category])
            self.names[category] = _different(
                f"{made_up(at * 7919 % size, 2)}_{made_up(at % 700, 1 + at % 2)}"
                for at in range(size)
            )
            self.numbers[category] = mixed[start : start + size]
            self.limits[category] = limits(np.array(counts[category], float))
            start += size
        # A theme has each general tag with the chance 1/50, so that two tags of it come together often.
        general = np.array(counts["0"], float)
        chance = np.random.default_rng(4)
        self.themes = []
        for _ in range(THEMES):
            members = np.flatnonzero(chance.random(len(general)) < 0.02)
            self.themes.append((members, limits(general[members])))


def _different(names: Iterator[str]) -> list[str]:
    """The names, with a number behind those that an earlier one has."""
    seen: Counter[str] = Counter()
    found = []
    for name in names:
        seen[name] += 1
        found.append(f"{name}_{seen[name]}" if seen[name] > 1 else name)
    return found


@cache
def tags() -> Tags:
    return Tags()


def posts(count: int) -> Iterator[dict[str, Any]]:
    """The first `count` posts, in the form of the dumps of 2019: all values are texts."""
    known = tags()
    themes = limits(1 / np.arange(3, THEMES + 3, dtype=float))
    begin = datetime(2005, 5, 23, tzinfo=UTC)
    for block in range(-(-count // BLOCK)):
        chance = np.random.default_rng((2, block))
        theme = draw(chance, themes, BLOCK)
        free = np.maximum(1, chance.poisson(13, BLOCK))
        bound = np.maximum(1, chance.poisson(14, BLOCK))
        sizes = {
            "1": (chance.random(BLOCK) < 0.9).astype(int),
            "3": np.minimum(3, chance.poisson(0.2, BLOCK)),
            "4": np.minimum(4, chance.poisson(1.1, BLOCK)),
            "5": np.minimum(6, chance.poisson(2.2, BLOCK)),
        }
        drawn = {
            name: draw(chance, known.limits[name], int(size.sum())) for name, size in sizes.items()
        }
        general = draw(chance, known.limits["0"], int(free.sum()))
        numbers = chance.integers(0, 1 << 30, (BLOCK, 4)).tolist()
        digests = chance.bytes(16 * BLOCK).hex()
        places = dict.fromkeys([*sizes, "0"], 0)
        for row in range(min(BLOCK, count - block * BLOCK)):
            members, bounds = known.themes[theme[row]]
            own = members[draw(chance, bounds, int(bound[row]))]
            at = places["0"]
            places["0"] = at + int(free[row])
            found = {"0": {*own.tolist(), *general[at : places["0"]].tolist()}}
            for name, size in sizes.items():
                at = places[name]
                places[name] = at + int(size[row])
                found[name] = set(drawn[name][at : places[name]].tolist())
            # The character with this rank belongs to a copyright; the first ones belong to large ones.
            works = len(known.names["3"])
            found["3"] |= {(one * one) % min(works, one + 5) for one in found["4"]}
            number = block * BLOCK + row
            yield _post(
                number, found, known, numbers[row], digests[32 * row : 32 * row + 32], begin
            )


def _post(
    number: int,
    found: dict[str, set[int]],
    known: Tags,
    drawn: list[int],
    md5: str,
    begin: datetime,
) -> dict[str, Any]:
    width, height, score, other = drawn
    tags = [
        {
            "id": str(known.numbers[category][one]),
            "name": known.names[category][one],
            "category": category,
        }
        for category in CATEGORIES
        for one in sorted(found[category])
    ]
    return {
        "id": str(number + 1 + number // 10),
        "created_at": (begin + timedelta(seconds=120 * number)).strftime("%Y-%m-%d %H:%M:%S UTC"),
        "uploader_id": str(other % 50_000),
        "score": str(score % 60 - 3),
        "source": f"https://example.org/art/{other}" if other % 5 else "",
        "md5": md5,
        "rating": "sssssssqqe"[score // 64 % 10],
        "image_width": str(400 + width % 3_000),
        "image_height": str(400 + height % 3_000),
        "file_ext": ("jpg", "jpg", "jpg", "png", "gif")[width // 3_000 % 5],
        "file_size": str(20_000 + width % 4_000_000),
        "pixiv_id": str(other % 90_000_000) if other % 3 == 0 else "0",
        "parent_id": "0",
        "is_deleted": other % 40 == 0,
        "favs": [],
        "pools": [],
        "tags": tags,
    }


def write_prompts(path: Path, count: int) -> None:
    """Writes a file like metadata.parquet, with its types."""
    import pyarrow
    from pyarrow import parquet

    types = {
        "image_name": pyarrow.string(),
        "prompt": pyarrow.string(),
        "part_id": pyarrow.uint16(),
        "seed": pyarrow.uint32(),
        "step": pyarrow.uint16(),
        "cfg": pyarrow.float32(),
        "sampler": pyarrow.uint8(),
        "width": pyarrow.uint16(),
        "height": pyarrow.uint16(),
        "user_name": pyarrow.string(),
        "timestamp": pyarrow.timestamp("us", tz="UTC"),
        "image_nsfw": pyarrow.float32(),
        "prompt_nsfw": pyarrow.float32(),
    }
    schema = pyarrow.schema(list(types.items()))
    with parquet.ParquetWriter(path, schema) as writer:
        for piece in _pieces(prompts(count)):
            writer.write_batch(pyarrow.RecordBatch.from_pylist(piece, schema))


def write_posts(path: Path, count: int) -> None:
    """Writes JSON lines, packed if the name ends with .gz."""
    opened: TextIO = (
        gzip.open(path, "wt", compresslevel=1)  # noqa: SIM115
        if path.suffix == ".gz"
        else path.open("w")
    )
    with opened as file:
        for post in posts(count):
            file.write(json.dumps(post) + "\n")


def _pieces(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    piece: list[dict[str, Any]] = []
    for row in rows:
        piece.append(row)
        if len(piece) == BLOCK:
            yield piece
            piece = []
    if piece:
        yield piece


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])  # type: ignore[union-attr]
    parser.add_argument("kind", choices=["diffusiondb", "danbooru"])
    parser.add_argument("rows", type=int)
    parser.add_argument("file", type=Path)
    options = parser.parse_args()
    write = write_prompts if options.kind == "diffusiondb" else write_posts
    write(options.file, options.rows)


if __name__ == "__main__":
    sys.exit(main())
