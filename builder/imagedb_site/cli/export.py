"""`imagedb-site export`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..display import json_line, shown
from ..errors import UsageError
from .progress import ProgressBar


@click.command("export")
@click.argument("target", type=click.Path(path_type=Path))
@click.option(
    "--in", "place", default="dist", show_default=True, help="A site (folder or URL) or a library."
)
@click.option(
    "--query", default="", help="Only images with these conditions and any of these words."
)
@click.option("--split", "shares", metavar="V,T", help="Shares of validation and test, as 0.1,0.1.")
@click.option(
    "--seed",
    default=0,
    show_default=True,
    help="Random seed for --split and for the order of --to.",
)
@click.option("--no-embeddings", is_flag=True, help="Leave out the embeddings.")
@click.option("--thumbnails", is_flag=True, help="Include the thumbnails (.parquet, .lancedb).")
@click.option(
    "--to",
    type=click.Choice(["webdataset", "imagefolder"]),
    help="Write TARGET as a folder of pictures for training.",
)
@click.option(
    "--pictures",
    type=click.Choice(["view", "thumbnail", "original", "none"]),
    default="view",
    show_default=True,
    help="With --to: which pictures.",
)
@click.option("--caption", metavar="FIELD", help="With --to: field of the captions.")
@click.option("--overwrite", is_flag=True, help="Replace an existing file.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    target: Path, place: str, query: str, shares: str | None, seed: int,
    no_embeddings: bool, thumbnails: bool, to: Any, pictures: Any, caption: str | None,
    overwrite: bool, as_json: bool,
) -> None:  # fmt: skip
    """Write metadata, embeddings and pictures to TARGET for other tools.

    The kind follows from TARGET's name: .parquet, .csv, .jsonl, .lancedb or .faiss. With --to, TARGET is a
    folder of tar files (webdataset) or of pictures with metadata.jsonl (imagefolder of Hugging Face).

    \b
    Examples:
      imagedb-site export pictures.parquet
      imagedb-site export pictures.parquet --thumbnails
      imagedb-site export pictures.lancedb --in dist.library
      imagedb-site export shards --to webdataset --split 0.1,0.1
      imagedb-site export folder --to imagefolder --pictures original --caption title
      imagedb-site export cats.csv --query "tag:cat" --split 0.1,0.1 --seed 7
    """
    from ..export import export
    from ..export_table import Split
    from ..search import open_collection

    split = Split(0, 0, seed) if to else None
    if shares is not None:
        try:
            validation, test = (float(share) for share in shares.split(","))
        except ValueError:
            raise UsageError(f"“{shares}” is not a pair of shares.", "Write 0.1,0.1.") from None
        split = Split(validation, test, seed)
    with open_collection(place) as collection, ProgressBar(as_json) as progress:
        count = export(
            collection,
            target,
            text=query,
            split=split,
            embeddings=not no_embeddings,
            thumbnails=thumbnails,
            to=to,
            pictures=pictures,
            caption=caption,
            overwrite=overwrite,
            progress=progress,
        )
    if as_json:
        click.echo(json_line({"target": str(target), "count": count}))
    else:
        click.echo(f"{count} images in {shown(str(target))}")
