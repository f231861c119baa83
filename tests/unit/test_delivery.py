"""The GitHub action and the Containerfile: well-formed, pinned, safe, and as far as possible run here.

GitHub's runner and a container builder are not available to tests: that the action's other actions and the
base image exist is not proven here.
"""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

ROOT = Path(__file__).parents[2]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
EXAMPLE = ROOT / "docs" / "examples" / ".github" / "workflows" / "pictures.yml"
PACK = ROOT / "tests" / "golden" / "pack-tiny"
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")


def workflow() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(EXAMPLE.read_text("utf-8"))
    # YAML 1.1 reads the key `on` as a boolean.
    return {("on" if key is True else key): value for key, value in found.items()}


# -- the action --------------------------------------------------------------------------------


def test_the_action_has_every_step() -> None:
    assert ACTION["runs"]["using"] == "composite"
    used = [step["uses"].partition("@")[0] for step in STEPS if "uses" in step]
    assert used == [
        "actions/setup-python",
        "actions/cache",
        "actions/upload-pages-artifact",
        "actions/deploy-pages",
    ]
    assert all(step.get("shell") == "bash" for step in STEPS if "run" in step)
    ids = {step["id"] for step in STEPS if "id" in step}
    text = (ROOT / "action.yml").read_text("utf-8")
    assert set(re.findall(r"steps\.([\w-]+)\.", text)) <= ids
    assert set(re.findall(r"inputs\.([\w-]+)", text)) == set(ACTION["inputs"])


def test_nothing_from_outside_is_pasted_into_a_script() -> None:
    scripts = [step["run"] for step in STEPS if "run" in step]
    assert len(scripts) == 3
    for script in scripts:
        assert "${{" not in script
        assert "eval" not in script


def test_actions_are_pinned_by_version() -> None:
    used = [step["uses"] for step in STEPS if "uses" in step]
    used += [step["uses"] for job in workflow()["jobs"].values() for step in job["steps"]]
    assert len(used) == 6
    for name in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@v\d+\.\d+\.\d+", name), name


def test_every_input_and_output_is_documented() -> None:
    guide = (ROOT / "docs" / "guide" / "hosting.md").read_text("utf-8")
    for kind in ("inputs", "outputs"):
        for name, entry in ACTION[kind].items():
            assert entry["description"].strip().endswith("."), name
            assert f"`{name}`" in guide, name
    assert EXAMPLE.relative_to(ROOT / "docs").as_posix() in guide


def test_the_example_uses_the_action_as_it_is() -> None:
    example = workflow()
    assert example["permissions"] == {"contents": "read", "pages": "write", "id-token": "write"}
    (job,) = example["jobs"].values()
    checkout, own = job["steps"]
    assert checkout["with"] == {"persist-credentials": False}
    from imagedb_site import __version__

    assert own["uses"].endswith(f"/imagedb-site@v{__version__}")
    assert set(own["with"]) <= set(ACTION["inputs"])
    assert job["environment"]["url"] == f"${{{{ steps.{own['id']}.outputs.page-url }}}}"
    assert set(example["on"]) == {"push", "workflow_dispatch"}


