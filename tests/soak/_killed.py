"""Runs the command line and ends it at one exact moment: `_killed.py FOLDER EVENT DELAY SIGNAL ARGS…`.

An event is whatever changes files below FOLDER, is waited for on the disk, or commits to the library. DELAY
milliseconds after the EVENT-th one (from 1) this process gets SIGNAL. With EVENT 0 it only counts: the
number is written to FOLDER/events.
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
        self.count = 0

    def audit(self, name: str, arguments: tuple[object, ...]) -> None:
        if name == "ctypes.dlsym":
            if arguments[1] in _CALLS:
                self.happened()
        elif name in _NAMES and str(arguments[0]).startswith(self._folder):
            self.happened()

    def commit(self) -> bool:
        self.happened()
        return False

    def happened(self) -> None:
        self.count += 1
        if self.count != self._event:
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
            Path(folder, "events").write_text(str(moment.count))


if __name__ == "__main__":
    main()
