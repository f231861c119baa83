"""The checksum that manifest.json has of itself (docs/FORMAT.md 2.1).

No other file names the manifest, so it states the SHA-256 of its own bytes, taken while zeros stand in the
place of the digits.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from imagedb_site.container import canonical_json

KEY = "checksum"
_ZEROS = "0" * 64
_HEX64 = re.compile(r"[0-9a-f]{64}")


def sealed(manifest: Mapping[str, Any]) -> bytes:
    """Returns the bytes of a manifest with its checksum; one that `manifest` has already is replaced."""
    blank = canonical_json({**manifest, KEY: _ZEROS})
    return blank.replace(_stated(_ZEROS), _stated(hashlib.sha256(blank).hexdigest()), 1)


def seal_holds(data: bytes, checksum: object) -> bool:
    """Returns whether `data`, the bytes of a manifest, are those that its `checksum` was made of."""
    if not isinstance(checksum, str) or not _HEX64.fullmatch(checksum):
        return False
    stated = _stated(checksum)
    if data.count(stated) != 1:
        return False
    return hashlib.sha256(data.replace(stated, _stated(_ZEROS))).hexdigest() == checksum


def _stated(digits: str) -> bytes:
    return f'"{KEY}":"{digits}"'.encode()
