"""The process that works: it may crash, hang or be killed without harm to the build."""

from __future__ import annotations

import contextlib
import ctypes
import os
import pickle
import signal
import sys
from typing import BinaryIO

from imagedb_site.run import wire
from imagedb_site.run.base import Function, Header, Message

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Serves the calls that arrive on standard input until it ends."""
    _end_with_parent()
    calls, replies = _private_streams()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        header, parts = wire.receive(calls)
        # The one pickle comes from the build itself.
        function: Function = pickle.loads(parts[0])  # noqa: S301
        _bound(int(header["memory_bytes"]))
        wire.send(replies, {"ready": True})
        while True:
            header, _ = wire.receive(calls)
            _alarm(float(header["patience_s"]))
            wire.send(replies, *_answer(function, header["input"]))
            _alarm(0)
    except wire.Broken:
        return


def _answer(function: Function, given: Header) -> Message:
    try:
        header, parts = function(given)
    except MemoryError:
        return {"failed": "memory"}, []
    except Exception as error:  # the function's own bug, perhaps on a file made to find it
        return {"failed": "error", "detail": type(error).__name__}, []
    return {"result": header}, parts


def _private_streams() -> tuple[BinaryIO, BinaryIO]:
    """Takes standard input and output for the messages: what a C library prints must not mix in."""
    calls = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb")
    quiet = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(quiet, descriptor)
    os.close(quiet)
    return calls, replies


def _end_with_parent() -> None:
    """Makes Linux end this process with the thread that started it, also in the middle of a call.

    Elsewhere a worker ends after its call, when nobody reads the reply.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _bound(memory_bytes: int) -> None:
    """Limits the memory of this process if the system can."""
    if sys.platform == "win32":
        return
    import resource

    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform != "darwin":
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


def _alarm(seconds: float) -> None:
    """Makes the system end this process after `seconds`, in case the build that watches it is gone."""
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_REAL, seconds)
