"""Publishing to GitHub Pages, with bare repositories on this machine in GitHub's place."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from site_samples import golden_input, make_web, sample_input, tree

from imagedb_site.cli.main import run
from imagedb_site.deploy import deploy_github_pages
from imagedb_site.deploy.git import without_secret
from imagedb_site.deploy.github_pages import pages_address
from imagedb_site.errors import CheckError, StorageError, UsageError
from imagedb_site.site import write_site

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def git(folder: Path, *arguments: str, data: bytes | None = None) -> bytes:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings of this machine. The user's global ones would change or drop files in `git add`."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    (tmp_path / "ignored").write_text("*.webp\ndata/\n")
    (tmp_path / "attributes").write_text("* text=auto eol=crlf\n*.bin filter=lfs\n")
    (tmp_path / "gitconfig").write_text(
        f"[core]\nautocrlf = true\nexcludesFile = {tmp_path}/ignored\n"
        f"attributesFile = {tmp_path}/attributes\n"
        "[user]\nname = An Owner\nemail = owner@example.org\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    write_site(golden_input(make_web(tmp_path / "web")), tmp_path / "site")
    return tmp_path / "site"


@pytest.fixture
def other(tmp_path: Path, site: Path) -> Path:
    write_site(sample_input(6, web=tmp_path / "web", pages=True), tmp_path / "other")
    return tmp_path / "other"


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    folder = tmp_path / "remote.git"
    git(tmp_path, "init", "--quiet", "--bare", str(folder))
    # As on GitHub: the files of the published commit do not have to be fetched.
    git(folder, "config", "uploadpack.allowFilter", "true")
    return folder


def published(remote: Path, folder: Path, branch: str = "gh-pages") -> dict[str, bytes]:
    """What the branch holds, byte for byte."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for line in git(remote, "ls-tree", "-r", "-z", branch).split(b"\0")[:-1]:
        entry, _, name = line.partition(b"\t")
        assert entry.startswith(b"100644 blob ")
        path = folder / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(git(remote, "cat-file", "blob", entry.split()[2].decode()))
    return tree(folder)


def commits(remote: Path, branch: str = "gh-pages") -> int:
    return int(git(remote, "rev-list", "--count", branch))


def edit_branch(remote: Path, name: str, content: str) -> None:
    """Adds a file to the branch, as GitHub does with CNAME."""
    blob = git(remote, "hash-object", "-w", "--stdin", data=content.encode()).decode().strip()
    listed = git(remote, "ls-tree", "gh-pages") + f"100644 blob {blob}\t{name}\n".encode()
    made = git(remote, "mktree", data=listed).decode().strip()
    head = git(remote, "commit-tree", made, "-p", "gh-pages", "-m", f"Create {name}")
    git(remote, "update-ref", "refs/heads/gh-pages", head.decode().strip())


def test_the_bytes_arrive_whatever_git_is_set_to(site: Path, remote: Path, tmp_path: Path) -> None:
    done = deploy_github_pages(site, remote=str(remote))
    assert published(remote, tmp_path / "got") == tree(site)
    assert done.first and not done.unchanged and done.files == len(tree(site))
    assert git(remote, "log", "--format=%an <%ae> %s", "gh-pages").decode().strip() == (
        "An Owner <owner@example.org> Site: Tiny & <golden> collection"
    )


def test_an_update_replaces_the_commit_or_adds_one(
    site: Path, other: Path, remote: Path, tmp_path: Path
) -> None:
    deploy_github_pages(site, remote=f"file://{remote}")
    done = deploy_github_pages(other, remote=f"file://{remote}")
    assert published(remote, tmp_path / "got") == tree(other)
    assert commits(remote) == 1 and not done.first
    deploy_github_pages(site, remote=f"file://{remote}", keep_history=True)
    assert published(remote, tmp_path / "got") == tree(site)
    assert commits(remote) == 2
    assert deploy_github_pages(site, remote=f"file://{remote}").unchanged
    assert commits(remote) == 2
    assert b"missing" not in git(remote, "fsck", "--full")


def test_a_domain_stays(site: Path, other: Path, remote: Path, tmp_path: Path) -> None:
    deploy_github_pages(site, remote=f"file://{remote}")
    edit_branch(remote, "CNAME", "pictures.example.org\n")
    done = deploy_github_pages(other, remote=f"file://{remote}")
    assert done.address == "https://pictures.example.org/"
    assert published(remote, tmp_path / "got")["CNAME"] == b"pictures.example.org\n"
    (other / "CNAME").write_text("new.example.org")
    assert deploy_github_pages(other, remote=str(remote)).extra == ("CNAME",)
    assert published(remote, tmp_path / "got") == tree(other)


