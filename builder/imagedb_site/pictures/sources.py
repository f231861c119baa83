"""Where each field is read: the sources of a field, the one that counts first in front.

docs/guide/metadata.md has the same table, and a test compares them.
"""

from __future__ import annotations

from imagedb_site.pictures.keywords import FLAT_SOURCES, PATH_SOURCES

COMMENTS = (
    *("EXIF UserComment", "XMP exif:UserComment", "EXIF XPComment"),
    *("JPEG comment", "PNG Comment", "GIF comment"),
)
"""Comments: the first one is the description of a picture that has no other."""

SOURCES: dict[str, tuple[str, ...]] = {
    "title": ("XMP dc:title", "IPTC ObjectName", "EXIF XPTitle", "PNG Title", "SVG title"),
    "headline": ("XMP photoshop:Headline", "IPTC Headline"),
    "description": (
        *("XMP dc:description", "IPTC Caption", "EXIF ImageDescription"),
        *("XMP tiff:ImageDescription", "PNG Description", "EXIF XPSubject", "SVG desc"),
    ),
    "comment": COMMENTS,
    "alt_text": ("XMP Iptc4xmpCore:AltTextAccessibility",),
    "extended_description": ("XMP Iptc4xmpCore:ExtDescrAccessibility",),
    "prompt": ("PNG generation settings", "EXIF UserComment"),
    "negative_prompt": ("PNG generation settings", "EXIF UserComment"),
    "generator": ("PNG generation settings", "EXIF UserComment"),
    "keywords": (*PATH_SOURCES, *FLAT_SOURCES),
    "taken": (
        *("EXIF DateTimeOriginal", "XMP exif:DateTimeOriginal", "XMP photoshop:DateCreated"),
        *("IPTC DateCreated", "IPTC DigitalCreationDate", "EXIF DateTimeDigitized"),
        *("XMP exif:DateTimeDigitized", "XMP xmp:CreateDate", "PNG Creation Time"),
        "EXIF DateTime",
    ),
    "camera": ("EXIF Make", "EXIF Model", "XMP tiff:Make", "XMP tiff:Model"),
    "lens": ("EXIF LensModel", "XMP exifEX:LensModel", "XMP aux:Lens"),
    "focal_length": ("EXIF FocalLength", "XMP exif:FocalLength"),
    "aperture": ("EXIF FNumber", "XMP exif:FNumber"),
    "exposure_time": ("EXIF ExposureTime", "XMP exif:ExposureTime"),
    "iso": (
        *("EXIF PhotographicSensitivity", "XMP exifEX:PhotographicSensitivity"),
        "XMP exif:ISOSpeedRatings",
    ),
    "rating": (
        *("XMP xmp:Rating", "XMP MicrosoftPhoto:Rating", "EXIF Rating", "EXIF RatingPercent"),
    ),
    "color_label": ("XMP xmp:Label", "XMP digiKam:ColorLabel", "XMP darktable:colorlabels"),
    "creator": (
        *("XMP dc:creator", "IPTC By-line", "PNG Author", "EXIF Artist", "XMP tiff:Artist"),
        "EXIF XPAuthor",
    ),
    "credit": ("XMP photoshop:Credit", "IPTC Credit"),
    "copyright": (
        *("XMP dc:rights", "IPTC CopyrightNotice", "PNG Copyright", "EXIF Copyright"),
        "XMP tiff:Copyright",
    ),
    "latitude": ("EXIF GPSLatitude", "XMP exif:GPSLatitude"),
    "longitude": ("EXIF GPSLongitude", "XMP exif:GPSLongitude"),
    "altitude": ("EXIF GPSAltitude", "XMP exif:GPSAltitude"),
    "place": (
        *("XMP Iptc4xmpCore:Location", "IPTC Sublocation", "XMP photoshop:City", "IPTC City"),
        *("XMP photoshop:State", "IPTC Province-State", "XMP photoshop:Country", "IPTC Country"),
    ),
    "owner": ("EXIF CameraOwnerName", "XMP exifEX:CameraOwnerName", "XMP aux:OwnerName"),
    "serial": (
        *("EXIF BodySerialNumber", "XMP exifEX:BodySerialNumber", "XMP aux:SerialNumber"),
        *("EXIF CameraSerialNumber", "XMP MicrosoftPhoto:CameraSerialNumber"),
    ),
    "lens_serial": (
        *("EXIF LensSerialNumber", "XMP exifEX:LensSerialNumber", "XMP aux:LensSerialNumber"),
    ),
    "private_text": (),
}
"""Texts of any of these sources that reveal something private are read as `private_text`."""

WRITTEN_BY_CAMERA = frozenset(
    {"EXIF Artist", "EXIF XPAuthor", "XMP tiff:Artist", "EXIF Copyright", "XMP tiff:Copyright"}
)
"""Sources that are not read if they only repeat the owner's name."""
