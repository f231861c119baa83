"""Readers while a site is replaced, again and again: every answer is whole, and is of one of the sites."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from site_samples import sample_input, tree

from imagedb_site.errors import ImageDBError
from imagedb_site.layout import MANIFEST
from imagedb_site.reader import open_site, verify_site
from imagedb_site.serve import SiteServer
from imagedb_site.site import publish, write_site

SWAPS = 12


def test_visitors_of_a_site_that_is_replaced_get_whole_files(tmp_path: Path) -> None:
    sites = [sample_input(8, seed=seed) for seed in (1, 2)]
    known: dict[str, set[bytes]] = {}
    for number, site in enumerate(sites):
        write_site(site, tmp_path / f"expected-{number}")
        for path, data in tree(tmp_path / f"expected-{number}").items():
            known.setdefault(path, set()).add(data)
    out = tmp_path / "dist"
    publish(sites[0], out, verify=lambda folder: None)
    over = threading.Event()
    wrong: list[str] = []
    read = [0]

    def visit(url: str) -> None:
        paths = sorted(known)
        while not over.is_set():
            for path in [MANIFEST, *paths]:
                try:
                    with urllib.request.urlopen(url + path, timeout=30) as answer:
                        data = answer.read()
                except urllib.error.HTTPError as error:
                    # A file of the other site; a file that both have is never missing.
                    if error.code != 404 or len(known[path]) > 1:
                        wrong.append(f"{path}: {error.code}")
                else:
                    read[0] += 1
                    if data not in known[path]:
                        wrong.append(f"{path}: {len(data)} bytes of neither site")

    with SiteServer(out, port=0) as server, ThreadPoolExecutor(3) as pool:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        visitors = [pool.submit(visit, server.url) for _ in range(2)]
        for number in range(SWAPS):
            publish(sites[(number + 1) % 2], out, verify=lambda folder: None)
        over.set()
        for visitor in visitors:
            visitor.result()
        server.shutdown()
    assert wrong == [] and read[0] > 0
    assert json.loads((out / MANIFEST).read_bytes())["format"] == "imagedb-site"


def test_a_reader_of_a_site_that_is_replaced_finds_a_whole_site_or_says_so(tmp_path: Path) -> None:
    sites = [sample_input(8, seed=seed) for seed in (1, 2)]
    out = tmp_path / "dist"
    publish(sites[0], out, verify=lambda folder: None)
    over = threading.Event()
    hashes: set[str] = set()
    refused = 0

    def swap() -> None:
        for number in range(SWAPS):
            publish(sites[(number + 1) % 2], out, verify=lambda folder: None)
        over.set()

    with ThreadPoolExecutor(1) as pool:
        swapping = pool.submit(swap)
        while not over.is_set():
            try:
                with open_site(out) as site:
                    verify_site(site)
                    hashes.add(site.manifest.hash)
            except ImageDBError:
                refused += 1
        swapping.result()
    with open_site(out) as site:
        verify_site(site)
    assert hashes or refused
