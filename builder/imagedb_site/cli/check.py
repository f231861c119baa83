"""`imagedb-site check`."""

from __future__ import annotations

from typing import Literal

import click


@click.command("check")
@click.argument("site", default="dist")
@click.option(
    "--host",
    type=click.Choice(["github-pages", "cloudflare-pages"]),
    help="Also check the limits of this host.  [default: all known]",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    site: str, host: Literal["github-pages", "cloudflare-pages"] | None, as_json: bool
) -> int:
    """Check the site in SITE, a folder or an address: hashes, links, sizes against hosting limits.

    Exit status 9 if something is wrong. Limits that only some hosts have are warnings.

    \b
    Examples:
      imagedb-site check
      imagedb-site check public --host github-pages
      imagedb-site check https://example.org/pictures/
    """
    from ..check import check_site
    from ..display import json_line, shown
    from ..errors import CheckError
    from ..report import human_bytes

    report = check_site(site, host=host)
    if as_json:
        click.echo(json_line(report.to_json()))
    else:
        for finding in report.findings:
            where = f"{shown(finding.file)}: " if finding.file else ""
            click.echo(f"{finding.level}: {where}{shown(finding.message)}")
        for name, size in report.largest[:3]:
            click.echo(f"{human_bytes(size):>10}  {shown(name)}")
        verdict = "nothing wrong" if report.ok else "not fit to publish"
        click.echo(
            f"{report.site}: {report.count:,} images, {report.files:,} files, "
            f"{human_bytes(report.bytes)}: {verdict}"
        )
    return 0 if report.ok else CheckError.exit_code
