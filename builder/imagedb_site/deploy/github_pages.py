"""Publishes a site to GitHub Pages: one commit on a branch of a git remote.

The commit is made by `git fast-import`, which takes the bytes as they are. `git add` would apply the user's
line endings, filters and ignored files to them.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from imagedb_site.check import LIMITS
from imagedb_site.deploy.checked import check_before, others
from imagedb_site.deploy.git import Git, GitError, temporary_repository
from imagedb_site.display import shown
from imagedb_site.errors import CheckError, StorageError, UsageError
from imagedb_site.layout import MANIFEST, OWN_NAMES, SERVICE_WORKER
from imagedb_site.records import Progress
from imagedb_site.site.disk import storage_errors

_AUTHOR = "imagedb-site <noreply@localhost>"
_NEW = "refs/heads/new"
_OLD = "refs/heads/old"
_GITHUB = re.compile(r"(?:^|[@/])github\.com[:/]+([^/]+)/([^/]+?)(?:\.git)?/?$")
# Blobs up to this size come with the commit that is published now: enough for CNAME.
_SMALL = "1k"


@dataclass(frozen=True)
class PagesDeployment:
    """What was pushed, or would be.

    `address` is where the site will be, or None if the remote does not tell. `extra` are the names of
    published files and folders that are not a part of the site. `unchanged`: the branch has this very site
    already. `first`: the branch is new.
    """

    remote: str
    branch: str
    address: str | None
    files: int
    bytes: int
    extra: tuple[str, ...]
    unchanged: bool
    first: bool


def deploy_github_pages(
    site: Path,
    *,
    remote: str = "origin",
    branch: str = "gh-pages",
    keep_history: bool = False,
    dry_run: bool = False,
    progress: Progress = lambda step, done, total: None,
) -> PagesDeployment:
    """Push the site in a folder to a branch of a git remote, as one commit without a parent.

    Without a parent the repository does not keep the pictures of all earlier builds; `keep_history` adds
    the commit to the branch instead. A `CNAME` on the branch stays. Raises CheckError if the site
    exceeds the limits of GitHub Pages, UsageError if there is no such remote, StorageError if git is
    missing or the remote refuses.
    """
    progress("check", 0, 1)
    check_before(site, "github-pages")
    progress("check", 1, 1)
    with storage_errors(site, "read"), temporary_repository(remote) as git:
        files = _published(site)
        _check_branch(git, branch)
        old = _fetch(git, branch)
        names = _names(git) if old else set()
        if names and not {MANIFEST, SERVICE_WORKER} <= names:
            raise StorageError(
                f"The branch {branch} of {git.shown_remote} holds files that this program did not write.",
                "Choose another branch with --branch, or delete this one first.",
            )
        domain = _domain(git, site, "CNAME" in names)
        _commit(git, site, files, domain, parent=old if keep_history else None, progress=progress)
        unchanged = bool(old) and _tree(git, _NEW) == _tree(git, _OLD)
        if not (unchanged or dry_run):
            progress("push", 0, 1)
            _push(git, branch, old)
            progress("push", 1, 1)
        return PagesDeployment(
            remote=git.shown_remote,
            branch=branch,
            address=pages_address(git.remote, domain),
            files=len(files),
            bytes=sum(path.stat().st_size for path in files.values()),
            extra=tuple(sorted({name.split("/")[0] for name in files} - OWN_NAMES)),
            unchanged=unchanged,
            first=old is None,
        )


def pages_address(remote: str, domain: bytes | None = None) -> str | None:
    """Where GitHub publishes a repository, or None if `remote` is not on GitHub."""
    name = (domain or b"").decode(errors="replace").strip()
    if name and re.fullmatch(r"[\w.-]+", name):
        return f"https://{name}/"
    match = _GITHUB.search(remote)
    if match is None:
        return None
    owner, repository = match[1].lower(), match[2]
    top = repository.lower() == f"{owner}.github.io"
    return f"https://{owner}.github.io/" + ("" if top else f"{repository}/")


def _check_branch(git: Git, branch: str) -> None:
    try:
        git.run("check-ref-format", f"refs/heads/{branch}")
    except GitError as error:
        raise UsageError(f"{branch} cannot be the name of a branch.") from error


def _published(site: Path) -> dict[str, Path]:
    """The files to publish: the site, and what its owner put beside it, apart from hidden files."""
    limit = LIMITS["github-pages"].file_bytes
    found = {}
    extra = [entry for entry in others(site) if entry.name == ".well-known" or not _hidden(entry)]
    for top in [*(site / name for name in sorted(OWN_NAMES)), *extra]:
        for path in _regular(top):
            if path.stat().st_size > limit:
                raise CheckError(
                    f"{shown(str(path))} was not published: GitHub takes {limit:,} bytes per file.",
                    "Move it out of the site's folder.",
                )
            found[path.relative_to(site).as_posix()] = path
    return found


def _hidden(entry: Path) -> bool:
    return entry.name.startswith(".")


def _regular(top: Path) -> Iterator[Path]:
    """The files at or below `top`; links are not followed, repositories inside are left out."""
    for path in [top, *sorted(top.rglob("*"))] if top.is_dir() else [top]:
        in_repository = ".git" in path.parts[len(top.parts) - 1 :]
        if not in_repository and path.exists() and stat.S_ISREG(path.lstat().st_mode):
            yield path


def _fetch(git: Git, branch: str) -> str | None:
    """Fetch the commit that is published now, without its history and large files; None if there is none."""
    try:
        listed = git.run("ls-remote", "target", f"refs/heads/{branch}").split()
        if not listed:
            return None
        git.run(
            *("fetch", "--quiet", "--no-tags", "--depth=1", f"--filter=blob:limit={_SMALL}"),
            *("target", f"+refs/heads/{branch}:{_OLD}"),
        )
    except GitError as error:
        raise _explained(git, error, f"Cannot read {git.shown_remote}") from error
    return git.run("rev-parse", _OLD).strip()


def _names(git: Git) -> set[str]:
    """The names at the top of what is published now."""
    return set(git.run("ls-tree", "-z", "--name-only", _OLD).split("\0")) - {""}


def _tree(git: Git, commit: str) -> str:
    return git.run("rev-parse", f"{commit}^{{tree}}").strip()


def _domain(git: Git, site: Path, on_branch: bool) -> bytes | None:
    """The content of CNAME: that of the site's folder, else what is published now."""
    own = site / "CNAME"
    if own.is_file():
        return own.read_bytes()
    return git.run("cat-file", "blob", f"{_OLD}:CNAME").encode() if on_branch else None


