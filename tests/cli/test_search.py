"""`imagedb-site search` as a user runs it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import PACK, Cli, cli_in, make_pictures


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with pictures, their site and its library."""
    folder = tmp_path_factory.mktemp("searched")
    hostile = folder / "table.csv"
    hostile.write_text(
        "file,title\nimage_00.jpg,<script>alert(1)</script> & cat\nimage_01.jpg,a dog\n",
        encoding="utf-8",
    )
    pictures = make_pictures(folder / "pictures")
    cli_in(folder)("build", pictures, "--model", PACK, "--metadata", hostile, "-q", check=True)
    return folder


@pytest.fixture
def pictures(built: Path) -> Path:
    return built / "pictures"


@pytest.fixture
def library(built: Path, tmp_path: Path) -> Path:
    for name in ("dist", "dist.library"):
        shutil.copytree(built / name, tmp_path / name)
    return tmp_path / "dist.library"


def paths(text: str) -> list[str]:
    return re.findall(r"\S+\.jpg", text)


def test_one_query_many_queries_and_a_file(cli_here: Cli, library: Path, tmp_path: Path) -> None:
    assert len(paths(cli_here("search", "red", "car", "--in", library).stdout)) == 10
    assert len(paths(cli_here("search", "red car k:3", "--in", library).stdout)) == 3
    assert len(paths(cli_here("search", "red car", "-k", "4", "--in", library).stdout)) == 4
    (tmp_path / "queries.txt").write_text("a cat k:2\n\nlabel:dog\n", encoding="utf-8")
    found = cli_here("search", "--queries", "queries.txt", "--in", library, "--json").stdout
    answers = [json.loads(line) for line in found.splitlines()]
    assert [answer["query"] for answer in answers] == ["a cat k:2", "label:dog"]
    assert [len(answer["results"]) for answer in answers] == [2, 4]
    assert answers[0]["divide"] >= 0
    text = cli_here("search", "--queries", "queries.txt", "--in", "dist").stdout
    assert "# a cat k:2" in text
    assert "# label:dog" in text


def test_a_gallery_needs_no_other_file(
    cli_here: Cli, library: Path, tmp_path: Path, pictures: Path
) -> None:
    done = cli_here("search", "<b>cat</b>", "--in", library, "-k", "12", "--html", "found.html")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "found.html").read_text(encoding="utf-8")
    assert page.count("data:image/webp;base64,") == 12
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; cat" in page
    assert "&lt;b&gt;cat&lt;/b&gt;" in page
    assert "http" not in re.sub(r"http-equiv", "", page)
    files = re.findall(r'href="(file:[^"]+)">open file', page)
    assert sorted(files) == sorted(file.as_uri() for file in pictures.rglob("*.jpg"))
    assert page.count(">open folder<") == 12
    from_site = cli_here("search", "cat", "--in", "dist", "--html", "site.html")
    assert from_site.returncode == 0
    assert "data:image/webp" in (tmp_path / "site.html").read_text(encoding="utf-8")
    assert cli_here("search", "cat", "--in", library, "--html", "no/such/f.html").returncode == 8


def test_interactive(library: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "imagedb_site.cli.main", "search", "-i", "--in", str(library)]
    done = subprocess.run(
        command,
        input="k:2\ncat\nlike:nothing\nlabel:dog k:3\nquit\nnever\n",
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        env={"IMAGEDB_SITE_CACHE": str(tmp_path / "cache"), "PATH": ""},
    )
    assert done.returncode == 0, done.stderr
    assert "12 images" in done.stdout
    assert len(paths(done.stdout)) == 5
    assert "no image nothing" in done.stderr
    assert "never" not in done.stdout


def test_options_that_exclude_each_other(cli_here: Cli, library: Path) -> None:
    assert cli_here("search", "--in", library).returncode == 2
    assert cli_here("search", "-i", "cat", "--in", library).returncode == 2
    assert cli_here("search", "--queries", "missing.txt", "--in", library).returncode == 8
    done = cli_here("search", "cat OR (dog", "--in", library)
    assert done.returncode == 0
    assert "cat dog" in done.stderr


@pytest.fixture(scope="module")
def elephants(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Elephants in twelve captions, in both numbers, and something elegant in four."""
    folder = tmp_path_factory.mktemp("elephants")
    captions = [
        *["an elephant and something elegant"] * 4,
        *["two elephants on a bridge"] * 5,
        *["an elephant, photographed in Zürich"] * 3,
    ]
    pictures = make_pictures(folder / "pictures")
    files = sorted(pictures.rglob("*.jpg"))
    rows = [f'{file.name},"{caption}"\n' for file, caption in zip(files, captions, strict=True)]
    table = folder / "table.csv"
    table.write_text("file,caption\n" + "".join(rows), encoding="utf-8")
    options = ["--model", "none", "--metadata", table, "-q"]
    cli_in(folder)("build", pictures, *options, check=True)
    return folder


@pytest.fixture
def captioned(elephants: Path, tmp_path: Path) -> Path:
    for name in ("dist", "dist.library"):
        shutil.copytree(elephants / name, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("place", ["dist", "dist.library"])
def test_misspelled_words_have_a_hint(cli_here: Cli, captioned: Path, place: str) -> None:
    proposals = {
        "elefant": "elephant",
        "2*elefants - dog": "2*elephant - dog",
        "brigde fotographed": "bridge photographed",
        "zuerich": "zürich",
    }
    for text, corrected in proposals.items():
        done = cli_here("search", text, "--in", place)
        assert f"Did you mean “{corrected}”?" in done.stderr, text
        answer = json.loads(cli_here("search", text, "--in", place, "--json").stdout)
        assert answer["correction"]["text"] == corrected
        assert cli_here("search", corrected, "--in", place).stdout
    assert answer["correction"]["changes"] == [{"from": "zuerich", "to": "zürich"}]


@pytest.mark.parametrize("place", ["dist", "dist.library"])
def test_words_that_are_found_or_have_no_similar_one_have_no_hint(
    cli_here: Cli, captioned: Path, place: str
) -> None:
    for text in ("elegant", "elephants", "xyzzy", "elefant label:nothing", '"elefant bridge"'):
        done = cli_here("search", text, "--in", place)
        assert done.returncode == 0
        assert "Did you mean" not in done.stderr + done.stdout, text
        assert "correction" not in cli_here("search", text, "--in", place, "--json").stdout
