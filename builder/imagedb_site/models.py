"""Finds model packs by name: the built-in one, exported ones, folders and OpenCLIP models."""

from __future__ import annotations

import re
from pathlib import Path

from .cache import cache_name, packs_folder
from .errors import PackError
from .packs import BUILTIN_FOLDER, ModelPack, load_pack, read_pack

BUILTIN = "builtin"
_MODEL_AND_TAG = re.compile(r"[^:/\\\s]{2,}:[^:/\\\s]+")


def resolve(name: str | Path) -> ModelPack:
    """Open the pack called `name` and check all its files.

    `name` is `builtin`, a folder, the name or id of an exported pack, or an OpenCLIP model with its
    tag (`ViT-B-32:laion2b_s34b_b79k`). Such a model is exported into the cache if it isn't there yet.
    A folder that exists takes precedence over a name.

    Raises PackError if the pack is not found, damaged or of another version, and the errors of
    `openclip.exporter.export_pack` if the model cannot be exported.
    """
    text = str(name)
    if _MODEL_AND_TAG.fullmatch(text) and not Path(text).is_dir():
        return load_pack(_exported(text))
    return load_pack(_find(text))


def list_packs() -> list[ModelPack]:
    """The built-in pack and those in the cache, by name. Folders without a valid pack are skipped."""
    folders = [BUILTIN_FOLDER] if (BUILTIN_FOLDER / "pack.json").is_file() else []
    if packs_folder().is_dir():
        folders += sorted(path for path in packs_folder().iterdir() if path.is_dir())
    packs = []
    for folder in folders:
        try:
            packs.append(read_pack(folder))
        except PackError:
            continue
    return packs


def _exported(name: str) -> Path:
    """The folder of the exported OpenCLIP model `MODEL:TAG`; exports it if it isn't in the cache."""
    folder = packs_folder() / cache_name(name)
    if not (folder / "pack.json").is_file():
        from .openclip.source import import_openclip, parse_name

        source = parse_name(name)
        assert source is not None
        import_openclip()
        from .openclip.exporter import export_pack

        folder.parent.mkdir(parents=True, exist_ok=True)
        export_pack(source, folder)
    return folder


def _find(name: str) -> Path:
    if name == BUILTIN:
        if not (BUILTIN_FOLDER / "pack.json").is_file():
            raise PackError(
                "This installation has no built-in model pack.",
                "Reinstall imagedb-site, or name a pack folder with --model.",
            )
        return BUILTIN_FOLDER
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder
    cached = packs_folder() / cache_name(name)
    if cache_name(name) and (cached / "pack.json").is_file():
        return cached
    for pack in list_packs():
        if name in (pack.id, pack.name):
            return pack.path
    raise PackError(
        f"There is no model pack “{name}”.",
        "`imagedb-site model list` shows the available packs; "
        "`imagedb-site model export` makes one from an OpenCLIP model.",
    )
