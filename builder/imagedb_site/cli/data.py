"""`imagedb-site data`: a collection as a data set."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import click

from ..display import json_line, shown
from ..errors import UsageError

if TYPE_CHECKING:
    from ..batches import Part
    from ..search import Hit

FIXED = ("number", "id", "path", "width", "height")
_MOST = click.IntRange(1, 100_000)


@click.group("data")
def command() -> None:
    """Read a collection as a data set: counts, tags, samples, pages, batches.

    PLACE is a site (folder or URL) or a library. Images are numbered from 1.

    \b
    Examples:
      imagedb-site data stats dist
      imagedb-site data facets dist camera
      imagedb-site data tag dist castle
      imagedb-site data sample dist --size 5 --seed 1
      imagedb-site data batches dist --size 32 --validation 10 --test 10
    """


def _output(function: Callable[..., None]) -> Callable[..., None]:
    """Add the options that choose the form of the output."""
    as_csv = click.option("--csv", "as_csv", is_flag=True, help="Print CSV with a header line.")
    as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
    return as_json(as_csv(function))


@command.command("stats")
@click.argument("place")
@click.option(
    "--limit", default=10, show_default=True, type=click.IntRange(0, 1000),
    help="Values per field.",
)  # fmt: skip
@click.option("--texts", is_flag=True, help="Count texts and links too: reads every document.")
@_output
def stats(place: str, limit: int, texts: bool, as_json: bool, as_csv: bool) -> None:
    """Count the images that have each field, and its most frequent values.

    \b
    Examples:
      imagedb-site data stats dist
      imagedb-site data stats https://example.org/pictures/ --json
      imagedb-site data stats dist --limit 100 --csv
    """
    from ..search import open_collection

    with open_collection(place) as collection:
        found = collection.stats(limit=limit, texts=texts)
    if as_json:
        click.echo(json_line(found.to_json()))
    elif as_csv:
        _csv(
            ("field", "value", "count"),
            [(field.name, *pair) for field in found.fields for pair in field.values],
        )
    else:
        click.echo(f"{found.count:,} images")
        for field in found.fields:
            known = "not counted" if field.rows is None else f"{field.rows:,} of {found.count:,}"
            span = "" if field.min is None else f", {field.min} to {field.max}"
            click.echo(f"{shown(field.name)} ({field.type}): {known}{span}")
            for value, count in field.values:
                click.echo(f"  {count:>9,}  {shown(value)}")


@command.command("facets")
@click.argument("place")
@click.argument("field")
@click.option("--query", default="", help="Count within the result of this query.")
@click.option(
    "--mode", default="all", show_default=True, type=click.Choice(["all", "meaning", "words"]),
    help="How the query is searched.",
)  # fmt: skip
@click.option("--limit", default=50, show_default=True, type=_MOST, help="Number of values.")
@click.option("--under", help="Of paths: only those directly below this one.")
@_output
def facets(
    place: str, field: str, query: str, mode: str, limit: int, under: str | None,
    as_json: bool, as_csv: bool,
) -> None:  # fmt: skip
    """Count the values of FIELD, in all images or within the result of a query.

    Above 100,000 matching images the counts are estimates, for tags of large collections above 256.

    \b
    Examples:
      imagedb-site data facets dist camera
      imagedb-site data facets dist tags --query "castle" --mode words --json
      imagedb-site data facets dist folder --under 2020
    """
    from ..query.evaluate import Mode
    from ..search import open_collection

    with open_collection(place) as collection:
        found = collection.facets(field, query, mode=cast(Mode, mode), limit=limit, under=under)
    if as_json:
        values = [{"value": value, "count": count} for value, count in found]
        click.echo(json_line({"field": field, "about": found.about, "values": values}))
    elif as_csv:
        _csv(("value", "count"), found)
    else:
        for value, count in found:
            click.echo(f"{'about ' if found.about else ''}{count:>9,}  {shown(value)}")


@command.command("tag")
@click.argument("place")
@click.argument("name")
@_output
def tag(place: str, name: str, as_json: bool, as_csv: bool) -> None:
    """Look up the tag NAME: its number, the field that has it, and how many images.

    \b
    Examples:
      imagedb-site data tag dist castle
      imagedb-site data tag dist "black cat" --json
    """
    from ..search import open_collection

    with open_collection(place) as collection:
        found = collection.tag(name)
    keys = ("id", "name", "category", "count")
    if as_json:
        click.echo(json_line({"tags": [one.to_json() for one in found]}))
    elif as_csv:
        _csv(keys, [tuple(one.to_json().values()) for one in found])
    else:
        for one in found:
            click.echo(f"{one.id:>9}  {shown(one.name)}  ({one.category})  {one.count:,} images")
        if not found:
            click.echo("No image has this tag.", err=True)


@command.command("sample")
@click.argument("place")
@click.option("--size", default=1, show_default=True, type=_MOST, help="Number of images.")
@click.option("--seed", default=0, show_default=True, help="The same seed gives the same images.")
@click.option(
    "--query", default="", help="Only images with these conditions and any of these words."
)
@click.option("--start", default=1, show_default=True, type=click.IntRange(1), help="Least number.")
@click.option("--end", type=click.IntRange(1), help="Greatest number.  [default: the last]")
@_output
def sample(
    place: str, size: int, seed: int, query: str, start: int, end: int | None,
    as_json: bool, as_csv: bool,
) -> None:  # fmt: skip
    """Print random images.

    \b
    Examples:
      imagedb-site data sample dist --size 5 --seed 1
      imagedb-site data sample dist --size 10 --query "tag:cat" --start 1 --end 1000 --json
    """
    from ..search import open_collection

    with open_collection(place) as collection:
        hits = collection.sample(size, seed=seed, text=query, start=start, end=end)
        _images(hits, _names(collection), {"seed": seed}, as_json, as_csv)


@command.command("page")
@click.argument("place")
@click.argument("number", type=int, default=1)
@click.option("--size", default=100, show_default=True, type=_MOST, help="Images per page.")
@_output
def page(place: str, number: int, size: int, as_json: bool, as_csv: bool) -> None:
    """Print page NUMBER, from 1, of all images in the order of their numbers.

    \b
    Examples:
      imagedb-site data page dist
      imagedb-site data page dist 3 --size 50 --csv
    """
    from ..search import open_collection

    with open_collection(place) as collection:
        hits = collection.page(number, size=size)
        pages = -(-collection.count // size)
        _images(hits, _names(collection), {"page": number, "pages": pages}, as_json, as_csv)


@command.command("batches")
@click.argument("place")
@click.option("--size", default=64, show_default=True, help="Images per batch.")
@click.option("--validation", default=10.0, show_default=True, help="Per cent for validation.")
@click.option("--test", default=10.0, show_default=True, help="Per cent for the test part.")
@click.option("--seed", default=0, show_default=True, help="The same seed gives the same batches.")
@_output
def batches(
    place: str, size: int, validation: float, test: float, seed: int, as_json: bool, as_csv: bool
) -> None:
    """Define batches for training, and print their id and how many there are.

    The id is the definition. It gives the same batches on every site of the same images, and adding images
    moves none from one part to another.

    \b
    Examples:
      imagedb-site data batches dist --size 32 --validation 10 --test 10 --seed 7
      imagedb-site data batches dist --json
    """
    from ..batches import Definition, batches_of
    from ..search import open_collection

    definition = Definition(size, validation, test, seed)
    with open_collection(place) as collection:
        made = batches_of(collection.index.ids, collection.index.hash, definition)
    parts = [(part, made.count[part], len(rows)) for part, rows in made.rows.items()]
    if as_json:
        counts = {part: {"batches": count, "images": rows} for part, count, rows in parts}
        click.echo(json_line({"id": made.id, "size": size, "parts": counts}))
    elif as_csv:
        _csv(("id", "part", "batches", "images"), [(made.id, *part) for part in parts])
    else:
        click.echo(made.id)
        for part, count, rows in parts:
            click.echo(f"{part + ':':<12} {count:,} batches, {rows:,} images")


@command.command("batch")
@click.argument("place")
@click.argument("batch_id", metavar="ID")
@click.argument("part", type=click.Choice(["train", "validation", "test"]))
@click.argument("number", type=int)
@_output
def batch(place: str, batch_id: str, part: str, number: int, as_json: bool, as_csv: bool) -> None:
    """Print batch NUMBER, from 0, of a PART of the batches ID.

    \b
    Examples:
      imagedb-site data batch dist 0123456789ab-64-10-10-0 train 0
      imagedb-site data batch dist 0123456789ab-64-10-10-0 test 3 --csv
    """
    from ..search import open_collection

    with open_collection(place) as collection:
        rows = collection.batches_of(batch_id).batch(cast("Part", part), number)
        hits = collection.hits(rows)
        facts = {"batch": batch_id, "part": part, "number": number}
        _images(hits, _names(collection), facts, as_json, as_csv)


def _names(collection: Any) -> list[str]:
    return [field.name for field in collection.index.fields if field.name not in FIXED]


def _images(
    hits: Iterable[Hit], names: Sequence[str], facts: Mapping[str, Any], as_json: bool, as_csv: bool
) -> None:
    """Print images in the chosen form. CSV has a column per field, with lists as JSON."""
    if as_json:
        images = [{"number": hit.row + 1, **hit.document} for hit in hits]
        click.echo(json_line({**facts, "images": images}))
    elif as_csv:
        _csv([*FIXED, *names], [_cells(hit, names) for hit in hits])
    else:
        for hit in hits:
            fields = hit.document["fields"]
            title = " ".join(str(fields.get("title") or fields.get("label", "")).split())
            place = shown(str(hit.document["path"]))
            click.echo(f"{hit.row + 1:>9}  {hit.image_id}  {place}  {shown(title)}")


def _cells(hit: Hit, names: Sequence[str]) -> list[Any]:
    document = hit.document
    values = [document["fields"].get(name, "") for name in names]
    cells = [json.dumps(v, ensure_ascii=False) if isinstance(v, list) else v for v in values]
    return [hit.row + 1, *(document[name] for name in FIXED[1:]), *cells]


def _csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    text = io.StringIO()
    try:
        csv.writer(text, lineterminator="\n").writerows([header, *rows])
    except csv.Error as error:
        raise UsageError(f"A value cannot be written as CSV: {error}.", "Use --json.") from error
    click.echo(text.getvalue(), nl=False)
