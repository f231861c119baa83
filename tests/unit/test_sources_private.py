"""Which columns of a table are private, in the words of exiftool, of programs and of people."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from table_samples import load

from imagedb_site.sources import gather
from imagedb_site.sources.private_columns import private_labels

_EXIFTOOL = """
GPSLatitude GPSLongitude GPSPosition GPSAltitude GPSDateStamp GPSMapDatum EXIF:GPSLatitudeRef
Composite:GPSPosition [GPS]GPSLatitude SerialNumber InternalSerialNumber LensSerialNumber BodySerialNumber
CameraSerialNumber XMP-aux:SerialNumber OwnerName CameraOwnerName Owner CanonOwnerName GeolocationPosition
"""
_PROGRAMS = """
latitude longitude lat lon lng geo geo_point coordinates coords location.latitude Lat/Lon altitude
location_lat exif_gps_latitude serial_number camera_serial lens_serial owner owner_name photo_lat geohash
geotag what3words
"""
EXIFTOOL, PROGRAMS = _EXIFTOOL.split(), _PROGRAMS.split()
PEOPLE = [
    *("Breitengrad", "Längengrad", "Koordinaten", "Seehöhe", "Seriennummer", "Kamera-Seriennummer"),
    *("Besitzer", "Eigentümer", "Coordonnées GPS", "Numéro de série", "Propriétaire", "Latitud"),
    *("Coordenadas", "Número de serie", "Propietario", "Latitudine", "Coordinate", "Breedtegraad"),
    *(
        "緯度",
        "经度",
        "座標",
        "序列号",
        "シリアル番号",
        "위도",
        "широта",
        "Координаты",
        "серийный номер",
    ),
]
PUBLISHED = [
    *(
        "file",
        "caption",
        "Artist",
        "Creator",
        "Photographer",
        "Location",
        "City",
        "Place",
        "Ort",
        "Altar",
    ),
    *(
        "Copyright Owner",
        "CopyrightOwnerName",
        "Rights owner",
        "Series",
        "Geology",
        "Geography",
        "Longevity",
    ),
    *(
        "Platform",
        "Long",
        "Breite",
        "Länge",
        "Höhe",
        "Alt",
        "alt text",
        "Flat",
        "Salon",
        "Template",
    ),
    *(
        "Colon",
        "Elongation",
        "題名",
        "🐱",
        "",
        "Position",
        "Lens",
        "Camera",
        "Software",
        "Ownership year",
    ),
]


@pytest.mark.parametrize(
    "labels", [EXIFTOOL, PROGRAMS, PEOPLE], ids=["exiftool", "programs", "people"]
)
def test_private_names(labels: list[str]) -> None:
    assert private_labels(labels) == set(labels)
    assert private_labels([label.upper() for label in labels if " " in label or "_" in label]) == {
        label.upper() for label in labels if " " in label or "_" in label
    }


def test_names_that_are_published() -> None:
    assert private_labels(PUBLISHED) == frozenset()
    # Beside a latitude, "long" is a longitude.
    assert private_labels(["lat", "Long", "Longitudinal"]) == {"lat", "Long"}


@pytest.mark.parametrize(
    ("name", "data"),
    [
        (
            "t.csv",
            "SourceFile,GPSPosition,Artist\na.jpg,\"48 deg 12' N, 16 deg 22' E\",Ann Example\n",
        ),
        ("t.tsv", "Datei\tBreitengrad\tFotograf\na.jpg\t48,2\tAnn Example\n"),
        ("t.json", json.dumps([{"file": "a.jpg", "location": {"lat": 48.2}, "creator": "Ann"}])),
    ],
)
def test_private_fields_of_a_source(tmp_path: Path, name: str, data: str) -> None:
    (tmp_path / "a.jpg").write_bytes(b"x")
    source = gather(tmp_path, [load(tmp_path, data, name)])
    fields = {spec.name for spec in source.fields}
    assert len(source.private) == 1 and source.private < fields
    assert fields - source.private & {"artist", "fotograf", "creator"}
