"""Dates of files and tables, as a user builds and searches them: each keeps the precision it has."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from .conftest import Cli, draw

# The date of the photograph in EXIF, a second one, what is stored, and queries that find it or do not.
TAKEN = {
    "year.jpg": ("1993:  :     :  :  ", None, "1993"),
    "month.jpg": ("1993:05:00 00:00:00", None, "1993-05"),
    "moment.jpg": ("1993:05:12 10:30:05", None, "1993-05-12T10:30:05"),
    "old.jpg": ("1745:03:01 00:00:00", None, "1745-03-01T00:00:00"),
    "second.jpg": ("0000:00:00 00:00:00", "2001:02:03 04:05:06", "2001-02-03T04:05:06"),
    "none.jpg": ("    :  :     :  :  ", "0000:00:00 00:00:00", None),
}
PRINTED = {
    "year.jpg": ("13/4/2019", "2019-04-13"),
    "month.jpg": ("24/12/2019 15:30", "2019-12-24T15:30"),
    "moment.jpg": ("24.12.2019", "2019-12-24"),
    "old.jpg": ("May 1890", "1890-05"),
    "second.jpg": ("c. 1890", "1890"),
}


@pytest.fixture
def dated(tmp_path: Path) -> Path:
    for number, (name, (first, second, _)) in enumerate(TAKEN.items()):
        file = tmp_path / "pictures" / name
        draw(file, number)
        exif = Image.Exif()
        exif.get_ifd(0x8769).update({0x9003: first} | ({0x9004: second} if second else {}))
        Image.open(file).save(file, exif=exif.tobytes())
    lines = [f'{name},"{text}"' for name, (text, _) in PRINTED.items()]
    (tmp_path / "table.csv").write_text("\n".join(["file,printed", *lines]) + "\n", "utf-8")
    return tmp_path / "pictures"


def test_dates_keep_their_precision(cli: Cli, dated: Path, tmp_path: Path) -> None:
    build = ("build", dated, "--model", "none", "--metadata", tmp_path / "table.csv", "-q")
    cli(*build, check=True)
    cli("check", "dist", check=True)

    def found(query: str, place: str) -> dict[str, dict[str, str]]:
        answer = cli("search", query, "--in", place, "--json", check=True).stdout
        results = json.loads(answer)["results"]
        return {result["path"]: result["fields"] for result in results}

    for place in ("dist", "dist.library"):
        everything = found("width>0", place)
        assert {name: fields.get("taken") for name, fields in everything.items()} == {
            name: stored for name, (_, _, stored) in TAKEN.items()
        }
        assert {
            name: fields["printed"] for name, fields in everything.items() if "printed" in fields
        } == {name: stored for name, (_, stored) in PRINTED.items()}
        assert list(found("sort:taken", place))[:4] == [
            "old.jpg",
            "year.jpg",
            "month.jpg",
            "moment.jpg",
        ]
        assert set(found("taken:1993", place)) == {"year.jpg", "month.jpg", "moment.jpg"}
        assert set(found("taken:1993-06", place)) == {"year.jpg"}
        assert set(found("taken<1826", place)) == {"old.jpg"}
        assert set(found("taken>1993", place)) == {"second.jpg"}
        assert set(found("printed:2019-12-24", place)) == {"month.jpg", "moment.jpg"}
        assert set(found("printed:1890-06", place)) == {"second.jpg"}
    # The default order is newest first; what has no date comes last.
    ordered = list(found("", "dist"))
    assert (ordered[0], ordered[-1]) == ("second.jpg", "none.jpg")
