"""The owner's logo, as the site publishes it."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from .errors import UsageError
from .owner_picture import open_owner_picture

_MOST_BYTES = 16 << 20
_MOST_PIXELS = 50_000_000
_SIZE = 512


def read_logo(path: Path) -> bytes:
    """Returns a logo as a PNG file of at most 512 x 512 pixels, without any metadata.

    Raises UsageError if the file is missing, too large, damaged or not a picture.
    """
    advice = "Use a PNG, JPEG, WebP, GIF or AVIF file; a square PNG of 512 x 512 pixels looks best."
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise UsageError(f"The logo {path} is larger than 16 MB.", advice)
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"Cannot read the logo {path}: {error.strerror}.") from error
    image = open_owner_picture(data, f"logo {path}", _MOST_PIXELS, advice).convert("RGBA")
    image.thumbnail((_SIZE, _SIZE), Image.Resampling.LANCZOS)
    clean = Image.new("RGBA", image.size, (0, 0, 0, 0))
    clean.paste(image)
    stream = io.BytesIO()
    clean.save(stream, "PNG")
    return stream.getvalue()