def test_the_users_repository_is_not_touched(
    site: Path, remote: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = tmp_path / "mine"
    git(tmp_path, "init", "--quiet", "-b", "main", str(mine))
    (mine / "a.txt").write_text("a")
    git(mine, "add", "a.txt")
    git(mine, "commit", "--quiet", "-m", "First")
    git(mine, "remote", "add", "origin", "../remote.git")
    (mine / "a.txt").write_text("changed")
    (mine / "staged.txt").write_text("staged")
    git(mine, "add", "staged.txt")
    hook = mine / ".git" / "hooks" / "pre-push"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    (mine / "sub").mkdir()
    before = tree(mine)
    monkeypatch.chdir(mine / "sub")
    deploy_github_pages(site)
    assert tree(mine) == before
    assert published(remote, tmp_path / "got") == tree(site)


def test_the_users_repository_says_how_a_remote_is_reached(
    site: Path, remote: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own settings count, also for addresses: here they lead from GitHub to this machine."""
    mine = tmp_path / "mine"
    git(tmp_path, "init", "--quiet", str(mine))
    git(mine, "config", f"url.{remote}.insteadOf", "https://github.com/owner/pictures")
    monkeypatch.chdir(mine)
    done = deploy_github_pages(site, remote="https://github.com/owner/pictures")
    assert published(remote, tmp_path / "got") == tree(site)
    assert done.address == "https://owner.github.io/pictures/"


def test_a_dry_run_pushes_nothing(site: Path, remote: Path) -> None:
    assert deploy_github_pages(site, remote=str(remote), dry_run=True).files > 10
    assert git(remote, "for-each-ref") == b""


def test_hidden_files_links_and_repositories_are_not_published(
    site: Path, remote: Path, tmp_path: Path
) -> None:
    whole = tree(site)
    (tmp_path / "secret").write_text("secret")
    (site / "link").symlink_to(tmp_path / "secret")
    (site / ".env").write_text("secret")
    git(tmp_path, "init", "--quiet", str(site / "sub"))
    (site / ".well-known").mkdir()
    (site / ".well-known" / 'a "quoted" n\\ame é\n.txt').write_text("t")
    done = deploy_github_pages(site, remote=str(remote))
    assert done.extra == (".well-known",)
    expected = {**whole, '.well-known/a "quoted" n\\ame é\n.txt': b"t"}
    assert published(remote, tmp_path / "got") == expected


def test_a_branch_with_something_else_is_not_replaced(
    site: Path, remote: Path, tmp_path: Path
) -> None:
    blob = git(remote, "hash-object", "-w", "--stdin", data=b"docs").decode().strip()
    made = git(remote, "mktree", data=f"100644 blob {blob}\tindex.html\n".encode()).decode().strip()
    head = git(remote, "commit-tree", made, "-m", "Documents").decode().strip()
    git(remote, "update-ref", "refs/heads/gh-pages", head)
    with pytest.raises(StorageError, match="holds files that this program did not write"):
        deploy_github_pages(site, remote=str(remote))
    assert git(remote, "rev-parse", "gh-pages").decode().strip() == head
    deploy_github_pages(site, remote=str(remote), branch="pictures")
    assert published(remote, tmp_path / "got", "pictures") == tree(site)


def test_a_branch_that_changes_meanwhile_is_not_overwritten(
    site: Path, other: Path, remote: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy_github_pages(site, remote=str(remote))

    def meanwhile(step: str, done: int, total: int | None) -> None:
        if step == "push" and not done:
            edit_branch(remote, "CNAME", "changed.example.org")

    with pytest.raises(StorageError, match="was changed meanwhile") as raised:
        deploy_github_pages(other, remote=str(remote), progress=meanwhile)
    assert raised.value.hint == "Deploy again."
    assert commits(remote) == 2


def test_a_site_above_the_limits_is_not_pushed(site: Path, remote: Path) -> None:
    with (site / "film.mov").open("wb") as file:
        file.truncate(100_000_001)
    with pytest.raises(CheckError, match=r"film\.mov was not published: GitHub takes 100,000,000"):
        deploy_github_pages(site, remote=str(remote))
    (site / "film.mov").unlink()
    next((site / "thumbs").iterdir()).write_bytes(b"damaged")
    with pytest.raises(CheckError, match="was not published"):
        deploy_github_pages(site, remote=str(remote))
    assert git(remote, "for-each-ref") == b""


def test_a_push_that_is_refused_is_explained(site: Path, remote: Path) -> None:
    hook = remote / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'GH006: Protected branch update failed'\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(StorageError, match=r"rejected the push.*GH006") as raised:
        deploy_github_pages(site, remote=str(remote))
    assert "--branch" in (raised.value.hint or "")


def test_what_is_missing_is_said(
    site: Path, remote: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="not in a git repository") as raised:
        deploy_github_pages(site)
    assert "--remote https://" in (raised.value.hint or "")
    mine = tmp_path / "mine"
    git(tmp_path, "init", "--quiet", str(mine))
    git(mine, "remote", "add", "upstream", str(remote))
    monkeypatch.chdir(mine)
    with pytest.raises(UsageError, match="has no remote origin") as raised:
        deploy_github_pages(site)
    assert "upstream" in (raised.value.hint or "")
    with pytest.raises(StorageError, match="there is no such repository"):
        deploy_github_pages(site, remote=f"file://{tmp_path}/nothing.git")
    with pytest.raises(UsageError, match="cannot be the name of a branch"):
        deploy_github_pages(site, remote=str(remote), branch="a..b")
    with pytest.raises(UsageError, match="is not a remote"):
        deploy_github_pages(site, remote="--upload-pack=touch x")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StorageError, match="git is not installed"):
        deploy_github_pages(site, remote=str(remote))


def test_a_login_is_never_asked_for(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in for git says what git says then."""
    real = shutil.which("git")
    folder = tmp_path / "bin"
    folder.mkdir()
    stand_in = folder / "git"
    stand_in.write_text(
        f'#!/bin/sh\n[ "$1" = ls-remote ] || exec {real} "$@"\n'
        '[ "$GIT_TERMINAL_PROMPT" = 0 ] || exit 99\n'
        "echo \"fatal: could not read Username for 'https://github.com': terminal prompts disabled\" >&2\n"
        "exit 128\n"
    )
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(StorageError, match="the login failed") as raised:
        deploy_github_pages(site, remote="https://me:secret@github.com/owner/pictures.git")
    assert "secret" not in str(raised.value)
    assert "without a question" in (raised.value.hint or "")


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("https://github.com/Owner/Pictures.git", "https://owner.github.io/Pictures/"),
        ("https://token@github.com/owner/pictures", "https://owner.github.io/pictures/"),
        ("git@github.com:owner/pictures.git", "https://owner.github.io/pictures/"),
        ("ssh://git@github.com/owner/owner.github.io.git", "https://owner.github.io/"),
        ("https://notgithub.com/owner/pictures", None),
        ("/srv/git/pictures.git", None),
    ],
)
def test_the_address_of_the_pages(remote: str, address: str | None) -> None:
    assert pages_address(remote) == address
    assert pages_address(remote, b"a.example.org\n") == "https://a.example.org/"


