"""`imagedb-site check`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..check import CheckReport

_SHOWN = 30
"""So many findings are printed; `--json` has all of them."""


@click.command("check")
@click.argument("site", default="dist")
@click.option(
    "--host",
    type=click.Choice(["github-pages", "cloudflare-pages"]),
    help="The host must take the site.",
)
@click.option(
    "--privacy",
    is_flag=True,
    help="Also report what the site reveals; nothing private may be public.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def command(
    site: str,
    host: Literal["github-pages", "cloudflare-pages"] | None,
    privacy: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Check every file of the site in SITE, a folder, an address or a place in a bucket.

    Every file is compared with the hash that the site has of it, links are followed, and the parts must
    agree with each other. A site at an address is downloaded for this. The report says which hosts take
    the site.

    --privacy lists the public fields with an example of each, and searches all texts, the index and the
    metadata of every published picture for positions, serial numbers, owners and paths of your
    computer. It names the hosts that visitors' browsers contact for pictures, and finds passwords and
    tokens in addresses.

    SITE may also be a library, such as dist.library: then everything that is stored in it is verified.

    Exit status 9 if something is wrong with the site, if the host that --host names does not take it, or if
    --privacy finds something.

    \b
    Examples:
      imagedb-site check
      imagedb-site check public --host github-pages
      imagedb-site check https://example.org/pictures/ --privacy
      imagedb-site check s3://my-bucket/pictures
      imagedb-site check dist.library
    """
    from ..check import is_library

    if is_library(site):
        return _library(site, as_json)
    from ..check import check_site
    from ..display import json_line
    from ..errors import CheckError
    from .progress import ProgressBar

    with ProgressBar(quiet) as progress:
        report = check_site(site, host=host, privacy=privacy, progress=progress)
    if as_json:
        click.echo(json_line(report.to_json()))
    else:
        for line in _lines(report):
            click.echo(line)
    return 0 if report.ok else CheckError.exit_code


def _lines(report: CheckReport) -> Iterator[str]:
    from ..display import shown
    from ..report import human_bytes

    order = sorted(report.findings, key=lambda finding: finding.level)
    for finding in order[:_SHOWN]:
        where = f"{shown(finding.file)}: " if finding.file else ""
        yield f"{finding.level}: {where}{shown(finding.message)}"
    if len(order) > _SHOWN:
        yield f"… and {len(order) - _SHOWN:,} more; --json lists all of them."
    if report.privacy is not None:
        yield from map(shown, report.privacy.lines())
    for name, size in report.largest[:3]:
        yield f"{human_bytes(size):>10}  {shown(name)}"
    for verdict in report.hosts:
        if report.host in (None, verdict.host):
            yield shown(verdict.line())
    yield (
        f"{shown(report.site)}: {report.count:,} images, {report.files:,} files, "
        f"{human_bytes(report.bytes)}: {_result(report)}"
    )


def _result(report: CheckReport) -> str:
    """The last words of the report: "nothing wrong" never stands beside something that is."""
    refused = [one for one in report.hosts if not one.fits and report.host in (None, one.host)]
    if not report.whole:
        return "not fit to publish"
    if report.privacy is not None and report.privacy.leak_count:
        return "it reveals something private"
    if report.host and refused:
        return f"whole, but {refused[0].name} does not take it"
    return "the site is whole" if refused else "nothing wrong"


def _library(place: str, as_json: bool) -> int:
    from ..check import ADVICE, check_library
    from ..display import json_line, shown
    from ..errors import CheckError
    from ..report import human_bytes

    report = check_library(place)
    if as_json:
        click.echo(json_line(report.to_json()))
        return 0 if report.ok else CheckError.exit_code
    for finding in report.findings[:_SHOWN]:
        where = f"{shown(finding.picture)}: " if finding.picture else ""
        click.echo(f"error: {where}{shown(finding.message)}")
    if len(report.findings) > _SHOWN:
        click.echo(f"… and {len(report.findings) - _SHOWN:,} more; --json lists all of them.")
    if report.ok:
        counts = report.counts
        click.echo(
            f"{shown(place)}: {counts['rows']:,} images, {counts['derivatives']:,} smaller pictures, "
            f"{human_bytes(counts['bytes'])}: nothing wrong"
        )
        return 0
    click.echo(f"{shown(place)}: damaged. {ADVICE}")
    return CheckError.exit_code
