"""The table of numbered tags: written in blocks, read block by block, refused if it is damaged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from imagedb_site.container import FileEntry, canonical_json
from imagedb_site.errors import FormatError
from imagedb_site.reader import open_site
from imagedb_site.reader.tags import NumberedTag, TagTable, decode_tags
from imagedb_site.site.storage import SiteFiles
from imagedb_site.site.tags import write_tags
from imagedb_site.site.target import FolderTarget

GOLDEN = Path(__file__).parents[1] / "golden"


def test_the_golden_site_has_the_tags_that_were_given():
    expected = json.loads((GOLDEN / "site-tiny.json").read_text(encoding="utf-8"))["tags"]
    with open_site(GOLDEN / "site-tiny") as site:
        table = site.tags
        assert table is not None and len(table) == len(expected) > 6
        assert [[one.id, one.name, one.field, one.count] for one in table] == expected
        for number, name, field, count in expected:
            assert table.get(number) == NumberedTag(number, name, field, count)
        assert table.get(0) is table.get(4) is table.get(1 << 40) is None
        assert site.manifest.source == "table"


def test_blocks_are_as_long_as_asked_and_only_the_needed_one_is_read(tmp_path):
    files = SiteFiles(FolderTarget(tmp_path))
    tags = [(5 * number, f"tag {number}", "tags", number + 1) for number in range(1, 11)]
    value = write_tags(files, iter(tags), 4)
    assert value is not None and value["index"] is True
    entry = FileEntry(value["path"], value["bytes"], value["raw_bytes"], value["sha256"], True)
    read: list[str] = []

    def load(one: FileEntry) -> bytes:
        import gzip

        read.append(one.path)
        data = (tmp_path / one.path).read_bytes()
        return gzip.decompress(data) if one.size != one.raw_size else data

    table = TagTable(entry, load)
    assert table.get(25) == NumberedTag(25, "tag 5", "tags", 6)
    assert len(read) == 2
    assert [(one.id, one.name, one.field, one.count) for one in table] == tags
    assert len(set(read)) == 4


def test_a_source_without_numbered_tags_has_no_table(tmp_path):
    assert write_tags(SiteFiles(FolderTarget(tmp_path)), [], 4) is None


def test_numbers_must_rise(tmp_path):
    with pytest.raises(FormatError, match="does not come after"):
        write_tags(SiteFiles(FolderTarget(tmp_path)), [(2, "a", "tags", 1), (2, "b", "tags", 1)], 4)


@pytest.mark.parametrize(
    "wrong",
    [{}, [1], [[1, "a", "tags"]], [[1, 2, "tags", 1]], [[-1, "a", "tags", 1]], [[1, "a", "tags", True]],
     [[2, "a", "tags", 1], [1, "b", "tags", 1]], [[1.5, "a", "tags", 1]]],
)  # fmt: skip
def test_a_damaged_block_is_refused(wrong):
    with pytest.raises(FormatError):
        decode_tags(canonical_json(wrong), "data/tags.bin")


def test_a_damaged_index_is_refused():
    entry = FileEntry("data/tags-index.bin", 1, 1, "0" * 64, True)
    block = {"path": "data/t.bin", "bytes": 2, "raw_bytes": 2, "sha256": "0" * 64}
    for index in (
        {"count": 1, "blocks": []},
        {"count": 2, "blocks": [{"first": 1, "count": 1, **block}]},
        {"count": 1, "blocks": [{"first": -1, "count": 1, **block}]},
        {"count": 1, "blocks": [{"first": 1, "count": 1}]},
        [],
    ):
        with pytest.raises(FormatError):
            TagTable(entry, lambda _, index=index: canonical_json(index))
    table = TagTable(
        entry,
        lambda one: canonical_json(
            {"count": 0, "blocks": [{"first": 1, "count": 0, **block}]} if one == entry else []
        ),
    )
    with pytest.raises(FormatError, match="not the block"):
        table.get(1)
