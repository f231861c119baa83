"""`portable/`: every file that a page from the disk reads, as a script (docs/FORMAT.md 2.13)."""

from __future__ import annotations

import json
from base64 import b64decode
from pathlib import Path

import pytest
from site_samples import golden_input, make_web, sample_input, tree

from imagedb_site.check import check_site
from imagedb_site.config import load_config
from imagedb_site.errors import FormatError, ImageDBError
from imagedb_site.layout import PORTABLE_MANIFEST, hash16
from imagedb_site.portable import needs_script
from imagedb_site.reader import open_site, verify_site
from imagedb_site.report import PORTABLE_BYTES, PORTABLE_PICTURES, portable_notes
from imagedb_site.site import swap, write_site


@pytest.fixture
def web(tmp_path: Path) -> Path:
    return make_web(tmp_path / "web")


@pytest.fixture
def site(tmp_path: Path, web: Path) -> Path:
    write_site(golden_input(web, portable=True), tmp_path / "site")
    return tmp_path / "site"


def held(script: bytes) -> tuple[str, bytes]:
    """The path and the content that a script hands over."""
    text = script.decode()
    head, tail = "imagedbPortable.take(", ");\n"
    assert text.startswith(head) and text.endswith(tail)
    path, content = json.loads(f"[{text[len(head) : -len(tail)]}]")
    return path, b64decode(content, validate=True)


def test_every_file_that_is_read_has_a_script_with_its_content(site: Path) -> None:
    files = tree(site)
    scripts = {
        path: data
        for path, data in files.items()
        if path.startswith("portable/") and "/" in path.removeprefix("portable/")
    }
    scripts[PORTABLE_MANIFEST] = files[PORTABLE_MANIFEST]
    for path, data in scripts.items():
        assert held(data) == (path[len("portable/") : -len(".js")], files[held(data)[0]])
    needed = {path for path in files if needs_script(path)}
    index = json.loads(files["manifest.json"])["portable"]["path"]
    assert {held(data)[0] for data in scripts.values()} == needed - {index} | {"manifest.json"}
    assert len(needed) > 10


@pytest.mark.parametrize(
    ("path", "needed"),
    [
        ("data/rows.0123456789abcdef.bin", True),
        ("model/text.0123456789abcdef.onnx", True),
        ("assets/ort.0123456789abcdef.bin", True),
        ("thumbs/0123456789abcdef.bin", True),
        ("thumbs/0123456789abcdef.webp", False),
        ("views/0123456789abcdef.webp", False),
        ("originals/0123456789abcdef.jpg", False),
        ("assets/app.0123456789abcdef.js", False),
        ("portable/data/rows.0123456789abcdef.bin.js", False),
    ],
)
def test_what_has_a_script(path: str, needed: bool) -> None:
    assert needs_script(path) is needed


def test_packs_of_thumbnails_have_scripts_and_single_pictures_none(tmp_path: Path) -> None:
    write_site(sample_input(40, portable=True, pack_above=10), tmp_path / "packed")
    packs = sorted((tmp_path / "packed" / "thumbs").iterdir())
    assert packs and all(pack.suffix == ".bin" for pack in packs)
    for pack in packs:
        script = tmp_path / "packed" / "portable" / "thumbs" / f"{pack.name}.js"
        assert held(script.read_bytes()) == (f"thumbs/{pack.name}", pack.read_bytes())
    write_site(sample_input(40, portable=True), tmp_path / "single")
    assert not (tmp_path / "single" / "portable" / "thumbs").exists()


def test_the_page_starts_from_both_scripts(site: Path) -> None:
    page = (site / "index.html").read_text()
    assert '<script defer src="portable/boot.0123456789abcdef.js"' in page
    assert 'data-page="page.0123456789abcdef.js"' in page
    assert 'data-engine="engine.0123456789abcdef.js"' in page
    assert "worker-src &#39;self&#39; blob:" in page
    assert "trusted-types imagedb imagedb-portable" in page
    # From the disk, browsers refuse a style with a hash, but never need the module.
    styles = [line for line in page.splitlines() if 'rel="stylesheet"' in line]
    assert styles and not any("integrity" in line for line in styles)
    (module,) = [line for line in page.splitlines() if 'type="module"' in line]
    assert "integrity" in module
    assert "portable/boot" in (site / "sw.js").read_text().splitlines()[0]


