"""`check --privacy` finds what a site reveals, and nothing in a site that was built with the defaults."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from PIL import Image
from site_samples import sample_input

import imagedb_site.site.writer
from imagedb_site.check import PrivacyReport, check_site
from imagedb_site.pictures import is_private_value, metadata_blocks, revealed, strip_private, traces
from imagedb_site.site import write_site
from soak import _secrets, privacy


def reveals_of(site: Path) -> PrivacyReport:
    report = check_site(site, privacy=True)
    assert report.whole and report.privacy is not None
    assert report.ok is (report.privacy.leak_count == 0)
    return report.privacy


def test_secrets_in_every_place_stay_private(tmp_path: Path) -> None:
    """The quick form of `make soak ARGS=privacy`."""
    site, secrets = privacy.make(tmp_path, 1)
    assert len(secrets.known) > 250
    assert len(list((site / "originals").iterdir())) == 6
    assert privacy.found(site, secrets) == []
    report = reveals_of(site)
    assert report.leaks == ()
    assert report.originals == 6 and report.original_metadata == {"EXIF": 6}
    assert {"Caption", "Camera", "Folder"} <= {field.label for field in report.fields}
    caption = next(field for field in report.fields if field.label == "Caption")
    assert (caption.count, caption.example) == (11, "A walk with a dog")


def test_the_same_secrets_are_found_if_they_are_published(tmp_path: Path) -> None:
    site, secrets = privacy.make(tmp_path, 2, publish_location=True)
    leaks = privacy.found(site, secrets)
    missed = {place for word, place in secrets.known.items() if not any(word in x for x in leaks)}
    assert missed <= {
        "the place of the collection",
        "sidecar XMP instructions",
        "path in sidecar XMP other",
    }
    report = reveals_of(site)
    kinds = {leak.kind for leak in report.leaks}
    assert kinds >= {"position", "serial number", "owner", "path", "hidden data", "private field"}
    for path in site.glob("originals/*"):
        assert any(leak.file == f"originals/{path.name}" for leak in report.leaks), path
    lines = "\n".join(report.lines())
    assert (
        "private: manifest.json: private field in the field “GPSLatitude” of 11 images: “47.28"
        in lines
    )


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("/home/ann/a.jpg", "path"),
        ("see C:\\Users\\Ann\\a.jpg", "path"),
        ("D:/Photos/2020", "path"),
        ("\\\\nas\\photos\\a.jpg", "path"),
        ("file:///Users/ann/a.jpg", "path"),
        ("Serial number: 4411223", "serial number"),
        ("48.858370, 2.294481", "position"),
        ("mail ann@example.org", "e-mail"),
    ],
)
def test_what_a_text_reveals(text: str, kind: str) -> None:
    assert [found for found, _ in revealed(text)] == [kind]


@pytest.mark.parametrize(
    "text",
    ["and/or", "https://example.org/home/page", "/about", "10:30", "a / b", "ratio 3:2/4:3", "1/125 s",
     "C: a letter", "at home/work", "http://x.org/~ann/Users/a"],
)  # fmt: skip
def test_texts_that_reveal_nothing(text: str) -> None:
    assert revealed(text) == [] and not is_private_value(text)


def test_a_path_in_a_sentence_is_not_a_value_that_is_a_path() -> None:
    assert is_private_value(" /home/ann/My pictures/a.jpg")
    for position in (
        "47.2819, 11.5327",
        "(-47.2819,-111.5327)",
        "48 deg 12' 3.2\" N, 16 deg 22' 1\" E",
        "48° 12′ N 16° 22′ E",
    ):
        assert is_private_value(position)
    for value in ("1.5, 2.5", "3.14159", "12,345", "50 mm", "1920 x 1080", "48.5 N"):
        assert not is_private_value(value)
    assert not is_private_value("We store them in /home/ann/a.jpg.")
    assert not is_private_value(3)


def test_originals_without_what_stands_beside_the_pixels(tmp_path: Path) -> None:
    import random

    secrets = _secrets.Secrets(random.Random(3))
    for name, data in (
        ("a.jpg", _secrets.jpeg(secrets, 3)),
        ("a.png", _secrets.png(secrets, 3)),
        ("a.webp", _secrets.webp(secrets, 3)),
    ):
        (tmp_path / name).write_bytes(data)
        assert traces(data)
        cleaned = strip_private(tmp_path / name)
        assert cleaned is not None and traces(cleaned) == []
        assert [block for block, _ in metadata_blocks(cleaned)] == ["EXIF"]
        with Image.open(io.BytesIO(cleaned)) as after, Image.open(tmp_path / name) as before:
            assert after.convert("RGB").tobytes() == before.convert("RGB").tobytes()


def test_a_profile_that_names_a_device_keeps_an_original_unpublished(tmp_path: Path) -> None:
    profile = b"\0" * 128 + b"desc Scanner, serial number: 4711223 \0"
    for name in ("a.jpg", "a.png", "a.webp"):
        Image.new("RGB", (9, 9)).save(tmp_path / name, icc_profile=profile)
        assert strip_private(tmp_path / name) is None
        assert [trace.kind for trace in traces((tmp_path / name).read_bytes())] == ["serial number"]


def test_metadata_in_a_view_is_found(tmp_path: Path) -> None:
    stream = io.BytesIO()
    Image.new("RGB", (20, 10)).save(stream, "WEBP", xmp=b"<x/>")
    made = sample_input(3)
    import dataclasses

    made = dataclasses.replace(made, thumbnail=lambda row: stream.getvalue())
    write_site(made, tmp_path / "site")
    privacy_check = _only_privacy(tmp_path / "site")
    assert {(leak.kind, leak.place) for leak in privacy_check.leaks} == {("metadata", "XMP")}


def _only_privacy(site: Path) -> PrivacyReport:
    """The privacy report of a site that has no pages."""
    from imagedb_site.check.privacy import PrivacyCheck
    from imagedb_site.reader import open_site

    check = PrivacyCheck()
    for path in sorted(site.rglob("*")):
        if path.is_file():
            check.look(path.relative_to(site).as_posix(), path)
    with open_site(site) as opened:
        return check.report(opened)


def test_what_a_removed_picture_left_in_index_words_and_columns_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Leaky(imagedb_site.site.writer.TermTable):
        def add(self, texts):  # type: ignore[no-untyped-def]
            super().add([f"{text} forgotten" for text in texts])

    monkeypatch.setattr(imagedb_site.site.writer, "TermTable", Leaky)
    write_site(sample_input(5), tmp_path / "site")
    leaks = _only_privacy(tmp_path / "site").leaks
    assert [(leak.kind, leak.place, leak.text) for leak in leaks if leak.kind == "left over"] == [
        ("left over", "the full-text index", "forgotten")
    ]


def test_the_report_as_json(tmp_path: Path) -> None:
    site, _ = privacy.make(tmp_path, 4)
    found = json.loads(json.dumps(check_site(site, privacy=True).to_json()))
    assert found["privacy"]["leak_count"] == 0 and found["ok"] is True