def test_secrets_are_not_shown() -> None:
    assert without_secret("at https://me:pw@github.com/x") == "at https://github.com/x"


def test_the_command_line(
    site: Path, remote: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def deploy(*words: str | Path) -> tuple[int, str, str]:
        code = run(["deploy", *map(str, words), "-q"])
        return (code, *capsys.readouterr())

    www = tmp_path / "www"
    whole = tree(site)
    (site / "notes.txt").write_text("mine")
    code, out, _ = deploy("folder", site, www, "--dry-run")
    assert code == 0 and not www.exists()
    assert f"copy    index.html\ncopy    manifest.json\n{www}: {len(whole)} files" in out
    code, out, error = deploy("folder", site, www)
    assert (code, error) == (0, "") and tree(www) == whole
    assert "not copied: notes.txt" in out and "copied, 0 removed" in out
    code, out, _ = deploy("github-pages", site, "--remote", remote)
    assert code == 0 and "published with it: notes.txt" in out
    assert f"Pushed {len(whole) + 1} files, " in out and f"gh-pages of {remote}." in out
    code, out, _ = deploy("github-pages", site, "--remote", remote)
    assert code == 0 and out.splitlines()[-1].startswith("Nothing to do: ")
    code, out, error = deploy("github-pages", site, "--remote", "https://pictures.invalid/x.git")
    assert (code, out) == (8, "")
    assert error.startswith(
        "Error: Cannot read https://pictures.invalid/x.git: it cannot be reached."
    )
    next((site / "thumbs").iterdir()).write_bytes(b"damaged")
    for words in (["folder", site, www], ["github-pages", site, "--remote", remote]):
        code, _, error = deploy(*words)
        assert code == 9 and "was not published: thumbs/" in error
        assert "`imagedb-site check " in error
