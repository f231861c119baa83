"""One worker process, seen from the build: started, called, timed and killed."""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from imagedb_site.errors import ImageDBError
from imagedb_site.run import wire
from imagedb_site.run.base import ONE_THREAD, Failure, Function, Header, Message

STARVED = 10
"""How often the time limit is granted again to a worker that the machine gave no processor time."""
_START_S = 120.0
_TICK_S = 1.0
"""How often it is looked whether a call takes too long; more often for short time limits."""
_MAIN = "from imagedb_site.run.worker import main; main()"


def cpu_seconds(pid: int) -> tuple[float, bool]:
    """The processor time a process has used, and whether it could use more at this moment.

    Without Linux's /proc nothing is known: the result is no time and not runnable.
    """
    try:
        # The name, in brackets, may contain anything; numbers follow it (proc(5)).
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        ticks = int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK"), fields[0] == "R"
    except (OSError, ValueError, IndexError):
        return 0.0, False


@dataclass(frozen=True)
class _Exchange:
    """A call that has no answer yet: when it began, and the seconds it may take."""

    began: float
    timeout_s: float


class Process:
    """A worker that runs one function. `call` is used by one thread at a time.

    Raises ImageDBError if the process cannot be started.
    """

    def __init__(self, function: Function, timeout_s: float, memory_bytes: int) -> None:
        self.function = function
        self.served = 0
        self._timeout_s = timeout_s
        self._expired = False
        self._ended = threading.Event()
        self._exchanged: _Exchange | None = None
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            **ONE_THREAD,
            "PYTHONUNBUFFERED": "",
        }
        # -P: a module in the current folder must not take the place of a library.
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", _MAIN],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            close_fds=True,
        )
        assert self._process.stdin and self._process.stdout
        self._calls, self._replies = self._process.stdin, self._process.stdout
        threading.Thread(target=self._watch, args=(timeout_s,), daemon=True).start()
        try:
            self._exchange({"memory_bytes": memory_bytes}, [pickle.dumps(function)], _START_S)
        except wire.Broken as error:
            self.kill()
            raise ImageDBError(
                "A worker process cannot be started.", "Is there enough free memory?"
            ) from error

    def call(self, given: Header) -> Message | Failure:
        """The function's result for `given`. After a timeout or a crash the process is dead."""
        self._expired = False
        patience_s = self._timeout_s * (STARVED + 1) + 5
        try:
            header, parts = self._exchange(
                {"input": given, "patience_s": patience_s}, [], self._timeout_s
            )
        except wire.Broken:
            self.kill()
            return Failure("timeout" if self._expired else "crash")
        self.served += 1
        if header.get("failed") == "memory":
            return Failure("memory")
        result = header.get("result")
        if not isinstance(result, dict):
            return Failure("error", str(header.get("detail"))[:80])
        return result, parts

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        """Ends the process at once."""
        self._ended.set()
        self.interrupt()
        for stream in (self._calls, self._replies):
            with contextlib.suppress(OSError, ValueError):
                stream.close()
        self._process.wait()

    def interrupt(self) -> None:
        """Ends the process from another thread than the one that reads its replies."""
        with contextlib.suppress(OSError):
            self._process.kill()

    def _exchange(
        self, header: dict[str, Any], parts: list[bytes], timeout_s: float
    ) -> tuple[dict[str, Any], list[bytes]]:
        # Read by the watching thread: to start one for each call costs 4 % of a build.
        self._exchanged = _Exchange(time.monotonic(), timeout_s)
        try:
            wire.send(cast(Any, self._calls), header, parts)
            return wire.receive(cast(Any, self._replies))
        finally:
            self._exchanged = None

    def _watch(self, timeout_s: float) -> None:
        """Ends the process if it takes too long, unless the machine gave it no processor time."""
        seen = None
        while not self._ended.wait(min(_TICK_S, timeout_s / 8)):
            one = self._exchanged
            if one is None:
                continue
            if one is not seen:
                seen, granted = one, 0
                before = cpu_seconds(self._process.pid)[0]
            if time.monotonic() < one.began + one.timeout_s * (granted + 1):
                continue
            granted += 1
            used, runnable = cpu_seconds(self._process.pid)
            if granted < STARVED and runnable and used - before < one.timeout_s / 2:
                continue
            if self._exchanged is one:
                self._expired = True
                self.interrupt()
                return
