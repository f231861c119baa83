"""Bundles (docs/FORMAT.md, section 4), read as what they may be: anything at all.

Nothing is unpacked by the names a bundle gives: a member is `bundle.json` or `pictures/<sha256>.<suffix>`,
stored without compression, and anything else makes the whole bundle refused.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from imagedb_site.errors import SourceError
from imagedb_site.records import FieldSpec, Value
from imagedb_site.sources import added_fields, added_values

FORMAT, VERSION = "imagedb-bundle", 1
INDEX = "bundle.json"
MAX_INDEX = 256 << 20
MAX_PICTURES = 50_000
MAX_PICTURE = 1 << 30
_MEMBER = re.compile(r"pictures/([0-9a-f]{64})\.([a-z0-9]{1,5})")
_BLOCK = 1 << 20
# Wrong offsets make zipfile seek to places that do not exist.
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError),
    *(struct.error, OverflowError),
)
_HASH = re.compile(r"[0-9a-f]{16,64}")


@dataclass(frozen=True)
class BundlePicture:
    """One picture of a bundle. `embedding` is float32 `[dim]`, L2-normalised, or None if there is none."""

    member: str
    suffix: str
    name: str
    sha256: str
    size: int
    fields: Mapping[str, Value]
    embedding: np.ndarray | None


class Bundle:
    """An opened bundle whose index has been checked. Made by `open_bundle`."""

    def __init__(self, path: Path, archive: zipfile.ZipFile, index: Mapping[str, Any]) -> None:
        self.path = path
        self._archive = archive
        self.fields: list[FieldSpec] = added_fields(index["fields"])
        self.encoder_hash, self.dim = _model(index)
        self.pictures: list[BundlePicture] = []
        self._read_pictures(index)

    def extract(self, picture: BundlePicture, target: BinaryIO) -> None:
        """Writes a picture's bytes; raises `SourceError` if they are not what the index says."""
        digest = hashlib.sha256()
        left = picture.size
        for block in self._blocks(picture):
            left -= len(block)
            if left < 0:
                break
            digest.update(block)
            target.write(block)
        if left or digest.hexdigest() != picture.sha256:
            raise _damaged(self.path, f"{picture.name} is not the picture that was exported")

    def _blocks(self, picture: BundlePicture) -> Iterator[bytes]:
        try:
            with self._archive.open(picture.member) as stream:
                while block := stream.read(_BLOCK):
                    yield block
        except _DAMAGE as error:
            raise _damaged(self.path, f"{picture.name} cannot be read") from error

    def _read_pictures(self, index: Mapping[str, Any]) -> None:
        listed = index.get("pictures")
        if not isinstance(listed, list) or len(listed) > MAX_PICTURES:
            raise ValueError(f"pictures is not a list of at most {MAX_PICTURES:,}")
        members = {info.filename: info for info in self._archive.infolist()}
        for entry in listed:
            picture = _picture(entry, self.fields, self.dim)
            info = members.pop(picture.member, None)
            if info is None or info.file_size != picture.size:
                raise ValueError(f"{picture.name} is missing or has another size")
            self.pictures.append(picture)
        if set(members) != {INDEX}:
            raise ValueError("it contains pictures that are not in its index")


@contextmanager
def open_bundle(path: Path) -> Iterator[Bundle]:
    """Opens the bundle at `path` and checks all but the pictures' bytes; raises `SourceError`."""
    try:
        archive = zipfile.ZipFile(path)
    except FileNotFoundError as error:
        raise SourceError(
            f"There is no file {path}.", "Check the path for typing errors."
        ) from error
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        reason = getattr(error, "strerror", None) or "it is damaged or not a ZIP file"
        raise SourceError(f"{path} cannot be read: {reason}.", _HINT) from error
    with archive:
        try:
            _check_members(archive, path.stat().st_size)
            bundle = Bundle(path, archive, _index(archive))
        except _DAMAGE as error:
            raise _damaged(path, "its index cannot be read") from error
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            reason = str(error) if type(error) is ValueError else "its index is damaged"
            raise _damaged(path, reason) from error
        yield bundle


