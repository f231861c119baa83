"""Writes the CycloneDX bill of materials of a wheel: what it contains and what it needs.

    python release/sbom.py WHEEL        # writes WHEEL's name with .cdx.json beside it

The npm packages are those of package-lock.json whose code is in the wheel (its notices.txt lists them), the
Python packages those of requirements/run.txt. The same wheel and locks always give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import uuid
import zipfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
_LISTED = re.compile(r"^- (?P<name>@?[\w./-]+) (?P<version>\d\S*) \(", re.MULTILINE)

Component = dict[str, Any]


def sbom(wheel: Path) -> dict[str, Any]:
    """Returns the CycloneDX 1.6 document of `wheel`. Raises ValueError if it lacks its notices."""
    with zipfile.ZipFile(wheel) as archive:
        notices = archive.read("imagedb_site/_web/notices.txt").decode("utf-8")
        pack = json.loads(archive.read("imagedb_site/packs/builtin/pack.json"))
    name, version = wheel.name.split("-")[:2]
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    root: Component = {
        "type": "application",
        "bom-ref": "imagedb-site",
        "name": name.replace("_", "-"),
        "version": version,
        "purl": f"pkg:pypi/imagedb-site@{version}",
        "licenses": [{"license": {"id": "Apache-2.0"}}],
        "hashes": [{"alg": "SHA-256", "content": digest}],
    }
    components = [*npm_components(notices), model_component(pack), *python_components()]
    components.sort(key=lambda component: str(component["bom-ref"]))
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, digest)}",
        "version": 1,
        "metadata": {"component": root},
        "components": components,
        "dependencies": [
            {"ref": root["bom-ref"], "dependsOn": [part["bom-ref"] for part in components]}
        ],
    }


def npm_components(notices: str) -> list[Component]:
    """The locked npm packages that the wheel's notices list, as `npm sbom` describes them."""
    bundled = {match["name"]: match["version"] for match in _LISTED.finditer(notices)}
    if not bundled:
        raise ValueError("The wheel's notices.txt lists no packages.")
    # Without development packages npm also leaves out what one of them shares with the bundle.
    command = ["npm", "sbom", "--package-lock-only", "--sbom-format", "cyclonedx"]
    done = subprocess.run(
        command, cwd=ROOT / "web_assets", check=True, capture_output=True, text=True
    )
    found = []
    for component in json.loads(done.stdout)["components"]:
        name, version = component["bom-ref"].rsplit("@", 1)
        if bundled.get(name) == version:
            found.append({key: value for key, value in component.items() if value != []})
            del bundled[name]
    if bundled:
        raise ValueError(f"package-lock.json does not list {', '.join(sorted(bundled))}.")
    return found


def python_components() -> list[Component]:
    """The locked Python packages that the wheel needs at run time, with the hashes of their files."""
    command = ["cyclonedx-py", "requirements", "requirements/run.txt", "--of", "JSON"]
    done = subprocess.run(
        [*command, "--output-reproducible"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    found = []
    for component in json.loads(done.stdout)["components"]:
        kept = {key: component[key] for key in ("type", "name", "version", "purl")}
        hashes = [
            entry
            for reference in component.get("externalReferences", [])
            for entry in reference.get("hashes", [])
        ]
        reference = {"type": "distribution", "url": f"https://pypi.org/project/{kept['name']}/"}
        found.append(
            {
                **kept,
                "bom-ref": f"{kept['purl']}",
                "externalReferences": [{**reference, "hashes": hashes}],
            }
        )
    return found


def model_component(pack: dict[str, Any]) -> Component:
    """The built-in model, with the hashes of its two towers."""
    licence = pack["licence"]
    files = [
        {
            "type": "file",
            "bom-ref": f"model/{name}",
            "name": name,
            "hashes": [{"alg": "SHA-256", "content": pack["files"][name]["sha256"]}],
        }
        for name in ("image.onnx", "text.onnx")
    ]
    return {
        "type": "machine-learning-model",
        "bom-ref": f"model/{pack['id']}",
        "name": pack["id"],
        "description": pack["description"],
        "licenses": [{"license": {"name": licence["id"], "text": {"content": licence["note"]}}}],
        "components": files,
    }


def validate(text: str) -> None:
    """Raise ValueError if `text` breaks the CycloneDX schema."""
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if fault is not None:
        raise ValueError(f"The bill of materials breaks its schema: {fault}")


def main(wheel: Path) -> Path:
    target = wheel.with_suffix(".cdx.json")
    text = json.dumps(sbom(wheel), indent=1, sort_keys=True, ensure_ascii=False)
    validate(text)
    target.write_text(text + "\n", encoding="utf-8")
    return target


if __name__ == "__main__":
    print(main(Path(sys.argv[1])))
