"""The pages: no text of a collection becomes markup, and nothing is loaded from other hosts."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import html
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from plain_site import PlainSite
from site_samples import golden_input, make_web, sample_input

from imagedb_site.container import gzip_bytes
from imagedb_site.errors import ImageDBError
from imagedb_site.layout import MUTABLE
from imagedb_site.packs import BUILTIN_FOLDER, load_pack
from imagedb_site.site import Attribution, write_site
from imagedb_site.site.notices import model_notice


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]

    def meta(self, name: str) -> str | None:
        for attrs in self.all("meta"):
            if name in (attrs.get("name"), attrs.get("property"), attrs.get("http-equiv")):
                return attrs.get("content")
        return None


HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}'


@pytest.fixture
def site(tmp_path: Path) -> Path:
    made = golden_input(make_web(tmp_path / "web"))
    hostile = dataclasses.replace(
        made, title=HOSTILE, description=HOSTILE, attribution=[Attribution(HOSTILE, None, HOSTILE)]
    )
    write_site(hostile, tmp_path / "site")
    return tmp_path / "site"


def page(site: Path, name: str = "index.html") -> Page:
    return Page((site / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["index.html", "404.html"])
def test_hostile_texts_stay_texts(site: Path, name: str) -> None:
    parsed = page(site, name)
    assert HOSTILE in parsed.text
    assert parsed.all("img") == []
    scripts = parsed.all("script")
    ours = [["type", "id"], ["type"], [], ["type", "src", "integrity"]]
    assert [list(script) for script in scripts] == (ours if name[0] == "i" else [])
    assert len(parsed.tags) > 4
    assert not any(key.startswith("on") for _, attrs in parsed.tags for key in attrs)


def _source(text: str) -> str:
    """The policy's name for inline code."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def test_a_strict_policy_that_knows_the_only_inline_code(site: Path) -> None:
    parsed = page(site)
    text = (site / "index.html").read_text(encoding="utf-8")
    [boot] = re.findall(r"<script>(.*?)</script>", text, re.S)
    styles = re.findall(r"<style>(.*?)</style>", text, re.S)
    assert "imagedbBoot" in boot and len(styles) == 3
    assert parsed.meta("Content-Security-Policy") == (
        f"default-src 'self'; script-src 'self' {_source(boot)} 'wasm-unsafe-eval'; worker-src 'self'; "
        f"img-src 'self' blob: data: https://images.example.org; "
        f"style-src 'self' {' '.join(map(_source, styles))}; "
        "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; "
        "require-trusted-types-for 'script'; trusted-types imagedb"
    )
    assert not any("style" in attrs for _, attrs in parsed.tags)


def test_scripts_and_styles_run_only_as_published(site: Path) -> None:
    parsed = page(site)
    loads = [*parsed.all("script"), *parsed.all("link")]
    checked = {
        attrs.get("src") or attrs.get("href"): attrs["integrity"]
        for attrs in loads
        if "integrity" in attrs
    }
    assert sorted(map(str, checked)) == [
        "assets/main-AbCd1234.js",
        "assets/main-StYle123.css",
        "assets/shared-XyZ98765.js",
    ]
    for path, integrity in checked.items():
        digest = hashlib.sha256((site / str(path)).read_bytes()).digest()
        assert integrity == "sha256-" + base64.b64encode(digest).decode()


