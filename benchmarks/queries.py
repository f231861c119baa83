"""How well the query language answers, and how fast.

    make bench NAME=queries [ARGS="--count 100000 --skip-browser"]

golden_mismatches       golden queries answered otherwise than written: reader, library, Node, Chromium
hybrid_r10              both arms: share of captions that find their photograph among the first 10; half of
text_r10, vector_r10    the photographs keep another caption as text. By words alone, by meaning alone
hybrid_full_r10 …       the same if all photographs keep a caption
negative_unwanted_drop  how much of the unwanted class a negative takes out of the first 20, by meaning alone
negative_wanted_kept    how much of the wanted classes stays there
negative_subtract       the same two, if the negative is only subtracted with weight ½
combined_p7, …          of a colour picture + "black and white": share of black-and-white pictures of its
                        class among the first 7; of the picture alone, of the text alone
likely_f1               F1 of likely matches, class names against their pictures; likely_f1_best with the best
                        limit for each query; likely_none: likely matches of queries for what is not there
image_queries_100_s     100 picture queries over 7,384 pictures in one call of `imagedb-site search`, the
                        whole process, their embeddings being there (like:ID); …_with_embedding_s: by
                        files, which are decoded and embedded in the call; embedded_per_s: embedding alone
key_to_paint_p50_ms     from the key of a query's last letter, typed at 120 ms a key, to the frame with its
                        final results; warm, 100,000 pictures, each query asked once; key_to_pictures: to
                        all thumbnails in view; enter_to_paint: of a pasted query, from Enter
longest_task_ms         the longest task of the page's main thread meanwhile, from Chromium's trace; _cpu_ms:
                        the most processor time one of them took, which other load hardly changes
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from harness import ROOT, browsing, emit, median, note, serving
from PIL import Image
from query_index import MemoryIndex, captioned, embed_files, labelled
from query_latency import latency
from query_site import image_id, write_large

from imagedb_site.encoders import Encoder
from imagedb_site.models import resolve
from imagedb_site.query.evaluate import Mode, evaluate
from imagedb_site.query.index import Floats
from imagedb_site.query.meaning import query_vector
from imagedb_site.query.parse import Query, Term, parse
from imagedb_site.query.relevance import likely_from

ARMS: tuple[tuple[str, Mode], ...] = (("hybrid", "all"), ("text", "words"), ("vector", "meaning"))
NEGATIVES = [
    ("wild cat", "leopard", "Leopards", "wild_cat cougar_body cougar_face"),
    ("musical instrument", "piano", "grand_piano", "accordion electric_guitar mandolin saxophone"),
    ("musical instrument", "guitar", "electric_guitar", "accordion grand_piano saxophone"),
    ("boat", "sailing ship", "ketch", "ferry schooner"),
    ("vehicle", "airplane", "airplanes", "ferry helicopter Motorbikes car_side"),
    ("vehicle", "motorbike", "Motorbikes", "airplanes helicopter car_side ferry"),
    ("flower", "water lily", "water_lilly", "sunflower lotus"),
    ("flower", "sunflower", "sunflower", "water_lilly lotus"),
    ("furniture", "chair", "chair", "windsor_chair lamp"),
    ("bird", "flamingo", "flamingo", "emu ibis pigeon rooster"),
    ("bird", "rooster", "rooster", "emu ibis pigeon flamingo"),
    ("insect", "butterfly", "butterfly", "ant dragonfly mayfly"),
    ("insect", "dragonfly", "dragonfly", "ant butterfly mayfly"),
    ("sea animal", "crab", "crab crayfish", "octopus sea_horse starfish nautilus dolphin"),
    ("sea animal", "dolphin", "dolphin", "octopus sea_horse starfish nautilus crab"),
    ("electronic device", "laptop", "laptop", "cellphone camera headphone"),
    ("electronic device", "camera", "camera", "cellphone laptop headphone"),
    ("dinosaur", "stegosaurus", "stegosaurus", "brontosaurus"),
    ("animal in the wild", "elephant", "elephant", "rhino kangaroo hedgehog okapi llama"),
    ("tool", "wrench", "wrench", "scissors stapler"),
    ("cartoon character", "snoopy", "snoopy", "garfield"),
    ("clock or watch", "wrist watch", "watch", "metronome"),
]
"""Query, what to leave out, its classes, and the classes that are meant to stay."""
NOWHERE = [
    *("quarterly tax report", "asdf qwer", "democracy", "yesterday", "the meaning of life"),
    *("invoice number", "blockchain", "philosophy", "error message", "monday", "contract"),
    *("happiness", "server room", "surgery", "tractor ploughing a field"),
]
"""Queries for what is in none of the labelled pictures."""


class Texts:
    """Text embeddings, made once."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._known: dict[str, Floats] = {}

    def prepare(self, texts: Sequence[str]) -> None:
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            vectors = np.asarray(self._encoder.encode_texts(new), dtype=np.float32)
            self._known.update(zip(new, vectors, strict=True))

    def __call__(self, term: Term) -> Floats:
        self.prepare([term.value])
        return self._known[term.value]


