"""`imagedb-site model`: list, inspect, evaluate and export model packs."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..display import shown
from ..encoders import Encoder
from ..errors import PackError, SourceError, UsageError
from ..models import list_packs, resolve
from ..packs import ModelPack
from ..records import PictureRef
from .model_export import export_command
from .progress import ProgressBar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BATCH = 64
_SHOWN = 5
"""How many of the pictures that could not be read are named."""


@click.group("model")
def command() -> None:
    """List, inspect, evaluate and export model packs.

    \b
    Examples:
      imagedb-site model list
      imagedb-site model info builtin
      imagedb-site model eval builtin --pairs captions.jsonl
      imagedb-site model export ViT-B-32 --pretrained laion2b_s34b_b79k -o packs/b32
    """


command.add_command(export_command)


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list.")
def list_command(as_json: bool) -> None:
    """List the built-in pack and the packs in the cache."""
    packs = [_summary(pack) for pack in list_packs()]
    if as_json:
        click.echo(json.dumps(packs))
        return
    if not packs:
        click.echo("No model packs. `imagedb-site model export` makes one.")
    for pack in packs:
        size = _megabytes(pack["bytes"])
        click.echo(f"{pack['id']:<40} {pack['dim']:>5} dims {size:>10}  {shown(pack['path'])}")


@command.command("info")
@click.argument("pack")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def info_command(pack: str, as_json: bool) -> None:
    """Show what is in PACK (a name or a folder), after checking all its files."""
    opened = resolve(pack)
    summary = _summary(opened)
    if as_json:
        click.echo(json.dumps({**summary, "sizes": _sizes(opened)}))
        return
    manifest = opened.manifest
    licence = manifest["licence"]
    use = "commercial use allowed" if licence["commercial"] else "NO commercial use"
    click.echo(shown(f"{opened.id}: {manifest.get('description', '')}"))
    click.echo(f"Folder      {shown(str(opened.path))}")
    click.echo(shown(f"Licence     {licence['id']} ({use}) {licence['note']}".rstrip()))
    click.echo(f"Embeddings  {opened.dim} dimensions, encoder {opened.encoder_hash}")
    size = manifest["image"]["preprocessing"]["size"]
    click.echo(f"Pictures    {size[1]} × {size[0]} pixels, {_megabytes(_sizes(opened)['image'])}")
    text = manifest["text"]
    click.echo(f"Text        at most {text['max_tokens']} tokens, padding {text['padding']}")
    tokens = manifest["tokens"]
    click.echo(
        f"Tokens      {tokens['rows']:,} × {tokens['width']} in {tokens['precision']}, "
        f"{len(tokens['shards'])} shards"
    )
    for part, count in _sizes(opened).items():
        click.echo(f"  {part:<18} {_megabytes(count):>10}")


@command.command("eval")
@click.argument("pack")
@click.option(
    "--pairs",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="JSON lines with `file` (relative to this file) and `captions` (a list) or `caption`.",
)
@click.option("--split", help="Only the pairs whose `split` has this value.")
@click.option(
    "--classes",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with one folder of pictures per class; the folder's name is the query.",
)
@click.option("--limit", type=click.IntRange(1), help="Use only N pictures.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def eval_command(
    pack: str,
    pairs: Path | None,
    split: str | None,
    classes: Path | None,
    limit: int | None,
    as_json: bool,
) -> None:
    """Measure how well PACK finds captioned pictures (--pairs) or classes (--classes)."""
    if (pairs is None) == (classes is None):
        raise UsageError("Give either --pairs FILE or --classes FOLDER.")
    encoder = Encoder(resolve(pack))
    if pairs is not None:
        result: dict[str, Any] = _eval_pairs(encoder, pairs, split, limit)
    else:
        assert classes is not None
        result = _eval_classes(encoder, classes, limit)
    if as_json:
        click.echo(json.dumps({key: round(value, 4) for key, value in result.items()}))
        return
    for key, value in result.items():
        shown = f"{value:,.0f}" if key in ("median_rank", "pictures", "texts") else f"{value:.3f}"
        click.echo(f"{key:<16} {shown:>8}")


def _eval_pairs(
    encoder: Encoder, file: Path, split: str | None, limit: int | None
) -> dict[str, float]:
    import numpy as np

    from ..evaluate import evaluate_pairs

    rows = [row for row in _read_pairs(file) if split is None or row.get("split") == split]
    rows = rows[:limit]
    if not rows:
        raise SourceError(f"{file} has no pairs{f' of split {split}' if split else ''}.")
    images, kept = _embed(encoder, [file.parent / row["file"] for row in rows])
    texts = []
    owner = []
    for position, index in enumerate(kept):
        row = rows[index]
        for caption in row.get("captions") or [row.get("caption")]:
            if isinstance(caption, str) and caption.strip():
                texts.append(caption)
                owner.append(position)
    if not texts:
        raise SourceError(f"{file} has no captions.")
    result = evaluate_pairs(images, _embed_texts(encoder, texts), np.array(owner))
    return {**dataclasses.asdict(result), "pictures": len(kept), "texts": len(texts)}


def _read_pairs(file: Path) -> list[dict[str, Any]]:
    rows = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise SourceError(f"Line {number} of {file} is not JSON.") from error
        if not isinstance(row, dict) or not isinstance(row.get("file"), str):
            raise SourceError(f"Line {number} of {file} has no “file”.")
        rows.append(row)
    return rows


def _eval_classes(encoder: Encoder, folder: Path, limit: int | None) -> dict[str, float]:
    import numpy as np

    from ..evaluate import class_name, evaluate_classes

    names = sorted(path.name for path in folder.iterdir() if path.is_dir())
    paths = [
        (path, label)
        for label, name in enumerate(names)
        for path in sorted((folder / name).rglob("*"))
        if path.is_file()
    ]
    if limit:
        # Spread over the classes: the first N would be those of the first few.
        paths = paths[:: -(-len(paths) // limit)]
    if not paths:
        raise SourceError(f"{folder} has no class folders with pictures.")
    images, kept = _embed(encoder, [path for path, _ in paths])
    labels = np.array([paths[index][1] for index in kept])
    texts = _embed_texts(encoder, [class_name(name) for name in names])
    result = evaluate_classes(images, texts, labels)
    return {**dataclasses.asdict(result), "pictures": len(kept), "texts": len(names)}


def _embed(encoder: Encoder, paths: Sequence[Path]) -> tuple[NDArray[np.float32], list[int]]:
    """Embeddings of the pictures that could be decoded, and their positions in `paths`."""
    import numpy as np

    from ..pictures import DecodeError, Work, derive_all

    preprocessing = encoder.preprocessing
    work = (Work(str(at), PictureRef(path, 0, 0), input=True) for at, path in enumerate(paths))
    decoded = derive_all(
        work,
        preprocess=preprocessing.pixels,
        input_want=max(preprocessing.height, preprocessing.width),
    )
    parts: list[NDArray[np.float32]] = []
    kept: list[int] = []
    waiting: list[NDArray[np.uint8]] = []
    failed: list[str] = []
    with ProgressBar() as progress:
        for done, (one, derived) in enumerate(decoded, 1):
            if isinstance(derived, DecodeError):
                failed.append(f"{one.picture.path}: {derived}")
            elif derived.input is not None:
                kept.append(int(one.key))
                waiting.append(derived.input)
            if len(waiting) == BATCH:
                parts.append(encoder.encode_pixels(waiting))
                waiting.clear()
            progress("Pictures", done, len(paths))
    if waiting:
        parts.append(encoder.encode_pixels(waiting))
    if not parts:
        raise SourceError("None of the pictures could be read.")
    for line in sorted(failed)[:_SHOWN]:
        click.echo(shown(f"Skipped {line}"), err=True)
    if failed:
        click.echo(f"{len(failed):,} of {len(paths):,} pictures could not be read.", err=True)
    order = np.argsort(kept)
    return np.concatenate(parts)[order], sorted(kept)


def _embed_texts(encoder: Encoder, texts: Sequence[str]) -> NDArray[np.float32]:
    import numpy as np

    parts = []
    with ProgressBar() as progress:
        for start in range(0, len(texts), BATCH):
            parts.append(encoder.encode_texts(texts[start : start + BATCH]))
            progress("Texts", min(len(texts), start + BATCH), len(texts))
    return np.concatenate(parts)


def _summary(pack: ModelPack) -> dict[str, Any]:
    return {
        "id": pack.id,
        "name": pack.name,
        "description": pack.manifest.get("description", ""),
        "dim": pack.dim,
        "encoder_hash": pack.encoder_hash,
        "licence": pack.manifest["licence"],
        "bytes": pack.total_bytes,
        "path": str(pack.path),
    }


def _sizes(pack: ModelPack) -> dict[str, int]:
    """Bytes of each part of a pack."""
    manifest = pack.manifest
    vocabulary = manifest.get("vocabulary")
    parts: dict[str, Iterable[str]] = {
        "image": [manifest["image"]["file"]],
        "text core": [manifest["text"]["file"], *manifest["text"].get("weights", ())],
        "token table": manifest["tokens"]["shards"],
        "tokenizer": [manifest["tokenizer"]["file"]],
        "vocabulary": [vocabulary["file"]] if vocabulary else [],
        "static rows": [manifest["static"]["file"]] if manifest.get("static") else [],
    }
    try:
        return {
            part: sum(int(manifest["files"][file]["bytes"]) for file in files)
            for part, files in parts.items()
        }
    except (KeyError, TypeError) as error:
        raise PackError(f"The pack.json in {pack.path} is incomplete: {error}.") from error


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.2f} MB" if count >= 10_000 else f"{count:,} B"
