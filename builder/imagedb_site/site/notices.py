"""notices.txt: the licence texts of the software and of the model that a site publishes."""

from __future__ import annotations

from pathlib import Path

from imagedb_site.packs import BUILTIN_FOLDER
from imagedb_site.site.types import PackSource

_RULE = "=" * 72


def site_notices(software: str, pack: PackSource | None) -> str:
    """Returns the text of a site's notices.txt.

    `software` is the part that the web build made from its lock file, `pack` is the model, or None
    without one.
    """
    return software if pack is None else f"{software.rstrip()}\n\n\n{model_notice(pack)}"


def model_notice(pack: PackSource) -> str:
    """Returns what a pack says about its licence; for the built-in pack, also what it was made from."""
    licence = pack.manifest["licence"]
    lines = [_RULE, f"Model {pack.manifest['id']} ({licence['id']})", _RULE, ""]
    if licence.get("note"):
        lines += [str(licence["note"]), ""]
    if pack.manifest["name"] == "builtin":
        lines.append(builtin_notice())
    return "\n".join(lines).rstrip() + "\n"


def builtin_notice() -> str:
    """Returns the sources of the built-in pack with their licences."""
    path: Path = BUILTIN_FOLDER.with_name("builtin_notices.txt")
    return path.read_text(encoding="utf-8")
