"""`build --from KIND`: sites of data sets, those with pictures."""

from __future__ import annotations

import tarfile

from imagedb_site.reader import open_site

from .conftest import Cli, draw, tree
from .data_set_builds import documents, run


def test_pictures_inside_tar_files_are_published(tmp_path):
    shards = tmp_path / "shards"
    shards.mkdir()
    for number in range(2):
        with tarfile.open(shards / f"{number}.tar", "w") as archive:
            for at in range(3):
                draw(tmp_path / "p" / f"{at}.jpg", 3 * number + at)
                archive.add(tmp_path / "p" / f"{at}.jpg", f"{at}.jpg")
                (tmp_path / "p" / "t.txt").write_text(f"Caption {number} {at}")
                archive.add(tmp_path / "p" / "t.txt", f"{at}.txt")
    report = run(tmp_path, "webdataset", shards)
    assert (report.count, report.problems) == (6, [])
    found = documents(tmp_path)
    assert found["1.tar/2.jpg"]["fields"]["caption"] == "Caption 1 2"
    assert (found["1.tar/2.jpg"]["width"], found["1.tar/2.jpg"]["height"]) == (400, 300)
    with open_site(tmp_path / "site") as site:
        assert all(site.thumbnail(row) for row in range(6))
        assert site.manifest.source == "webdataset"
        assert len({site.document(row)["id"] for row in range(6)}) == 6
    before = tree(tmp_path / "site")
    assert run(tmp_path, "webdataset", shards).derived == 0
    assert tree(tmp_path / "site") == before


def test_an_image_folder_with_splits(tmp_path):
    root = tmp_path / "set"
    for number, name in enumerate(("train/cat/1.jpg", "train/dog/1.jpg", "test/cat/1.jpg")):
        draw(root / name, number)
    (root / "train" / "metadata.csv").write_text("file_name,caption\ncat/1.jpg,The first of them\n")
    report = run(tmp_path, "imagefolder", root)
    assert (report.count, report.problems) == (3, [])
    fields = documents(tmp_path)["train/cat/1.jpg"]["fields"]
    assert (fields["split"], fields["label"], fields["caption"]) == (
        "train",
        "cat",
        "The first of them",
    )


def test_options_that_a_kind_does_not_have(tmp_path, cli: Cli):
    table = tmp_path / "t.csv"
    table.write_text("id,title\na,One\n")
    for arguments in (
        ["--from", "danbooru", table, "--key", "id"],
        ["--from", "table", table, "--metadata", table],
        ["--from", "nothing", table],
        [table, "--key", "id"],
    ):
        done = cli("build", *arguments, "-q")
        assert done.returncode == 2, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
    done = cli("build", "--from", "table", tmp_path / "none.csv", "-q")
    assert done.returncode == 3
    assert "none.csv" in done.stderr
