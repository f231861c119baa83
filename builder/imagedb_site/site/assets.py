"""The web application and the page templates: where they are, and which files a page loads."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imagedb_site.errors import ImageDBError
from imagedb_site.layout import LIBRARY_FILES, NOTICES, PORTABLE_FOLDER, SERVICE_WORKER

_PACKAGE = Path(__file__).resolve().parent.parent
BOOT_SCRIPT = "boot.js"
"""The page's first script, which stands in the page itself. Not published as a file."""
_ENTRIES = ("src/ui/main.tsx", "src/ui/main.ts", "index.html")
_READABLE = "src/ui/results/list/index.ts"


@dataclass(frozen=True)
class WebBuild:
    """The output of the web build: `files` are the paths to publish, relative to `root`.

    `library` are the files of the JavaScript library, which no page loads. `script` is the module that
    a page starts, `preload` are the modules it imports directly, `styles` its style sheets. `readable` are
    modules that it imports first of all if no row has a picture: they show lists. `portable` are the
    scripts of a portable site (docs/FORMAT.md 2.13) by their names: boot, page and engine.
    """

    root: Path
    files: tuple[str, ...]
    library: tuple[str, ...]
    script: str
    styles: tuple[str, ...]
    preload: tuple[str, ...]
    readable: tuple[str, ...]
    portable: dict[str, str]


def template_folder() -> Path:
    """The folder of the page templates: the packaged copy, or the checkout's."""
    packaged = _PACKAGE / "_templates"
    if packaged.is_dir():
        return packaged
    return _PACKAGE.parent.parent / "site_templates"


def web_folder() -> Path:
    """The folder of the web build, in the package or in the checkout."""
    return _PACKAGE / "_web"


def load_web(root: Path) -> WebBuild:
    """Read what Vite wrote into `root`; raises ImageDBError if there is no build."""
    try:
        text = (root / ".vite" / "manifest.json").read_text(encoding="utf-8")
        chunks: dict[str, dict[str, Any]] = json.loads(text)
    except (OSError, ValueError) as error:
        raise ImageDBError(
            f"The web application is missing from {root}.",
            "Run `make web` in a checkout, or install the package again.",
        ) from error
    entry = next((name for name in _ENTRIES if chunks.get(name, {}).get("isEntry")), None)
    needed = (SERVICE_WORKER, BOOT_SCRIPT, NOTICES)
    lacking = [_ENTRIES[0]] if entry is None else []
    lacking += [name for name in needed if not (root / name).is_file()]
    if entry is None or lacking:
        raise ImageDBError(f"The web build in {root} lacks {lacking[0]}.", "Run `make web` again.")
    files = sorted(
        path.relative_to(root).as_posix()
        for path in (root / "assets").rglob("*")
        if path.is_file() and path.suffix != ".map"
    )
    library = [
        *(path.relative_to(root).as_posix() for path in sorted((root / "lib").glob("*.js"))),
        *(name for name in LIBRARY_FILES if (root / name).is_file()),
    ]
    imported = _static_imports(chunks, entry)
    styles = [style for name in (entry, *imported) for style in chunks[name].get("css", [])]
    return WebBuild(
        root=root,
        files=tuple(files),
        library=tuple(library),
        script=chunks[entry]["file"],
        styles=tuple(dict.fromkeys(styles)),
        preload=tuple(chunks[name]["file"] for name in imported),
        readable=(chunks[_READABLE]["file"],) if _READABLE in chunks else (),
        portable={
            path.name.partition(".")[0]: path.relative_to(root).as_posix()
            for path in sorted((root / PORTABLE_FOLDER).glob("*.js"))
        },
    )


def _static_imports(chunks: dict[str, dict[str, Any]], entry: str) -> list[str]:
    """The chunks that an entry imports before it runs, each once, without the entry itself."""
    found: dict[str, None] = {}
    waiting = list(chunks[entry].get("imports", []))
    while waiting:
        name = waiting.pop(0)
        if name not in found and name != entry:
            found[name] = None
            waiting.extend(chunks[name].get("imports", []))
    return list(found)
