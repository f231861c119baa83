"""The golden files of full text, and the table of the TypeScript tokenizer, are what this SQLite gives."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = [str(ROOT / "web_assets" / "build"), str(ROOT / "tests" / "golden")]


@pytest.fixture(autouse=True)
def scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*FOLDERS, *sys.path])


def test_the_table_of_characters_is_fresh() -> None:
    table = importlib.import_module("token_table")
    assert table.TARGET.read_text(encoding="utf-8") == table.source()


@pytest.mark.parametrize("name", ["make_tokens", "make_expressions"])
def test_golden_files_are_fresh(name: str) -> None:
    script = importlib.import_module(name)
    assert script.FILE.read_bytes() == script.content()
