"""Writes docs/cli.md from the program's own help and settings. `make docs` runs it; a test holds it fresh."""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path

import click

from imagedb_site.cli.main import VERBS, cli
from imagedb_site.config import BuildConfig, config_keys

FILE = Path(__file__).with_name("cli.md")


def render() -> str:
    """The whole page."""
    parts = ["# Command line\n", "Made from the program by `make docs`; do not edit.\n"]
    context = click.Context(cli, info_name="imagedb-site", terminal_width=96, max_content_width=96)
    parts.append(_block(cli.get_help(context)))
    for verb in VERBS:
        command = cli.get_command(context, verb)
        assert command is not None
        parts += _pages(command, context, verb)
    parts.append("## Settings file\n")
    parts.append(
        "`imagedb-site build` reads `imagedb-site.toml` from the current folder, or the file given by "
        "`--config`. Unknown keys are refused; paths are relative to the file; flags win.\n"
    )
    parts.append(_settings())
    parts.append("## Exit codes\n")
    from imagedb_site import errors

    parts.append(_block((errors.__doc__ or "").split("\n\n")[1]))
    return "\n".join(parts)


def _pages(command: click.Command, parent: click.Context, name: str) -> list[str]:
    context = click.Context(
        command, parent=parent, info_name=name, terminal_width=96, max_content_width=96
    )
    pages = [f"## {context.command_path}\n", _block(command.get_help(context))]
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            assert found is not None
            pages += _pages(found, context, child)
    return pages


def _block(text: str) -> str:
    return f"```\n{text.strip()}\n```\n"


def _settings() -> str:
    source = inspect.getsource(BuildConfig)
    lines = ["| key | default | meaning |", "|---|---|---|"]
    for name, item in config_keys().items():
        match = re.search(rf'\n    {name}:.*?\n    """(.*?)"""', source, re.DOTALL)
        meaning = " ".join(match[1].split()) if match else ""
        default = "" if item.default is inspect.Parameter.empty else item.default
        shown = "" if "MISSING" in repr(default) else f"`{default}`"
        lines.append(f"| `{name}` | {shown} | {meaning} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(FILE.read_text(encoding="utf-8") != render())
    FILE.write_text(render(), encoding="utf-8")
