"""Collections whose records have no picture, or have it on another host."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rows_source import FIELDS, RowsSource, build_rows, picture, works

import imagedb_site
from imagedb_site.check import check_site
from imagedb_site.config import load_config
from imagedb_site.errors import UsageError
from imagedb_site.preview import preview
from imagedb_site.records import FieldSpec, Record
from imagedb_site.site import record_hash
from imagedb_site.web_addresses import clean_address, is_remote, origin_of, secret_in

HOST = "https://images.example.org"


def test_a_collection_without_any_picture(monkeypatch, tmp_path: Path) -> None:
    report = build_rows(monkeypatch, tmp_path, works(300))
    assert (report.count, report.pictures, report.derived, report.problems) == (300, 0, 0, [])
    last = list(report.lines())[-1]
    assert "300 records" in last and "picture" not in last and "image" not in last
    assert not list((tmp_path / "dist").glob("thumbs/*"))
    with imagedb_site.open(tmp_path / "dist") as site:
        [found] = site.search('"castle number 5"').hits
        assert found.image_id == record_hash("table", "T00005")[:16]
        assert found.document["fields"]["year"] == 1805 and found.document["width"] == 0
        assert site.search("tags:river year:2001..").total == 25
    with imagedb_site.open(tmp_path / "dist.library") as library:
        assert [hit.row for hit in library.search('"castle number 5"').hits] == [found.row]
    assert check_site(str(tmp_path / "dist")).ok


def test_growth_keeps_rows_and_ids(monkeypatch, tmp_path: Path) -> None:
    build_rows(monkeypatch, tmp_path, works(40))
    before = imagedb_site.open(tmp_path / "dist").index.ids
    report = build_rows(monkeypatch, tmp_path, works(44)[2:])
    assert (report.added, report.removed, report.count) == (4, 2, 42)
    after = imagedb_site.open(tmp_path / "dist").index.ids
    assert list(after[2:40]) == list(before[2:40])
    # The same records again: the same files.
    names = {path.name for path in (tmp_path / "dist" / "data").iterdir()}
    build_rows(monkeypatch, tmp_path, works(44)[2:])
    assert {path.name for path in (tmp_path / "dist" / "data").iterdir()} == names


def test_records_with_and_without_pictures(monkeypatch, tmp_path: Path) -> None:
    Image.new("RGB", (60, 40), "red").save(tmp_path / "a.png")
    records = works(6)
    records[3] = replace(records[3], picture=picture(tmp_path / "a.png"))
    report = build_rows(monkeypatch, tmp_path, records)
    assert (report.count, report.pictures, report.derived) == (6, 1, 1)
    assert "6 records, 1 of them with a picture" in list(report.lines())[-1]
    site = imagedb_site.open(tmp_path / "dist").index
    assert [site.document(row)["width"] for row in range(6)] == [0, 0, 0, 60, 0, 0]
    assert [site.thumbnail(row) is not None for row in range(6)] == [row == 3 for row in range(6)]
    assert check_site(str(tmp_path / "dist")).ok


def test_a_picture_inside_another_file(monkeypatch, tmp_path: Path) -> None:
    Image.new("RGB", (60, 40), "red").save(tmp_path / "a.png")
    Image.new("RGB", (30, 50), "blue").save(tmp_path / "b.png")
    parts = [(tmp_path / name).read_bytes() for name in ("a.png", "b.png")]
    (tmp_path / "shard.tar").write_bytes(b"x" * 512 + parts[0] + parts[1])
    whole = picture(tmp_path / "shard.tar")
    refs = [
        replace(whole, offset=512, length=len(parts[0])),
        replace(whole, offset=512 + len(parts[0]), length=len(parts[1])),
    ]
    records = [Record(f"{at}.png", {"title": "x"}, ref) for at, ref in enumerate(refs)]
    settings = {"originals": "link", "publish_location": True}
    build_rows(monkeypatch, tmp_path, records, **settings)
    site = imagedb_site.open(tmp_path / "dist").index
    documents = [site.document(row) for row in range(2)]
    assert [one["width"] for one in documents] == [60, 30]
    for document, data in zip(documents, parts, strict=True):
        assert (tmp_path / "dist" / document["original"]).read_bytes() == data


def test_what_would_be_public(monkeypatch, tmp_path: Path) -> None:
    build_rows(monkeypatch, tmp_path, works(12))
    given = {"pictures": tmp_path / "t.csv", "output": tmp_path / "dist", "model": "none"}
    lines = list(preview(load_config(None, given)).lines())
    assert "12 records" in lines[0] and not any("thumbnail" in line for line in lines)
    assert "  Title (12 records): A boat number 0" in lines


def remote(monkeypatch, folder: Path, records: list[Record], **settings: object):
    fields = (*FIELDS, FieldSpec("file_url", "File", "url"))
    return build_rows(monkeypatch, folder, RowsSource(lambda: records, fields=fields), **settings)


def test_pictures_on_another_host_are_published_if_it_is_allowed(monkeypatch, tmp_path) -> None:
    records = works(4)
    records[1].fields["title"] = "a/b ?&é"
    template = f"{HOST}/{{key}}/{{title}}.jpg"
    refused = remote(monkeypatch, tmp_path, records, image_url_template=template)
    assert any(f"--allow-origin {HOST}" in note for note in refused.notes)
    site = imagedb_site.open(tmp_path / "dist").index
    assert "remote" not in site.document(1)
    assert HOST not in (tmp_path / "dist" / "index.html").read_text()
    settings = {"image_url_template": template, "allow_origin": (HOST,)}
    remote(monkeypatch, tmp_path, records, **settings)
    site = imagedb_site.open(tmp_path / "dist").index
    expected = {"image": f"{HOST}/T00001/a%2Fb%20%3F%26%C3%A9.jpg"}
    assert site.document(1)["remote"] == expected
    assert f"data: {HOST};" in (tmp_path / "dist" / "index.html").read_text().replace("&#39;", "'")
    assert imagedb_site.open(tmp_path / "dist.library").index.document(1)["remote"] == expected
    report = check_site(str(tmp_path / "dist"), privacy=True)
    assert report.ok and report.privacy is not None
    assert f"  {HOST} (4 records)" in report.privacy.lines()


def test_addresses_that_are_not_clean_are_problems(monkeypatch, tmp_path) -> None:
    records = works(5)
    bad = ["javascript:alert(1)", "https://u:p@images.example.org/a", f"{HOST}.evil.example/a"]
    for record, address in zip(records, bad, strict=False):
        record.fields["file_url"] = address
    records[3] = replace(records[3], image_url=f"{HOST}/given.jpg")
    report = remote(monkeypatch, tmp_path, records, allow_origin=(HOST,))
    site = imagedb_site.open(tmp_path / "dist").index
    assert site.document(3)["remote"] == {"image": f"{HOST}/given.jpg"}
    settings = {"allow_origin": (HOST,), "image_url_field": "file_url"}
    report = remote(monkeypatch, tmp_path, records, **settings)
    assert any("user name or a password" in problem.reason for problem in report.problems)
    site = imagedb_site.open(tmp_path / "dist").index
    assert all("remote" not in site.document(row) for row in range(5))


def test_a_dry_run_says_which_hosts_browsers_would_contact(monkeypatch, tmp_path) -> None:
    records = works(5)
    records[0] = replace(records[0], image_url=f"{HOST}/0", thumbnail_url="https://t.example/0")
    for at in (1, 2):
        records[at] = replace(records[at], image_url=f"{HOST}/{at}")
    records[3] = replace(records[3], image_url="https://no.example/3?a=1")
    records[4] = replace(records[4], image_url=f"{HOST}/4?token=s3cret")
    source = RowsSource(lambda: records)
    monkeypatch.setattr("imagedb_site.preview.gather_source", lambda *_: source)
    given = {"pictures": tmp_path / "t.csv", "output": tmp_path / "dist", "model": "none"}
    allowed = (HOST, "https://t.example", "https://unused.example")
    found = preview(load_config(None, {**given, "allow_origin": allowed}))
    assert (found.remote, found.remote_hosts) == (3, {HOST: 3, "https://t.example": 1})
    assert found.not_allowed == {"https://no.example": 1}
    lines = list(found.lines())
    at = lines.index("Pictures on other hosts: 3 records. Visitors' browsers load them from:")
    assert lines[at + 1 : at + 3] == [f"  {HOST} (3 records)", "  https://t.example (1 record)"]
    assert any("--allow-origin https://no.example" in line for line in lines)
    assert any("the parameter token" in line for line in lines)
    assert "s3cret" not in "\n".join(lines)
    assert json.loads(json.dumps(found.to_json()))["remote_hosts"] == found.remote_hosts
    # Without permission no browser contacts anybody.
    refused = preview(load_config(None, given))
    assert (refused.remote, refused.remote_hosts) == (0, {})
    assert refused.not_allowed == {HOST: 3, "https://no.example": 1, "https://t.example": 1}
    assert not any("Visitors' browsers" in line for line in refused.lines())


def test_addresses_with_passwords_and_tokens_are_left_out(monkeypatch, tmp_path) -> None:
    records = works(3)
    for at, end in enumerate(("a.jpg?size=9&token=s3cret", "a.jpg?X-Amz-Signature=s3cret")):
        records[at] = replace(records[at], image_url=f"{HOST}/{end}")
    records[2] = replace(records[2], thumbnail_url=f"https://me:s3cret@{HOST[8:]}/a.jpg")
    report = remote(monkeypatch, tmp_path, records, allow_origin=(HOST,))
    said = [problem.reason for problem in report.problems]
    assert [reason.split(" has ")[1].split(",")[0] for reason in said] == [
        "the parameter token",
        "the parameter X-Amz-Signature",
        "a user name or a password",
    ]
    assert "s3cret" not in str(report)
    assert not any(b"s3cret" in path.read_bytes() for path in (tmp_path / "dist/data").iterdir())
    template = f"{HOST}/{{key}}.jpg?access_token=1"
    with pytest.raises(UsageError, match="parameter access_token"):
        remote(monkeypatch, tmp_path, records, image_url_template=template)


@pytest.mark.parametrize(
    ("end", "secret"),
    [
        ("/a?sig=1", "the parameter sig"),
        ("/a?x=1;Api-Key=2", "the parameter Api-Key"),
        ("/a?to%6Ben", "the parameter token"),
        ("/a#access_token=1", "the parameter access_token"),
        ("/a?key=1&page=2&design=3&tokens=4", None),
        ("/token/sig.jpg", None),
    ],
)
def test_what_gives_access_in_an_address(end: str, secret: str | None) -> None:
    assert secret_in(f"{HOST}{end}") == secret


def test_settings_of_remote_pictures_are_checked(monkeypatch, tmp_path) -> None:
    for wrong in (
        {"allow_origin": ("https://a.example/path",)},
        {"allow_origin": ("javascript:",)},
        {"image_url_template": "https://{title}.example/a"},
        {"image_url_template": "ftp://a.example/{key}"},
        {"image_url_template": "https://a.example/{a b}"},
    ):
        with pytest.raises(UsageError):
            remote(monkeypatch, tmp_path, works(2), **wrong)
    with pytest.raises(UsageError, match="no field nothing"):
        remote(monkeypatch, tmp_path, works(2), image_url_template=f"{HOST}/{{nothing}}")


@pytest.mark.parametrize(
    ("address", "clean"),
    [
        ("HTTPS://Images.Example.org:443/A b", f"{HOST}/A%20b"),
        (f"{HOST}", f"{HOST}/"),
        (f"{HOST}/a?q=1#part", f"{HOST}/a?q=1"),
        (f"{HOST}/%41", f"{HOST}/%41"),
        ("http://images.example.org:8080/x", "http://images.example.org:8080/x"),
        ("https://images.example.org\\@evil.example/", None),
        ("//images.example.org/a", None),
        ("data:image/png;base64,AAAA", None),
        ("https://[::1]/a", None),
        ("https://a b/", None),
        ("https://images.example.org/\x00", None),
        (f"{HOST}/" + "a" * 2000, None),
    ],
)
def test_clean_addresses(address: str, clean: str | None) -> None:
    assert clean_address(address) == clean
    assert clean is None or is_remote(clean, [origin_of(address) or ""])


def test_rows_without_an_embedding_are_no_matches(tmp_path: Path) -> None:
    from site_samples import sample_input

    from imagedb_site.site import ArrayEmbeddings, write_site

    given = sample_input(40, pages=False)
    assert isinstance(given.embeddings, ArrayEmbeddings)
    values = given.embeddings.values.copy()
    values[[0, 3, 39]] = 0
    site = replace(given, embeddings=ArrayEmbeddings(values))
    write_site(site, tmp_path / "site")
    with imagedb_site.open(tmp_path / "site") as collection:
        index = collection.index
        near = index.nearest(values[3] + values[5], 40, None)
        assert len(near.rows) == 37 and not {0, 3, 39} & set(near.rows.tolist())
        rows = np.array([0, 5])
        assert index.similarities(values[5], rows)[0] == -1
        assert not index.embeddings(rows)[0].any()
        assert len(index.background(values[5])) == 37
        assert 0 not in index.above(values[5], -2)
