"""Sites for the tests of the writers, the reader, the check and the server."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from plain_site import PlainSite

from imagedb_site.checksum import sealed
from imagedb_site.records import FieldSpec, Value
from imagedb_site.site import ArrayEmbeddings, SiteInput, SiteRow, SiteSettings

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
sys.path.insert(0, str(GOLDEN))

import make_site_cells  # noqa: E402, F401
import make_site_grown  # noqa: E402, F401
import make_site_tiny  # noqa: E402

FIELDS = [
    FieldSpec("name", "Name", "text", fts=True),
    FieldSpec("tags", "Tags", "tags", fts=True, facet=True, column=True),
    FieldSpec("taken", "Taken", "date", column=True),
]


def make_web(folder: Path) -> Path:
    """A web build as Vite leaves it: an entry with an import and a style, a worker, a big wasm."""
    assets = folder / "assets"
    assets.mkdir(parents=True)
    (assets / "main-AbCd1234.js").write_text("import './shared-XyZ98765.js'\n")
    (assets / "shared-XyZ98765.js").write_text("export {}\n")
    (assets / "main-StYle123.css").write_text("body{background:url('bg-12345678.svg')}\n")
    (assets / "bg-12345678.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (assets / "list-List1234.js").write_text("export const Records = 1\n")
    (assets / "worker-Work1234.js").write_text("self.onmessage=()=>{}\n")
    (assets / "scan-Wasm1234.wasm").write_bytes(b"\0asm\1\0\0\0")
    (assets / "main-AbCd1234.js.map").write_text("{}")
    (folder / "lib").mkdir()
    (folder / "lib" / "engine-Eng12345.js").write_text("export const engine = 1\n")
    (folder / "imagedb.js").write_text("export * from './lib/engine-Eng12345.js'\n")
    (folder / "imagedb.d.ts").write_text("export const engine: number\n")
    (folder / "notices.txt").write_text("Software: one package (MIT)\n")
    (folder / "boot.js").write_text("(function(){window.imagedbBoot={}})();\n")
    (folder / "portable").mkdir()
    for name in ("boot", "page", "engine"):
        (folder / "portable" / f"{name}.0123456789abcdef.js").write_text(f"self.{name} = 1\n")
    (folder / "sw.js").write_text("self.addEventListener('fetch', () => {})\n")
    (folder / ".vite").mkdir()
    manifest = {
        "src/ui/main.ts": {
            "file": "assets/main-AbCd1234.js",
            "isEntry": True,
            "imports": ["_shared.js"],
            "css": ["assets/main-StYle123.css"],
        },
        "_shared.js": {"file": "assets/shared-XyZ98765.js"},
        "src/ui/results/list/index.ts": {"file": "assets/list-List1234.js", "isDynamicEntry": True},
    }
    (folder / ".vite" / "manifest.json").write_text(json.dumps(manifest))
    return folder


def golden_pictures() -> list[bytes]:
    """The pictures of the golden site, in row order."""
    site = PlainSite(GOLDEN / "site-tiny")
    rows = enumerate(site.rows())
    return [site.thumbnail(row) or make_site_tiny.draw(number) for number, row in rows]


def golden_input(web: Path | None = None, **settings: Any) -> SiteInput:
    """The golden collection, with pages if there is a web build."""
    made = make_site_tiny.make_input(golden_pictures())
    changed = dataclasses.replace(made.settings, web=web, pages=web is not None, **settings)
    return dataclasses.replace(made, settings=changed)


def sample_input(
    count: int = 7,
    *,
    dim: int | None = 8,
    seed: int = 1,
    fields: Mapping[int, Mapping[str, Value]] | None = None,
    **settings: Any,
) -> SiteInput:
    """A made-up collection whose “pictures” are random bytes: nothing here decodes them."""
    random = np.random.default_rng(seed)
    pictures = [random.bytes(int(random.integers(20, 400))) for _ in range(count)]
    embeddings = None
    if dim is not None:
        embeddings = random.normal(size=(count, dim)).astype(np.float32)
        embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    rows = [
        SiteRow(
            image_id=hashlib.sha256(b"%d %d" % (seed, row)).hexdigest()[:16],
            key=f"folder/{row}.jpg",
            width=100 + row,
            height=50,
            thumbnail=(10, 5),
            placeholder=bytes([row % 256]) * (row % 32),
            fields={"name": f"picture {row}", **(fields or {}).get(row, {})},
        )
        for row in range(count)
    ]
    return SiteInput(
        title="A sample",
        rows=rows,
        fields=FIELDS,
        thumbnail=lambda row: pictures[row],
        embeddings=None if embeddings is None else ArrayEmbeddings(embeddings),
        settings=SiteSettings(**{"pages": False, **settings}),
    )


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A file system of the given size, mounted at `folder`; skips the test if this user cannot mount one."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("this user cannot mount a small file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def tree(folder: Path) -> dict[str, bytes]:
    """Every file of a folder with its content."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def edit_manifest(folder: Path, change: Any) -> None:
    """Rewrite manifest.json, with its checksum, after `change` has altered the object in place."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_bytes())
    change(manifest)
    path.write_bytes(sealed(manifest))