def test_without_it_nothing_changes(tmp_path: Path, web: Path) -> None:
    write_site(golden_input(web), tmp_path / "site")
    files = tree(tmp_path / "site")
    assert not [path for path in files if path.startswith("portable")]
    assert "portable" not in json.loads(files["manifest.json"])
    assert b"portable" not in files["index.html"] and b"blob:;" not in files["index.html"]


def test_a_portable_site_passes_the_check(site: Path) -> None:
    report = check_site(site)
    assert report.findings == ()
    assert report.files == len(tree(site))


@pytest.mark.parametrize(
    ("pattern", "word"),
    [
        ("portable/data/documents.*", "announces"),
        ("portable/data/vectors.*", "announces"),
        ("portable/engine.*", "announces"),
        (PORTABLE_MANIFEST, "does not hold"),
    ],
)
def test_the_check_finds_damage(site: Path, pattern: str, word: str) -> None:
    file = sorted(site.glob(pattern))[0]
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    report = check_site(site)
    assert [finding for finding in report.findings if word in finding.message]
    assert not report.ok
    file.unlink()
    missing = check_site(site)
    assert not missing.ok
    name = file.relative_to(site).as_posix()
    assert any(name in f"{finding.file} {finding.message}" for finding in missing.findings)


def test_the_check_finds_what_is_left_over(site: Path) -> None:
    (site / "portable" / "data" / "old.0123456789abcdef.bin.js").write_text("")
    (finding,) = check_site(site).findings
    assert finding.message == "Nothing refers to this file."


def test_a_build_verifies_the_manifest_of_the_disk(site: Path) -> None:
    (site / PORTABLE_MANIFEST).write_text("")
    with open_site(site) as opened, pytest.raises(FormatError, match="does not hold"):
        verify_site(opened)


def test_the_next_build_keeps_the_scripts_of_what_stays(tmp_path: Path, web: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    write_site(sample_input(30, web=web, pages=True, portable=True), one)
    report = write_site(sample_input(30, web=web, pages=True, portable=True), two, previous=one)
    assert tree(one) == tree(two)
    same = [path for path in tree(two) if (one / path).samefile(two / path)]
    assert len([path for path in same if path.startswith("portable/")]) > 10
    assert report.reused == len(same)


def test_a_build_without_it_removes_the_folder(tmp_path: Path, web: Path) -> None:
    out, new = tmp_path / "out", tmp_path / "new"
    write_site(sample_input(web=web, pages=True, portable=True), out)
    (out / "CNAME").write_text("pictures.example")
    write_site(sample_input(web=web, pages=True), new, previous=out)
    swap(new, out)
    assert not (out / "portable").exists()
    assert (out / "CNAME").exists()


def test_a_swap_file_by_file_replaces_the_manifest_of_the_disk(tmp_path: Path, web: Path) -> None:
    """Where the folder cannot be renamed, such as a mount point."""
    out = tmp_path / "out"
    write_site(sample_input(7, web=web, pages=True, portable=True), out)
    new = out / ".imagedb-site.building"
    write_site(sample_input(9, web=web, pages=True, portable=True), new, previous=out)
    wanted = tree(new)
    swap(new, out)
    assert tree(out) == wanted
    assert check_site(out).findings == ()


def test_scripts_are_named_by_their_content(site: Path) -> None:
    """A script has the name of the file that it holds, which has the hash of its content."""
    for path in sorted((site / "portable" / "data").iterdir()):
        name, content = held(path.read_bytes())
        assert hash16(content) in name


def test_a_web_build_without_the_scripts_is_named(tmp_path: Path, web: Path) -> None:
    next((web / "portable").glob("engine.*")).unlink()
    with pytest.raises(ImageDBError, match="lacks the scripts of portable sites"):
        write_site(golden_input(web, portable=True), tmp_path / "site")


@pytest.mark.parametrize(
    ("count", "size", "words"),
    [
        (PORTABLE_PICTURES, PORTABLE_BYTES, []),
        (PORTABLE_PICTURES + 1, 1, ["20,001 pictures", "FAT32"]),
        (5, PORTABLE_BYTES + 10**8, ["2.10 GB", "--view-size 0"]),
    ],
)
def test_a_large_portable_site_is_reported(count: int, size: int, words: list[str]) -> None:
    notes = portable_notes(count, size)
    assert len(notes) == bool(words)
    for word in words:
        assert word in notes[0]


def test_the_setting_stands_in_the_configuration_file(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text('pictures = "p"\nportable = true\n')
    assert load_config(tmp_path / "site.toml", {}).portable is True
    assert load_config(None, {"pictures": Path("p")}).portable is False
