"""docs/SECURITY.md names a test for every threat, and each of them exists."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "SECURITY.md").read_text(encoding="utf-8")
TEST = re.compile(r"`(tests/[\w./-]+?)(?:::(\w+))?`")


def threats() -> list[str]:
    rows = [line for line in TEXT.splitlines() if line.startswith("| ")]
    return [row for row in rows if not row.startswith("| threat |")]


def test_every_threat_names_a_test() -> None:
    assert len(threats()) > 20
    for row in threats():
        assert TEST.search(row.split("|")[3]), row


def test_every_named_test_exists() -> None:
    named = TEST.findall(TEXT)
    assert len(named) > 30
    for path, function in named:
        assert (ROOT / path).is_file(), path
        if function:
            code = (ROOT / path).read_text(encoding="utf-8")
            assert re.search(rf"def {function}\(", code), f"{path}::{function}"
