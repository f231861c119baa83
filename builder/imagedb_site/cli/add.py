"""`imagedb-site add`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..config import DEFAULT_CONFIG_NAME
from ..display import json_line
from .progress import ProgressBar

_PATH = click.Path(path_type=Path)


@click.command("add")
@click.argument("bundle", type=_PATH)
@click.argument("pictures", type=_PATH, required=False)
@click.option(
    "--into",
    default="added",
    show_default=True,
    help="Folder in PICTURES that the pictures are copied to.",
)
@click.option("-o", "--output", type=_PATH, help="Folder of the site.  [default: dist]")
@click.option("--library", type=_PATH, help="Working library.  [default: OUTPUT.library]")
@click.option("--model", help="Model pack for the next build.  [default: that of the last build]")
@click.option(
    "--embed-again",
    is_flag=True,
    help="Recompute all embeddings instead of trusting the bundle's. "
    "Use this for bundles from people you don't know.",
)
@click.option("--workers", type=int, help="Decoding processes.  [default: one per core]")
@click.option(
    "--config",
    type=_PATH,
    help=f"Settings file.  [default: {DEFAULT_CONFIG_NAME} if present]",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def command(
    bundle: Path,
    into: str,
    config: Path | None,
    embed_again: bool,
    as_json: bool,
    quiet: bool,
    **overrides: Any,
) -> int:
    """Add the pictures of a BUNDLE that was exported in the browser to the collection.

    The pictures are checked, copied into PICTURES (by default the folder of the last build) and keep
    their captions and tags, which are written to imagedb-additions.json beside them. Pictures that the
    collection has already are skipped. The next build publishes the others.

    \b
    Examples:
      imagedb-site add imagedb-additions.zip
      imagedb-site add holiday.zip ~/Pictures --into 2026/holiday
      imagedb-site add bundle.zip && imagedb-site build ~/Pictures
    """
    from ..add import add, settings

    if config is None and Path(DEFAULT_CONFIG_NAME).is_file():
        config = Path(DEFAULT_CONFIG_NAME)
    chosen = settings(config, overrides)
    with ProgressBar(quiet) as progress:
        report = add(bundle, chosen, into, embed_again=embed_again, progress=progress)
    if as_json:
        click.echo(json_line(report.to_json()))
    else:
        for line in report.lines():
            click.echo(line)
    return 4 if report.problems else 0