class Runner:
    """Runs the steps of the action that are scripts, with their expressions filled in."""

    def __init__(self, repository: Path, temporary: Path, inputs: dict[str, str]) -> None:
        given = {name: entry["default"] for name, entry in ACTION["inputs"].items()}
        self.values = {f"inputs.{name}": text for name, text in {**given, **inputs}.items()}
        self.values["runner.temp"] = str(temporary)
        self.values["github.action_path"] = str(ROOT)
        self.repository, self.temporary = repository, temporary
        programs = temporary / "bin"
        programs.mkdir()
        own = programs / "imagedb-site"
        own.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m imagedb_site.cli.main "$@"\n')
        own.chmod(0o755)
        # pip would build the web application: what it is asked for is enough here.
        python = programs / "python"
        python.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > "{temporary}/pip"\n')
        python.chmod(0o755)
        self.path = f"{programs}{os.pathsep}{os.environ['PATH']}"

    def run(self, name: str) -> subprocess.CompletedProcess[str]:
        step = next(step for step in STEPS if step["name"] == name)
        output = self.temporary / "output"
        output.write_text("")
        environment = {key: self._filled(text) for key, text in step["env"].items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.repository,
            env={**os.environ, "PATH": self.path, "GITHUB_OUTPUT": str(output), **environment},
            capture_output=True,
            text=True,
        )
        for line in output.read_text().splitlines():
            key, _, value = line.partition("=")
            self.values[f"steps.{step['id']}.outputs.{key}"] = value
        return done

    def _filled(self, text: str) -> str:
        return EXPRESSION.sub(lambda match: self.values[match[1]], text)


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_the_scripts_build_and_check_a_site(tmp_path: Path) -> None:
    """Names that a shell would run are only names."""
    from imagedb_site import __version__

    repository, temporary = tmp_path / "repository", tmp_path / "runner"
    temporary.mkdir()
    pictures = repository / "-$(touch hacked) `touch hacked`; touch hacked"
    pictures.mkdir(parents=True)
    for number in range(4):
        Image.new("RGB", (64 + number, 48), (60 * number, 90, 30)).save(pictures / f"{number}.png")
    title = 'It\'s "mine" $(touch hacked) ; touch hacked'
    options = f"--title={title}\r\n\n--model={PACK}\n"
    runner = Runner(repository, temporary, {"pictures": pictures.name, "options": options})

    installed = runner.run("Install imagedb-site")
    assert installed.returncode == 0, installed.stderr
    assert runner.values["steps.install.outputs.version"] == __version__
    assert (temporary / "pip").read_text().splitlines()[-1] == str(ROOT)

    built = runner.run("Build the site")
    assert built.returncode == 0, built.stderr
    site = Path(runner.values["steps.build.outputs.site"])
    assert json.loads((site / "manifest.json").read_bytes())["collection"]["title"] == title
    (cache,) = (step for step in STEPS if step.get("uses", "").startswith("actions/cache@"))
    library = Path(runner._filled(cache["with"]["path"]))
    assert library.is_relative_to(temporary) and any(library.iterdir())
    assert not list(tmp_path.rglob("hacked"))

    assert runner.run("Check the site").returncode == 0
    next((site / "thumbs").iterdir()).write_bytes(b"damaged")
    assert runner.run("Check the site").returncode == 9


# -- the container -----------------------------------------------------------------------------


def instructions() -> list[tuple[str, str]]:
    """The instructions of the Containerfile with their arguments, continued lines joined."""
    text = (ROOT / "Containerfile").read_text("utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split(None, 1)[0], line.split(None, 1)[1].strip()) for line in lines]


def in_context(path: str) -> bool:
    """Whether .dockerignore lets a path into the build: the last pattern that matches it decides."""
    kept = True
    for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        pattern = line.removeprefix("!")
        parts = path.split("/")
        parents = ["/".join(parts[: end + 1]) for end in range(len(parts))]
        anywhere = pattern.removeprefix("**/")
        names = parts if anywhere != pattern else parents
        if any(fnmatch.fnmatchcase(name, anywhere) for name in names):
            kept = line.startswith("!")
    return kept


def test_the_container_is_pinned_and_runs_without_rights() -> None:
    found = instructions()
    known = {"FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "EXPOSE", "ENTRYPOINT", "CMD"}
    assert {name for name, _ in found} <= known
    for base in [rest for name, rest in found if name == "FROM"]:
        assert re.match(r"docker\.io/library/python:\d+\.\d+\.\d+-slim-\w+( AS \w+)?$", base), base
    names = [name for name, _ in found]
    last = len(names) - 1 - names[::-1].index("FROM")
    final = dict(found[last:])
    assert int(final["USER"]) > 0
    assert names.index("USER") > max(at for at, name in enumerate(names) if name == "RUN")
    assert json.loads(final["ENTRYPOINT"]) == ["imagedb-site"]
    assert json.loads(final["CMD"]) == ["--help"]


def test_the_container_gets_what_the_wheel_is_made_of() -> None:
    copied = []
    for name, rest in instructions():
        if name == "COPY" and not rest.startswith("--from"):
            *sources, _ = rest.split()
            copied += sources
    for source in copied:
        assert (ROOT / source).exists() and in_context(source), source
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    for needed in ("README.md", "LICENSE", "hatch_build.py", "site_templates"):
        assert needed in project and needed in copied
    for path in ("web_assets/package-lock.json", "builder/imagedb_site/packs/builtin/pack.json"):
        assert in_context(path)
    for path in (
        *(".git/config", ".venv/bin/python", "dist/index.html", "dist.library/library.db"),
        *("web_assets/node_modules/x/index.js", "builder/imagedb_site/__pycache__/a.pyc", ".env"),
    ):
        assert not in_context(path), path
