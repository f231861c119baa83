"""`imagedb-site search`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from ..display import shown
from ..errors import StorageError, UsageError
from .results import show, to_json

if TYPE_CHECKING:
    from ..query.evaluate import Mode

DEFAULT_K = 10


@click.command("search")
@click.argument("queries", nargs=-1)
@click.option(
    "--in",
    "place",
    default="dist.library",
    show_default=True,
    help="Library, or a site: a folder, a URL or s3://….",
)
@click.option(
    "-k",
    "k",
    type=click.IntRange(1, 10_000),
    help="Number of results.  [default: that of k: in the query, else 10]",
)
@click.option(
    "--mode",
    type=click.Choice(["all", "meaning", "words"]),
    default="all",
    show_default=True,
    help="Both together, pictures by meaning, or full text only.",
)
@click.option("--model", help="Encode queries with this pack.  [default: the collection's own]")
@click.option(
    "--queries",
    "file",
    type=click.Path(path_type=Path, allow_dash=True),
    help="File with one query per line; - reads standard input.",
)
@click.option("-i", "--interactive", is_flag=True, help="Ask for queries, with one loaded model.")
@click.option(
    "--html",
    "gallery",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the results to an HTML page (does not open a browser).",
)
@click.option(
    "--all-pages", is_flag=True, help="Show every page of an object, not only the best one."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per query.")
def command(
    queries: tuple[str, ...],
    place: str,
    k: int | None,
    mode: str,
    model: str | None,
    file: Path | None,
    interactive: bool,
    gallery: Path | None,
    all_pages: bool,
    as_json: bool,
) -> None:
    """Search a library (exactly), a built site or a published one.

    The words of one query may be given with or without quotes. docs/QUERY.md is the language:
    weights and signs, image:FILE, like:ID, fields, "phrases", FTS5 expressions.

    \b
    Examples:
      imagedb-site search a red car at night
      imagedb-site search "ocean - boats" -k 20 --html found.html
      imagedb-site search "image:cat.jpg + sunset" --in dist --json
      imagedb-site search tag:cat --in https://example.org/pictures/
      imagedb-site search --interactive
    """
    from ..search import open_collection

    texts = [" ".join(queries)] if queries else []
    if file is not None:
        texts += [line for line in _read(file).splitlines() if line.strip()]
    if interactive and (texts or as_json or gallery):
        raise UsageError("--interactive takes neither queries nor --json nor --html.")
    if not texts and not interactive:
        raise UsageError("No query given.", 'For example: imagedb-site search "a red car"')
    chosen = cast("Mode", mode)
    with open_collection(place, model=model) as collection:
        if interactive:
            from .interactive import Session, run

            run(Session(collection, chosen, k or DEFAULT_K, not all_pages))
            return
        responses = collection.search_many(
            texts, mode=chosen, k=k, default_k=DEFAULT_K, by_object=not all_pages
        )
        if gallery is not None:
            from .gallery import write_gallery

            write_gallery(gallery, collection, list(zip(texts, responses, strict=True)))
    for text, response in zip(texts, responses, strict=True):
        if as_json:
            click.echo(to_json(text, response))
            continue
        if len(texts) > 1:
            click.echo(f"# {shown(text)}")
        show(response)
    if gallery is not None and not as_json:
        click.echo(f"The pictures are in {shown(str(gallery))}.", err=True)


def _read(file: Path) -> str:
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not UTF-8 text.") from error
    except OSError as error:
        raise StorageError(f"Cannot read {file}: {error.strerror}.") from error
