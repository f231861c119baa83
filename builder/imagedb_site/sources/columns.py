"""What the name of a table's column says: its field, and uses that its values alone do not show."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterable, Iterator

from imagedb_site import fts
from imagedb_site.objects import OBJECT, PAGE

RESERVED = fts.RESERVED | frozenset(
    ["file", "height", "id", "image_id", "key", "path", "row", "width"]
)
"""Names that the format, full text or the query language use; such a column becomes
`meta_<name>`."""

MAX_COLUMNS = 500
_MAX_NAME = 63

_KEY_COLUMNS = (
    "source_file file filename file_name filepath file_path path image image_name image_path image_file img "
    "picture photo datei dateiname dateipfad pfad bild bilddatei bildname foto fichier nom_du_fichier "
    "archivo nombre_de_archivo imagen immagine nome_file bestand bestandsnaam afbeelding name key id"
)
KEY_COLUMNS = tuple(_KEY_COLUMNS.split())
"""Columns that may have the file names, best first; they are compared as field names."""

_TAG_COLUMNS = (
    "categories genres keyword keywords label_list labels subject subjects tag tags tag_list xp_keywords "
    "last_keyword_xmp last_keyword_iptc hierarchical_subject hierarchical_keywords tags_list person_in_image "
    "people persons personen schlagworter schlagworte stichworter stichworte schlagwort stichwort "
    "kategorien themen mots_cles mot_cle motscles etiquettes palabras_clave etiquetas parole_chiave "
    "etichette trefwoorden labels_list"
)
TAG_COLUMNS = frozenset(_TAG_COLUMNS.split())
"""Columns whose values are lists of tags, separated by `;`, `|` or commas."""

PATH_TAGS = {"hierarchical_subject": "|", "hierarchical_keywords": "|", "tags_list": "/"}
"""Columns of programs whose tags are paths, with what separates the parts of a path."""

_TEXT_COLUMNS = (
    "bildbeschreibung bildinhalt bildtitel inhalt "
    "alt alt_text beschreibung bemerkung bemerkungen beschriftung bildtext bildunterschrift caption "
    "caption_abstract captions comment comments content description descriptions didascalia descripcion "
    "descrizione headline image_description kommentar legende leyenda note notes notiz notizen prompt "
    "remark remarks summary text title titel titolo titre titulo transcript user_comment xp_comment "
    "xp_title"
)
TEXT_COLUMNS = frozenset(_TEXT_COLUMNS.split())
"""Columns of sentences: a `;` in them never separates tags."""

_DATE_COLUMNS = (
    "aufgenommen aufnahme aufnahmedatum create_date created created_at data_scatto date date_created "
    "date_de_prise_de_vue date_taken date_time date_time_original datetime dated datum datering datierung "
    "entstanden fecha gemaakt modified photo_date seen taken taken_at taken_on "
    "timestamp zeit zeitpunkt"
)
DATE_COLUMNS = frozenset(_DATE_COLUMNS.split())
"""Columns whose whole numbers are years."""

_CODE_COLUMNS = (
    "barcode body_serial_number camera_serial_number ean gtin internal_serial_number inventarnummer "
    "inventory_number isbn issn lens_serial_number phone plz post_code postal_code postcode postleitzahl "
    "serial serial_number seriennummer signatur sku tel telefon telephone upc zip zip_code zipcode object"
)
CODE_COLUMNS = frozenset(_CODE_COLUMNS.split())
"""Columns whose digits are names, not amounts."""


def names_pages(name: str) -> bool:
    """Whether the field names an object or one of its pages (docs/FORMAT.md 2.19): each value is one name."""
    return name in (OBJECT, PAGE)


def has_tags(name: str) -> bool:
    """Whether the field name `name` says that the values are tags, such as `tags_en`."""
    return name in TAG_COLUMNS or not {"tags", "keywords"}.isdisjoint(name.split("_"))


def has_sentences(name: str) -> bool:
    """Whether the field name `name` says that the values are texts, such as `caption_en`."""
    first, *_, last = name.split("_") * 2
    return not has_tags(name) and not TEXT_COLUMNS.isdisjoint((name, first, last))


_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NOT_NAME = re.compile(r"[^a-z0-9]+")
_FAMILY = re.compile(
    r"(?:\[[A-Za-z0-9 -]+\]\s*|(?:exif|iptc|xmp(?:-\w+)?|gps|file|system|composite|makernotes|ifd\d|exififd|"
    r"photoshop|icc_profile|jfif|png|quicktime):)+",
    re.IGNORECASE,
)
"""What exiftool puts before a name with -G: `EXIF:`, `[XMP-dc]`."""


def field_name(label: str, at: int) -> str:
    """Returns the field's name for a column called `label`: `ImageWidth` → `image_width`.

    `at`, the column's position, names a column that has no Latin letter or digit.
    """
    label = label[:1000]
    plain = _FAMILY.sub("", label, count=1) or label
    plain = unicodedata.normalize("NFKD", plain.replace("ß", "ss"))
    plain = plain.encode("ascii", "ignore").decode()
    name = _NOT_NAME.sub("_", _WORD_START.sub("_", plain).lower()).strip("_")
    if not name:
        name = f"column_{at + 1}"
    if not name[0].isalpha():
        name = f"n_{name}"
    return f"meta_{name}"[:_MAX_NAME] if name in RESERVED else name[:_MAX_NAME].rstrip("_")


def free_name(name: str, taken: Container[str]) -> str:
    """Returns `name`, with a number if it is `taken`."""
    free = name
    number = 1
    while free in taken:
        number += 1
        free = f"{name[: _MAX_NAME - len(str(number)) - 1]}_{number}"
    return free


def headers(cells: Iterable[str]) -> Iterator[str]:
    """Yields the labels of a header row; a label that was there already gets a number, "" stays."""
    taken: set[str] = set()
    for cell in cells:
        label = base = " ".join(cell.replace("\ufeff", "").replace("\0", "").split())
        number = 1
        while label and label in taken:
            number += 1
            label = f"{base} {number}"
        taken.add(label)
        yield label


def letters(at: int) -> str:
    """Returns the letters that spreadsheet programs give to column number `at`, from 0: A, B, …, AA."""
    name = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        name = chr(65 + rest) + name
    return name