_HINT = "Use a file that “Export” made on a site's page for adding pictures."


def _damaged(path: Path, reason: str) -> SourceError:
    return SourceError(f"Cannot use {path} as a bundle: {reason}. Nothing was added.", _HINT)


def _check_members(archive: zipfile.ZipFile, size: int) -> None:
    infos = archive.infolist()
    names = {info.filename for info in infos}
    if INDEX not in names:
        raise ValueError(f"it has no {INDEX}")
    if len(names) != len(infos):
        raise ValueError("it has two files with the same name")
    for info in infos:
        if info.flag_bits & 1:
            raise ValueError("it is encrypted")
        if info.filename == INDEX:
            if info.file_size > MAX_INDEX:
                raise ValueError("its index is too large")
        elif not _MEMBER.fullmatch(info.filename):
            raise ValueError(f"{info.filename[:80]!r} does not belong there")
        elif info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size:
            raise ValueError("its pictures are compressed")
        elif info.file_size > MAX_PICTURE:
            raise ValueError("one of its pictures is larger than 1 GiB")
    # Members that share bytes would unfold to more than there is.
    if sum(info.compress_size for info in infos) > size:
        raise ValueError("its files overlap")


def _index(archive: zipfile.ZipFile) -> Mapping[str, Any]:
    with archive.open(INDEX) as stream:
        data = stream.read(MAX_INDEX + 1)
    if len(data) > MAX_INDEX:
        raise ValueError("its index is too large")
    try:
        index = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ValueError("its index is not JSON") from error
    if not isinstance(index, dict) or index.get("format") != FORMAT:
        raise ValueError("bundle.json is in an unknown format")
    if index.get("version") != VERSION:
        version = str(index.get("version"))[:20]
        raise ValueError(f"it has version {version}, but this program reads version {VERSION}")
    return index


def _model(index: Mapping[str, Any]) -> tuple[str | None, int]:
    model = index.get("model")
    if model is None:
        return None, 0
    encoder_hash, dim = model["encoder_hash"], model["dim"]
    if not isinstance(encoder_hash, str) or not _HASH.fullmatch(encoder_hash):
        raise ValueError("model.encoder_hash is not valid")
    if type(dim) is not int or not 1 <= dim <= 1 << 14:
        raise ValueError("model.dim is not valid")
    return encoder_hash, dim


def _picture(entry: Mapping[str, Any], specs: Sequence[FieldSpec], dim: int) -> BundlePicture:
    member, name, sha256, size = (entry[key] for key in ("file", "name", "sha256", "bytes"))
    match = _MEMBER.fullmatch(member) if isinstance(member, str) else None
    if match is None or match.group(1) != sha256:
        raise ValueError(f"{str(member)[:80]!r} is not the path of a picture")
    if not isinstance(name, str) or type(size) is not int or size < 1:
        raise ValueError(f"{member} does not have a valid name or size")
    fields = added_values(entry["fields"], specs)
    embedding = _embedding(entry.get("embedding"), dim)
    return BundlePicture(member, "." + match.group(2), name, sha256, size, fields, embedding)


def _embedding(text: object, dim: int) -> np.ndarray | None:
    if text is None:
        return None
    if not isinstance(text, str) or len(text) > 8 * dim + 8:
        raise ValueError("an embedding is not valid")
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise ValueError("an embedding is not base64") from error
    if len(data) != 4 * dim:
        raise ValueError(f"an embedding has {len(data)} bytes instead of {4 * dim}")
    vector = np.frombuffer(data, dtype="<f4")
    if not np.isfinite(vector).all() or abs(float(np.linalg.norm(vector)) - 1) > 1e-3:
        raise ValueError("an embedding does not have the length 1")
    return vector
