"""Opens and checks a model pack in a folder (docs/FORMAT.md, section 3)."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imagedb_site.errors import PackError
from imagedb_site.packs.layout import FORMAT, VERSION, encoder_hash, pack_id
from imagedb_site.packs.uses import wrong_use

BUILTIN_FOLDER = Path(__file__).parent / "builtin"
"""The pack that is part of this package."""
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_EXPORT_AGAIN = "Export or download the pack again."
_MAX_MANIFEST = 16 << 20
_OBJECTS = ("licence", "image", "text", "tokens", "tokenizer", "calibration", "files")


@dataclass(frozen=True)
class ModelPack:
    """An encoder on disk. `dim` is the length of its embeddings."""

    path: Path
    manifest: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.manifest["id"])

    @property
    def name(self) -> str:
        return str(self.manifest["name"])

    @property
    def dim(self) -> int:
        return int(self.manifest["dim"])

    @property
    def encoder_hash(self) -> str:
        """Embeddings of images made under the same value are comparable."""
        return str(self.manifest["encoder_hash"])

    @property
    def level(self) -> float | None:
        """The similarity from which a text usually describes a picture; None if it has no such level."""
        level = self.manifest.get("level")
        return None if level is None else float(level)

    @property
    def files(self) -> list[str]:
        """Names of the pack's files, without pack.json."""
        return sorted(self.manifest["files"])

    @property
    def total_bytes(self) -> int:
        return sum(int(entry["bytes"]) for entry in self.manifest["files"].values())

    def read(self, file: str) -> bytes:
        """The content of one of the pack's files. Raises PackError if it is missing or damaged."""
        if file not in self.manifest["files"]:
            raise PackError(f"The model pack {self.id} has no file “{file}”.")
        try:
            data = (self.path / file).read_bytes()
        except OSError as error:
            raise PackError(
                f"The model pack in {self.path} lacks its file “{file}”.", _EXPORT_AGAIN
            ) from error
        entry = self.manifest["files"][file]
        if len(data) != entry["bytes"] or hashlib.sha256(data).hexdigest() != entry["sha256"]:
            raise PackError(
                f"“{file}” in the model pack {self.path} is damaged: its hash differs.",
                _EXPORT_AGAIN,
            )
        return data

    def verify(self) -> None:
        """Compare every file with its hash. Raises PackError that names the first wrong one."""
        for file in self.files:
            self.read(file)
        image = self.manifest["image"]
        if encoder_hash(self.read(image["file"]), image) != self.encoder_hash:
            raise PackError(
                f"The model pack {self.path} is inconsistent: its encoder_hash is wrong.",
                _EXPORT_AGAIN,
            )
        if pack_id(self.manifest) != self.id:
            raise PackError(
                f"The model pack {self.path} is inconsistent: its id is wrong.", _EXPORT_AGAIN
            )


def load_pack(folder: Path, *, verify: bool = True) -> ModelPack:
    """Open the pack in `folder` and, with `verify`, compare every file with its hash.

    Raises PackError that names what is missing, damaged or of another version.
    """
    pack = read_pack(folder)
    if verify:
        pack.verify()
    return pack


def read_pack(folder: Path) -> ModelPack:
    """Read and check pack.json, and check that every file exists; hashes are not compared."""
    try:
        with (folder / "pack.json").open("rb") as stream:
            data = stream.read(_MAX_MANIFEST + 1)
        if len(data) > _MAX_MANIFEST:
            raise ValueError("it is too long")
        manifest = json.loads(data.decode("utf-8"))
    except FileNotFoundError as error:
        raise PackError(f"{folder} is not a model pack: it has no pack.json.") from error
    except (OSError, ValueError, RecursionError) as error:
        raise PackError(f"The pack.json in {folder} cannot be read.", _EXPORT_AGAIN) from error
    check_manifest(manifest, f"in {folder}")
    pack = ModelPack(folder, manifest)
    for file in pack.files:
        if not (folder / file).is_file():
            raise PackError(f"The model pack in {folder} lacks its file “{file}”.", _EXPORT_AGAIN)
    return pack


def check_manifest(manifest: Any, where: str) -> None:
    """Check a parsed pack.json; `where` says in the error where it is from. Raises PackError."""
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise PackError(f"The pack.json {where} does not describe a model pack.")
    if manifest.get("version") != VERSION:
        raise PackError(
            f"The model pack {where} has format version {manifest.get('version')}, "
            f"but this program reads version {VERSION}.",
            "Export it again, or use the version of imagedb-site that made it.",
        )
    wrong = [key for key in _OBJECTS if not isinstance(manifest.get(key), dict)]
    wrong += [key for key in ("id", "name", "encoder_hash") if not _is_text(manifest.get(key))]
    if type(manifest.get("dim")) is not int or not 1 <= manifest["dim"] <= 65536:
        wrong.append("dim")
    if wrong:
        raise PackError(f"The pack.json {where} has no valid “{wrong[0]}”.", _EXPORT_AGAIN)
    try:
        named = [
            manifest["image"]["file"],
            manifest["text"]["file"],
            *manifest["text"].get("weights", ()),
            manifest["tokenizer"]["file"],
            manifest["card"],
            *manifest["tokens"]["shards"],
        ]
        if manifest.get("vocabulary") is not None:
            named.append(manifest["vocabulary"]["file"])
        if manifest.get("static") is not None:
            named.append(manifest["static"]["file"])
        wrong_key = wrong_use(manifest)
        if wrong_key is not None:
            raise KeyError(wrong_key)
        for file, entry in manifest["files"].items():
            if not _PLAIN_NAME.fullmatch(file):
                raise PackError(f"The model pack {where} has an unsafe file name: {file!r}.")
            if not _is_text(entry["sha256"]) or type(entry["bytes"]) is not int:
                raise KeyError(file)
    except (KeyError, TypeError, AttributeError) as error:
        raise PackError(f"The pack.json {where} is incomplete: {error}.") from error
    for file in named:
        if file not in manifest["files"]:
            raise PackError(f"The pack.json {where} has no hash for its file “{file}”.")


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)
