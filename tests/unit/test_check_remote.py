"""What `check` says about pictures on other hosts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from rows_source import FIELDS, RowsSource, build_rows, works
from site_samples import sample_input

import imagedb_site.site.writer
from imagedb_site.check import check_site
from imagedb_site.records import FieldSpec, Record
from imagedb_site.site import SiteInput, write_site

HOST = "https://images.example.org"
OTHER = "https://small.example.org:8443"


def with_addresses(*addresses: dict[str, str], origins: tuple[str, ...] = (HOST,)) -> SiteInput:
    """A site of as many records as addresses, written past the checks of a build."""
    made = sample_input(len(addresses), pages=True)
    rows = [
        replace(row, thumbnail=None, view=None, remote=where)
        for row, where in zip(made.rows, addresses, strict=True)
    ]
    return replace(made, rows=rows, thumbnail=lambda row: None, origins=origins)


def test_the_hosts_that_browsers_contact_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    records = works(5)
    records[0] = replace(records[0], image_url=f"{HOST}/a", thumbnail_url=f"{OTHER}/a")
    records[1] = replace(records[1], image_url=f"{HOST}/b", thumbnail_url=f"{HOST}/c")
    build_rows(monkeypatch, tmp_path, records, allow_origin=(HOST, OTHER))
    report = check_site(tmp_path / "dist", privacy=True)
    assert report.ok and report.privacy is not None
    assert [(host.origin, host.records) for host in report.privacy.hosts] == [(HOST, 2), (OTHER, 1)]
    lines = list(report.privacy.lines())
    assert f"  {HOST} (2 records)" in lines and f"  {OTHER} (1 record)" in lines
    assert json.loads(json.dumps(report.to_json()))["privacy"]["hosts"][0]["origin"] == HOST


def test_a_site_without_remote_pictures_contacts_nobody(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    build_rows(monkeypatch, tmp_path, works(3))
    report = check_site(tmp_path / "dist", privacy=True).privacy
    assert report is not None and report.hosts == ()
    assert "Other hosts: visitors' browsers contact none." in list(report.lines())


def test_an_allowed_host_without_pictures_is_named(tmp_path: Path) -> None:
    write_site(with_addresses({"image": f"{HOST}/a"}, origins=(HOST, OTHER)), tmp_path / "site")
    report = check_site(tmp_path / "site", privacy=True).privacy
    assert report is not None
    assert f"  {OTHER} (allowed, but no record uses it)" in list(report.lines())


def test_an_address_that_the_manifest_does_not_allow_is_an_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(imagedb_site.site.writer, "is_remote", lambda address, origins: True)
    write_site(with_addresses({"image": f"{OTHER}/a?token=1"}), tmp_path / "site")
    report = check_site(tmp_path / "site", privacy=True)
    assert not report.ok
    assert any(f"names a picture at {OTHER}" in error.message for error in report.errors)


def test_passwords_and_tokens_in_addresses_are_private(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write_site(with_addresses({"image": f"{HOST}/a?sig=s3cret"}), tmp_path / "site")
    report = check_site(tmp_path / "site", privacy=True)
    assert report.whole and not report.ok and report.privacy is not None
    [leak] = report.privacy.leaks
    assert leak.line().endswith(
        "password or token in the address of the picture: “the parameter sig”"
    )
    fields = (*FIELDS, FieldSpec("page", "Page", "url"))
    record = Record("a", {"title": "A title", "page": "https://me:s3cret@example.org/"}, None)
    build_rows(monkeypatch, tmp_path, RowsSource(lambda: [record], fields=fields))
    report = check_site(tmp_path / "dist", privacy=True)
    assert report.privacy is not None
    [leak] = report.privacy.leaks
    assert (leak.kind, leak.place) == ("password or token", "the field “page”")
    assert "s3cret" not in leak.line()


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("img-src 'self'", f"img-src {OTHER} 'self'", f"allows {OTHER}"),
        ("connect-src 'self'", f"connect-src 'self' {HOST}", f"allows {HOST}"),
        ("img-src 'self'", "img-src 'self' *", "allows *"),
        (HOST, "", f"does not allow pictures from {HOST}"),
    ],
)
def test_the_policy_of_the_page_and_the_manifest_agree(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, before: str, after: str, said: str
) -> None:
    records = [replace(works(1)[0], image_url=f"{HOST}/a")]
    build_rows(monkeypatch, tmp_path, records, allow_origin=(HOST,))
    page = tmp_path / "dist" / "index.html"
    text = page.read_text()
    quoted = before if before in text else before.replace("'", "&#39;")
    assert quoted in text
    page.write_text(text.replace(quoted, after))
    messages = [error.message for error in check_site(tmp_path / "dist").errors]
    assert any(said in message for message in messages), messages