def hybrid(encoder: Encoder, texts: Texts, temperature: float) -> dict[str, float]:
    files, captions = captioned("val")
    embeddings = embed_files(encoder, files, "captioned-val")
    queries = [(row, told[which]) for row, told in enumerate(captions) for which in (2, 3)]
    texts.prepare([text for _, text in queries])
    found: dict[str, float] = {}
    for name, every in (("", 2), ("_full", 1)):
        kept = [told[0] if row % every == 0 else "" for row, told in enumerate(captions)]
        index = MemoryIndex(embeddings, kept, temperature, encoder.pack.level)
        for arm, mode in ARMS:
            hits = 0
            for row, text in queries:
                query = Query(terms=(Term("text", text),))
                answer = evaluate(query, index, texts, mode=mode, k=10)
                hits += any(result.row == row for result in answer.results)
            found[f"{arm}{name}_r10"] = round(hits / len(queries), 3)
    return found


def negatives(texts: Texts, index: MemoryIndex, labels: np.ndarray[Any, Any]) -> dict[str, Any]:
    """Measured by meaning only, because the words of class names would make it easy."""

    def first(text: str) -> list[int]:
        answer = evaluate(parse(text), index, texts, mode="meaning", k=20)
        return [result.row for result in answer.results]

    def subtracted(wanted: str, unwanted: str) -> list[int]:
        vector = texts(Term("text", wanted)) - 0.5 * texts(Term("text", unwanted))
        return [int(row) for row in np.argsort(-index.similarities(vector), kind="stable")[:20]]

    counts = np.zeros((3, 2))
    for query, unwanted, out, stay in NEGATIVES:
        is_out, stays = np.isin(labels, out.split()), np.isin(labels, stay.split())
        before = first(query)
        if is_out[before].sum() < 2:
            continue
        for at, rows in enumerate(
            (before, first(f"{query} - {unwanted}"), subtracted(query, unwanted))
        ):
            counts[at] += is_out[rows].sum(), stays[rows].sum()
    (out0, stay0), (out1, stay1), (out2, stay2) = counts
    return {
        "negative_unwanted_drop": round(1 - out1 / out0, 3),
        "negative_wanted_kept": round(stay1 / stay0, 3),
        "negative_subtract": [round(1 - out2 / out0, 3), round(stay2 / stay0, 3)],
    }


def combined(
    encoder: Encoder, texts: Texts, files: Sequence[Path], labels: np.ndarray[Any, Any]
) -> dict[str, float]:
    """The same subject with a changed attribute: pictures of 40 classes, in colour and in black and white."""
    chosen = [
        int(row)
        for name in sorted(set(labels))[::2][:40]
        for row in np.flatnonzero(labels == name)[:8]
    ]
    with tempfile.TemporaryDirectory() as folder:
        grey = [Path(folder) / f"{row}.png" for row in chosen]
        for row, file in zip(chosen, grey, strict=True):
            Image.open(files[row]).convert("L").convert("RGB").save(file)
        in_grey = embed_files(encoder, grey, "labelled-grey")
    colour = embed_files(encoder, [files[row] for row in chosen], "labelled-chosen")
    index = MemoryIndex(np.concatenate([colour, in_grey]), [""] * (2 * len(chosen)), 0.03)
    names = np.concatenate([labels[chosen]] * 2)
    is_grey = np.arange(2 * len(chosen)) >= len(chosen)
    words = Term("text", "a black and white photograph")
    found = {}
    for name, terms in (("combined", "both"), ("picture", "image"), ("text", "text")):
        precision = []
        for row in range(len(chosen)):
            parts = {"image": [Term("like", str(row))], "text": [words]}
            parts["both"] = [*parts["image"], *parts["text"]]
            vector = query_vector(parts[terms], index, texts)
            assert vector is not None
            similarities = index.similarities(vector)
            # Neither the query itself nor the same picture without its colours.
            similarities[[row, row + len(chosen)]] = -1
            best = np.argsort(-similarities, kind="stable")[:7]
            precision.append((is_grey[best] & (names[best] == names[row])).mean())
        found[f"{name}_p7"] = round(float(np.mean(precision)), 3)
    return found


