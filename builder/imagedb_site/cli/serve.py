"""`imagedb-site serve`."""

from __future__ import annotations

from pathlib import Path

import click

from ..display import shown


@click.command("serve")
@click.argument("site", type=click.Path(path_type=Path), default=Path("dist"))
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=int, help="Port.  [default: 8000, or the next free one]")
@click.option("--mount", default="/", help="Serve under this path, like a GitHub project page.")
@click.option(
    "--any-origin",
    is_flag=True,
    help="Let pages of every website read the API, also on a loopback address.",
)
@click.option("--open", "open_browser", is_flag=True, help="Open it in the browser.")
def command(
    site: Path, host: str, port: int | None, mount: str, any_origin: bool, open_browser: bool
) -> None:
    """Serve the built site in SITE (default: dist) until Ctrl-C, with its HTTP API.

    /api/ explains the API. It also answers clients of diffusiondb-api and danbooru-meta-api.

    \b
    Examples:
      imagedb-site serve
      imagedb-site serve public --port 8080 --open
      imagedb-site serve --mount /repository/
    """
    from ..serve import serve

    def started(url: str) -> None:
        click.echo(f"Serving {shown(str(site))} at {url} (Ctrl-C stops it)")
        if open_browser:
            click.launch(url)

    serve(site, host=host, port=port, mount=mount, any_origin=any_origin, ready=started)
