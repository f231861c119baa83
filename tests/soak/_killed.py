"""Runs the command line and ends it at one exact moment: `_killed.py FOLDER EVENT DELAY SIGNAL ARGS…`.

An event is whatever changes files below FOLDER, is waited for on the disk, or commits to the library. DELAY
milliseconds after the EVENT-th one (from 1) this process gets SIGNAL. With EVENT 0 it only takes notes: the
names of all events are written to FOLDER/events.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

import apsw

_NAMES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "open"}
_CALLS = {"renameat2", "renamex_np", "syncfs"}


class Moment:
    """Counts events and sends the signal at the chosen one."""

    def __init__(self, folder: str, event: int, delay_ms: float, number: int) -> None:
        self._folder = folder
        self._event = event
        self._delay_ms = delay_ms
        self._number = number
        self.names: list[str] = []

    def audit(self, name: str, arguments: tuple[object, ...]) -> None:
        if name == "ctypes.dlsym":
            if arguments[1] in _CALLS:
                self.happened(str(arguments[1]))
        elif name in _NAMES and self._is_inside(str(arguments[0])):
            self.happened(name)

    def _is_inside(self, path: str) -> bool:
        return path.startswith(self._folder) or not path.startswith("/")

    def commit(self) -> bool:
        self.happened("commit")
        return False

    def happened(self, name: str) -> None:
        self.names.append(name)
        if len(self.names) != self._event:
            return
        if self._delay_ms:
            threading.Thread(target=self._later, daemon=True).start()
        else:
            os.kill(os.getpid(), self._number)

    def _later(self) -> None:
        time.sleep(self._delay_ms / 1000)
        os.kill(os.getpid(), self._number)


def main() -> None:
    folder, event, delay_ms, number, *arguments = sys.argv[1:]
    moment = Moment(folder, int(event), float(delay_ms), int(number))
    sys.addaudithook(moment.audit)
    apsw.connection_hooks.append(lambda connection: connection.set_commit_hook(moment.commit))
    from imagedb_site.cli.main import main as imagedb_site

    try:
        imagedb_site(arguments)
    finally:
        if moment._event == 0:
            Path(folder, "events").write_text("\n".join(moment.names))


if __name__ == "__main__":
    main()
