"""`python -m training` in the folder builder: every stage in order, or one by name."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import (
    card,
    corpus,
    distil,
    emoji,
    ensemble,
    evaluate,
    export,
    lesson,
    queries,
    see,
    static,
    teacher,
    views,
    vocabulary,
)
from .settings import Paths

NON_COMMERCIAL = {
    "id": "LicenseRef-imagedb-site-noncommercial",
    "note": (
        "Trained in part on Flickr8k's photographs and captions, which are for non-commercial research "
        "and education; so are these weights."
    ),
    "commercial": False,
}
OPEN = {
    "id": "CC-BY-SA-4.0",
    "note": "Trained on openly licensed pictures and captions only; see the model card.",
    "commercial": True,
}
CARD = Path(__file__).resolve().parents[2] / "docs/model-card.md"
PACK = Path(__file__).resolve().parents[1] / "imagedb_site/packs/builtin"


def write_pack(paths: Paths, args: argparse.Namespace) -> None:
    """Export, measure, and export again with the measured temperature."""
    licence: dict[str, Any] = OPEN if "captioned" in args.without else NON_COMMERCIAL
    words = vocabulary.build(paths)
    card = CARD.read_text(encoding="utf-8") if CARD.exists() else "# Built-in encoder\n"
    export.write(paths, args.name, args.pack, licence, card, words, 0.05)
    figures = evaluate.measure(paths, args.name, args.pack)
    pack = export.write(paths, args.name, args.pack, licence, card, words, figures["temperature"])
    figures["pack"] = pack["id"]
    text = json.dumps(figures, indent=1)
    paths.file(f"{args.name}.figures.json").write_text(text, encoding="utf-8")
    print(text)


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("stage", nargs="?", default="all")
    parser.add_argument(
        "--data", type=Path, required=True, help="folder of captioned, open, labelled"
    )
    parser.add_argument("--work", type=Path, required=True, help="folder for caches and results")
    parser.add_argument("--name", default="final", help="name of the run")
    parser.add_argument("--pack", type=Path, default=PACK, help="where the pack is written")
    parser.add_argument("--without", nargs="*", default=[], help="sources to keep out of training")
    args = parser.parse_args()
    run = args.name
    paths = Paths(args.data.resolve(), args.work.resolve())
    paths.work.mkdir(parents=True, exist_ok=True)
    stages: dict[str, Callable[[], None]] = {
        "emoji": lambda: emoji.render(paths.work),
        "views": lambda: views.run(paths),
        "corpus": lambda: corpus.build(paths),
        "teacher": lambda: teacher.run(paths),
        "ensemble": lambda: ensemble.run(paths, tuple(args.without)),
        "distil": lambda: distil.run(paths, run, tuple(args.without)),
        "see": lambda: see.run(paths, run, tuple(args.without), lesson.Plan()),
        "pack": lambda: write_pack(paths, args),
        "static": lambda: static.run(paths, args.pack),
        "queries": lambda: queries.run(paths, args.pack),
        "card": lambda: card.run(paths, args.name, CARD, args.pack),
    }
    if args.stage != "all" and args.stage not in stages:
        parser.error(f"unknown stage {args.stage}; one of all, {', '.join(stages)}")
    for name, stage in stages.items():
        if args.stage in ("all", name):
            print(f"== {name}", flush=True)
            stage()


if __name__ == "__main__":
    main()
