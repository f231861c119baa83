"""The folder `portable/`: what a page cannot read from the disk, as scripts (docs/FORMAT.md 2.13)."""

from __future__ import annotations

from base64 import b64encode

from imagedb_site.container import canonical_json
from imagedb_site.layout import PORTABLE_FOLDER

_INSIDE = f"{PORTABLE_FOLDER}/"
_READ = ("data/", "model/")


def needs_script(path: str) -> bool:
    """Whether a page from the disk reads this file through a script. It shows pictures as they are."""
    return path.startswith(_READ) or (path.endswith(".bin") and not path.startswith(_INSIDE))


def script_path(path: str) -> str:
    """Returns the path of the script that holds the file `path`."""
    return f"{_INSIDE}{path}.js"


def script_of(path: str, data: bytes | memoryview) -> bytes:
    """Returns the script that hands a file over: its path, and its content in base64."""
    return b'imagedbPortable.take(%s,"%s");\n' % (canonical_json(path), b64encode(data))
