"""XMP sidecars: which picture they belong to, and which are named because they belong to none."""

from __future__ import annotations

from pathlib import Path

import pytest

from imagedb_site.records import Problem
from imagedb_site.sources import gather, open_folder


def fill(root: Path, *keys: str) -> Path:
    for key in keys:
        path = root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(key.encode())
    return root


def sidecars(root: Path, **options: object) -> dict[str, tuple[str, ...]]:
    return {record.key: record.xmp for record in open_folder(root, **options)}


@pytest.mark.parametrize(
    ("files", "of"),
    [
        # Lightroom and Bridge write `a.xmp`, darktable and digiKam `a.jpg.xmp`, Windows tools upper case.
        (["a.jpg", "a.xmp"], ("a.xmp",)),
        (["a.jpg", "a.jpg.xmp"], ("a.jpg.xmp",)),
        (["a.jpg", "a.XMP"], ("a.XMP",)),
        (["a.jpg", "a.jpg.Xmp", "a.xmp"], ("a.xmp", "a.jpg.Xmp")),
        (["a.jpg", "A.XMP"], ("A.XMP",)),
        (["a.jpg", "A.xmp", "a.xmp"], ("a.xmp",)),
        (["a.jpg", "a.jpeg.xmp", "a.jpeg"], ()),
        (["a.jpg", "b.xmp", "b.png"], ()),
        (["a.jpg", "a.xmp/inside"], ()),
        (["a.jpg", ".a.xmp"], ()),
    ],
)
def test_a_sidecar_belongs_to_the_picture_it_is_named_after(tmp_path, files, of):
    assert sidecars(fill(tmp_path, *files))["a.jpg"] == of


def test_one_sidecar_may_belong_to_several_pictures_of_its_folder_only(tmp_path):
    fill(tmp_path, "a.jpg", "a.PNG", "a.xmp", "b/a.jpg", "c/a.jpg", "c/a.jpg.xmp")
    assert sidecars(tmp_path) == {
        "b/a.jpg": (),
        "c/a.jpg": ("a.jpg.xmp",),
        "a.jpg": ("a.xmp",),
        "a.PNG": ("a.xmp",),
    }


def test_names_are_compared_in_one_unicode_form(tmp_path):
    fill(tmp_path, "Cafe\u0301.jpg", "Caf\u00e9.xmp", "한글.webp", "\u1112\u1161\u11ab글.webp.xmp")
    found = sidecars(tmp_path)
    assert found["Cafe\u0301.jpg"] == ("Caf\u00e9.xmp",)
    assert found["한글.webp"] == ("\u1112\u1161\u11ab글.webp.xmp",)


def test_a_sidecar_without_any_file_is_named_once(tmp_path):
    fill(
        tmp_path,
        "a.jpg",
        "gone.xmp",
        "b/lost.tif.xmp",
        "film.mp4",
        "film.xmp",
        "r.nef",
        "r.nef.xmp",
    )
    problems: list[Problem] = []
    list(open_folder(tmp_path, problem=problems.append))
    reasons = {one.key: one.reason for one in problems}
    assert set(reasons) == {"gone.xmp", "b/lost.tif.xmp", "r.nef"}
    assert reasons["gone.xmp"] == "an XMP sidecar without a picture"


def test_a_sidecar_outside_the_collection_is_not_read(tmp_path):
    inside = tmp_path / "in"
    fill(inside, "a.jpg", "b.jpg", "real.jpg", "real.xmp")
    (tmp_path / "secret.xmp").write_text("secret")
    (inside / "a.xmp").symlink_to(tmp_path / "secret.xmp")
    (inside / "b.xmp").symlink_to(inside / "real.xmp")
    problems: list[Problem] = []
    found = sidecars(inside, problem=problems.append)
    assert found == {"a.jpg": (), "b.jpg": ("b.xmp",), "real.jpg": ("real.xmp",)}
    assert problems == [Problem("a.xmp", "a link to a file outside the collection")]


def test_excluded_sidecars_are_not_used(tmp_path):
    fill(tmp_path, "a.jpg", "a.xmp", "b.jpg", "b.xmp")
    found = sidecars(tmp_path, exclude=[tmp_path / "a.xmp"])
    assert found == {"a.jpg": (), "b.jpg": ("b.xmp",)}


def test_the_listing_keeps_them_for_each_picture(tmp_path):
    fill(tmp_path, "a.jpg", "b.jpg", "b.xmp", "b.jpg.xmp", "ü.jpg", "ü.xmp")
    source = gather(tmp_path)
    for _ in range(2):
        assert [record.xmp for record in source.records()] == [
            (),
            ("b.xmp", "b.jpg.xmp"),
            ("ü.xmp",),
        ]
