"""`imagedb-site deploy`: publish a built site."""

from __future__ import annotations

from pathlib import Path

import click

from ..display import shown
from .progress import ProgressBar


@click.group("deploy")
def command() -> None:
    """Publish a built site to a folder, a bucket or GitHub Pages.

    \b
    Examples:
      imagedb-site deploy github-pages
      imagedb-site deploy folder dist /srv/www/pictures
      imagedb-site deploy bucket dist s3://my-bucket/pictures
    """


@command.command("folder")
@click.argument("site", type=click.Path(path_type=Path))
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--keep-old", is_flag=True, help="Keep files that only the previous site uses.")
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@click.option("-q", "--quiet", is_flag=True, help="Do not show progress.")
def folder_command(site: Path, target: Path, keep_old: bool, dry_run: bool, quiet: bool) -> None:
    """Publish the site in SITE to the folder TARGET, such as a mounted web root.

    Only files that differ are copied: those with a hash in their name first, then the pages, the
    manifest last. Files that only the previous site uses are removed at the end; with --keep-old the next
    deployment without this option removes them. Visitors find a complete site at each moment. Other
    files in TARGET stay. Both folders are checked.

    \b
    Examples:
      imagedb-site deploy folder dist /srv/www/pictures
      imagedb-site deploy folder dist /mnt/webspace/htdocs --keep-old
    """
    from ..deploy import deploy_folder
    from ..report import human_bytes

    with ProgressBar(quiet) as progress:
        done = deploy_folder(site, target, keep_old=keep_old, dry_run=dry_run, progress=progress)
    changes = done.changes
    if done.not_copied:
        click.echo(f"Not a part of the site, not copied: {_list(done.not_copied)}")
    if dry_run:
        for path in changes.added:
            click.echo(f"copy    {path}")
        for path in () if keep_old else changes.removed:
            click.echo(f"remove  {path}")
    removed = 0 if keep_old else len(changes.removed)
    kept = f", {done.old:,} old files kept" if done.old else ""
    click.echo(
        f"{shown(str(target))}: {len(changes.added):,} files ({human_bytes(changes.bytes)}) "
        f"{'to copy' if dry_run else 'copied'}, {removed:,} {'to remove' if dry_run else 'removed'}{kept}"
    )


@command.command("bucket")
@click.argument("site", type=click.Path(path_type=Path))
@click.argument("target")
@click.option("--prune", is_flag=True, help="Remove old files whose time of grace is over.")
@click.option(
    "--grace",
    type=click.FloatRange(min=0),
    default=7.0,
    show_default=True,
    metavar="DAYS",
    help="How long files stay that only earlier sites use.",
)
@click.option("--all", "everything", is_flag=True, help="Upload unchanged files, too.")
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@click.option("-q", "--quiet", is_flag=True, help="Do not show progress.")
def bucket_command(
    site: Path,
    target: str,
    prune: bool,
    grace: float,
    everything: bool,
    dry_run: bool,
    quiet: bool,
) -> None:
    """Publish the site in SITE to a bucket: TARGET is s3://BUCKET/FOLDER, gs://… or az://….

    Only files that differ are uploaded, several at once: those with a hash in their name first, then the
    pages, the manifest last. Visitors find a complete site at each moment. Files that only earlier sites use
    stay; --prune removes those that no site has used for the days of --grace. Credentials come from where the
    tools of the store keep them. Needs pip install 'imagedb-site[bucket]'.

    \b
    Examples:
      imagedb-site deploy bucket dist s3://my-bucket/pictures
      imagedb-site deploy bucket dist s3://my-bucket/pictures --prune --grace 30
    """
    from ..deploy import deploy_bucket

    with ProgressBar(quiet) as progress:
        done = deploy_bucket(
            site,
            target,
            prune=prune,
            grace_days=grace,
            everything=everything,
            dry_run=dry_run,
            progress=progress,
        )
    if done.not_copied:
        click.echo(f"Not a part of the site, not uploaded: {_list(done.not_copied)}")
    if dry_run:
        for path in done.uploaded:
            click.echo(f"upload  {path}")
        for path in done.removed:
            click.echo(f"remove  {path}")
    click.echo(f"{shown(target)}: {done.summary(dry_run=dry_run)}")


@command.command("github-pages")
@click.argument("site", type=click.Path(path_type=Path), default=Path("dist"))
@click.option(
    "--remote",
    default="origin",
    show_default=True,
    help="Address of a git repository, or the name of a remote of the one in the current folder.",
)
@click.option("--branch", default="gh-pages", show_default=True, help="Branch to publish.")
@click.option(
    "--keep-history",
    is_flag=True,
    help="Add a commit to the branch instead of replacing it by a single one.",
)
@click.option("--dry-run", is_flag=True, help="Check everything, but do not push.")
@click.option("-q", "--quiet", is_flag=True, help="Do not show progress.")
def github_pages_command(
    site: Path, remote: str, branch: str, keep_history: bool, dry_run: bool, quiet: bool
) -> None:
    """Publish the site in SITE (default: dist) to GitHub Pages.

    Checks the site against GitHub's limits and pushes it to the branch gh-pages with git. The branch gets
    a single commit without a parent, so the repository does not keep the pictures of earlier builds. A
    CNAME on the branch stays. Your working tree, index and branches are not touched.

    \b
    Examples:
      imagedb-site deploy github-pages
      imagedb-site deploy github-pages public --remote https://github.com/YOU/REPO.git
    """
    from ..deploy import deploy_github_pages
    from ..report import human_bytes

    with ProgressBar(quiet) as progress:
        done = deploy_github_pages(
            site,
            remote=remote,
            branch=branch,
            keep_history=keep_history,
            dry_run=dry_run,
            progress=progress,
        )
    if done.extra:
        click.echo(f"Not a part of the site, but published with it: {_list(done.extra)}")
    size = f"{done.files:,} files, {human_bytes(done.bytes)}"
    where = f"the branch {shown(done.branch)} of {shown(done.remote)}"
    if done.unchanged:
        click.echo(f"Nothing to do: {where} has this site already ({size}).")
    elif dry_run:
        click.echo(f"Would push {size} to {where}.")
    else:
        click.echo(f"Pushed {size} to {where}.")
    if done.first and done.address and not dry_run:
        click.echo(f"Choose the branch {shown(done.branch)} under Settings → Pages, once.")
    if done.address:
        click.echo(f"Address: {shown(done.address)}")


def _list(names: tuple[str, ...]) -> str:
    return ", ".join(shown(name) for name in names)
