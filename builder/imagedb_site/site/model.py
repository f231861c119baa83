"""The model pack's files, as a site carries them (docs/FORMAT.md 2.1, `model`)."""

from __future__ import annotations

from typing import Any

from imagedb_site.container import FileEntry, gunzip_if, read_container
from imagedb_site.site.lists import ListWriter
from imagedb_site.site.storage import SiteFiles
from imagedb_site.site.types import PackSource

_LIMIT = 1 << 31
_FANOUT = 64
# Read from the pack, so that a page can show them before it loads anything of the model.
_SUMMARY = ("id", "name", "dim", "encoder_hash", "licence")


def write_model(files: SiteFiles, pack: PackSource, static_block: int) -> dict[str, Any]:
    """Store every file of the pack and their index; gives the manifest's `model`.

    The static rows are also written `static_block` at a time, and the words of the vocabulary without their
    embeddings: a page needs a few of the rows, and no more of the vocabulary than its words.
    """
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
        "static": _write_static(files, pack, static_block),
        "words": _write_words(files, pack),
        "file": index.to_json(),
        **({} if pack.manifest.get("level") is None else {"level": pack.manifest["level"]}),
    }


def _write_static(files: SiteFiles, pack: PackSource, block: int) -> dict[str, Any] | None:
    spec = pack.manifest.get("static")
    if spec is None:
        return None
    header, arrays = read_container(pack.read(spec["file"]), "tokens")
    count = int(header["count"])
    codes = arrays["codes"].reshape(count, -1)
    listed = ListWriter(files, "static", _FANOUT)
    for first in range(0, count, block):
        part = slice(first, first + block)
        some = {**header, "first": first, "count": len(codes[part])}
        del some["kind"], some["sections"]
        parts = {"scale": arrays["scale"][part], "codes": codes[part]}
        listed.add(files.put_container("tokens", "static", some, parts, compress=True))
    return {"rows": count, "rows_per_shard": block, "files": listed.finish()}


def _write_words(files: SiteFiles, pack: PackSource) -> dict[str, Any] | None:
    spec = pack.manifest.get("vocabulary")
    if spec is None:
        return None
    words = read_container(pack.read(spec["file"]), "vocabulary")[0]["words"]
    header = {"words": words}
    return files.put_container("model-words", "model-words", header, {}, compress=True).to_json()
