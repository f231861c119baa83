"""The documents agree with the program: pages are fresh, everything public is documented, links work."""

from __future__ import annotations

import dataclasses
import difflib
import importlib.util
import inspect
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import pytest

import imagedb_site
from imagedb_site import errors
from imagedb_site.cli.main import VERBS, cli
from imagedb_site.config import config_keys
from imagedb_site.packs import BUILTIN_FOLDER, load_pack

ROOT = Path(__file__).parents[2]
SKIPPED = {".cache", ".git", ".venv", "dist", "node_modules"}
DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for path in ROOT.rglob("*.md")
    if not SKIPPED & set(path.relative_to(ROOT).parts)
)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def load_generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATE = load_generator()


def text_of(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def prose(text: str) -> str:
    """Markdown without its fenced code, in which brackets are not links."""
    return re.sub(r"^ *```.*?^ *```", "", text, flags=re.DOTALL | re.MULTILINE)


def anchors(text: str) -> set[str]:
    """The anchors of the headings, as GitHub makes them."""
    found: dict[str, int] = {}
    for heading in re.findall(r"^#{1,6} (.+)$", prose(text), re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").strip().lower()
        kept = (c for c in plain if c in " -_" or unicodedata.category(c)[0] in "LNM")
        slug = "".join(kept).replace(" ", "-")
        found[slug] = found.get(slug, -1) + 1
        if found[slug]:
            found[f"{slug}-{found[slug]}"] = 0
    return set(found)


# -- generated pages ---------------------------------------------------------------------------


def test_generated_pages_are_fresh() -> None:
    pages: dict[Path, str] = GENERATE.pages()
    assert {page.name for page in pages} == {"cli.md", "python-api.md"}
    for page, text in pages.items():
        stale = list(
            difflib.unified_diff(
                page.read_text("utf-8").split("\n"), text.split("\n"), lineterm="", n=0
            )
        )
        assert not stale, f"run `make docs`: {page.name}"


def public_python() -> Iterator[tuple[str, Any]]:
    """Every public function, class, method and property, with its full name."""
    for _, names in GENERATE.PYTHON:
        for name, thing in names:
            yield name, thing
            if inspect.isclass(thing):
                for member, found in GENERATE.public_members(thing).items():
                    inner = getattr(found, "fget", None) or getattr(found, "func", found)
                    yield f"{name}.{member}", inner


def test_everything_public_in_python_is_documented() -> None:
    names = dict(public_python())
    assert len(names) > 25
    assert {"imagedb_site.open", "imagedb_site.search.Collection.search"} <= set(names)
    undocumented = {name for name, thing in names.items() if not inspect.getdoc(thing)}
    assert undocumented == set()
    listed = {name for name in names if name.startswith("imagedb_site.search.Collection")}
    from imagedb_site.search import Collection

    own = {name for name in vars(Collection) if not name.startswith("_")}
    assert own == {name.rpartition(".")[2] for name in listed} - {"Collection"}


def test_every_attribute_of_an_answer_is_documented() -> None:
    from imagedb_site.config import BuildConfig
    from imagedb_site.search import Hit, SearchResponse

    for kind in (Hit, SearchResponse, BuildConfig):
        names = {item.name for item in dataclasses.fields(kind)}
        assert len(names) > 3
        assert names == set(GENERATE.attribute_docs(kind)) & names, kind.__name__


def test_what_the_package_exports_is_documented() -> None:
    text = text_of("docs/python-api.md")
    exported = set(imagedb_site.__all__) - {"__version__"}
    assert exported
    for name in exported:
        assert f"### imagedb_site.{name}\n" in text


def test_every_error_has_a_line_with_its_exit_code() -> None:
    kinds = {
        name: kind
        for name, kind in vars(errors).items()
        if inspect.isclass(kind) and issubclass(kind, Exception)
    }
    assert len(kinds) > 8
    for name, kind in kinds.items():
        assert re.search(rf"\b{name} +exit {kind.exit_code} +\S", errors.__doc__ or ""), name


def commands(group: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    yield name, group
    if isinstance(group, click.Group):
        context = click.Context(group)
        for child in group.list_commands(context):
            found = group.get_command(context, child)
            assert found is not None
            yield from commands(found, f"{name} {child}")


def test_every_command_and_option_has_help() -> None:
    found = dict(commands(cli, "imagedb-site"))
    assert {f"imagedb-site {verb}" for verb in VERBS} < set(found)
    page = text_of("docs/cli.md")
    for name, command in found.items():
        assert command.help, name
        assert f"## {name}\n" in page or name == "imagedb-site"
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help and parameter.help.endswith((".", "]")), parameter.name


def test_every_setting_has_a_meaning_and_an_option() -> None:
    from imagedb_site.config import BuildConfig

    build = dict(commands(cli, "imagedb-site"))["imagedb-site build"]
    options = {parameter.name for parameter in build.params}
    keys = set(config_keys())
    assert len(keys) > 15
    assert keys <= set(GENERATE.attribute_docs(BuildConfig))
    assert keys <= options


# -- the guides --------------------------------------------------------------------------------


def test_the_guides_show_every_method_and_every_command() -> None:
    from imagedb_site.search import Collection

    python = text_of("docs/guide/python.md")
    methods = {name for name in vars(Collection) if not name.startswith("_")}
    assert {name for name in methods if not re.search(rf"\.{name}\b", python)} == set()
    guides = "".join(text_of(name) for name in DOCUMENTS if name.startswith("docs/guide/"))
    assert {verb for verb in VERBS if f"imagedb-site {verb}" not in guides} == set()


OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
CALL = re.compile(r"imagedb-site (?:build|add|serve|deploy|search|export|check|info|model)[^`\n]*")
SHOWN = [name for name in DOCUMENTS if name == "README.md" or name.startswith("docs/")]


@pytest.mark.parametrize("document", SHOWN)
def test_documents_name_real_options(document: str) -> None:
    known = set(OPTION.findall(text_of("docs/cli.md")))
    assert len(known) > 30
    used = {option for call in CALL.findall(text_of(document)) for option in OPTION.findall(call)}
    assert used <= known


# -- links -------------------------------------------------------------------------------------


def test_the_documents_are_found() -> None:
    assert {"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs/FORMAT.md"} <= set(DOCUMENTS)
    assert len([name for name in DOCUMENTS if LINK.search(text_of(name))]) > 8


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document: str) -> None:
    for target in LINK.findall(prose(text_of(document))):
        if re.match(r"[a-z]+:", target):
            assert target.startswith(("https://", "http://", "mailto:")), target
            continue
        path, _, anchor = target.partition("#")
        # The introduction becomes a part of docs/api.md.
        folder = ROOT / ("docs" if document.endswith("api-intro.md") else Path(document).parent)
        file = folder / path if path else ROOT / document
        assert file.resolve().is_relative_to(ROOT) and file.exists(), target
        if anchor:
            assert anchor in anchors(file.read_text(encoding="utf-8")), target


def test_the_link_check_can_fail() -> None:
    assert anchors("# A `code` title\n## Two words\n## Two words\n") == {
        "a-code-title",
        "two-words",
        "two-words-1",
    }
    assert LINK.findall("[a](b.md#c) ![p](d.png)") == ["b.md#c", "d.png"]


def test_mentioned_documents_exist() -> None:
    """Code and messages that name a document name one that exists."""
    named: set[str] = set()
    for folder in ("builder/imagedb_site", "web_assets/src", "tests", "docs", "benchmarks"):
        for file in (ROOT / folder).rglob("*"):
            if file.suffix in (".py", ".ts", ".tsx", ".md") and "_web" not in file.parts:
                named |= set(re.findall(r"\bdocs/[\w/-]+\.md\b", file.read_text("utf-8")))
    assert len(named) > 4
    assert {name for name in named if not (ROOT / name).exists()} == set()


# -- model card and citation -------------------------------------------------------------------


def test_the_model_card_follows_its_text() -> None:
    """The card is written from card_text.md with measured figures in its placeholders."""
    parts = re.split(r"\{\{\w+\}\}", text_of("builder/training/card_text.md"))
    assert len(parts) > 20
    pattern = ".*?".join(map(re.escape, parts))
    assert re.fullmatch(pattern, text_of("docs/model-card.md"), re.DOTALL)


def test_the_built_in_pack_has_the_model_card() -> None:
    assert load_pack(BUILTIN_FOLDER).read("card.md").decode("utf-8") == text_of(
        "docs/model-card.md"
    )


def test_the_citation_file_has_what_the_standard_requires() -> None:
    """A check of the required keys of CFF 1.2.0; the file uses only the simplest YAML."""
    text = text_of("CITATION.cff")
    keys = dict(re.findall(r"^([a-z-]+):[ ]?(.*)$", text, re.MULTILINE))
    assert keys["cff-version"] == "1.2.0" and keys["message"] and keys["title"]
    assert keys["type"] == "software" and keys["license"] == "Apache-2.0"
    assert keys["version"] == imagedb_site.__version__
    assert re.search(r"^authors:\n  - (name|family-names|given-names): \S", text, re.MULTILINE)
    assert not re.search(r"\t| $", text, re.MULTILINE)
