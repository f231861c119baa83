"""What the results of a worker depend on besides the picture: they must be the same on all machines."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from imagedb_site import __version__
from imagedb_site.errors import PackError
from imagedb_site.packs import ModelPack

_PACKAGE = Path(__file__).parents[1]
_LIBRARIES = ("numpy", "onnxruntime", "pillow", "pillow-heif", "resvg-py")


def versions_here(pack: ModelPack | None, device: str) -> dict[str, str]:
    """Returns the names and versions of what decodes and embeds pictures on this machine."""
    found = {"imagedb-site": f"{__version__} ({_program()})"}
    for library in (*_LIBRARIES, *(("torch",) if device != "cpu" else ())):
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            found[library] = "none"
    return found | {"model": pack.encoder_hash if pack else "none"}


def require_same(wanted: Mapping[str, str], here: Mapping[str, str], machine: str) -> None:
    """Raises PackError, which names the first difference, unless both are the same."""
    for name in sorted(wanted.keys() | here.keys()):
        if wanted.get(name) != here.get(name):
            raise PackError(
                f"{machine} has {name} {here.get(name, 'none')}, but the build has "
                f"{wanted.get(name, 'none')}.",
                "All machines need the same versions and the same model: results would differ.",
            )


@cache
def _program() -> str:
    """Eight hex digits that change with the source of this program: unreleased versions share a number."""
    digest = hashlib.sha256()
    for path in sorted(_PACKAGE.rglob("*.py")):
        digest.update(path.relative_to(_PACKAGE).as_posix().encode() + b"\0")
        digest.update(path.read_bytes())
    return digest.hexdigest()[:8]
