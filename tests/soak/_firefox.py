"""Drives a Firefox without a window, by its own remote protocol (Marionette)."""

from __future__ import annotations

import base64
import json
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAMES = ("firefox-esr", "firefox")
QUIET = {
    "browser.shell.checkDefaultBrowser": False,
    "browser.aboutwelcome.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.update.disabledForTesting": True,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "dom.max_script_run_time": 0,
}


class Firefox:
    def __init__(self, connection: socket.socket) -> None:
        self._file = connection.makefile("rwb")
        self._count = 0
        self._read()
        self.call("WebDriver:NewSession", {"capabilities": {"alwaysMatch": {}}})
        self.call("WebDriver:SetTimeouts", {"script": 20_000, "pageLoad": 60_000})

    def _read(self) -> Any:
        digits = b""
        while (digit := self._file.read(1)) != b":":
            if not digit:
                raise ConnectionError("Firefox has ended.")
            digits += digit
        return json.loads(self._file.read(int(digits)))

    def call(self, command: str, parameters: dict[str, Any]) -> Any:
        self._count += 1
        message = json.dumps([0, self._count, command, parameters]).encode()
        self._file.write(str(len(message)).encode() + b":" + message)
        self._file.flush()
        _, _, error, result = self._read()
        if error:
            raise RuntimeError(f"{command}: {error['message'][:300]}")
        return result

    def goto(self, url: str) -> None:
        self.call("WebDriver:Navigate", {"url": url})

    def evaluate(self, expression: str) -> Any:
        script = {"script": f"return ({expression});", "args": [], "sandbox": None}
        return self.call("WebDriver:ExecuteScript", script)["value"]

    def enter_frame(self) -> None:
        """Until the next page, look into its first frame."""
        self.call("WebDriver:SwitchToFrame", {"id": 0})

    def leave_frame(self) -> None:
        self.call("WebDriver:SwitchToFrame", {"id": None})

    def resize(self, width: int, height: int) -> None:
        self.call("WebDriver:SetWindowRect", {"width": width, "height": height})

    def picture(self, path: Path) -> None:
        shot = self.call("WebDriver:TakeScreenshot", {"full": False, "hash": False})
        path.write_bytes(base64.b64decode(shot["value"]))


def firefox_path() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def firefox(preferences: dict[str, Any] | None = None) -> Iterator[Firefox]:
    """A new profile with these preferences. Raises RuntimeError if Firefox is missing or cannot be driven."""
    program = firefox_path()
    if program is None:
        raise RuntimeError("There is no Firefox.")
    port = _free_port()
    with tempfile.TemporaryDirectory(prefix="firefox-", ignore_cleanup_errors=True) as profile:
        chosen = QUIET | {"marionette.port": port} | (preferences or {})
        lines = [
            f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in chosen.items()
        ]
        (Path(profile) / "user.js").write_text("\n".join(lines))
        command = [program, "--headless", "--no-remote", "--profile", profile, "--marionette"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield Firefox(_connect(port, process))
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _connect(port: int, process: subprocess.Popen[bytes]) -> socket.socket:
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=90)
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("Firefox did not start.")
