"""`check` sees what would fail once published."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from site_samples import edit_manifest, golden_input, make_web, sample_input, tree

from imagedb_site.check import Limits, check_site
from imagedb_site.cli.main import cli as main
from imagedb_site.errors import StorageError
from imagedb_site.serve import SiteServer
from imagedb_site.site import write_site


@pytest.fixture
def site(tmp_path: Path) -> Path:
    write_site(golden_input(make_web(tmp_path / "web")), tmp_path / "site")
    return tmp_path / "site"


def test_a_good_site(site: Path) -> None:
    report = check_site(site)
    assert report.ok and report.findings == ()
    files = tree(site)
    assert report.files == len(files)
    assert report.bytes == sum(map(len, files.values()))
    assert report.count == 24
    assert list(report.largest) == sorted(report.largest, key=lambda item: (-item[1], item[0]))
    assert json.loads(json.dumps(report.to_json()))["ok"] is True


def first(folder: Path, pattern: str) -> Path:
    return sorted(folder.glob(pattern))[0]


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


BREAKS: list[tuple[str, str, Callable[[Path], object]]] = [
    ("data/terms", "", lambda s: first(s, "data/terms.*").unlink()),
    ("data/vectors", "content", lambda s: flip(first(s, "data/vectors.*"))),
    ("data/documents", "", lambda s: flip(first(s, "data/documents.*"))),
    ("thumbs/", "content", lambda s: flip(first(s, "thumbs/*"))),
    ("thumbs/", "missing", lambda s: first(s, "thumbs/*").unlink()),
    ("views/", "missing", lambda s: first(s, "views/*").unlink()),
    ("originals/", "missing", lambda s: first(s, "originals/*").unlink()),
    ("assets/worker", "", lambda s: first(s, "assets/worker-*").unlink()),
    ("assets/bg", "", lambda s: first(s, "assets/bg-*").unlink()),
    ("assets/worker", "content", lambda s: flip(first(s, "assets/worker-*"))),
    ("imagedb.js", "content", lambda s: flip(s / "imagedb.js")),
    ("imagedb.js", "missing", lambda s: (s / "imagedb.js").unlink()),
    ("data/rows-index", "", lambda s: flip(first(s, "data/rows-index.*"))),
    ("index.html", "missing", lambda s: (s / "index.html").unlink()),
    ("404.html", "missing", lambda s: (s / "404.html").unlink()),
    (".nojekyll", "missing", lambda s: (s / ".nojekyll").unlink()),
    ("sw.js", "begin", lambda s: (s / "sw.js").write_text("self.x=1")),
    ("sw.js", "damaged", lambda s: (s / "sw.js").write_text("self.IMAGEDB_SHELL={};\n")),
    ("manifest.json", "JSON", lambda s: (s / "manifest.json").write_text("{")),
    ("manifest.json", "version", lambda s: edit_manifest(s, lambda m: m.update(version=9))),
    (
        "index.html",
        "another host",
        lambda s: replace(s / "index.html", 'src="assets/', 'src="https://cdn.example/'),
    ),
    (
        "index.html",
        "top of a host",
        lambda s: replace(s / "index.html", 'src="assets/', 'src="/assets/'),
    ),
    (
        "index.html",
        "security policy",
        lambda s: replace(s / "index.html", "Content-Security-Policy", "X-Nothing"),
    ),
    (
        "manifest.json",
        "checksum",
        lambda s: replace(s / "manifest.json", "imagedb-site 0", "imagedb-site 9"),
    ),
    ("assets/worker", "missing", lambda s: first(s, "assets/worker-*").unlink()),
    ("data/rows-index", "missing", lambda s: first(s, "data/rows-index.*").unlink()),
    (
        "imagedb.d.ts",
        "Imagedb.d.ts has other capitals",
        lambda s: (s / "imagedb.d.ts").rename(s / "Imagedb.d.ts"),
    ),
    ("lib/", "Lib has other capitals", lambda s: (s / "lib").rename(s / "Lib")),
    (
        "views",
        "symbolic",
        lambda s: (s / "views").rename(s / "v") and (s / "views").symlink_to("v"),
    ),
    ("thumbs/link.webp", "symbolic", lambda s: (s / "thumbs/link.webp").symlink_to("/etc/hosts")),
]


@pytest.mark.parametrize(("file", "message", "damage"), BREAKS)
def test_every_problem_is_named(
    site: Path, file: str, message: str, damage: Callable[[Path], object]
) -> None:
    damage(site)
    report = check_site(site)
    assert not report.ok
    errors = [finding for finding in report.findings if finding.level == "error"]
    text = " ".join(f"{finding.file} {finding.message}" for finding in errors)
    assert file in text and message in text


def test_two_files_that_disagree(site: Path, tmp_path: Path) -> None:
    """Both files are valid and have the right hash, but are from different builds."""
    other = tmp_path / "other"
    write_site(sample_input(24, dim=16, seed=9), other)
    theirs = json.loads((other / "manifest.json").read_bytes())
    for path in other.glob("data/ids*"):
        (site / "data" / path.name).write_bytes(path.read_bytes())
    edit_manifest(site, lambda m: m.update(ids=theirs["ids"]))
    report = check_site(site)
    assert not report.ok
    assert any("collection's hash" in finding.message for finding in report.findings)


def test_left_over_and_foreign_files_are_warnings(site: Path) -> None:
    data = first(site, "thumbs/*").read_bytes()
    import hashlib

    extra = site / "thumbs" / f"{hashlib.sha256(data + b'x').hexdigest()[:16]}.webp"
    extra.write_bytes(data + b"x")
    (site / "CNAME").write_text("example.org")
    (site / "views" / ".DS_Store").write_bytes(b"x")
    (site / "assets" / "old-12345678.js").write_text("x")
    report = check_site(site)
    assert report.ok
    warned = {finding.file for finding in report.findings}
    assert {f"thumbs/{extra.name}", "views/.DS_Store", "CNAME", "assets/old-12345678.js"} == warned


def last_line(*arguments: str) -> str:
    """The last line that the command line prints."""
    return CliRunner().invoke(main, arguments, standalone_mode=False).stdout.splitlines()[-1]


def test_limits_of_hosts(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tight = {
        "github-pages": Limits("GitHub Pages", 10_000, 2_000, None),
        "cloudflare-pages": Limits("Cloudflare Pages", None, 1_000_000, 20),
    }
    monkeypatch.setattr("imagedb_site.check.limits.LIMITS", tight)
    anywhere = check_site(site)
    assert anywhere.ok and anywhere.whole and not anywhere.findings
    first, second = (verdict.line() for verdict in anywhere.hosts)
    assert first.startswith("GitHub Pages: no, because it takes 10,000 bytes and the site has ")
    assert "; it takes 2,000 bytes per file and these have more: " in first
    assert "index.html (" in first
    assert second.startswith("Cloudflare Pages: no, because it takes 20 files and the site has ")
    assert last_line("check", str(site)).endswith(": the site is whole")
    assert last_line("check", str(site), "--host", "github-pages").endswith(
        ": whole, but GitHub Pages does not take it"
    )
    for host in ("github-pages", "cloudflare-pages"):
        refused = check_site(site, host=host)
        assert refused.whole and not refused.ok
        assert not refused.to_json()["ok"]
        assert all("does not take the site" in error.message for error in refused.errors)
    monkeypatch.undo()
    free = check_site(site, host="github-pages")
    assert free.ok
    assert [verdict.line() for verdict in free.hosts] == [
        "GitHub Pages: yes",
        "Cloudflare Pages: yes",
    ]


def test_a_missing_site_is_reported(tmp_path: Path) -> None:
    assert not check_site(tmp_path).ok
    with pytest.raises(StorageError):
        check_site(tmp_path / "nowhere")


def test_a_published_site_by_its_address(site: Path) -> None:
    with SiteServer(site, port=0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            assert check_site(server.url).ok
            flip(first(site, "thumbs/*"))
            assert not check_site(server.url).ok
        finally:
            server.shutdown()
            thread.join()
