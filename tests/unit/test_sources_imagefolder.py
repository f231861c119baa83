"""Folders as the library `datasets` lays them out: metadata files, splits and classes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from imagedb_site.errors import SourceError
from imagedb_site.sources.imagefolder import open_imagefolder


def pictures(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"picture")


def fields(root: Path) -> dict[str, dict[str, object]]:
    names = ("split", "label", "caption", "tags", "objects_categories")
    return {
        record.key: {name: record.fields[name] for name in names if name in record.fields}
        for record in open_imagefolder(root).records()
    }


def test_metadata_of_each_folder_is_for_its_own_pictures(tmp_path):
    pictures(tmp_path, "train/1.png", "train/sub/2.png", "test/1.png")
    (tmp_path / "train" / "metadata.csv").write_text(
        "file_name,caption\n1.png,One of the training pictures\nsub/2.png,Two\n"
    )
    (tmp_path / "test" / "metadata.jsonl").write_text(
        json.dumps(
            {
                "file_name": "1.png",
                "caption": "One of the test",
                "objects": {"categories": ["a", "b"]},
            }
        )
    )
    source = open_imagefolder(tmp_path)
    assert (source.name, len(source), source.problems) == ("imagefolder", 3, [])
    assert fields(tmp_path) == {
        "test/1.png": {
            "split": "test",
            "caption": "One of the test",
            "objects_categories": ["a", "b"],
        },
        "train/1.png": {"split": "train", "caption": "One of the training pictures"},
        "train/sub/2.png": {"split": "train", "caption": "Two"},
    }
    assert {spec.name for spec in source.fields} >= {"split", "caption"}


def test_classes_with_and_without_splits(tmp_path):
    pictures(tmp_path / "plain", "cat/1.png", "dog/1.png")
    assert fields(tmp_path / "plain") == {
        "cat/1.png": {"label": "cat"},
        "dog/1.png": {"label": "dog"},
    }
    pictures(tmp_path / "split", "train/cat/1.png", "train/dog/1.png", "val/cat/2.png")
    assert fields(tmp_path / "split") == {
        "train/cat/1.png": {"split": "train", "label": "cat"},
        "train/dog/1.png": {"split": "train", "label": "dog"},
        "val/cat/2.png": {"split": "validation", "label": "cat"},
    }


def test_a_column_of_the_metadata_wins_over_the_folders(tmp_path):
    pictures(tmp_path, "train/a/1.png", "train/b/2.png")
    (tmp_path / "train" / "metadata.csv").write_text(
        "file_name,label,split\na/1.png,x,mine\nb/2.png,x,mine\n"
    )
    assert {(one["label"], one["split"]) for one in fields(tmp_path).values()} == {("x", "mine")}


def test_a_row_without_its_picture_is_reported(tmp_path):
    pictures(tmp_path, "1.png")
    (tmp_path / "metadata.csv").write_text("file_name,caption\n1.png,One\n2.png,Two\n")
    source = open_imagefolder(tmp_path)
    assert len(source) == 1
    assert [problem.key for problem in source.problems] == ["2.png"]


def test_what_is_not_a_folder_with_pictures(tmp_path):
    (tmp_path / "metadata.csv").write_text("file_name,caption\n1.png,One\n")
    with pytest.raises(SourceError, match="no picture"):
        open_imagefolder(tmp_path)
    with pytest.raises(SourceError, match="is not a folder"):
        open_imagefolder(tmp_path / "metadata.csv")
