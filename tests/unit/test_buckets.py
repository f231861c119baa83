"""What the library for S3 makes of a store's answers: clear errors, tries with pauses, nothing remembered."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("s3fs", reason="s3fs is not installed (the extra bucket)")

from imagedb_site.buckets import MissingObjectError, RefusedObjectError, opener
from imagedb_site.buckets import open_bucket as open_anywhere
from imagedb_site.errors import StorageError

LIST = b"""<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>photos</Name>
<IsTruncated>false</IsTruncated><KeyCount>2</KeyCount>
<Contents><Key>all/a.jpg</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified>
<ETag>"0123456789abcdef0123456789abcdef"</ETag><Size>5</Size></Contents>
<Contents><Key>all/b/c.jpg</Key><LastModified>2026-01-02T03:04:06.000Z</LastModified>
<ETag>"0123456789abcdef0123456789abcdef-2"</ETag><Size>6</Size></Contents>
</ListBucketResult>"""


class Store(ThreadingHTTPServer):
    """Answers every request with one of `answers` after the other, then with the last one again."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.answers: list[tuple[int, bytes]] = [(200, LIST)]
        self.requests = 0

    def next(self) -> tuple[int, bytes]:
        self.requests += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def fail(self, status: int, code: str) -> None:
        self.answers = [refusal(status, code)]


def refusal(status: int, code: str) -> tuple[int, bytes]:
    return status, f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode()


class Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Store

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, body = self.server.next()
        self.send_response(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_PUT = do_POST = do_DELETE = do_GET

    def log_message(self, *_: Any) -> None:
        return None


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Store]:
    server = Store()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    for name, value in {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_address[1]}",
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(opener, "_TRIES", 1)
    monkeypatch.setattr(opener, "_TRIES_AGAIN", 1)
    yield server
    server.shutdown()
    server.server_close()


def test_a_listing(store: Store) -> None:
    bucket = open_anywhere("s3://photos/all")
    first, second = bucket.objects()
    assert (first.path, first.size, first.md5) == ("a.jpg", 5, "0123456789abcdef0123456789abcdef")
    # The tag of an object that was stored in several parts is not the MD5 of its content.
    assert (second.path, second.md5) == ("b/c.jpg", None)
    assert second.changed_ns - first.changed_ns == 1_000_000_000
    bucket.objects()
    assert store.requests == 2, "the library remembers a listing"


@pytest.mark.parametrize(
    ("status", "code", "message", "kind"),
    [
        (400, "ExpiredToken", "the credentials have expired", StorageError),
        (403, "InvalidAccessKeyId", "does not know the credentials", StorageError),
        (403, "SignatureDoesNotMatch", "does not know the credentials", StorageError),
        (403, "AccessDenied", "permission is denied", RefusedObjectError),
        (404, "NoSuchBucket", "does not exist", MissingObjectError),
        (503, "SlowDown", "too busy", StorageError),
    ],
)
def test_answers_become_clear_errors(
    store: Store, status: int, code: str, message: str, kind: type[StorageError]
) -> None:
    store.fail(status, code)
    bucket = open_anywhere("s3://photos/all")
    for action in (bucket.objects, lambda: bucket.put("x", b"x", "text/plain", "no-cache")):
        with pytest.raises(StorageError, match=message) as raised:
            action()
        assert type(raised.value) is kind and raised.value.hint
        assert "s3://photos/all" in str(raised.value)


def test_a_busy_store_is_asked_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opener, "_TRIES", 3)
    store.answers = [refusal(503, "SlowDown"), refusal(500, "InternalError"), (200, LIST)]
    assert len(open_anywhere("s3://photos/all").objects()) == 2
    assert store.requests == 3


def test_credentials_that_are_missing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(StorageError, match="there are no valid credentials") as raised:
        open_anywhere("s3://photos/all").objects()
    assert raised.value.hint and "Log in" in raised.value.hint


def test_a_profile_that_does_not_exist(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(StorageError, match="there are no valid credentials"):
        open_anywhere("s3://photos/all").objects()


def test_a_store_that_cannot_be_reached(store: Store) -> None:
    store.shutdown()
    store.server_close()
    with pytest.raises(StorageError, match="cannot be reached"):
        open_anywhere("s3://photos/all").objects()


def test_a_store_that_does_not_answer(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opener, "_READ_S", 1)
    silent = threading.Event()
    monkeypatch.setattr(Answering, "do_GET", lambda self: silent.wait(20))
    try:
        with pytest.raises(StorageError, match="does not answer in time"):
            open_anywhere("s3://photos/all").objects()
    finally:
        silent.set()
