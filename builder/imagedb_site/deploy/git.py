"""Runs the `git` program in a temporary repository that knows how the user reaches their remotes.

The user's own repository, its index and its files are only read: nothing is stored in it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from imagedb_site.errors import StorageError, UsageError

# Settings of the user's repository that decide how a remote is reached.
_TAKEN = ("credential.", "http.", "url.", "core.sshcommand", "core.askpass", "ssh.", "protocol.")
_SECRET = re.compile(r"(?<=://)[^/@\s]+@")


class GitError(StorageError):
    """A git command that failed; `output` is what it wrote to standard error."""

    def __init__(self, message: str, output: str, hint: str | None = None) -> None:
        super().__init__(message, hint)
        self.output = output


@dataclass(frozen=True)
class Git:
    """A temporary repository. `remote` is the address to push to."""

    program: str
    folder: Path
    environment: dict[str, str]
    remote: str

    @property
    def shown_remote(self) -> str:
        """The address without a user name or password."""
        return without_secret(self.remote)

    def run(self, *arguments: str) -> str:
        """The standard output of a git command. Raises GitError."""
        done = subprocess.run(
            [self.program, *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            output = without_secret(done.stderr.decode(errors="replace").strip())
            raise GitError(f"git {arguments[0]} failed: {last_line(output)}", output)
        return done.stdout.decode(errors="surrogateescape")

    @contextmanager
    def feed(self, *arguments: str) -> Iterator[IO[bytes]]:
        """Gives the standard input of a git command, and waits for its end. Raises GitError."""
        with tempfile.TemporaryFile() as errors:
            process = subprocess.Popen(
                [self.program, *arguments],
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=errors,
            )
            assert process.stdin is not None
            broken = False
            try:
                with process.stdin:
                    yield process.stdin
            except BrokenPipeError:
                broken = True
            except BaseException:
                process.kill()
                process.wait()
                raise
            if process.wait() or broken:
                errors.seek(0)
                output = without_secret(errors.read().decode(errors="replace").strip())
                raise GitError(f"git {arguments[0]} failed: {last_line(output)}", output)


@contextmanager
def temporary_repository(remote: str) -> Iterator[Git]:
    """An empty repository with the user's way of reaching `remote`, removed at the end.

    `remote` is an address, a path, or the name of a remote of the repository that the current folder is in.
    Raises UsageError if there is no such remote, StorageError if git is not installed.
    """
    program = shutil.which("git")
    if program is None:
        raise StorageError(
            "git is not installed.", "Install it (https://git-scm.com), then deploy again."
        )
    address = _address(program, remote)
    settings = [*_settings(program), ("core.hooksPath", os.devnull), ("gc.auto", "0")]
    environment = _plain_environment()
    for number, (key, value) in enumerate(settings):
        environment[f"GIT_CONFIG_KEY_{number}"] = key
        environment[f"GIT_CONFIG_VALUE_{number}"] = value
    environment["GIT_CONFIG_COUNT"] = str(len(settings))
    with tempfile.TemporaryDirectory(prefix="imagedb-site-deploy-") as folder:
        environment["GIT_DIR"] = folder
        git = Git(program, Path(folder), environment, address)
        git.run("init", "--quiet", "--bare", "--template=", folder)
        git.run("remote", "add", "target", address)
        yield git


def without_secret(text: str) -> str:
    """`text` without the user names and passwords in its addresses."""
    return _SECRET.sub("", text)


def last_line(output: str) -> str:
    """The last line of what git wrote, as a sentence in a message."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return (
        lines[-1].removeprefix("fatal: ").removeprefix("error: ").rstrip(".") + "."
        if lines
        else "."
    )


def _plain_environment() -> dict[str, str]:
    """No questions, messages in English, and nothing that points git at another repository."""
    kept = {key: value for key, value in os.environ.items() if not _points_elsewhere(key)}
    kept.update(GIT_TERMINAL_PROMPT="0", LC_ALL="C", LANGUAGE="C")
    return kept


def _points_elsewhere(key: str) -> bool:
    """Whether a variable names a repository. Settings among the variables are passed on by `_settings`."""
    exact = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE")
    groups = ("GIT_CONFIG_COUNT", "GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_", "GIT_CONFIG_PARAMETERS")
    return key in exact or key.startswith((*groups, "GIT_ALTERNATE_"))


def _ask(program: str, arguments: Sequence[str]) -> str | None:
    """The output of a command in the user's repository; None if it failed."""
    done = subprocess.run(
        [program, *arguments], stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    return done.stdout.decode(errors="surrogateescape") if done.returncode == 0 else None


def _address(program: str, remote: str) -> str:
    if remote.startswith("-") or "\n" in remote:
        raise UsageError(f"{remote} is not a remote.")
    named = _ask(program, ["remote", "get-url", "--push", "--", remote])
    if named is not None and named.strip():
        address = named.strip()
        top = (_ask(program, ["rev-parse", "--show-toplevel"]) or "").strip()
        local = Path(top, address)
        return str(local.resolve()) if top and ":" not in address and local.exists() else address
    if Path(remote).exists():
        return str(Path(remote).resolve())
    if ":" in remote:
        return remote
    if _ask(program, ["rev-parse", "--git-dir"]) is None:
        raise UsageError(
            "The current folder is not in a git repository, so it has no remote to push to.",
            "Give its address: --remote https://github.com/YOU/REPO.git",
        )
    known = (_ask(program, ["remote"]) or "").split()
    raise UsageError(
        f"This git repository has no remote {remote}.",
        f"Choose one with --remote: {', '.join(known)}, or an address."
        if known
        else "Give its address: --remote https://github.com/YOU/REPO.git",
    )


def _settings(program: str) -> list[tuple[str, str]]:
    """What the user's repository itself says about reaching remotes; global settings apply anyway."""
    listed = _ask(program, ["config", "--list", "--null", "--show-scope"])
    parts = (listed or "").split("\0")
    found = []
    for scope, entry in zip(parts[::2], parts[1::2], strict=False):
        key, _, value = entry.partition("\n")
        if scope in ("local", "worktree", "command") and key.startswith(_TAKEN):
            found.append((key, value))
    chosen = {"GIT_SSH", "GIT_SSH_COMMAND"} & os.environ.keys()
    if not chosen and _ask(program, ["config", "core.sshCommand"]) is None:
        # ssh fails instead of asking for a password or whether it may trust a host.
        found.append(("core.sshCommand", "ssh -o BatchMode=yes"))
    return found
