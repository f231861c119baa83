"""`imagedb-site build` as a user runs it: what it builds, and how it handles bad input."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from .conftest import PACK, ROOT, Cli, draw, make_pictures, tree

sys.path.insert(0, str(ROOT / "tests" / "unit"))

from plain_site import PlainSite


def build(cli: Cli, pictures: Path, *more: str | Path) -> dict[str, object]:
    done = cli("build", pictures, "--model", PACK, "--json", *more)
    assert done.returncode == 0, done.stderr
    report: dict[str, object] = json.loads(done.stdout)
    return report


def test_builds_a_whole_site_twice_the_same(cli: Cli, pictures: Path, tmp_path: Path) -> None:
    first = build(cli, pictures)
    assert (first["count"], first["derived"], first["problems"]) == (12, 12, [])
    before = tree(tmp_path / "dist")
    assert cli("check", "dist").returncode == 0
    second = build(cli, pictures)
    assert second["derived"] == 0
    assert tree(tmp_path / "dist") == before
    shutil.rmtree(tmp_path / "dist.library")
    shutil.rmtree(tmp_path / "dist")
    build(cli, pictures)
    assert tree(tmp_path / "dist") == before


def test_a_moved_or_copied_picture_is_not_decoded_again(cli: Cli, pictures: Path) -> None:
    build(cli, pictures)
    shutil.move(pictures / "cat" / "image_00.jpg", pictures / "dog" / "moved.jpg")
    shutil.copy(pictures / "cat" / "image_03.jpg", pictures / "cat" / "copy.jpg")
    report = build(cli, pictures)
    assert (report["count"], report["derived"]) == (13, 0)
    # A picture that was only moved is neither added nor removed.
    assert (report["added"], report["removed"], report["compacted"]) == (1, 0, False)


@dataclass(frozen=True)
class Published:
    """The parts of a site that should stay the same from build to build, read by docs/FORMAT.md alone."""

    files: dict[str, bytes]
    rows: dict[str, int]
    order: list[str]

    @classmethod
    def read(cls, folder: Path) -> Published:
        site = PlainSite(folder)
        site.check()
        documents = site.documents()
        order = [documents[row]["path"] for row in site.order()]
        return cls(tree(folder), {one["path"]: at for at, one in enumerate(documents)}, order)


def test_images_keep_their_rows_and_compaction_equals_a_fresh_build(
    cli: Cli, tmp_path: Path
) -> None:
    pictures = make_pictures(tmp_path / "pictures", 30)
    build(cli, pictures)
    first = Published.read(tmp_path / "dist")
    # Two pictures are added in the middle of the order, and three are removed.
    draw(pictures / "cat" / "image_00b.jpg", 100)
    draw(pictures / "dog" / "aaa.jpg", 101)
    gone = ["cat/image_00.jpg", "cat/image_03.jpg", "red_car/image_29.jpg"]
    for path in gone:
        (pictures / path).unlink()
    report = build(cli, pictures)
    assert (report["count"], report["derived"]) == (29, 2)
    assert (report["added"], report["removed"], report["compacted"]) == (2, 3, False)
    grown = Published.read(tmp_path / "dist")
    assert grown.rows["cat/image_00b.jpg"] == first.rows["cat/image_00.jpg"]
    assert grown.rows["dog/aaa.jpg"] == first.rows["cat/image_03.jpg"]
    stayed = [path for path in first.rows if path not in gone]
    assert {path: grown.rows[path] for path in stayed} == {p: first.rows[p] for p in stayed}
    assert grown.order[:2] == ["cat/image_00b.jpg", "cat/image_06.jpg"]
    # A build without changes changes nothing, whatever the layout.
    assert build(cli, pictures)["compacted"] is False
    assert Published.read(tmp_path / "dist") == grown
    compacted = build(cli, pictures, "--compact")
    assert (compacted["compacted"], compacted["derived"]) == (True, 0)
    shutil.rmtree(tmp_path / "dist.library")
    fresh = build(cli, pictures, "-o", "fresh")
    assert (fresh["compacted"], fresh["added"]) == (False, 29)
    assert tree(tmp_path / "dist") == tree(tmp_path / "fresh")
    assert Published.read(tmp_path / "fresh").order == grown.order


def test_the_layout_is_compacted_when_a_quarter_was_added(cli: Cli, tmp_path: Path) -> None:
    pictures = make_pictures(tmp_path / "pictures", 12)
    build(cli, pictures)
    for number in range(4):
        draw(pictures / "cat" / f"added_{number}.jpg", 100 + number)
    report = build(cli, pictures)
    assert (report["added"], report["compacted"]) == (4, False)
    draw(pictures / "cat" / "added_4.jpg", 104)
    done = cli("build", pictures, "--model", PACK)
    assert "17 images (1 added, 0 removed)" in done.stdout
    assert "(1 picture processed)" in done.stdout
    assert "layout was compacted" in done.stdout
    build(cli, pictures, "-o", "fresh")
    assert tree(tmp_path / "dist") == tree(tmp_path / "fresh")


def test_other_settings_of_thumbnails_or_another_encoder_compact(
    cli: Cli, pictures: Path, tmp_path: Path
) -> None:
    build(cli, pictures)
    draw(pictures / "cat" / "aaa.jpg", 100)
    assert build(cli, pictures)["compacted"] is False
    assert build(cli, pictures, "--thumbnail-size", "128")["compacted"] is True
    build(cli, pictures, "--thumbnail-size", "128", "-o", "fresh")
    assert tree(tmp_path / "dist") == tree(tmp_path / "fresh")
    done = cli("build", pictures, "--thumbnail-size", "128", "--model", "none", "--json")
    assert json.loads(done.stdout)["compacted"] is True


STOP_BEFORE_REMEMBERING = """
import os, sys
from imagedb_site.cli.main import run
from imagedb_site.library import Placed
Placed.remember = lambda *_: os._exit(9)
run(sys.argv[1:])
"""


def test_a_build_killed_after_the_swap_makes_the_same_site_again(cli: Cli, tmp_path: Path) -> None:
    pictures = make_pictures(tmp_path / "pictures", 20)
    build(cli, pictures)
    draw(pictures / "cat" / "aaa.jpg", 100)
    (pictures / "cat" / "image_03.jpg").unlink()
    before = tree(tmp_path / "dist")
    command = ["build", str(pictures), "--model", str(PACK)]
    done = subprocess.run([sys.executable, "-c", STOP_BEFORE_REMEMBERING, *command], cwd=tmp_path)
    assert done.returncode == 9
    swapped = tree(tmp_path / "dist")
    assert swapped != before
    assert build(cli, pictures)["compacted"] is False
    assert tree(tmp_path / "dist") == swapped


def test_a_removed_picture_leaves_the_site(cli: Cli, pictures: Path, tmp_path: Path) -> None:
    build(cli, pictures)
    (pictures / "cat" / "image_00.jpg").unlink()
    report = build(cli, pictures)
    assert (report["count"], report["added"], report["removed"]) == (11, 0, 1)
    manifest = json.loads((tmp_path / "dist" / "manifest.json").read_text())
    assert manifest["collection"]["count"] == 11


def test_changed_settings_redo_only_what_depends_on_them(
    cli: Cli, pictures: Path, tmp_path: Path
) -> None:
    build(cli, pictures, "--view-size", "0")
    manifest = json.loads((tmp_path / "dist" / "manifest.json").read_text())
    report = build(cli, pictures, "--view-size", "380")
    assert report["derived"] == 12
    seconds = report["seconds"]
    assert isinstance(seconds, dict)
    assert "model inference" not in seconds
    again = json.loads((tmp_path / "dist" / "manifest.json").read_text())
    assert again["views"]["count"] == 12
    assert again["vectors"] == manifest["vectors"]
    assert build(cli, pictures, "--title", "New title", "--view-size", "380")["derived"] == 0


def test_bad_pictures_are_listed_and_skipped(cli: Cli, pictures: Path) -> None:
    (pictures / "cat" / "empty.jpg").touch()
    (pictures / "cat" / "text.png").write_text("no picture")
    whole = (pictures / "cat" / "image_00.jpg").read_bytes()
    (pictures / "cat" / "header.jpg").write_bytes(whole[: whole.index(b"\xff\xda")])
    bomb = Image.new("1", (30_000, 30_000))
    bomb.save(pictures / "cat" / "bomb.png", optimize=False)
    report = build(cli, pictures)
    problems = report["problems"]
    assert isinstance(problems, list)
    assert {Path(p["path"]).name for p in problems} == {
        "empty.jpg",
        "text.png",
        "header.jpg",
        "bomb.png",
    }
    assert all(p["reason"] for p in problems)
    assert report["count"] == 12
    done = cli("build", pictures, "--model", PACK)
    assert done.returncode == 0
    assert "header.jpg" in done.stdout


def test_damaged_pictures_are_taken_and_listed(cli: Cli, pictures: Path, tmp_path: Path) -> None:
    """A JPEG without its end, one that is cut and a PNG with a wrong checksum, in every build."""
    build(cli, pictures)
    before = tree(tmp_path / "dist")
    whole = (pictures / "cat" / "image_00.jpg").read_bytes()
    (pictures / "cat" / "no_end.jpg").write_bytes(whole[:-2])
    (pictures / "cat" / "cut.jpg").write_bytes(
        whole[: (whole.index(b"\xff\xda") + len(whole)) // 2]
    )
    Image.open(pictures / "cat" / "image_00.jpg").save(pictures / "cat" / "text.png")
    png = (pictures / "cat" / "text.png").read_bytes()
    text = b"\0\0\0\x09tEXtTitle\0sea\0\0\0\0"
    (pictures / "cat" / "text.png").write_bytes(png[:33] + text + png[33:])
    done = cli("build", pictures, "--model", PACK, "--strict")
    assert done.returncode == 4 and "Error: 3 problems (--strict)." in done.stderr
    assert "Taken although damaged (3):" in done.stdout
    assert tree(tmp_path / "dist") == before
    for _ in range(2):
        report = build(cli, pictures)
        assert (report["count"], report["problems"]) == (15, [])
        reasons = {Path(one["path"]).name: one["reason"] for one in report["damaged"]}
        assert set(reasons) == {"no_end.jpg", "cut.jpg", "text.png"}
        assert reasons["no_end.jpg"] == "the file is cut short"
        assert "% of its rows can be read" in reasons["cut.jpg"]
        assert "wrong checksum" in reasons["text.png"]


def test_strict_fails_and_keeps_the_site(cli: Cli, pictures: Path, tmp_path: Path) -> None:
    build(cli, pictures)
    before = tree(tmp_path / "dist")
    (pictures / "cat" / "empty.jpg").touch()
    done = cli("build", pictures, "--model", PACK, "--strict")
    assert done.returncode == 4
    assert "empty.jpg" in done.stdout
    assert "Left out (1):" in done.stdout
    assert "dist was left unchanged." in done.stdout
    assert done.stderr.endswith("Error: 1 problem (--strict).\n")
    assert tree(tmp_path / "dist") == before


def test_strict_counts_every_problem(cli: Cli, pictures: Path, tmp_path: Path) -> None:
    build(cli, pictures)
    before = tree(tmp_path / "dist")
    (tmp_path / "t.csv").write_text("file,title\nimage_00.jpg,A\nnowhere.jpg,B\n")
    done = cli("build", pictures, "--model", PACK, "--metadata", "t.csv", "--strict")
    assert done.returncode == 4
    assert "nowhere.jpg" in done.stdout
    assert done.stderr.endswith("Error: 1 problem (--strict).\n")
    assert tree(tmp_path / "dist") == before


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["nowhere"], 3, "nowhere"),
        (["hollow"], 3, "no picture"),
        (["pictures", "--no-such-option"], 2, "no-such-option"),
        (["pictures", "--model", "no-such-model"], 5, "no-such-model"),
        (["pictures", "--metadata", "missing.csv"], 3, "missing.csv"),
        (["pictures", "--config", "bad.toml"], 2, "colour"),
        (["pictures", "--thumbnail-size", "5"], 2, "thumbnail_size"),
        (["pictures", "-o", "pictures"], 2, "pictures"),
        (["pictures", "-o", "precious"], 8, "precious"),
        (["pictures", "--model", "old-pack"], 5, "version"),
        (["pictures", "--metadata", "nameless.csv"], 3, "no column with file names"),
        (["pictures", "--url", "ftp://example.org"], 2, "not a web address"),
        (["pictures", "--url", "https://me:secret@example.org"], 2, "user name"),
        (["pictures", "--language", "German!"], 2, "language tag"),
        (["pictures", "--config", "language.toml"], 2, "language must be"),
        ([], 2, "pictures"),
    ],
)
def test_mistakes_are_one_sentence(
    cli: Cli, pictures: Path, tmp_path: Path, arguments: list[str], code: int, words: str
) -> None:
    (tmp_path / "hollow").mkdir()
    (tmp_path / "bad.toml").write_text('colour = "red"\n')
    (tmp_path / "language.toml").write_text("language = 1\n")
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "diary.txt").write_text("mine")
    (tmp_path / "nameless.csv").write_text("width,height\n1,2\n")
    shutil.copytree(PACK, tmp_path / "old-pack")
    manifest = tmp_path / "old-pack" / "pack.json"
    manifest.write_text(manifest.read_text().replace('"version":1', '"version":9'))
    more = [] if "--model" in arguments or not arguments else ["--model", str(PACK)]
    done = cli("build", *arguments, *more)
    assert done.returncode == code, done.stderr
    assert words.lower() in done.stderr.lower()
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "dist").exists()
    assert (tmp_path / "precious" / "diary.txt").read_text() == "mine"


def test_settings_file(cli: Cli, pictures: Path, tmp_path: Path) -> None:
    (tmp_path / "captions.csv").write_text("file,title\nimage_00.jpg,A sleeping cat\n")
    (tmp_path / "imagedb-site.toml").write_text(
        f'pictures = "pictures"\noutput = "public"\nmodel = "{PACK}"\nview_size = 0\n'
        'metadata = ["captions.csv"]\ntitle = "From the file"\n'
    )
    done = cli("build", "--json", "--limit", "5")
    assert done.returncode == 0, done.stderr
    manifest = json.loads((tmp_path / "public" / "manifest.json").read_text())
    assert manifest["collection"]["title"] == "From the file"
    assert manifest["collection"]["count"] == 5
    assert manifest["views"] is None
    found = json.loads(
        cli("search", "sleeping", "--in", "public", "--mode", "words", "--json").stdout
    )
    assert [hit["path"] for hit in found["results"]] == ["cat/image_00.jpg"]


def test_address_and_language_are_written_into_the_page(
    cli: Cli, pictures: Path, tmp_path: Path
) -> None:
    (tmp_path / "imagedb-site.toml").write_text(
        f'pictures = "pictures"\nmodel = "{PACK}"\nlanguage = "de-CH"\n'
        'url = "https://example.org/bilder"\ncompact = true\n'
    )
    done = cli("build", "--json")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "dist" / "index.html").read_text()
    assert '<html lang="de-CH"' in page
    assert '<link rel="canonical" href="https://example.org/bilder/">' in page
    preview = re.search(r'property="og:image" content="https://example.org/bilder/(.+?)"', page)
    assert preview and (tmp_path / "dist" / preview[1]).is_file()
    done = cli("build", "--url", "http://other.example/", "--language", "en", "--json")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "dist" / "index.html").read_text()
    assert '<html lang="en"' in page and "http://other.example/" in page
    assert "example.org" not in page


def test_killed_builds_resume_to_the_same_bytes(cli: Cli, tmp_path: Path) -> None:
    pictures = make_pictures(tmp_path / "many", 90)
    build(cli, pictures, "-o", tmp_path / "whole")
    command = [
        sys.executable, "-m", "imagedb_site.cli.main", "build", str(pictures),
        "--model", str(PACK), "-o", "dist", "--batch-size", "4",
    ]  # fmt: skip
    for pause in (0.6, 0.9, 1.2, 1.5):
        process = subprocess.Popen(
            command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(pause)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    build(cli, pictures, "-o", "dist")
    whole, resumed = tree(tmp_path / "whole"), tree(tmp_path / "dist")
    assert resumed == whole
    leftovers = [p.name for p in tmp_path.iterdir() if p.name.startswith(".")]
    assert leftovers == []


def test_an_interrupted_build_says_how_to_resume(cli: Cli, tmp_path: Path) -> None:
    pictures = make_pictures(tmp_path / "many", 240)
    process = subprocess.Popen(
        [sys.executable, "-m", "imagedb_site.cli.main", "build", str(pictures), "--model", str(PACK)],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    # The library is opened when the work begins, so from then on the signal interrupts a running build.
    while not (tmp_path / "dist.library").exists() and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert "Traceback" not in errors
    assert process.returncode == 130, errors
    assert "Run the same command again to resume." in errors
    assert not (tmp_path / "dist").exists()
    assert build(cli, pictures)["count"] == 240


def test_words_only(cli: Cli, pictures: Path, tmp_path: Path) -> None:
    done = cli("build", pictures, "--model", "none", "--json")
    assert done.returncode == 0, done.stderr
    manifest = json.loads((tmp_path / "dist" / "manifest.json").read_text())
    assert manifest["vectors"] is None and manifest["model"] is None
    assert "red_car" in cli("search", "car", "--in", "dist").stdout
    assert cli("search", "car", "--in", "dist", "--mode", "meaning").returncode == 2