def relevance(texts: Texts, index: MemoryIndex, labels: np.ndarray[Any, Any]) -> dict[str, float]:
    scores, best = [], []
    for name in sorted(set(labels) - {"BACKGROUND_Google"}):
        vector = texts(Term("text", name.replace("_", " ").lower()))
        similarities = index.similarities(vector)
        right = labels == name
        likely = similarities >= likely_from(
            index.background(vector), index.temperature, index.level
        )
        scores.append(2 * (likely & right).sum() / (likely.sum() + right.sum()))
        hits = np.cumsum(right[np.argsort(-similarities)])
        best.append((2 * hits / (np.arange(1, len(hits) + 1) + right.sum())).max())
    none = []
    for text in NOWHERE:
        vector = texts(Term("text", text))
        similarities = index.similarities(vector)
        limit = likely_from(index.background(vector), index.temperature, index.level)
        none.append((similarities >= limit).sum())
    return {
        "likely_f1": round(float(np.mean(scores)), 3),
        "likely_f1_best": round(float(np.mean(best)), 3),
        "likely_none": round(float(np.mean(none)), 1),
    }


def image_queries(encoder: Encoder, files: Sequence[Path], embeddings: Floats) -> dict[str, float]:
    """100 picture queries over 7,384 pictures in one call of the command, from its start to its end.

    Once with pictures of the collection, whose embeddings exist, and once with files to be embedded.
    """
    with tempfile.TemporaryDirectory() as place:
        site = Path(place) / "site"
        write_large(site, encoder.pack, embeddings, 7384)
        by_id = [f"like:{image_id(row)}" for row in range(0, 7300, 73)]
        by_file = [f"image:{file.resolve()}" for file in files[::10][:100]]
        seconds = {}
        for name, lines in (("known", by_id), ("files", by_file)):
            asked = Path(place) / f"{name}.txt"
            asked.write_text("\n".join(lines), encoding="utf-8")
            times = []
            for _ in range(3):
                start = time.perf_counter()
                done = subprocess.run(
                    [
                        *(sys.executable, "-m", "imagedb_site.cli.main", "search"),
                        *("--in", str(site), "--queries", str(asked), "-k", "10", "--json"),
                    ],
                    capture_output=True,
                    text=True,
                    check=True,
                )
                times.append(time.perf_counter() - start)
            answers = [json.loads(line) for line in done.stdout.splitlines()]
            assert len(answers) == 100 and all(len(one["results"]) == 10 for one in answers)
            seconds[name] = median(times)
    pictures = [Image.open(file).convert("RGB") for file in files[::10][:100]]
    start = time.perf_counter()
    encoder.encode_images(pictures)
    embedding = time.perf_counter() - start
    return {
        "image_queries_100_s": round(seconds["known"], 3),
        "image_queries_100_with_embedding_s": round(seconds["files"], 3),
        "embedded_per_s": round(len(pictures) / embedding, 1),
    }


