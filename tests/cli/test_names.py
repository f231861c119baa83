"""Pictures with any name are built, found and shown, and their names can do no harm."""

from __future__ import annotations

import json
import os
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

import pytest

from imagedb_site.display import shown
from imagedb_site.keys import path_of

from .conftest import Cli, cli_in, draw

NAMES = {
    b"Screenshot 3.04\xe2\x80\xafPM.jpg": "Screenshot 3.04\u202fPM.jpg",
    b"line\nfeed \x1b[31mred.jpg": "line\nfeed \x1b[31mred.jpg",
    b"turned \xe2\x80\xaegpj.exe.jpg": "turned \u202egpj.exe.jpg",
    b"caf\xe9.jpg": "caf\ufffdE9.jpg",
    b"sub \xff/soft\xc2\xadhyphen.jpg ": "sub \ufffdFF/soft\u00adhyphen.jpg ",
    b"con.jpg": "con.jpg",
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with pictures of these names, their site and its library."""
    root = tmp_path_factory.mktemp("names")
    folder = root / "pictures"
    for number, name in enumerate(NAMES):
        draw(root / "one.jpg", number)
        place = Path(os.fsdecode(os.fsencode(folder) + b"/" + name))
        place.parent.mkdir(parents=True, exist_ok=True)
        (root / "one.jpg").rename(place)
    options = ["--model", "none", "--originals", "copy", "--json", "--view-size", "0"]
    report = json.loads(cli_in(root)("build", folder, *options, check=True).stdout)
    assert (report["count"], report["problems"]) == (len(NAMES), [])
    return root


@pytest.mark.parametrize("place", ["dist", "dist.library"])
def test_every_name_is_found_as_it_is(built: Path, place: str) -> None:
    cli = cli_in(built)
    line = cli("search", "jpg width>0", "--in", place, "-k", "20", "--json", check=True).stdout
    assert shown(line.rstrip("\n")) == line.rstrip("\n")
    answer = cli("search", "width>0", "--in", place, "-k", "20", "--json", check=True).stdout
    found = {hit["path"] for hit in json.loads(answer)["results"]}
    assert found == set(NAMES.values())
    for key in found:
        assert (built / "pictures" / path_of(key)).is_file()


def test_lists_and_pages_are_safe(built: Path) -> None:
    cli = cli_in(built)
    page = built / "found.html"
    result = cli("search", "width>0", "--html", page, "-k", "20", check=True)
    lines = result.stdout.splitlines()
    assert len(lines) == len(NAMES)
    assert all(shown(line) == line for line in lines)
    for text in (result.stdout, page.read_text("utf-8")):
        assert "line␊feed ␛[31mred.jpg" in text and "turned \\u{202E}gpj.exe.jpg" in text
        assert not {"\x1b", "\u202e"} & set(text)
    links = [part.split('"')[0] for part in page.read_text("utf-8").split('href="')[1:]]
    files = [os.fsdecode(unquote_to_bytes(urlsplit(link).path)) for link in links]
    assert len(files) == 2 * len(NAMES) and all(Path(file).exists() for file in files)


def test_published_originals_have_plain_names_of_their_own(built: Path) -> None:
    files = [file.name for file in (built / "dist" / "originals").iterdir()]
    assert len(files) == len(NAMES)
    assert all(name.isascii() and name.endswith(".jpg") and len(name) == 20 for name in files)


def test_problems_and_messages_are_safe(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "pic\ntures"
    draw(folder / "good.jpg", 1)
    for name in ("bad\n\x1b[2J.jpg", "\u202egnp.bad.png", os.fsdecode(b"bad\xff.gif")):
        (folder / name).write_bytes(b"no picture")
    result = cli("build", folder, "--model", "none")
    assert result.returncode == 0 and "Traceback" not in result.stderr
    for line in ("  bad␊␛[2J.jpg: ", "  \\u{202E}gnp.bad.png: ", "  bad\ufffdFF.gif: "):
        assert line in result.stdout
    missing = cli("build", tmp_path / "no\x1b[31m\nfolder")
    assert missing.returncode == 3
    assert missing.stderr.splitlines()[0].endswith("no␛[31m␊folder.")
