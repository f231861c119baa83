"""Writes docs/model-card.md from the measured figures, the queries' table and its verdicts."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from .ensemble import WEIGHTS
from .settings import Paths

TEXT = Path(__file__).with_name("card_text.md")
NOTES = Path(__file__).with_name("card_notes.json")
"""What was measured by hand, once: classes kept out of training, and how long the training took."""
VERDICTS = Path(__file__).with_name("verdicts.json")


def percent(value: float) -> str:
    """A share as `.637`."""
    return f"{value:.3f}".lstrip("0") if value < 1 else "1.000"


def retrieval(rows: dict[str, dict[str, float]]) -> str:
    """A table of retrieval figures, one row a set."""
    keys = ("t2i_r1", "t2i_r5", "t2i_r10", "i2t_r1", "i2t_r5", "i2t_r10")
    lines = [
        "| pictures | text→image R@1 | R@5 | R@10 | image→text R@1 | R@5 | R@10 | median rank |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, found in rows.items():
        cells = " | ".join(percent(found[k]) for k in keys)
        lines.append(f"| {name} | {cells} | {found['median_rank']:.0f} |")
    return "\n".join(lines)


def query_table(rows: list[dict[str, Any]], verdicts: dict[str, list[str]]) -> str:
    """What came first for every query, with a verdict for each collection."""
    lines = ["| query | drawings | | class folders | |", "|---|---|---|---|---|"]
    for row in rows:
        marks = verdicts.get(row["query"], ["?", "?"])
        first, second = ", ".join(row["emoji"]), ", ".join(row["labelled"])
        lines.append(f"| {row['query']} | {first} | {marks[0]} | {second} | {marks[1]} |")
    return "\n".join(lines)


def tally(verdicts: dict[str, list[str]]) -> str:
    """How many of the verdicts are good, partly good, bad and void."""
    parts = []
    for place, name in enumerate(("drawings", "class folders")):
        marks = [v[place] for v in verdicts.values()]
        counts = [marks.count(m) for m in ("good", "part", "bad", "–")]
        parts.append("{}: {} good, {} part, {} bad, {} not there".format(name, *counts))
    return "; ".join(parts)


def seal(folder: Path, card: bytes) -> None:
    """Put the card into a pack; its id does not depend on the card."""
    from .evaluate import canonical_json

    (folder / "card.md").write_bytes(card)
    manifest = json.loads((folder / "pack.json").read_text(encoding="utf-8"))
    manifest["files"]["card.md"] = {
        "bytes": len(card),
        "sha256": hashlib.sha256(card).hexdigest(),
    }
    (folder / "pack.json").write_bytes(canonical_json(manifest))


def run(paths: Paths, name: str, target: Path, folder: Path) -> None:
    """Fill the placeholders `{{…}}` of the card's text, and put the card into the pack."""
    figures = json.loads(paths.file(f"{name}.figures.json").read_text(encoding="utf-8"))
    floats = json.loads(paths.file(f"{name}.json").read_text(encoding="utf-8"))
    rows = json.loads(paths.file("queries.json").read_text(encoding="utf-8"))
    verdicts = json.loads(VERDICTS.read_text(encoding="utf-8")) if VERDICTS.exists() else {}
    sets = {"captioned, validation part (1,000)": figures["captioned"]}
    sets["textbook photographs, held-out tenth (202)"] = figures["photo"]
    wire, agree, latent = figures["wire"], figures["agreement"], figures["latent"]
    teacher = json.loads(paths.file("ensemble.json").read_text(encoding="utf-8"))
    member = json.loads(paths.file("specialist.json").read_text(encoding="utf-8"))
    notes = json.loads(NOTES.read_text(encoding="utf-8"))
    fills = {
        "retrieval": retrieval(sets),
        "captioned_r10": percent(figures["captioned"]["t2i_r10"]),
        "photo_r10": percent(figures["photo"]["t2i_r10"]),
        "classes": percent(figures["labelled_held"]["precision_at_10"]),
        "top1": percent(figures["labelled_held"]["top1"]),
        "tilted": percent(floats["tilted_names"]["r10"]),
        "confident": percent(floats["confident_names"]["r10"]),
        "confident_pictures": f"{floats['confident_names']['pictures']:.0f}",
        "emoji": percent(floats["emoji_seen"]["r10"]),
        "overlap": percent(agree["mean_overlap"]),
        "equal": percent(agree["equal_sets"]),
        "image_cosine": f"{agree['image_cosine']:.5f}",
        "text_cosine": f"{agree['text_cosine']:.5f}",
        "latent_overlap": percent(latent["mean_overlap"]),
        "latent_equal": percent(latent["equal_sets"]),
        "latent_r10": percent(latent["float_r10"]),
        "shipped_r10": percent(latent["shipped_r10"]),
        "members": str(len(WEIGHTS)),
        "teacher_r10": percent(teacher["captioned"]["t2i_r10"]),
        "member_r10": percent(member["captioned"]["t2i_r10"]),
        **notes,
        "image_bytes": f"{wire['image_tower_stored']:,}",
        "text_bytes": f"{wire['text_core_stored']:,}",
        "wire": f"{wire['first_query_total']:,.0f}",
        "core_wire": f"{wire['text_core']:,}",
        "tokenizer_wire": f"{wire['tokenizer']:,}",
        "tokens_wire": f"{wire['query_tokens_median']:,.0f}",
        "temperature": f"{figures['temperature']:.3f}",
        "queries": query_table(rows, verdicts),
        "tally": tally(verdicts),
        "pack": figures["pack"],
    }
    text = TEXT.read_text(encoding="utf-8")
    for key, value in fills.items():
        text = text.replace("{{" + key + "}}", value)
    target.write_text(text, encoding="utf-8")
    seal(folder, text.encode("utf-8"))
