"""Locked dependencies, the audit, the wheel and its bill of materials."""

from __future__ import annotations

import json
import os
import re
import shutil
import tomllib
import zipfile
from pathlib import Path

import audit
import build_wheel
import pytest
import sbom
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCKS = ("run.txt", "build.txt", "dev.txt", "map.txt", "release.txt")


def locked(name: str) -> list[Requirement]:
    text = (ROOT / "requirements" / name).read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    for line in lines:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", line), line[:80]
    return [Requirement(line.split(" --hash")[0]) for line in lines]


def project() -> dict[str, list[str]]:
    data = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return {"": data["dependencies"], **data["optional-dependencies"]}


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_one_version_and_hashes(name: str) -> None:
    requirements = locked(name)
    assert len(requirements) > 20
    for requirement in requirements:
        assert re.fullmatch(r"==[\w.+!]+", str(requirement.specifier)), requirement


@pytest.mark.parametrize(
    ("extras", "name"),
    [
        ([""], "run.txt"),
        (["", "dev", "map", "parquet", "ray"], "dev.txt"),
        (["", "map"], "map.txt"),
    ],
)
def test_the_lock_fits_the_project(extras: list[str], name: str) -> None:
    pinned: dict[str, set[str]] = {}
    for requirement in locked(name):
        version = str(requirement.specifier).removeprefix("==")
        pinned.setdefault(canonicalize_name(requirement.name), set()).add(version)
    for line in (line for extra in extras for line in project()[extra]):
        wanted = Requirement(line)
        versions = pinned.get(canonicalize_name(wanted.name))
        assert versions, f"{line} is not locked: run `make lock`"
        assert all(wanted.specifier.contains(version) for version in versions), line


def test_the_locks_agree_with_each_other() -> None:
    versions: dict[tuple[str, str], str] = {}
    for name in LOCKS:
        for requirement in locked(name):
            key = (requirement.name, str(requirement.marker))
            assert versions.setdefault(key, str(requirement.specifier)) == str(
                requirement.specifier
            )


def test_the_npm_lock_has_a_hash_for_every_package() -> None:
    packages = json.loads((ROOT / "web_assets" / "package-lock.json").read_text())["packages"]
    for name, package in packages.items():
        assert not name or package.get("integrity", "").startswith("sha512-"), name


def source(target: Path, time: int) -> Path:
    """A copy of what a wheel is made from, in a folder and with file times of its own."""
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE"):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, target / name)
    ignore = shutil.ignore_patterns("__pycache__", "tokens.*.bin")
    package = Path("builder") / "imagedb_site"
    shutil.copytree(ROOT / package, target / package, ignore=ignore)
    shutil.copytree(ROOT / "site_templates", target / "site_templates")
    for path in target.rglob("*"):
        os.utime(path, (time, time))
    return target


def test_the_same_source_gives_the_same_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMAGEDB_SITE_SKIP_WEB", "1")
    first = build_wheel.build(source(tmp_path / "a", 1_500_000_000), tmp_path / "x", 1_700_000_000)
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    deeper = tmp_path / "deeper" / "b"
    second = build_wheel.build(source(deeper, 1_600_000_000), tmp_path / "y", 1_700_000_000)
    assert first.name == second.name
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as archive:
        names = archive.namelist()
    assert "imagedb_site/_web/notices.txt" in names
    assert "imagedb_site/packs/builtin_notices.txt" in names
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    assert not any("node_modules" in name or "__pycache__" in name for name in names)


def test_the_bill_of_materials_lists_what_the_notices_list() -> None:
    notices = (ROOT / "builder" / "imagedb_site" / "_web" / "notices.txt").read_text()
    components = sbom.npm_components(notices)
    names = {component["name"] for component in components}
    assert {"onnxruntime-web", "preact"} <= names
    assert "vite" not in names
    assert all(component["hashes"] and component["licenses"] for component in components)
    with pytest.raises(ValueError, match="does not list left-pad"):
        sbom.npm_components("- left-pad 1.0.0 (MIT)\n")


def test_the_model_is_in_the_bill_of_materials() -> None:
    pack = json.loads((ROOT / "builder/imagedb_site/packs/builtin/pack.json").read_text())
    component = sbom.model_component(pack)
    assert component["type"] == "machine-learning-model"
    assert len(component["components"]) == 2


def test_packages_that_the_audit_could_not_check_are_not_called_safe() -> None:
    skipped = {"name": "a", "skip_reason": "Dependency not found"}
    fine = {"name": "b", "version": "1", "vulns": []}
    result = audit.read_pip_audit("x", json.dumps({"dependencies": [skipped, fine]}), "")
    assert (result.checked, result.known, audit.report([result])) == (1, [], 2)
    nothing = audit.read_pip_audit("x", "", "connection refused\n")
    assert (nothing.unchecked, audit.report([nothing])) == ("connection refused", 2)
    refused = audit.read_npm_audit("npm", '{"message": "405 Method Not Allowed"}', "")
    assert (refused.unchecked, audit.report([refused])) == ("405 Method Not Allowed", 2)


def test_a_known_vulnerability_fails_the_audit() -> None:
    found = {"name": "b", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["2"]}]}
    result = audit.read_pip_audit("x", json.dumps({"dependencies": [found]}), "")
    assert result.known == ["b 1: CVE-1 (fixed in 2)"]
    npm = {
        "vulnerabilities": {"c": {"severity": "high", "range": "<2"}},
        "metadata": {"dependencies": {"total": 4}},
    }
    results = [audit.read_npm_audit("npm", json.dumps(npm), ""), audit.Result("y", 3)]
    assert audit.report(results) == 1
    assert audit.report(results[1:]) == 0
