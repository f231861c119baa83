"""How well the divide separates matches from the rest, on collections of several kinds.

    make bench NAME=likely [ARGS="--icons dist"]

For each collection, over queries whose matches are known:

f1, precision, recall   of the likely matches, mean over the queries
few                     share of queries with at most one likely match (each has at least 8 true ones)
absent                  likely matches of queries about what the collection does not have, mean
with_any                share of these queries that have any

`before` is the rule without a level of the model. Queries that the model cannot rank (average precision
below .25) are left out: no divide helps there. The level was chosen on `labelled`, `open` and `icons`;
the bounds of its distance with `captioned`, `clothing` and `grocery` in view,
too. Only `sentences` was new to the rule.

labelled    class names                         open      tags and frequent words of captions
captioned   words that two of five captions have; pictures where only one caption has it do not count
sentences   whole captions: `recall` is how often their own photograph is likely, `likely` the median number
clothing, grocery   one kind of thing: the parts of `open` with these tags
icons       (--icons: the site that `make demo` builds) tags of OpenMoji
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from harness import collection, emit
from query_index import captioned, embed_files, labelled

import imagedb_site
from imagedb_site.encoders import Encoder
from imagedb_site.models import resolve
from imagedb_site.query.index import Floats
from imagedb_site.query.plurals import plural_key
from imagedb_site.query.relevance import SAMPLE, likely_from
from imagedb_site.query.scan import sample_rows
from imagedb_site.site_index import SiteIndex

NOWHERE = [
    *("quarterly tax report", "asdf qwer", "democracy", "yesterday", "the meaning of life"),
    *("invoice number", "blockchain", "philosophy", "monday", "probability theory"),
    *("interest rate", "copyright law", "patience", "firmware update", "the third amendment"),
]
VAGUE = set(
    re.findall(
        r"\w+",
        """
        two one three four five while through over front near another other out that behind around some what
        looking off next top along each left right across this several him into being doing back together side
        he she his her their them they who there down its not about photo shown show image picture panel part
        figure are can which been between both also more role activity skin tone medium light dark extra
        unicode aid symbol with and the from has have for
        """,
    )
)
"""Words that name nothing that a picture shows, or nothing definite."""
MIN_MATCHES, MIN_AP = 8, 0.25

Mask = np.ndarray[Any, np.dtype[np.bool_]]


class Case:
    """A collection: its embeddings, and queries with the rows that match and those that do not."""

    def __init__(self, embeddings: Floats, queries: Sequence[tuple[str, Mask, Mask]]) -> None:
        self.embeddings, self.queries = embeddings, queries


def words(text: str) -> str:
    return " " + " ".join(plural_key(word) for word in re.findall(r"[a-z]+", text.lower())) + " "


def told(texts: Sequence[str], queries: Sequence[str]) -> list[tuple[str, Mask, Mask]]:
    """Queries with the rows whose text has their words in this order."""
    found = {}
    for query in queries:
        key = words(query)
        match = np.array([key in text for text in texts])
        if match.sum() >= MIN_MATCHES:
            found.setdefault(key, (query, match, ~match))
    return list(found.values())


def frequent(texts: Sequence[str], most: int) -> list[str]:
    counts = Counter(word for text in texts for word in set(text.split()))
    names = [word for word, _ in counts.most_common(most) if len(word) > 3 and word not in VAGUE]
    return [word for word in names if counts[word] < len(texts) / 8]


def open_pictures(encoder: Encoder) -> dict[str, Case]:
    folder = collection("open")
    lines = (folder / "captions.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    embeddings = embed_files(encoder, [folder / row["file"] for row in rows], "open")
    texts = [words(" ".join([*row["captions"], *map(str, row["tags"])])) for row in rows]
    tags = Counter(tag for row in rows for tag in row["tags"])
    asked = [tag for tag, n in tags.items() if n >= MIN_MATCHES] + frequent(texts, 500)
    found = {"open": Case(embeddings, told(texts, asked))}
    for kind in ("clothing", "grocery"):
        some = np.array([kind in row["tags"] for row in rows])
        own = [words(" ".join(row["tags"])) for row in rows if kind in row["tags"]]
        common = [tag for tag, n in tags.items() if 20 <= n <= 300]
        found[kind] = Case(embeddings[some], told(own, common))
    return found


def captions(encoder: Encoder) -> dict[str, Case]:
    files, all_told = captioned("train")
    embeddings = embed_files(encoder, files, "captioned-train")
    sets = [[set(words(caption).split()) for caption in some] for some in all_told]
    asked = frequent([" ".join(set().union(*some)) for some in sets], 700)
    queries = []
    for word in asked:
        counts = np.array([sum(word in one for one in some) for some in sets])
        if (counts >= 2).sum() >= MIN_MATCHES:
            queries.append((word, counts >= 2, counts == 0))
    return {"captioned": Case(embeddings, queries)}


def classes(encoder: Encoder) -> dict[str, Case]:
    files, names = labelled()
    labels = np.array([name.removesuffix("_easy") for name in names])
    queries = [
        (name.replace("_", " ").lower(), labels == name, labels != name)
        for name in sorted(set(labels) - {"BACKGROUND_Google"})
    ]
    return {"labelled": Case(embed_files(encoder, files, "labelled"), queries)}


def icons(site: Path) -> dict[str, Case]:
    with imagedb_site.open(site) as collection:
        index = collection.index
        assert isinstance(index, SiteIndex)
        embeddings = index.embeddings(np.arange(index.count))
        fields = [index.document(row)["fields"] for row in range(index.count)]
    tables = [(row.get("title", ""), row.get("tags", [])) for row in fields]
    texts = [" | ".join(map(words, [title, *tags])) for title, tags in tables]
    counts = Counter(tag for _, tags in tables for tag in tags)
    asked = [tag for tag, n in counts.items() if MIN_MATCHES <= n <= 200 and tag not in VAGUE]
    return {"icons": Case(embeddings, told(texts, asked))}


def average_precision(similarities: Floats, match: Mask, other: Mask) -> float:
    judged = match | other
    order = np.argsort(-similarities[judged], kind="stable")
    places = np.flatnonzero(match[judged][order])
    return float((np.arange(1, len(places) + 1) / (places + 1)).mean())


def measure(
    case: Case, embed: Callable[[Sequence[str]], Floats], temperature: float, level: float | None
) -> dict[str, float]:
    sample = sample_rows(len(case.embeddings), SAMPLE)

    def likely(query: Floats) -> tuple[Floats, Mask]:
        similarities = case.embeddings @ query
        return similarities, similarities >= likely_from(similarities[sample], temperature, level)

    scores = []
    vectors = embed([query for query, _, _ in case.queries])
    for vector, (_, match, other) in zip(vectors, case.queries, strict=True):
        similarities, found = likely(vector)
        if average_precision(similarities, match, other) < MIN_AP:
            continue
        right, wrong = int((found & match).sum()), int((found & other).sum())
        precision = right / (right + wrong) if right + wrong else np.nan
        recall = right / match.sum()
        f1 = 2 * right / max(1, right + wrong + match.sum())
        scores.append((f1, precision, recall, found.sum() <= 1))
    none = np.array([likely(vector)[1].sum() for vector in embed(NOWHERE)])
    # Precision is the mean over the queries that have a likely match.
    table = np.ma.masked_invalid(np.array(scores, dtype=float))
    f1, precision, recall, few = table.mean(axis=0).filled(0)
    shown = {"f1": f1, "precision": precision, "recall": recall, "few": few}
    shown |= {"absent": none.mean(), "with_any": (none > 0).mean()}
    return {"queries": len(scores), **{name: round(float(v), 3) for name, v in shown.items()}}


def sentences(
    encoder: Encoder, embed: Callable[[Sequence[str]], Floats], temperature: float
) -> dict[str, dict[str, float]]:
    files, all_told = captioned("val")
    embeddings = embed_files(encoder, files, "captioned-val")
    similarities = embed([some[0] for some in all_told]) @ embeddings.T
    found = {}
    for name, level in (("before", None), ("now", encoder.pack.level)):
        limits = np.array([likely_from(row, temperature, level) for row in similarities])
        likely = similarities >= limits[:, None]
        found[name] = {
            "recall": round(float(likely.diagonal().mean()), 3),
            "likely": float(np.median(likely.sum(1))),
        }
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--icons", type=Path, default=None)
    args = parser.parse_args()
    encoder = Encoder(resolve("builtin"))
    temperature = float(encoder.pack.manifest["calibration"]["temperature"])

    def embed(texts: Sequence[str]) -> Floats:
        return np.asarray(encoder.encode_texts(list(texts)), dtype=np.float32)

    cases = {**classes(encoder), **open_pictures(encoder), **captions(encoder)}
    if args.icons is not None:
        cases |= icons(args.icons)
    results: dict[str, Any] = {
        name: {
            "before": measure(case, embed, temperature, None),
            "now": measure(case, embed, temperature, encoder.pack.level),
        }
        for name, case in cases.items()
    }
    results["sentences"] = sentences(encoder, embed, temperature)
    emit(results)


if __name__ == "__main__":
    main()
