"""Makes tests/golden/queries.json, facets.json, and the site of their answers, tests/golden/site-queries.

    python tests/golden/make_queries.py

The answers are those of the published-site reader. Python (reader and library), Node and Chromium are held to
them by the rule of agreement in docs/QUERY.md.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from query_cases import GROUPS
from query_collection import COUNT, metadata, path, picture, sidecar

from imagedb_site.checksum import sealed
from imagedb_site.container import FileEntry, canonical_json
from imagedb_site.encoders import Encoder
from imagedb_site.errors import UsageError
from imagedb_site.index import SiteIndex
from imagedb_site.layout import hash16
from imagedb_site.packs import load_pack
from imagedb_site.query.current import current_result
from imagedb_site.query.evaluate import Mode, evaluate
from imagedb_site.query.facets import facet_counts
from imagedb_site.query.index import Floats, Index
from imagedb_site.query.meaning import query_vector
from imagedb_site.query.parse import Query, Term, parse
from imagedb_site.query.plan import make_plan
from imagedb_site.query.ranking import Result
from imagedb_site.query.relevance import likely_from
from imagedb_site.site.columns import ColumnsWriter
from imagedb_site.site.storage import SiteFiles
from imagedb_site.site.target import FolderTarget
from imagedb_site.site.types import SiteSettings

HERE = Path(__file__).parent
PACK = HERE / "pack-tiny"
SITE = HERE / "site-queries"
ANSWERS = HERE / "queries.json"
FACETS = HERE / "facets.json"
DIM = 16


def build(folder: Path) -> Path:
    """Build the collection with the command line: `folder/site`, and its library in `folder/library`."""
    pictures = folder / "pictures"
    pictures.mkdir(parents=True)
    for index in range(COUNT):
        file = pictures / path(index)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(picture(index))
        keywords = sidecar(index)
        if keywords is not None:
            file.with_suffix(".xmp").write_text(keywords, encoding="utf-8")
    table = folder / "table.jsonl"
    rows = [json.dumps(row, ensure_ascii=False) for row in metadata()]
    table.write_text("\n".join(rows) + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "imagedb_site.cli.main", "build", str(pictures)]
    command += ["-o", str(folder / "site"), "--library", str(folder / "library")]
    command += ["--metadata", str(table), "--model", str(PACK), "--title", "Queries", "-q"]
    command += ["--view-size", "0", "--workers", "1"]
    subprocess.run(command, check=True, timeout=300)
    return folder / "site"


def keep(site: Path) -> None:
    """Copy what a search reads: neither the application, which changes too often, nor the pictures."""
    shutil.rmtree(SITE, ignore_errors=True)
    SITE.mkdir()
    for name in ("data", "model"):
        shutil.copytree(site / name, SITE / name)
    manifest = json.loads((site / "manifest.json").read_bytes())
    (SITE / manifest["program"]["path"]).unlink()
    data = canonical_json({"files": []})
    path = f"data/program.{hash16(data)}.bin"
    (SITE / path).write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    manifest["program"] = FileEntry(path, len(data), len(data), digest, index=True).to_json()
    manifest["columns"] = in_small_blocks(site)
    manifest["bytes"] = sum(file.stat().st_size for file in SITE.rglob("*") if file.is_file())
    (SITE / "manifest.json").write_bytes(sealed(manifest))


def in_small_blocks(folder: Path) -> dict[str, Any] | None:
    """Write the columns into SITE as those of a large collection: in blocks, with values and row sets."""
    index = SiteIndex.open(folder)
    settings = SiteSettings(column_block=8, column_segment=16, values_bytes=64)
    with tempfile.TemporaryDirectory() as temporary:
        files = SiteFiles(FolderTarget(Path(temporary) / "columns"))
        writer = ColumnsWriter(files, index.fields, index.count, settings)
        for row in range(index.count):
            writer.add(index.document(row)["fields"])
        entry = writer.finish()
        for file in (SITE / "data").iterdir():
            if file.name.partition(".")[0] in {"columns", *(spec.name for spec in index.fields)}:
                file.unlink()
        shutil.copytree(Path(temporary) / "columns", SITE, dirs_exist_ok=True)
    index.close()
    return entry


def query_pictures() -> dict[str, list[float]]:
    """Embeddings of the pictures that `image:` terms name."""
    random = np.random.default_rng(5)
    found = {}
    for name in ("one.jpg", "two.jpg", "my picture.jpg"):
        vector = random.normal(size=DIM)
        vector /= np.linalg.norm(vector)
        found[name] = [round(float(value), 6) for value in vector]
    return found


def make_embed(pictures: dict[str, list[float]]) -> Callable[[Term], Floats | None]:
    encoder = Encoder(load_pack(PACK))

    def embed(term: Term) -> Floats:
        if term.kind == "image":
            return np.asarray(pictures[term.value], dtype=np.float32)
        return encoder.encode_queries([term.value])[0]

    return embed


def with_ids(text: str, ids: dict[str, str]) -> str:
    """`{id:3}` as the image id of picture-03; `{{` and `}}` as braces."""
    text = re.sub(r"\{id:(\d+)\}", lambda match: ids[path(int(match[1]))], text)
    return text.replace("{{", "{").replace("}}", "}")


def parsed(query: Query) -> dict[str, Any]:
    """A query as JSON, without what is empty and the source."""
    found = {key: value for key, value in asdict(query).items() if value and key != "source"}
    if query.match is not None:
        found["match"] = query.match
    return found


def answered(query: Query, index: Index, embed: Callable[[Term], Floats | None], mode: Mode) -> Any:
    """The whole ranking, regardless of `k:`: rows, their places in the words arm, similarities in 1e-5."""
    try:
        answer = evaluate(replace(query, k=None), index, embed, mode=mode, k=COUNT)
    except UsageError:
        return {"error": True}
    results = answer.results
    found: dict[str, Any] = {"rows": [result.row for result in results]}
    words = {result.ranks["words"]: result for result in results if "words" in result.ranks}
    if words:
        found["words"] = [words[place].row for place in sorted(words)]
    shares = [_coverage(words[place], place) for place in sorted(words)]
    if mode == "all" and any(share < 1 for share in shares):
        found["coverage"] = shares
    if results and results[0].similarity is not None:
        found["similarity"] = [round((result.similarity or 0) * 1e5) for result in results]
    found["total"] = answer.total
    if answer.strict_total is not None:
        found["strict_total"] = answer.strict_total
    if answer.divide is not None:
        found["divide"] = answer.divide
    if mode != "words":
        found["margin"] = _margin(query, index, embed)
    if answer.notices:
        found["notices"] = [notice.kind for notice in answer.notices]
    return found


def _margin(query: Query, index: Index, embed: Callable[[Term], Floats | None]) -> float:
    """How far the closest row is from the limit of the likely matches of a negative term."""
    least = 9.0
    for term in make_plan(query, index).query.terms:
        if term.weight <= -1:
            vector = query_vector([replace(term, weight=1.0)], index, embed)
            if vector is None:
                continue
            near = index.similarities(vector, np.arange(index.count))
            limit = likely_from(index.background(vector), index.temperature or 1, index.level)
            least = min(least, float(np.abs(near - limit).min()))
    return round(least, 5)


def _coverage(result: Result, place: int) -> float:
    """The share of the words that a result has, from its score (docs/QUERY.md, "Fusion")."""
    meaning = 1 / (31 + result.ranks["meaning"]) if "meaning" in result.ranks else 0.0
    return round((result.score - meaning) * (31 + place), 4)


def make_cases(index: SiteIndex) -> dict[str, Any]:
    ids = {index.document(row)["path"]: index.document(row)["id"] for row in range(index.count)}
    pictures = query_pictures()
    embed = make_embed(pictures)
    cases = []
    for group, (texts, modes) in GROUPS.items():
        for text in texts:
            typed = with_ids(text, ids)
            query = parse(typed)
            answers = {mode: answered(query, index, embed, mode) for mode in modes}
            cases.append(
                {"group": group, "query": typed, "parsed": parsed(query), "answers": answers}
            )
    return {
        "count": index.count,
        "ids": [index.document(row)["id"] for row in range(index.count)],
        "images": pictures,
        "cases": cases,
    }


COUNTED = ("tags", "place", "folder", "rating", "taken")
"""The fields that facets are counted of."""


def make_facets(index: SiteIndex, cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The facets of every fifth query, in each of its modes."""
    embed = make_embed(query_pictures())
    found = []
    for case in cases[::5]:
        query = parse(case["query"])
        for mode, answer in case["answers"].items():
            if "error" not in answer:
                mask = current_result(query, index, None if mode == "words" else embed, mode)
                counts = {name: facet_counts(name, mask, index, 5) for name in COUNTED}
                rows = int(mask.sum())
                found.append({"query": query.source, "mode": mode, "rows": rows, "counts": counts})
    return found


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        keep(build(Path(place)))
    index = SiteIndex.open(SITE)
    golden = make_cases(index)
    facets = make_facets(index, golden["cases"])
    lines = ",\n".join(json.dumps(case, ensure_ascii=True, sort_keys=True) for case in facets)
    FACETS.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    cases = ",\n".join(
        json.dumps(case, ensure_ascii=True, sort_keys=True) for case in golden.pop("cases")
    )
    head = json.dumps(golden, ensure_ascii=True, sort_keys=True)
    ANSWERS.write_text(f'{head[:-1]}, "cases": [\n{cases}\n]}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