def golden_mismatches(browser: bool) -> dict[str, int]:
    """Compare all golden queries in all implementations, by the rule of agreement of the tests."""
    sys.path[:0] = [str(ROOT / "tests" / "golden"), str(ROOT / "tests" / "e2e")]
    import make_queries
    from agreement import disagreement
    from test_javascript_library import SEARCH

    from imagedb_site.index import LibraryIndex, SiteIndex

    file = json.loads((ROOT / "tests" / "golden" / "queries.json").read_text(encoding="utf-8"))
    cases = [c for c in file["cases"] if not re.search("[\ud800-\udfff]", c["query"])]
    asked = [(c["query"], mode, want) for c in cases for mode, want in c["answers"].items()]
    embed = make_queries.make_embed(file["images"])

    def wrong(answer: Callable[[str, Mode], list[int] | None], tolerance: float) -> int:
        count = 0
        for text, mode, want in asked:
            if want.get("margin", 9) < 3 * tolerance:
                continue
            found, query = answer(text, mode), parse(text)
            if want.get("error") or found is None:
                count += bool(want.get("error")) != (found is None)
                continue
            similar = [s / 1e5 for s in want["similarity"]] if "similarity" in want else None
            problem = disagreement(
                want["rows"],
                want.get("words", []),
                want.get("coverage"),
                similar,
                found,
                mode=mode,
                tolerance=tolerance,
                limit=query.k,
                ordered=query.sort is not None,
            )
            count += problem is not None
        return count

    def by_index(index: Any) -> Callable[[str, Mode], list[int] | None]:
        def answer(text: str, mode: Mode) -> list[int] | None:
            try:
                results = evaluate(parse(text), index, embed, mode=mode, k=file["count"]).results
            except Exception:
                return None
            return [result.row for result in results]

        return answer

    def by_list(found: list[dict[str, Any]]) -> Callable[[str, Mode], list[int] | None]:
        rows = {
            (text, mode): one.get("rows") for (text, mode, _), one in zip(asked, found, strict=True)
        }
        return lambda text, mode: rows[text, mode]

    note(f"{len(asked)} golden answers")
    with tempfile.TemporaryDirectory() as place:
        site = make_queries.build(Path(place))
        library = LibraryIndex.open(Path(place) / "library", str(make_queries.PACK))
        rows = np.arange(library.count)
        index = SiteIndex.open(site)
        exact, coded = library.embeddings(rows), index.embeddings(rows)
        quantisation = 2 * float(np.linalg.norm(exact - coded, axis=1).max()) + 2e-5
        counts = {
            "reader": wrong(by_index(index), 5e-4),
            "library": wrong(by_index(library), quantisation),
        }
        arguments = [file["images"], [[text, mode] for text, mode, _ in asked], file["count"]]
        node = shutil.which("node")
        assert node, "Node is among the development tools"
        script = (
            f"const search = {SEARCH.strip()};\n"
            "let text = ''; for await (const part of process.stdin) text += part;\n"
            "console.log(JSON.stringify(await search(JSON.parse(text))));\n"
        )
        done = subprocess.run(
            [node, "--input-type=module", "-e", script],
            input=json.dumps([f"{site}/", *arguments]),
            capture_output=True,
            text=True,
            check=True,
        )
        counts["node"] = wrong(by_list(json.loads(done.stdout)["found"]), 5e-4)
        if browser:
            with serving(site) as server, browsing() as page:
                page.goto(server.url)
                found = page.evaluate(SEARCH, [server.url, *arguments])["found"]
                counts["chromium"] = wrong(by_list(found), 5e-4)
        library.close()
    return counts


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="builtin")
    parser.add_argument("--count", type=int, default=100_000, help="pictures of the latency site")
    parser.add_argument("--skip-browser", action="store_true")
    options = parser.parse_args()
    encoder = Encoder(resolve(options.model))
    temperature = float(encoder.pack.manifest["calibration"]["temperature"])
    texts = Texts(encoder)
    note("golden queries")
    counts = golden_mismatches(not options.skip_browser)
    result: dict[str, Any] = {"golden_mismatches": sum(counts.values()), "golden_by_place": counts}
    note("hybrid")
    result |= hybrid(encoder, texts, temperature)
    files, names = labelled()
    labels = np.array(names)
    embeddings = embed_files(encoder, files, "labelled")
    index = MemoryIndex(embeddings, [""] * len(files), temperature, encoder.pack.level)
    note("negatives, combinations, relevance")
    result |= negatives(texts, index, labels)
    result |= combined(encoder, texts, files, labels)
    result |= relevance(texts, index, labels)
    pictures = captioned("val")[0]
    scenes = embed_files(encoder, pictures, "captioned-val")
    note("100 picture queries in one call")
    result |= image_queries(encoder, pictures, scenes)
    if not options.skip_browser:
        note(f"latency over {options.count:,} pictures")
        result |= latency(encoder.pack, scenes, options.count, median)
    emit({"model": encoder.pack.id, **result})


if __name__ == "__main__":
    main()