def _commit(
    git: Git,
    site: Path,
    files: dict[str, Path],
    domain: bytes | None,
    *,
    parent: str | None,
    progress: Progress,
) -> None:
    """Store a commit with just these files as the branch `new` of the temporary repository."""
    title = json.loads((site / MANIFEST).read_bytes())["collection"]["title"]
    message = f"Site: {shown(str(title))}\n".encode(errors="replace")
    with git.feed("fast-import", "--quiet", "--date-format=now") as stream:
        lines = [f"commit {_NEW}", f"committer {_author(git)} now", f"data {len(message)}"]
        stream.write("\n".join(lines).encode(errors="replace") + b"\n" + message)
        if parent:
            stream.write(f"from {parent}\ndeleteall\n".encode())
        if domain is not None and "CNAME" not in files:
            _put(stream, b"CNAME", domain)
        for number, (name, path) in enumerate(sorted(files.items())):
            progress("pack", number, len(files))
            _put_file(stream, name, path)
        progress("pack", len(files), len(files))


def _put(stream: IO[bytes], name: bytes, data: bytes) -> None:
    stream.write(b"M 100644 inline %s\ndata %d\n%s\n" % (name, len(data), data))


def _put_file(stream: IO[bytes], name: str, path: Path) -> None:
    escaped = re.sub(rb'["\\]', rb"\\\g<0>", os.fsencode(name)).replace(b"\n", b"\\n")
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        stream.write(b'M 100644 inline "%s"\ndata %d\n' % (escaped, size))
        shutil.copyfileobj(file, stream, 1 << 20)
    stream.write(b"\n")


def _author(git: Git) -> str:
    """The user's identity if they have set one. Git's own guess would publish the machine's name."""
    try:
        name = git.run("config", "user.name").strip()
        email = git.run("config", "user.email").strip()
    except GitError:
        return _AUTHOR
    clean = [re.sub(r"[<>\n]", "", part) for part in (name, email)]
    return f"{clean[0]} <{clean[1]}>" if all(clean) else _AUTHOR


def _push(git: Git, branch: str, old: str | None) -> None:
    """Replace the branch, unless someone else has changed it since it was read."""
    lease = f"--force-with-lease=refs/heads/{branch}:{old or ''}"
    try:
        git.run("push", "--quiet", lease, "target", f"{_NEW}:refs/heads/{branch}")
    except GitError as error:
        raise _explained(git, error, f"Cannot publish to {git.shown_remote}") from error


_REASONS = (
    (
        r"stale info|fetch first|non-fast-forward",
        "the branch was changed meanwhile",
        "Deploy again.",
    ),
    (
        r"protected branch|GH006|GH013|hook declined|remote rejected|denyDeletes|denyNonFastForwards"
        r"|denying non-fast-forward",
        "it rejected the push",
        "Allow pushes to this branch in the repository's settings, or choose another one with --branch.",
    ),
    (
        r"could not read (?:Username|Password)|Authentication failed|terminal prompts disabled"
        r"|Permission denied|Host key verification failed|The requested URL returned error: 40[13]",
        "the login failed",
        "Let git log in without a question (an SSH key, `gh auth setup-git` or a credential helper), "
        "then deploy again.",
    ),
    (
        r"not found|does not appear to be a git repository|does not exist",
        "there is no such repository",
        "Create it first, or choose another one with --remote.",
    ),
    (
        r"Could not resolve host|unable to access|Connection (?:refused|timed out|reset)|early EOF|hung up",
        "it cannot be reached",
        "Check the address and the network connection, then deploy again.",
    ),
)


def _explained(git: Git, error: GitError, what: str) -> StorageError:
    """A failed push or fetch in words, with git's own last line."""
    said = " ".join(error.output.split())
    for pattern, reason, hint in _REASONS:
        if re.search(pattern, error.output, re.IGNORECASE):
            return StorageError(f"{what}: {reason}. Git says: {said[:400]}", hint)
    return StorageError(f"{what}. Git says: {said[:400] or 'nothing'}")
