"""`imagedb-site build`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..bucket_addresses import is_bucket, parse_bucket
from ..config import (
    DEFAULT_CONFIG_NAME,
    DOWNLOADS,
    EMBED,
    ENGINES,
    ORIGINALS,
    SOURCES,
    BuildConfig,
    load_config,
)
from ..display import json_line, shown
from .progress import ProgressBar

_PATH = click.Path(path_type=Path)


class _PathOrBucket(click.Path):
    """A path, or an address in a bucket as text."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        is_address = isinstance(value, str) and is_bucket(value)
        return value if is_address else super().convert(value, param, ctx)


_PLACE = _PathOrBucket(path_type=Path)


@click.command("build")
@click.argument("pictures", type=_PLACE, required=False)
@click.option("-o", "--output", type=_PLACE, help="Folder of the site, or s3://….  [default: dist]")
@click.option("--library", type=_PATH, help="Working library.  [default: OUTPUT.library]")
@click.option(
    "--from",
    "source",
    type=click.Choice(SOURCES),
    metavar="KIND",
    help="folder, table, diffusiondb, danbooru, webdataset, parquet or imagefolder.  [default: folder]",
)
@click.option(
    "--key", help="Of a table: the column with the keys.  [default: id or a similar name]"
)
@click.option("--metadata", type=_PLACE, multiple=True, help="Sidecar table (csv, jsonl, parquet).")
@click.option("--exclude", type=_PLACE, multiple=True, help="File or folder to leave out.")
@click.option("--title", help="Title of the site.  [default: the folder's name]")
@click.option("--description", help="One or two sentences below the title.")
@click.option("--url", help="Address where the site will be published, for link previews.")
@click.option("--language", help="Language of title and description (BCP 47).  [default: en]")
@click.option(
    "--logo", type=_PATH, help="Picture for the header and the icon of the installed site."
)
@click.option("--cover", help="Picture above the title: of the collection, or any picture file.")
@click.option(
    "--home",
    callback=lambda _context, _option, value: _names(value),
    help="Sections of the start page: topics, sample, on-this-day, recent, or none.",
)
@click.option("--accent", help="Colour of links and buttons, such as b3261e.")
@click.option("--attribution", multiple=True, help="Credit line shown on the site.")
@click.option(
    "--licence", help="Licence of the collection: an SPDX id such as CC-BY-4.0, or a URL."
)
@click.option("--example", "examples", multiple=True, help="Example query on the start page.")
@click.option("--model", help="Model pack: a name, a folder, or none.  [default: builtin]")
@click.option("--embeddings", type=_PATH, help="Parquet file with embeddings of the model, by key.")
@click.option(
    "--embed",
    type=click.Choice(EMBED),
    help="text: records without a picture are found by the meaning of their text.  [default: none]",
)
@click.option(
    "--embed-fields",
    callback=lambda _context, _option, value: _names(value),
    help="Fields whose text is embedded, with commas between them.",
)
@click.option(
    "--map",
    is_flag=True,
    default=None,
    help="Make a map of meaning with topics; needs pip install 'imagedb-site[map]'.",
)
@click.option("--thumbnail-size", type=int, help="Longer side in pixels.  [default: 320]")
@click.option(
    "--view-size",
    type=int,
    help="Detail view, longer side; 0: none.  [default: 1280]",
)
@click.option("--originals", type=click.Choice(ORIGINALS), help="Publish original files.")
@click.option(
    "--publish-location",
    is_flag=True,
    default=None,
    help="Publish GPS positions, serial numbers and owner names.",
)
@click.option(
    "--portable",
    is_flag=True,
    default=None,
    help="Let index.html also work by double-click, from a disk or a stick.",
)
@click.option(
    "--list-columns",
    callback=lambda _context, _option, value: _names(value),
    help="Fields that the list of results shows, with commas between them.",
)
@click.option(
    "--downloads",
    type=click.Choice(DOWNLOADS),
    help="Offer the metadata for download.  [default: auto: all up to 10,000 records]",
)
@click.option("--image-url-template", help="Addresses of pictures, https://host/{field}.jpg.")
@click.option("--image-url-field", help="Field with the address of the picture.")
@click.option("--thumbnail-url-template", help="Small pictures on another host.")
@click.option("--thumbnail-url-field", help="Field with the address of a small picture.")
@click.option(
    "--allow-origin",
    multiple=True,
    help="Host from which the site may load pictures, https://images.example.org.",
)
@click.option("--limit", type=int, help="Take only the first N pictures.")
@click.option("--batch-size", type=int, help="Number of pictures per model run.  [default: 32]")
@click.option(
    "--device",
    type=click.Choice(["cpu", "auto", "cuda", "mps"]),
    help="Where pictures are embedded; a GPU needs torch.  [default: cpu]",
)
@click.option("--workers", type=int, help="Decoding processes.  [default: one per core]")
@click.option(
    "--engine",
    type=click.Choice(ENGINES),
    help="ray: a cluster makes thumbnails and embeddings and works on the rows of large collections; "
    "needs pip install 'imagedb-site[ray]'.  "
    "[default: local]",
)
@click.option(
    "--address", help="Ray cluster, HOST:6379.  [default: RAY_ADDRESS, else this machine]"
)
@click.option("--actors", type=int, help="Most workers of the cluster.  [default: all that fit]")
@click.option("--actor-cpus", type=int, help="Processors of each worker.  [default: 1]")
@click.option("--actor-gpus", type=int, help="GPUs of each worker.  [default: 0]")
@click.option(
    "--part-size", type=int, help="Pictures that a worker stores together.  [default: 256]"
)
@click.option(
    "--rehash",
    is_flag=True,
    default=None,
    help="Read all files again, even if their size and times are unchanged.",
)
@click.option(
    "--retry-failed",
    is_flag=True,
    default=None,
    help="Try files again that an earlier build could not use.",
)
@click.option(
    "--repair",
    is_flag=True,
    default=None,
    help="Verify the whole library first, and repair what is damaged in it.",
)
@click.option(
    "--compact",
    is_flag=True,
    default=None,
    help="Lay the site out as a first build would. Most files change.",
)
@click.option(
    "--strict", is_flag=True, default=None, help="Fail if there is any problem or damaged file."
)
@click.option(
    "--config",
    type=_PATH,
    help=f"Settings file.  [default: {DEFAULT_CONFIG_NAME} if present]",
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Write nothing: say what would be public, with examples, and what would be hidden.",
)
@click.option(
    "--profile", is_flag=True, help="Print a table of the steps: time, items per second, bytes."
)
@click.option(
    "--trace", type=_PATH, help="Write when each process did what, for ui.perfetto.dev (JSON)."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def command(
    config: Path | None,
    dry_run: bool,
    profile: bool,
    trace: Path | None,
    as_json: bool,
    quiet: bool,
    **overrides: Any,
) -> int:
    """Build or update the site of PICTURES.

    Only pictures that changed since the last build are processed, and most files of the site stay the
    same. The site in OUTPUT is replaced only once the new one is complete. An interrupted build resumes
    where it stopped. If OUTPUT is s3://BUCKET/NAME, the site is built in the folder NAME and uploaded as
    `deploy bucket` does.

    PICTURES may be in a bucket: s3://BUCKET/FOLDER, gs://… or az://…, with pip install
    'imagedb-site[bucket]'. Each picture is downloaded when it is new or has changed, and is not kept.

    With --from KIND, PICTURES is a data set: a table (CSV, TSV, JSON lines, JSON or Parquet, also
    packed), the parts or the metadata.parquet of DiffusionDB, dumps of Danbooru's posts, tar files of a
    WebDataset, or a folder with metadata.csv as the library datasets has it. Rows need no pictures.
    With --embed text the model also reads the text of rows without a picture, so that "rough seas" finds
    "Ships in a storm". Unchanged texts are not read again by the next build.

    \b
    Examples:
      imagedb-site build ~/Pictures
      imagedb-site build scans --metadata scans/catalogue.csv --title "Our archive"
      imagedb-site build photos -o public --view-size 2048 --originals copy
      imagedb-site build --config imagedb-site.toml --json
      imagedb-site build ~/Pictures --dry-run
      imagedb-site build --from table records.jsonl.gz --title "Our records"
      imagedb-site build --from table museum.csv --embed text --embed-fields title,subjects
      imagedb-site build --from diffusiondb ~/diffusiondb --limit 10000
      imagedb-site build s3://my-bucket/pictures --title "Our archive"
      imagedb-site build photos --embeddings vectors.parquet --model mobileclip
      imagedb-site build /shared/photos -o /shared/site --engine ray --address 10.0.0.1:6379
    """
    from ..build import build
    from ..report import counted

    if config is None and Path(DEFAULT_CONFIG_NAME).is_file():
        config = Path(DEFAULT_CONFIG_NAME)
    target = overrides["output"]
    if isinstance(target, str):
        overrides["output"] = Path(parse_bucket(target).name)
    settings = load_config(config, overrides)
    if dry_run:
        return _dry_run(settings, as_json=as_json, quiet=quiet)
    with ProgressBar(quiet) as progress:
        report = build(settings, progress=progress, trace=trace)
        uploaded = None
        if isinstance(target, str) and report.published:
            from ..deploy import deploy_bucket

            uploaded = deploy_bucket(settings.output, target, progress=progress)
    if as_json:
        more = {} if uploaded is None else {"bucket": uploaded.to_json()}
        click.echo(json_line({**report.to_json(), **more}))
    else:
        for line in report.lines(profile=profile):
            click.echo(line)
        if uploaded is not None:
            click.echo(f"{shown(str(target))}: {uploaded.summary()}")
    count = len(report.problems) + len(report.damaged)
    if settings.strict and count:
        click.echo(f"Error: {counted(count, 'problem')} (--strict).", err=True)
        return 4
    return 0


def _names(value: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (value or "").split(",") if name.strip())


def _dry_run(settings: BuildConfig, *, as_json: bool, quiet: bool) -> int:
    from ..preview import preview

    with ProgressBar(quiet) as progress:
        found = preview(settings, progress=progress)
    if as_json:
        click.echo(json_line(found.to_json()))
    else:
        for line in found.lines():
            click.echo(line)
    return 0
