"""The fields that metadata may give, and which of them are private."""

from __future__ import annotations

from imagedb_site.records import FieldSpec

METADATA_FIELDS: list[FieldSpec] = [
    FieldSpec("title", "Title", "text", fts=True),
    FieldSpec("headline", "Headline", "text", fts=True),
    FieldSpec("description", "Description", "text", fts=True),
    FieldSpec("comment", "Comment", "text", fts=True),
    FieldSpec("alt_text", "Alternative text", "text", fts=True),
    FieldSpec("extended_description", "Extended description", "text", fts=True),
    FieldSpec("prompt", "Prompt", "text", fts=True),
    # Its words name what was not wanted: they must not find the picture.
    FieldSpec("negative_prompt", "Negative prompt", "text"),
    FieldSpec("generator", "Generator", "category", fts=True, facet=True, column=True),
    FieldSpec("keywords", "Keywords", "tags", fts=True, facet=True, column=True, separator="|"),
    FieldSpec("taken", "Taken", "date", facet=True, column=True),
    FieldSpec("camera", "Camera", "category", fts=True, facet=True, column=True),
    FieldSpec("lens", "Lens", "category", fts=True, facet=True, column=True),
    FieldSpec("focal_length", "Focal length", "number", facet=True, column=True, unit="mm"),
    FieldSpec("aperture", "Aperture", "number", facet=True, column=True, unit="f/"),
    FieldSpec("exposure_time", "Exposure time", "number", facet=True, column=True, unit="s"),
    FieldSpec("iso", "ISO", "number", facet=True, column=True),
    FieldSpec("rating", "Rating", "number", facet=True, column=True),
    FieldSpec("color_label", "Colour label", "category", fts=True, facet=True, column=True),
    FieldSpec("creator", "Creator", "category", fts=True, facet=True, column=True),
    FieldSpec("credit", "Credit", "text", fts=True),
    FieldSpec("copyright", "Copyright", "text", fts=True),
    FieldSpec("latitude", "Latitude", "number", column=True, unit="°"),
    FieldSpec("longitude", "Longitude", "number", column=True, unit="°"),
    FieldSpec("altitude", "Altitude", "number", column=True, unit="m"),
    FieldSpec("place", "Place", "tags", fts=True, facet=True, column=True),
    FieldSpec("owner", "Owner", "text"),
    FieldSpec("serial", "Serial number", "text"),
    FieldSpec("lens_serial", "Lens serial number", "text"),
    FieldSpec("private_text", "Private text", "text"),
]
"""The fields `read_metadata` may give, in the order they are shown in."""

PRIVATE_FIELDS = frozenset(
    {
        *("latitude", "longitude", "altitude", "place"),
        *("owner", "serial", "lens_serial", "private_text"),
    }
)
"""Fields that reveal where or who somebody is; published only if the owner asks for it."""
