"""Writes docs/cli.md and docs/python-api.md from the program itself.

`make docs` runs it. A test fails if one of the pages is stale.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import sys
import textwrap
from pathlib import Path
from typing import Any

import click

import imagedb_site
from imagedb_site import batches, build, dataset, errors, export, export_table, report, search
from imagedb_site.cli.main import VERBS, cli
from imagedb_site.config import BuildConfig, config_keys, load_config
from imagedb_site.query.evaluate import Notice
from imagedb_site.records import Problem

DOCS = Path(__file__).parent
NOTE = "This page is generated from the program by `make docs`. Do not edit it.\n"

PYTHON: tuple[tuple[str, tuple[tuple[str, Any], ...]], ...] = (
    (
        "Search",
        (
            ("imagedb_site.open", imagedb_site.open),
            ("imagedb_site.search.Collection", search.Collection),
            ("imagedb_site.search.SearchResponse", search.SearchResponse),
            ("imagedb_site.search.Hit", search.Hit),
            ("imagedb_site.query.correct.Correction", search.Correction),
            ("imagedb_site.query.evaluate.Notice", Notice),
            ("imagedb_site.search.SearchIndex", search.SearchIndex),
        ),
    ),
    (
        "Data sets",
        (
            ("imagedb_site.dataset.Stats", dataset.Stats),
            ("imagedb_site.dataset.FieldStats", dataset.FieldStats),
            ("imagedb_site.dataset.Tag", dataset.Tag),
            ("imagedb_site.dataset.TagTable", dataset.TagTable),
            ("imagedb_site.batches.Batches", batches.Batches),
            ("imagedb_site.batches.Definition", batches.Definition),
            ("imagedb_site.batches.split", batches.split),
        ),
    ),
    (
        "Export",
        (
            ("imagedb_site.export.export", export.export),
            ("imagedb_site.export_table.Split", export_table.Split),
        ),
    ),
    (
        "Build",
        (
            ("imagedb_site.build.build", build.build),
            ("imagedb_site.config.BuildConfig", BuildConfig),
            ("imagedb_site.config.load_config", load_config),
            ("imagedb_site.report.BuildReport", report.BuildReport),
            ("imagedb_site.records.Problem", Problem),
        ),
    ),
)
"""The public Python names, by section. Everything else may change without notice."""
MEMBERS: dict[type, tuple[str, ...]] = {
    search.SearchIndex: (
        *("count", "fields", "ids", "row_of", "document"),
        *("embeddings", "thumbnail", "address"),
    )
}
"""For a class that has internal members too: those that are public."""


def pages() -> dict[Path, str]:
    """The generated pages by their files."""
    return {DOCS / "cli.md": command_line(), DOCS / "python-api.md": python_api()}


# -- the command line --------------------------------------------------------------------------


def command_line() -> str:
    parts = ["# Command line\n", NOTE]
    # With the settings of the command line: otherwise the text depends on whether it has run before.
    settings = {**cli.context_settings, "terminal_width": 96, "max_content_width": 96}
    context = click.Context(cli, info_name="imagedb-site", **settings)
    parts.append(_block(cli.get_help(context)))
    for verb in VERBS:
        command = cli.get_command(context, verb)
        assert command is not None
        parts += _commands(command, context, verb)
    parts += ["## Settings file\n", _settings()]
    parts += ["## Exit codes\n", _error_tree()]
    return "\n".join(parts)


def _commands(command: click.Command, parent: click.Context, name: str) -> list[str]:
    context = click.Context(
        command, parent=parent, info_name=name, terminal_width=96, max_content_width=96
    )
    found = [f"## {context.command_path}\n", _block(command.get_help(context))]
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            inner = command.get_command(context, child)
            assert inner is not None
            found += _commands(inner, context, child)
    return found


def _settings() -> str:
    lines = [
        "`imagedb-site build` and `add` read `imagedb-site.toml` from the current folder, or the file "
        "given with `--config`. Unknown keys are refused. Paths are relative to the settings file. "
        "Options on the command line take precedence.",
        "",
        "| key | default | meaning |",
        "|---|---|---|",
    ]
    meanings = attribute_docs(BuildConfig)
    for name, item in config_keys().items():
        lines.append(f"| `{name}` | {_default(item)} | {meanings.get(name, '')} |")
    return "\n".join(lines) + "\n"


def _default(item: dataclasses.Field[Any]) -> str:
    if item.default is dataclasses.MISSING or item.default in (None, (), ""):
        return ""
    return f"`{str(item.default).lower() if isinstance(item.default, bool) else item.default}`"


def _error_tree() -> str:
    return _block((errors.__doc__ or "").split("\n\n")[1])


# -- the Python API ----------------------------------------------------------------------------


def python_api() -> str:
    parts = [
        "# Python API\n",
        NOTE,
        "The [Python guide](guide/python.md) has examples. Only the names on this page are public; "
        "everything else may change without notice.\n",
    ]
    for title, names in PYTHON:
        parts.append(f"## {title}\n")
        for name, thing in names:
            parts += _class(name, thing) if inspect.isclass(thing) else _function(name, thing)
    parts += [
        "## Errors\n",
        "All errors are in `imagedb_site.errors`. The message says what is wrong; the attribute `hint` "
        "says what to do, or is None. The command line ends with the exit code shown.\n",
        _error_tree(),
    ]
    return "\n".join(parts)


def _function(name: str, function: Any) -> list[str]:
    return [
        f"### {name}\n",
        _code(_signature(name.rpartition(".")[2], function)),
        _prose(function),
    ]


def _class(name: str, kind: type) -> list[str]:
    parts = [f"### {name}\n", _prose(kind)]
    if dataclasses.is_dataclass(kind):
        parts.append(_attributes(kind))
    for member, thing in public_members(kind).items():
        call = inspect.unwrap(thing.fget if isinstance(thing, property) else _plain(thing))
        short = name.rpartition(".")[2]
        if callable(thing):
            parts.append(_code(_signature(f"{short}.{member}", call, skip_self=True)))
        else:
            kind_of = inspect.signature(call).return_annotation
            parts.append(_code(f"{short}.{member}: {kind_of}"))
        parts.append(_prose(call))
    return parts


def public_members(kind: type) -> dict[str, Any]:
    """The methods and properties that a class defines itself, in the order of the source."""
    if kind in MEMBERS:
        return {name: inspect.getattr_static(kind, name) for name in MEMBERS[kind]}
    return {
        name: thing
        for name, thing in vars(kind).items()
        if not name.startswith("_")
        and (inspect.isfunction(thing) or isinstance(thing, property) or hasattr(thing, "func"))
    }


def _plain(thing: Any) -> Any:
    return getattr(thing, "func", thing)


def _signature(name: str, function: Any, *, skip_self: bool = False) -> str:
    signature = inspect.signature(function)
    parameters = [_parameter(parameter) for parameter in signature.parameters.values()]
    parameters = parameters[1:] if skip_self else parameters
    keywords = [p.kind is p.KEYWORD_ONLY for p in signature.parameters.values()]
    keywords = keywords[1:] if skip_self else keywords
    if True in keywords:
        parameters.insert(keywords.index(True), "*")
    returns = str(signature.return_annotation).strip("'")
    line = f"{name}({', '.join(parameters)}) -> {returns}"
    if len(line) <= 96:
        return line
    return f"{name}(\n" + "".join(f"    {p},\n" for p in parameters) + f") -> {returns}"


def _parameter(parameter: inspect.Parameter) -> str:
    text = f"{parameter.name}: {parameter.annotation}"
    if parameter.default is parameter.empty:
        return text
    default = "..." if callable(parameter.default) else repr(parameter.default).replace("'", '"')
    return f"{text} = {default}"


def _attributes(kind: type) -> str:
    meanings = attribute_docs(kind)
    lines = ["| attribute | type | meaning |", "|---|---|---|"]
    if not meanings:
        lines = ["| attribute | type |", "|---|---|"]
    for item in dataclasses.fields(kind):
        shown = str(item.type).replace("|", "\\|")
        meaning = f" {meanings.get(item.name, '')} |" if meanings else ""
        lines.append(f"| `{item.name}` | `{shown}` |{meaning}")
    return "\n".join(lines) + "\n"


def attribute_docs(kind: type) -> dict[str, str]:
    """The strings that follow the attributes of a class in its source, on one line each."""
    source = inspect.getsource(kind)
    found = re.findall(r'\n    (\w+):[^\n]*\n    """(.*?)"""', source, re.DOTALL)
    return {name: " ".join(text.split()) for name, text in found}


def _prose(thing: Any) -> str:
    """A docstring as Markdown: its `Raises:` block becomes a list, its indented code a code block."""
    text = inspect.getdoc(thing) or ""
    head, marker, raised = text.partition("\nRaises:\n")
    if not marker:
        return _fenced(text)
    listed: list[str] = []
    for line in textwrap.dedent(raised).strip().splitlines():
        if line.startswith(" "):
            listed[-1] += f" {line.strip()}"
        else:
            name, _, reason = line.partition(": ")
            listed.append(f"- `{name}`: {reason}")
    return _fenced(head) + "\nRaises:\n\n" + "\n".join(listed) + "\n"


def _fenced(text: str) -> str:
    paragraphs = text.strip().split("\n\n")
    return "\n".join(
        _code(textwrap.dedent(part)) if part.startswith("    ") else f"{part}\n"
        for part in paragraphs
    )


def _code(text: str) -> str:
    return f"```python\n{text.strip()}\n```\n"


def _block(text: str) -> str:
    return f"```\n{text.strip()}\n```\n"


if __name__ == "__main__":
    stale = [
        file
        for file, text in pages().items()
        if not file.exists() or file.read_text(encoding="utf-8") != text
    ]
    if "--check" in sys.argv:
        sys.exit(f"Stale: {', '.join(file.name for file in stale)}." if stale else 0)
    for file in stale:
        file.write_text(pages()[file], encoding="utf-8")