def test_the_page_lists_the_program_for_its_first_script(site: Path) -> None:
    text = (site / "index.html").read_text(encoding="utf-8")
    [listed] = re.findall(
        r'<script type="application/json" id="imagedb-program">(.*?)<', text, re.S
    )
    files = json.loads(listed)
    assert {file["path"] for file in files} == {
        f"assets/{path.name}" for path in (site / "assets").iterdir()
    }
    for file in files:
        data = (site / file["path"]).read_bytes()
        assert (file["bytes"], file["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())


def test_text_comes_before_everything_that_can_fail(site: Path) -> None:
    """A page that arrives only in part still says something."""
    text = (site / "index.html").read_text(encoding="utf-8")
    said = text.index("Loading…")
    assert text.index("boot-late") < said + 200
    # What is painted first needs little: a page of which a fifth arrives already speaks.
    assert said < 4200
    assert said < text.index("imagedbBoot") < text.index('<link rel="stylesheet"')
    assert said < text.index("<script")
    assert text.index('<script type="module"') < text.index('id="imagedb-end"')


def test_every_address_is_relative_and_there(site: Path) -> None:
    parsed = page(site)
    links = [attrs.get("href") or attrs.get("src") for tag, attrs in parsed.tags if tag != "meta"]
    named = [link for link in links if link]
    assert "assets/main-AbCd1234.js" in named
    assert "assets/main-StYle123.css" in named
    assert "assets/shared-XyZ98765.js" in named
    for link in named:
        assert not link.startswith(("/", "http", "//"))
        assert (site / link).is_file(), link


def test_the_404_page_needs_no_other_file(site: Path) -> None:
    parsed = page(site, "404.html")
    assert parsed.all("link") == [] and parsed.all("script") == []
    assert [attrs["href"] for attrs in parsed.all("a")] == ["./"]
    text = html.unescape((site / "404.html").read_text(encoding="utf-8"))
    styles = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    assert len(styles) >= 2 and all(_source(style) in text for style in styles)


def test_sharing_needs_an_absolute_picture(tmp_path: Path) -> None:
    made = golden_input(make_web(tmp_path / "web"), url="https://user.github.io/repo")
    write_site(made, tmp_path / "site")
    parsed = page(tmp_path / "site")
    image = parsed.meta("og:image")
    assert image is not None and image.startswith("https://user.github.io/repo/views/")
    assert (tmp_path / "site" / image.removeprefix("https://user.github.io/repo/")).is_file()
    assert [a["href"] for a in page(tmp_path / "site", "404.html").all("a")] == ["/repo/"]


@pytest.mark.parametrize("url", ["javascript:alert(1)", "/repo", "file:///etc", ""])
def test_an_invalid_address_is_not_used(tmp_path: Path, url: str) -> None:
    made = golden_input(make_web(tmp_path / "web"), url=url)
    write_site(made, tmp_path / "site")
    assert page(tmp_path / "site").meta("og:url") is None


def test_without_scripts_the_page_says_what_it_is(site: Path) -> None:
    assert "This collection of 24 records can be searched" in page(site).text
    assert page(site).all("noscript")


def test_a_site_without_description_says_what_it_has(tmp_path: Path) -> None:
    made = dataclasses.replace(golden_input(make_web(tmp_path / "web")), description="")
    write_site(made, tmp_path / "site")
    assert page(tmp_path / "site").meta("description") == "24 records, searched in your browser."


def test_the_service_worker_knows_the_application(site: Path) -> None:
    first, rest = (site / "sw.js").read_text().split("\n", 1)
    match = re.fullmatch(r"self\.IMAGEDB_SHELL=(\{.*\});", first)
    assert match is not None
    shell = json.loads(match[1])
    assert rest.startswith("self.addEventListener")
    paths = [file["path"] for file in shell["files"]]
    assert paths[0] == "index.html"
    on_disk = {f"assets/{path.name}" for path in (site / "assets").iterdir()}
    assert set(paths[1:]) == on_disk
    assert not any(path.endswith(".map") for path in paths)
    for file in shell["files"]:
        data = (site / file["path"]).read_bytes()
        assert file["bytes"] == len(data)
        assert file["sha256"] == hashlib.sha256(data).hexdigest()


def test_the_manifest_leads_to_every_file_of_the_program(site: Path) -> None:
    plain = PlainSite(site)
    plain.check()
    listed = {entry["path"] for entry in plain.json(plain.manifest["program"])["files"]}
    tops = {path.split("/")[0] for path in listed}
    mutable = {path.split("/")[0] for path in MUTABLE}
    assert tops == {*mutable, "assets", "lib"} - {"manifest.json"}


def test_a_site_has_the_licences_of_its_software_and_of_its_model(tmp_path: Path) -> None:
    pack = load_pack(Path(__file__).parents[1] / "golden" / "pack-tiny")
    base = sample_input(3, dim=pack.dim, pages=True, web=make_web(tmp_path / "web"))
    write_site(base, tmp_path / "plain")
    assert (tmp_path / "plain" / "notices.txt").read_text() == "Software: one package (MIT)\n"
    write_site(dataclasses.replace(base, pack=pack), tmp_path / "with")
    text = (tmp_path / "with" / "notices.txt").read_text()
    assert text.startswith("Software: one package (MIT)\n")
    licence = pack.manifest["licence"]
    assert f"Model {pack.manifest['id']} ({licence['id']})" in text
    assert licence["note"] in text


def test_the_notice_of_the_built_in_model_names_its_sources() -> None:
    text = model_notice(load_pack(BUILTIN_FOLDER))
    for source in ("Flickr8k", "EfficientNet-Lite0", "MiniLM", "OpenMoji", "Caltech-101"):
        assert source in text
    assert "WordNet 3.0 Copyright 2006 by Princeton University" in text


def test_files_that_the_bundler_compressed_are_listed_with_the_size_of_their_content(
    tmp_path: Path,
) -> None:
    web = make_web(tmp_path / "web")
    stored = gzip_bytes(b"\0asm" * 500)
    (web / "assets" / "runtime-Gzip1234.bin").write_bytes(stored)
    write_site(golden_input(web), tmp_path / "site")
    plain = PlainSite(tmp_path / "site")
    listed = {entry["path"]: entry for entry in plain.json(plain.manifest["program"])["files"]}
    entry = listed["assets/runtime-Gzip1234.bin"]
    assert (entry["bytes"], entry["raw_bytes"]) == (len(stored), 2000)


def test_a_web_build_without_its_parts_is_refused(tmp_path: Path) -> None:
    web = make_web(tmp_path / "web")
    (web / "sw.js").unlink()
    with pytest.raises(ImageDBError, match=r"lacks sw\.js"):
        write_site(golden_input(web), tmp_path / "one")
    (web / "sw.js").write_text("")
    (web / "boot.js").unlink()
    with pytest.raises(ImageDBError, match=r"lacks boot\.js"):
        write_site(golden_input(web), tmp_path / "three")
    (web / "boot.js").write_text("document.write('</script>')")
    with pytest.raises(ImageDBError, match="ends too early"):
        write_site(golden_input(web), tmp_path / "four")
    (web / ".vite" / "manifest.json").write_text("{}")
    with pytest.raises(ImageDBError, match="lacks src/ui/main"):
        write_site(golden_input(web), tmp_path / "two")


def test_a_credit_never_links_to_a_script(tmp_path: Path) -> None:
    made = golden_input(make_web(tmp_path / "web"))
    credit = Attribution("x", "javascript:alert(1)")
    write_site(dataclasses.replace(made, attribution=[credit]), tmp_path / "site")
    manifest = json.loads((tmp_path / "site" / "manifest.json").read_bytes())
    assert manifest["collection"]["attribution"] == [{"text": "x"}]


def test_pages_without_pictures_load_the_script_of_lists_early(tmp_path: Path) -> None:
    web = make_web(tmp_path / "web")
    pictured = sample_input(pages=True, web=web)
    bare = [dataclasses.replace(row, thumbnail=None) for row in pictured.rows]
    without = dataclasses.replace(pictured, rows=bare, thumbnail=lambda row: None)
    remote = dataclasses.replace(without, origins=["https://images.example.org"])
    early = []
    for name, made in (("some", pictured), ("none", without), ("remote", remote)):
        write_site(made, tmp_path / name)
        text = (tmp_path / name / "index.html").read_text(encoding="utf-8")
        after = text.partition('<script type="module"')[2]
        early.append(re.findall(r'<link rel="modulepreload" href="(.*?)" integrity="sha', after))
    assert early == [[], ["assets/list-List1234.js"], []]


def test_the_shell_version_follows_its_files_only(tmp_path: Path) -> None:
    def version(name: str, **changes: object) -> str:
        web = tmp_path / "web" if (tmp_path / "web").exists() else make_web(tmp_path / "web")
        base = sample_input(pages=True, web=web)
        write_site(dataclasses.replace(base, **changes), tmp_path / name)
        line = (tmp_path / name / "sw.js").read_text().split("\n")[0]
        return json.loads(line.removeprefix("self.IMAGEDB_SHELL=").rstrip(";"))["version"]

    first = version("one")
    assert version("two", embeddings=None) == first
    assert version("three", title="Other") != first
    (tmp_path / "web" / "assets" / "worker-Work1234.js").write_text("changed and longer")
    assert version("four") != first
