"""One library, several models: pictures are embedded once per model, and a site contains the chosen one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .conftest import PACK, Cli, tree


def test_switching_back_embeds_nothing(cli: Cli, pictures: Path, tmp_path: Path) -> None:
    def build(model: str | Path) -> dict[str, Any]:
        done = cli("build", pictures, "--model", model, "--json")
        assert done.returncode == 0, done.stderr
        report: dict[str, Any] = json.loads(done.stdout)
        return report

    first = build(PACK)
    site = tree(tmp_path / "dist")
    assert "model inference" in first["seconds"]
    second = build("builtin")
    assert second["model"] != first["model"]
    assert "model inference" in second["seconds"]
    back = build(PACK)
    assert back["model"] == first["model"]
    assert "model inference" not in back["seconds"]
    assert tree(tmp_path / "dist") == site
    manifest = json.loads(site["manifest.json"])
    assert manifest["model"]["id"] == first["model"]
    facts = json.loads(cli("info", "dist.library", "--json").stdout)
    assert [model.split()[0] for model in facts["models"]] == [first["model"], second["model"]]
    assert [model.split("(")[1].split()[0] for model in facts["models"]] == ["12", "12"]
