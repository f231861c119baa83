"""The examples of the guides work on a small site that is built for them."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from imagedb_site.config import load_config

from .conftest import ROOT

GUIDES = ROOT / "docs" / "guide"
COLOURS = {"red": (206, 40, 40), "green": (44, 150, 70), "blue": (40, 80, 210)}
STAR = [(160, 30), (190, 100), (260, 100), (205, 145), (225, 215), (160, 175), (95, 215)]


def draw_shapes(folder: Path) -> None:
    """Nine drawings in class folders, and a table with their captions and tags."""
    rows = [("file", "caption", "tags")]
    for colour, rgb in COLOURS.items():
        for shape in ("circle", "square", "star"):
            image = Image.new("RGB", (320, 240), "white")
            pen = ImageDraw.Draw(image)
            if shape == "circle":
                pen.ellipse((80, 40, 240, 200), fill=rgb)
            elif shape == "square":
                pen.rectangle((80, 40, 240, 200), fill=rgb)
            else:
                pen.polygon([*STAR, (115, 145), (60, 100), (130, 100)], fill=rgb)
            (folder / "pictures" / shape).mkdir(parents=True, exist_ok=True)
            image.save(folder / "pictures" / shape / f"{colour}.png")
            rows.append((f"{shape}/{colour}.png", f"A {colour} {shape}", f"{colour}; shape"))
    with (folder / "captions.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


def run(folder: Path, *command: str | Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `pictures`, `captions.csv`, `dist` and `dist.library`."""
    folder = tmp_path_factory.mktemp("shapes")
    draw_shapes(folder)
    table = ("--metadata", "captions.csv", "--title", "Shapes")
    run(folder, sys.executable, "-m", "imagedb_site.cli.main", "build", "pictures", *table, "-q")
    return folder


def examples(document: Path, language: str) -> list[str]:
    """The code blocks of one language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```", document.read_text("utf-8"), re.M | re.S)


def test_the_python_guide_runs(shapes: Path) -> None:
    blocks = examples(GUIDES / "python.md", "python")
    assert len(blocks) > 10
    (shapes / "guide.py").write_text("\n".join(blocks), encoding="utf-8")
    printed = run(shapes, sys.executable, "guide.py")
    assert "9 images\n" in printed
    assert "[('circle', 3), ('square', 3), ('star', 3)]" in printed
    assert "circle/red.png A red circle" in printed.splitlines()[1]
    assert "LibraryError" in printed


def test_the_javascript_guide_runs(shapes: Path) -> None:
    blocks = examples(GUIDES / "javascript.md", "js")
    assert len(blocks) > 8
    (shapes / "guide.mjs").write_text("\n".join(blocks), encoding="utf-8")
    printed = run(shapes, node(), "guide.mjs")
    assert "9 images: Shapes" in printed
    assert "circle/red.png A red circle" in printed.splitlines()[1]
    assert "AbortError" in printed and "LoadError" in printed


@pytest.mark.parametrize("document", ["guide/javascript.md", "api.md", "examples/search.html"])
def test_scripts_of_pages_are_valid(document: str, tmp_path: Path) -> None:
    text = (ROOT / "docs" / document).read_text("utf-8")
    scripts = re.findall(r"<script type=\"module\">\n(.*?)</script>", text, re.S)
    assert len(scripts) == 1
    (tmp_path / "page.mjs").write_text(scripts[0], encoding="utf-8")
    run(tmp_path, node(), "--check", "page.mjs")


def test_the_owners_commands_are_accepted(shapes: Path) -> None:
    """Every build of the site owner's guide, with small pictures in place of the reader's own."""
    text = (GUIDES / "site-owner.md").read_text("utf-8")
    lines = re.sub(r"\\\n\s*", "", "\n".join(re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S)))
    builds = re.findall(r"^imagedb-site (build ~/Pictures[^#\n]*)", lines, re.M)
    # A map needs a model and minutes; tests/unit/test_mapping.py makes maps.
    builds = [line for line in builds if "--model packs" not in line and "--map" not in line]
    assert len(builds) >= 5
    shutil.copy(next((shapes / "pictures").rglob("*.png")), shapes / "logo.png")
    shutil.copy(shapes / "logo.png", shapes / "harbour.jpg")
    for line in builds:
        words = re.findall(r'"([^"]*)"|(\S+)', line)
        arguments = [a or b.replace("~/Pictures", "pictures") for a, b in words]
        command = (sys.executable, "-m", "imagedb_site.cli.main", *arguments)
        run(shapes, *command, "-q", "-o", "other", "--model", "none")


def node() -> str:
    found = shutil.which("node", path=str(Path(sys.executable).parent)) or shutil.which("node")
    assert found, "Node is installed by `make test`."
    return found


def test_the_settings_file_of_the_guide_is_valid(tmp_path: Path) -> None:
    (block,) = examples(GUIDES / "site-owner.md", "toml")
    (tmp_path / "imagedb-site.toml").write_text(block, encoding="utf-8")
    config = load_config(tmp_path / "imagedb-site.toml", {})
    assert config.output == tmp_path / "public" and config.view_size == 2048
