"""The model pack's files, as a site carries them (docs/FORMAT.md 2.1, `model`)."""

from __future__ import annotations

from typing import Any

from imagedb_site.container import FileEntry, gunzip_if
from imagedb_site.site.storage import SiteFiles
from imagedb_site.site.types import PackSource

_LIMIT = 1 << 31
# Read from the pack, so that a page can show them before it loads anything of the model.
_SUMMARY = ("id", "name", "dim", "encoder_hash", "licence")


def write_model(files: SiteFiles, pack: PackSource) -> dict[str, Any]:
    """Store every file of the pack and their index; gives the manifest's `model`."""
    entries: dict[str, FileEntry] = {}
    for name in sorted(pack.manifest["files"]):
        data = pack.read(name)
        stem, _, extension = name.partition(".")
        if data[:2] == b"\x1f\x8b":
            # Compressed already, and stored as it is: only its decoded size is needed.
            stored = files.put_entry("model", stem, "bin", data, compress=False)
            raw_size = len(gunzip_if(data, _LIMIT))
            entries[name] = FileEntry(stored.path, stored.size, raw_size, stored.sha256)
        else:
            suffix = extension.rpartition(".")[2] or "bin"
            entries[name] = files.put_entry("model", stem, suffix, data, compress=True)
    listed = {name: entry.to_json() for name, entry in entries.items()}
    index = files.put_index("model", {"pack": dict(pack.manifest), "files": listed})
    return {
        **{key: pack.manifest[key] for key in _SUMMARY},
        "temperature": pack.manifest["calibration"]["temperature"],
        "file": index.to_json(),
    }
