"""Asks the Python and npm registries for known vulnerabilities of the locked packages.

    python release/audit.py

Exit status 0: every package was checked and nothing is known. 1: something is known. 2: a registry could
not be reached or did not know some packages, so not everything was checked.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("run.txt", "dev.txt", "release.txt")


@dataclass
class Result:
    """What one audit found. `unchecked` says why packages were not checked; empty if all were."""

    what: str
    checked: int = 0
    known: list[str] = field(default_factory=list)
    unchecked: str = ""


def read_pip_audit(what: str, output: str, error: str) -> Result:
    """Read the JSON of pip-audit. It calls packages fine that its service does not know."""
    try:
        packages: list[dict[str, Any]] = json.loads(output)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return Result(what, unchecked=last_line(error) or "pip-audit gave no result.")
    result = Result(what)
    skipped = [package for package in packages if "skip_reason" in package]
    result.checked = len(packages) - len(skipped)
    if skipped:
        result.unchecked = f"{len(skipped)} packages: {skipped[0]['skip_reason']}"
    for package in packages:
        for found in package.get("vulns", []):
            fixed = ", ".join(found.get("fix_versions", [])) or "no version"
            result.known.append(
                f"{package['name']} {package['version']}: {found['id']} (fixed in {fixed})"
            )
    return result


def read_npm_audit(what: str, output: str, error: str) -> Result:
    """Read the JSON of `npm audit`, which is an error object if the registry gives no answer."""
    try:
        report: dict[str, Any] = json.loads(output)
    except ValueError:
        return Result(what, unchecked=last_line(error) or "npm audit gave no result.")
    if "vulnerabilities" not in report:
        message = (
            report.get("message") or report.get("error", {}).get("summary") or last_line(error)
        )
        return Result(what, unchecked=str(message))
    known = [
        f"{name}: {entry['severity']}, range {entry['range']}"
        for name, entry in sorted(report["vulnerabilities"].items())
    ]
    return Result(what, int(report["metadata"]["dependencies"]["total"]), known)


def last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def run(command: list[str], folder: Path) -> tuple[str, str]:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    except (OSError, subprocess.TimeoutExpired) as error:
        return "", f"{command[0]}: {error}"
    return done.stdout, done.stderr


def audit() -> list[Result]:
    results = []
    for name in LOCKS:
        options = ["--disable-pip", "--require-hashes", "-f", "json", "--progress-spinner", "off"]
        command = ["pip-audit", "-r", f"requirements/{name}", *options]
        results.append(read_pip_audit(f"requirements/{name}", *run(command, ROOT)))
    for what, options in (("npm, published", ["--omit=dev"]), ("npm, all", [])):
        results.append(
            read_npm_audit(what, *run(["npm", "audit", "--json", *options], ROOT / "web_assets"))
        )
    return results


def report(results: list[Result]) -> int:
    for result in results:
        print(f"{result.what}: {result.checked} checked, {len(result.known)} known vulnerabilities")
        for line in result.known:
            print(f"  {line}")
        if result.unchecked:
            print(f"  NOT CHECKED: {result.unchecked}")
    if any(result.known for result in results):
        return 1
    if any(result.unchecked for result in results):
        print("Not everything was checked. Run `make audit` again with access to the registries.")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(report(audit()))
