"""`imagedb-site bench`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..measure import KindReport, SiteMeasured, Spread


@click.command("bench")
@click.argument("site", default="dist")
@click.option(
    "--queries",
    type=click.IntRange(1, 10_000),
    default=200,
    show_default=True,
    help="The most queries of each kind, texts and pictures.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Chooses the queries.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also write the report as JSON, for example to dist/bench.json.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def command(
    site: str, queries: int, seed: int, output: Path | None, as_json: bool, quiet: bool
) -> None:
    """Measure the search by meaning of the site in SITE, a folder or an address.

    Recall@10 is the share of the ten nearest rows that a search finds. It is against an exact search of the
    site's own rows, all of which are read for this. Queries are rows of the site (pictures), and frequent
    words and texts of the site, if it has a model (texts).

    Bytes and requests are those of one query: the first of a visit, and a later one. The times are those
    of this program.

    --output writes a report that names no folder and no address. It can be published with the site.

    \b
    Examples:
      imagedb-site bench
      imagedb-site bench dist --output dist/bench.json
      imagedb-site bench https://example.org/pictures/ --queries 50 --json
    """
    from ..display import json_line
    from ..measure import measure
    from .progress import ProgressBar

    with ProgressBar(quiet) as progress:
        found = measure(site, queries=queries, seed=seed, step=progress)
    line = json_line(found.to_json())
    if output is not None:
        _write(output, line)
    if as_json:
        click.echo(line)
        return
    for told in _lines(found):
        click.echo(told)


def _write(output: Path, line: str) -> None:
    from ..errors import StorageError

    try:
        output.write_text(line + "\n", encoding="utf-8")
    except OSError as error:
        raise StorageError(f"Cannot write {output}: {error.strerror}.") from error


def _lines(found: SiteMeasured) -> Iterator[str]:
    from ..display import shown

    model = "no model" if found.model is None else f"model {shown(found.model)}"
    yield (
        f"{shown(found.title)}: {found.rows:,} rows of {found.dim} dimensions, tier {found.tier}, {model}"
    )
    for name, kind in (("text", found.text), ("picture", found.picture)):
        if kind is None:
            yield f"{name} queries: none, because the site has no model"
        else:
            yield from _kind(name, kind)


def _kind(name: str, kind: KindReport) -> Iterator[str]:
    yield f"{name} queries: {kind.queries:,}, recall@10 {kind.recall:.4f}"
    for when, size, requests, spent in (
        ("first", kind.cold_bytes, kind.cold_requests, kind.cold_ms),
        ("later", kind.next_bytes, kind.next_requests, kind.next_ms),
    ):
        if size is not None and requests is not None and spent is not None:
            yield (
                f"  {when} query: {_bytes(size)}, {requests.p50:.0f} requests "
                f"(at most {requests.max:.0f}), {spent.p50:,.1f} ms (95 %: {spent.p95:,.1f} ms)"
            )


def _bytes(size: Spread) -> str:
    from ..report import human_bytes

    return f"{human_bytes(int(size.p50))} (at most {human_bytes(int(size.max))})"
