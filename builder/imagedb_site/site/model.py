"""The model pack's files, as a site carries them (docs/FORMAT.md 2.1, `model`)."""

from __future__ import annotations

from typing import Any

from imagedb_site.container import FileEntry, gunzip_if
from imagedb_site.site.storage import SiteFolder
from imagedb_site.site.types import PackSource

_LIMIT = 1 << 31


def write_model(folder: SiteFolder, pack: PackSource) -> dict[str, Any]:
    """Store every file of the pack; gives the manifest's `model`."""
    files: dict[str, FileEntry] = {}
    for name in sorted(pack.manifest["files"]):
        data = pack.read(name)
        stem, _, extension = name.partition(".")
        if data[:2] == b"\x1f\x8b":
            # Stored as it is: a file entry counts what comes out of the gzip.
            stored = folder.put_entry("model", stem, "bin", data, compress=False)
            raw_size = len(gunzip_if(data, _LIMIT))
            files[name] = FileEntry(stored.path, stored.size, raw_size, stored.sha256)
        else:
            suffix = extension.rpartition(".")[2] or "bin"
            files[name] = folder.put_entry("model", stem, suffix, data, compress=True)
    return {
        "pack": dict(pack.manifest),
        "files": {name: entry.to_json() for name, entry in files.items()},
    }
