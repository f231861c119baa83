"""A picture that a query names: a file or an address."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .errors import PictureError
from .temporary import TemporaryFolder


def load_picture(value: str) -> Any:
    """The picture of an `image:` term, from a file or an http(s) URL."""
    from .pictures import Limits, open_picture

    limits = Limits()
    if not value.startswith(("http://", "https://")):
        path = Path(value.removeprefix("file://")).expanduser()
        if not path.is_file():
            raise PictureError(f"There is no picture {value}.")
        return open_picture(path, limits, want=512).image
    from .reader.source import fetch

    with TemporaryFolder("imagedb-picture-") as folder:
        path = Path(folder) / ("picture" + Path(value.split("?")[0]).suffix[:6])
        path.write_bytes(fetch(value, limits.max_bytes))
        return open_picture(path, limits, want=512).image
