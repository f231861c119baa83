"""`imagedb-site search`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from ..errors import UsageError


@click.command("search")
@click.argument("queries", nargs=-1)
@click.option(
    "--in",
    "place",
    default="dist.library",
    show_default=True,
    help="Library, site folder or site URL.",
)
@click.option("-k", "k", type=click.IntRange(1, 10_000), default=10, show_default=True)
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
    help="File with one query a line; - reads standard input.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a query.")
def command(
    queries: tuple[str, ...],
    place: str,
    k: int,
    mode: str,
    model: str | None,
    file: Path | None,
    as_json: bool,
) -> None:
    """Search a library (exactly), a built site or a published one.

    The words of one query may be given with or without quotes. docs/QUERY.md is the language:
    weights and signs, image:FILE, like:ID, fields, "phrases", FTS5 expressions.

    \b
    Examples:
      imagedb-site search a red car at night
      imagedb-site search "ocean - boats" -k 20
      imagedb-site search "image:cat.jpg + sunset" --in dist --json
      imagedb-site search tag:cat --in https://example.org/pictures/
    """
    from ..search import open_collection

    texts = [" ".join(queries)] if queries else []
    if file is not None:
        stream = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
        texts += [line for line in stream.splitlines() if line.strip()]
    if not texts:
        raise UsageError("No query given.", 'For example: imagedb-site search "a red car"')
    with open_collection(place, model=model) as collection:
        responses = collection.search_many(texts, mode=mode, k=k)  # type: ignore[arg-type]
    for text, response in zip(texts, responses, strict=True):
        if as_json:
            hits = [hit.to_json() for hit in response.hits]
            answer = {"query": text, "total": response.total, "results": hits}
            click.echo(json.dumps(answer, ensure_ascii=False, sort_keys=True))
            continue
        if len(texts) > 1:
            click.echo(f"# {text}")
        for place_, hit in enumerate(response.hits, 1):
            similarity = "      " if hit.similarity is None else f"{hit.similarity:6.3f}"
            title = hit.document["fields"].get("title") or hit.document["fields"].get("label", "")
            click.echo(f"{place_:3}  {similarity}  {hit.image_id}  {hit.document['path']}  {title}")
        if not response.hits:
            click.echo("No results.", err=True)
