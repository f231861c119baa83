"""Drives Firefox over its own protocol, Marionette: messages of `length:JSON` over a local socket.

Playwright drives only a Firefox of its own making. This needs nothing but an installed Firefox.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import tempfile
import time
from base64 import b64decode
from pathlib import Path
from typing import Any

NAMES = ("firefox-esr", "firefox")
# A proxy that never answers stands for having no network. The settings that Marionette recommends would let
# pages from the disk read other files, which no visitor's browser does.
PREFERENCES: dict[str, Any] = {
    "remote.prefs.recommended": False,
    "security.fileuri.strict_origin_policy": True,
    "network.proxy.type": 1,
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": 9,
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": 9,
    "browser.shell.checkDefaultBrowser": False,
    "browser.aboutwelcome.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.update.disabledForTesting": True,
    "toolkit.telemetry.reportingpolicy.firstRun": False,
}


def firefox_path() -> str | None:
    """The installed Firefox, None if there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Firefox:
    """A Firefox without a window. Close it after use."""

    def __init__(self, path: str, width: int = 1280, height: int = 900) -> None:
        self._profile = tempfile.TemporaryDirectory(prefix="firefox-")
        port = _free_port()
        lines = [
            f"user_pref({json.dumps(name)}, {json.dumps(value)});\n"
            for name, value in {**PREFERENCES, "marionette.port": port}.items()
        ]
        (Path(self._profile.name) / "user.js").write_text("".join(lines))
        command = [path, "--headless", "--marionette", "--no-remote", "--profile"]
        command += [self._profile.name, f"--width={width}", f"--height={height}", "about:blank"]
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            self._socket = self._connect(port)
            self._stream = self._socket.makefile("rb")
            self._number = 0
            self._read()
            self.call("WebDriver:NewSession", capabilities={"alwaysMatch": {}})
        except BaseException:
            self.close()
            raise

    def call(self, command: str, **values: Any) -> Any:
        """The answer to a command. Raises RuntimeError with Firefox's message."""
        self._number += 1
        message = json.dumps([0, self._number, command, values]).encode()
        self._socket.sendall(b"%d:%s" % (len(message), message))
        _, number, error, result = self._read()
        assert number == self._number
        if error:
            raise RuntimeError(f"{command}: {error['error']}: {error['message']}")
        return result

    def run(self, script: str, *values: Any) -> Any:
        """What the body of a function returns in the page; `arguments` are the values."""
        return self.call("WebDriver:ExecuteScript", script=script, args=list(values))["value"]

    def until(self, script: str, *values: Any, seconds: float = 40) -> Any:
        """The first true value of an expression in the page."""
        end = time.monotonic() + seconds
        while not (found := self.run(f"return {script}", *values)):
            assert time.monotonic() < end, f"Never true: {script}. The page:\n{self.text()}"
            time.sleep(0.1)
        return found

    def text(self) -> str:
        return str(self.run("return document.body.innerText"))[:2000]

    def screenshot(self, file: Path) -> None:
        shot = self.call("WebDriver:TakeScreenshot", full=False)["value"]
        file.write_bytes(b64decode(shot))

    def close(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if hasattr(self, "_socket"):
            self._socket.close()
        self._profile.cleanup()

    def _connect(self, port: int) -> socket.socket:
        end = time.monotonic() + 60
        while True:
            try:
                connection = socket.create_connection(("127.0.0.1", port), timeout=90)
            except OSError:
                if self._process.poll() is not None or time.monotonic() > end:
                    raise
                time.sleep(0.1)
            else:
                return connection

    def _read(self) -> Any:
        digits = b""
        while (byte := self._stream.read(1)) != b":":
            if not byte:
                raise RuntimeError("Firefox has ended.")
            digits += byte
        return json.loads(self._stream.read(int(digits)))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
