"""Folders: stable natural order, nothing outside them, labels from class folders."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from imagedb_site.errors import SourceError
from imagedb_site.records import Problem
from imagedb_site.sources import PICTURE_SUFFIXES, gather, open_folder


def fill(root: Path, *keys: str) -> Path:
    for key in keys:
        path = root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(key.encode())
    return root


def keys(root: Path, **options: object) -> list[str]:
    return [record.key for record in open_folder(root, **options)]


def test_order_is_natural_and_the_same_every_time(tmp_path):
    fill(tmp_path, "b10.jpg", "b9.jpg", "B1.PNG", "a/z.webp", "a/10/x.gif", "a/9/x.gif", "é.jpeg")
    found = keys(tmp_path)
    assert found == ["a/9/x.gif", "a/10/x.gif", "a/z.webp", "B1.PNG", "b9.jpg", "b10.jpg", "é.jpeg"]
    assert keys(tmp_path) == found


def test_a_record_has_path_size_time_and_folder(tmp_path):
    fill(tmp_path, "trip/one.two.jpg", "top.jpg")
    os.utime(tmp_path / "top.jpg", ns=(5, 1_234_567_890_123_456_789))
    top, trip = open_folder(tmp_path)
    assert trip.fields == {"name": "one.two", "file": "trip/one.two.jpg", "folder": "trip"}
    assert top.fields == {"name": "top", "file": "top.jpg"}
    assert (top.picture.mtime_ns, top.picture.size) == (1_234_567_890_123_456_789, len("top.jpg"))
    assert top.picture.path.read_bytes() == b"top.jpg"


def test_only_pictures_and_nothing_hidden(tmp_path):
    fill(tmp_path, "a.jpg", "captions.jsonl", "a.txt", ".hidden.jpg", "._a.jpg", ".git/a.jpg")
    fill(tmp_path, "@eaDir/a.jpg", "__MACOSX/a.jpg", "b.PDF", "c.eps", "d.mp4", "noext")
    assert keys(tmp_path) == ["a.jpg"]


def test_formats_with_an_interpreter_are_left_alone():
    assert not PICTURE_SUFFIXES & {".eps", ".ps", ".pdf", ".wmf", ".emf", ".mpg"}
    assert {".jpg", ".heic", ".avif", ".svg", ".tif", ".webp", ".jp2"} <= PICTURE_SUFFIXES


def test_pictures_that_cannot_be_read_are_reported_unless_there_is_a_readable_version(tmp_path):
    fill(tmp_path, "1.CR2", "1.JPG", "2.nef", "3.eps", "4.jxl", "5.docx")
    problems: list[Problem] = []
    assert keys(tmp_path, problem=problems.append) == ["1.JPG"]
    assert [problem.key for problem in problems] == ["2.nef", "3.eps", "4.jxl"]
    assert "raw" in problems[0].reason


def test_excluded_folders_and_limit(tmp_path):
    fill(tmp_path, "a.jpg", "dist/b.jpg", "c.jpg", "d/e.jpg")
    assert keys(tmp_path, exclude=[tmp_path / "dist"]) == ["a.jpg", "c.jpg", "d/e.jpg"]
    assert keys(tmp_path, limit=2) == ["a.jpg", "c.jpg"]
    assert keys(tmp_path, limit=0) == []


def test_links_never_leave_the_folder_nor_loop(tmp_path):
    outside = fill(tmp_path / "outside", "secret.jpg", "deep/x.jpg")
    root = fill(tmp_path / "root", "real.jpg", "sub/x.jpg", ".annex/object")
    (root / "in.jpg").symlink_to(root / ".annex" / "object")
    (root / "out.jpg").symlink_to(outside / "secret.jpg")
    (root / "relative.jpg").symlink_to("../outside/secret.jpg")
    (root / "nowhere.jpg").symlink_to(root / "gone.jpg")
    (root / "self.jpg").symlink_to(root / "self.jpg")
    (root / "sub" / "loop").symlink_to(root)
    (root / "away").symlink_to(outside)
    problems: list[Problem] = []
    assert keys(root, problem=problems.append) == ["in.jpg", "real.jpg", "sub/x.jpg"]
    reasons = {problem.key: problem.reason for problem in problems}
    assert set(reasons) == {"out.jpg", "relative.jpg", "nowhere.jpg", "self.jpg", "away"}
    assert "outside the collection" in reasons["out.jpg"]
    assert "broken link" in reasons["nowhere.jpg"]


def test_a_linked_root_is_a_root(tmp_path):
    fill(tmp_path / "real", "a.jpg")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert keys(tmp_path / "link") == ["a.jpg"]


def test_a_file_that_is_not_regular_is_not_opened(tmp_path):
    fill(tmp_path, "a.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")
    problems: list[Problem] = []
    assert keys(tmp_path, problem=problems.append) == ["a.jpg"]
    assert problems == [Problem("pipe.jpg", "not a regular file")]


@pytest.mark.parametrize(
    "name",
    [
        "Screenshot 2024-05-01 at 3.04.05\u202fPM.png",
        "soft\u00adhyphen.jpg",
        "private \ue000\U0010fffd.jpg",
        "unassigned \u0378\U000e0fff \uffff.jpg",
        "line\nfeed\ttab\x1b[31m\x7f\x85.jpg",
        "turned \u202egpj.exe.jpg",
        "Ko\u1112\u1161\u11ab\u1100\u1173\u11af é.jpg",
        "con.jpg",
        'a<b>:"|?*\\c.jpg',
        "😀\u200d👩🏽.jpg",
        "e\u200c\ufe0f\ufeff.webp",
        " leading.jpg",
        "trailing .jpg",
        "spaces after.jpg  ",
        "dots after.jpg..",
        "mark after.jpg\u200e",
    ],
)
def test_every_name_is_taken_as_it_is(tmp_path, name):
    (tmp_path / name).write_bytes(b"x")
    [record] = open_folder(tmp_path, problem=pytest.fail)
    assert (record.key, record.picture.path) == (name, tmp_path / name)
    [gathered] = gather(tmp_path).records()
    assert gathered.picture.path.read_bytes() == b"x"


def test_names_that_are_not_text_have_escaped_keys(tmp_path):
    names = [b"b\xff.jpg", b"caf\xe9/x.jpg", b"\xed\xa0\x80.jpg", b"\x80\xc3\xa9.jpg"]
    names += ["b\ufffdFF.jpg".encode(), "b\ufffd.jpg".encode()]
    for at, name in enumerate(names):
        place = Path(os.fsdecode(os.fsencode(str(tmp_path)) + b"/" + name))
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(b"%d" % at)
    found = {record.picture.path.read_bytes(): record.key for record in gather(tmp_path).records()}
    assert {int(at): key for at, key in found.items()} == {
        0: "b\ufffdFF.jpg",
        1: "caf\ufffdE9/x.jpg",
        2: "\ufffdED\ufffdA0\ufffd80.jpg",
        3: "\ufffd80é.jpg",
        4: "b\ufffdEF\ufffdBF\ufffdBDFF.jpg",
        5: "b\ufffd.jpg",
    }
    assert keys(tmp_path) == list(gather(tmp_path)._listing)


def test_a_suffix_counts_without_what_follows_it_unseen(tmp_path):
    fill(tmp_path, "a.JPG ", "b.tar.jpg.", "c.txt.", "d.nef\u200b")
    problems: list[Problem] = []
    found = list(open_folder(tmp_path, problem=problems.append))
    assert [(one.key, one.fields["name"]) for one in found] == [
        ("a.JPG ", "a"),
        ("b.tar.jpg.", "b.tar"),
    ]
    assert [problem.key for problem in problems] == ["d.nef\u200b"]


def test_pictures_in_very_deep_folders_are_found(tmp_path):
    here = fill(tmp_path, f"{'d/' * 900}a.jpg")
    assert keys(here) == [f"{'d/' * 900}a.jpg"]


def test_folders_deeper_than_any_path_end(tmp_path):
    here = os.open(tmp_path, os.O_RDONLY)
    deep = here
    for _ in range(80):
        os.mkdir("d" * 60, dir_fd=deep)
        below = os.open("d" * 60, os.O_RDONLY, dir_fd=deep)
        if deep != here:
            os.close(deep)
        deep = below
    problems: list[Problem] = []
    assert keys(tmp_path, problem=problems.append) == []
    assert "too long" in problems[0].reason


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_folder_without_permission_is_a_problem(tmp_path):
    fill(tmp_path, "a.jpg", "shut/b.jpg")
    (tmp_path / "shut").chmod(0)
    problems: list[Problem] = []
    assert keys(tmp_path, problem=problems.append) == ["a.jpg"]
    (tmp_path / "shut").chmod(0o700)
    assert problems[0].key == "shut/"


def test_a_missing_or_empty_folder(tmp_path):
    with pytest.raises(SourceError, match="no folder"):
        gather(tmp_path / "gone")
    fill(tmp_path, "file.txt")
    with pytest.raises(SourceError, match="not a folder"):
        gather(tmp_path / "file.txt")
    with pytest.raises(SourceError, match=r"no picture in \S+\.$"):
        gather(tmp_path)


def test_a_folder_without_usable_files_says_why(tmp_path):
    fill(tmp_path, "elsewhere/1.jpg", "elsewhere/2.jpg")
    (tmp_path / "links").mkdir()
    for name in ("1.jpg", "2.jpg"):
        (tmp_path / "links" / name).symlink_to(tmp_path / "elsewhere" / name)
    with pytest.raises(SourceError, match=r"1\.jpg was left out: a link .* Others left out: 1\."):
        gather(tmp_path / "links")


def test_class_folders_give_labels(tmp_path):
    fill(tmp_path, "cat/1.jpg", "cat/2.jpg", "dog/1.jpg")
    gathered = gather(tmp_path)
    assert [record.fields["label"] for record in gathered.records()] == ["cat", "cat", "dog"]
    facets = {spec.name: spec.facet for spec in gathered.fields}
    assert facets["label"] and not facets["folder"]


def test_numbered_classes_lose_their_number(tmp_path):
    fill(tmp_path, "001.ak47/001_0001.jpg", "002.american-flag/002_0001.jpg")
    labels = [record.fields["label"] for record in gather(tmp_path).records()]
    assert labels == ["ak47", "american-flag"]


@pytest.mark.parametrize(
    "names", [("a/1.jpg", "1.jpg"), ("a/1.jpg", "a/2.jpg"), ("a/1.jpg", "b/c/1.jpg")]
)
def test_other_trees_have_no_labels(tmp_path, names):
    fill(tmp_path, *names)
    gathered = gather(tmp_path)
    records = list(gathered.records())
    assert len(records) == 2 and all("label" not in record.fields for record in records)
    assert "label" not in {spec.name for spec in gathered.fields}
    assert "folder" in {spec.name for spec in gathered.fields}


def test_progress_counts(tmp_path):
    fill(tmp_path, *(f"{i}.jpg" for i in range(300)))
    calls: list[tuple[str, int, int | None]] = []
    gather(tmp_path, progress=lambda *call: calls.append(call))
    assert calls[0] == ("gather", 256, None)
    assert calls[-1] == ("gather", 300, 300)
