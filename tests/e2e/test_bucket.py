"""The whole way through a bucket: read pictures, publish, search in a browser and by command, grow."""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conftest import COUNT, Visitor, draw, draw_collection
from playwright.sync_api import Browser, expect
from steps import names

moto_server = pytest.importorskip(
    "moto.server",
    reason="moto is not installed, an imitation of S3: pip install 'moto[s3]' flask-cors",
)
pytest.importorskip("s3fs", reason="s3fs is not installed (the extra bucket)")

ADDED = 100
PUBLIC = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::shapes/*",
        }
    ],
}


@dataclass
class Store:
    """A server that answers as S3 does, with the buckets `archive` and, for anybody to read, `shapes`."""

    url: str
    folder: Path
    client: Any

    def upload(self, folder: Path) -> None:
        """Store the files of a folder below archive/drawings."""
        for file in sorted(folder.rglob("*.*")):
            key = f"drawings/{file.relative_to(folder).as_posix()}"
            self.client.put_object(Bucket="archive", Key=key, Body=file.read_bytes())

    def run(self, *words: str) -> str:
        command = [sys.executable, "-m", "imagedb_site.cli.main", *words]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def build(self) -> dict[str, Any]:
        place = "s3://archive/drawings"
        words = [place, "-o", "s3://shapes", "--metadata", f"{place}/table.csv"]
        more = ["--title", "Drawn shapes", "--view-size", "0", "-q", "--json"]
        return json.loads(self.run("build", *words, *more))  # type: ignore[no-any-return]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    import boto3

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = moto_server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    url = f"http://127.0.0.1:{port}"
    for name, value in {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": url,
    }.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3")
    for bucket in ("archive", "shapes"):
        client.create_bucket(Bucket=bucket)
    client.put_bucket_policy(Bucket="shapes", Policy=json.dumps(PUBLIC))
    yield Store(url + "/shapes/", tmp_path, client)
    server.stop()


def test_from_pictures_in_a_bucket_to_visitors_and_back(store: Store, browser: Browser) -> None:
    pictures, table = draw_collection(store.folder)
    shutil.move(table, pictures / "table.csv")
    store.upload(pictures)
    first = store.build()
    assert (first["count"], first["derived"], first["bucket"]["unchanged"]) == (COUNT, COUNT, 0)
    assert first["bucket"]["uploaded"] == first["files"]
    assert "nothing wrong" in store.run("check", "s3://shapes", "-q")
    found = store.run(
        "search", "yellow triangle", "--in", "s3://shapes", "--mode", "words", "-k", "3"
    )
    assert found.count("triangle/yellow") == 3

    visitor = Visitor(browser.new_context(viewport={"width": 1270, "height": 860}), store)  # type: ignore[arg-type]
    page = visitor.open("index.html#q=yellow+triangle&mode=words")
    visitor.settled("“yellow triangle”")
    assert all("yellow triangle" in name for name in names(page, 9))

    for number in range(ADDED):
        draw("circle", (2 * number, 90, 120), number % 9).save(
            pictures / "circle" / f"new-{number}.png"
        )
    store.upload(pictures)
    again = store.build()
    assert (again["count"], again["derived"]) == (COUNT + ADDED, ADDED)
    changed = again["bucket"]
    assert changed["uploaded"] + changed["unchanged"] == again["files"]
    assert ADDED < changed["uploaded"] < first["files"] / 2 and changed["old"]
    nothing = store.build()
    assert (nothing["derived"], nothing["bucket"]["uploaded"]) == (0, 0)
    assert "nothing wrong" in store.run("check", "s3://shapes", "-q")

    fresh = Visitor(browser.new_context(viewport={"width": 1270, "height": 860}), store)  # type: ignore[arg-type]
    page = fresh.open("index.html")
    expect(page.locator(".summary")).to_contain_text(f"{COUNT + ADDED} pictures")
    expect(page.locator(".tile-link img.shown").first).to_be_visible()
    for one in (visitor, fresh):
        one.check()
        one.context.close()
