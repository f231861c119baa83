"""Pictures that the owner gives for the site itself, such as a logo: decoded with limits."""

from __future__ import annotations

import io
import warnings

from PIL import Image, ImageOps

from .errors import UsageError

_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "AVIF")


def open_owner_picture(data: bytes, name: str, most_pixels: int, advice: str) -> Image.Image:
    """Returns the picture, upright. `name` says what it is: "logo a.png".

    Raises UsageError with `advice` if it has more than `most_pixels`, is damaged or is not a picture.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
                if opened.width * opened.height > most_pixels:
                    millions = f"{most_pixels // 1_000_000} million pixels"
                    raise UsageError(f"The {name} has more than {millions}.", advice)
                image = ImageOps.exif_transpose(opened)
                image.load()
                return image
    except UsageError:
        raise
    except Exception as error:  # Decoders raise anything on damaged files.
        raise UsageError(f"The {name} is not a picture that can be read.", advice) from error
