"""Decoders that can be killed: one hostile picture costs a time-out, never the build."""

from __future__ import annotations

import contextlib
import itertools
import os
import pickle
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast, get_args

import numpy as np
from PIL import Image

from imagedb_site.errors import ImageDBError
from imagedb_site.pictures import wire
from imagedb_site.pictures.types import (
    STARVED,
    Cause,
    DecodeError,
    Derivative,
    Derived,
    Limits,
    Picture,
    Recipe,
    Work,
)
from imagedb_site.pictures.worker import Preprocess
from imagedb_site.records import Record, Value

_START_S = 120.0
_AHEAD = 64
"""How many pictures may wait behind one that takes its time."""
_RECYCLE = 5_000
"""A decoder is replaced after this many pictures, for what leaks."""
_MAIN = "from imagedb_site.pictures.worker import main; main()"
_MAX_REASON = 300


def _cores() -> int:
    """Returns how many cores this process may use: a container may have fewer than the machine."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def cpu_seconds(pid: int) -> tuple[float, bool]:
    """The processor time a process has had, and whether it could use more at this moment.

    Without Linux's /proc nothing is known: no time, not runnable.
    """
    try:
        # The name, in brackets, may hold anything; what follows it is numbers (proc(5)).
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        ticks = int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK"), fields[0] == "R"
    except (OSError, ValueError, IndexError):
        return 0.0, False


class _Worker:
    """One decoder process. `call` is used by one thread at a time."""

    def __init__(self, limits: Limits, preprocess: Preprocess | None, input_want: int) -> None:
        self._timeout_s = limits.timeout_s
        self.served = 0
        self._expired = False
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
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
        self._jobs, self._replies = self._process.stdin, self._process.stdout
        parts = [] if preprocess is None else [pickle.dumps(preprocess)]
        header = {"limits": asdict(limits), "input_want": input_want}
        try:
            self._exchange(header, parts, _START_S)
        except wire.Broken as error:
            self.kill()
            raise ImageDBError(
                "A decoder process cannot be started.", "Is there enough free memory?"
            ) from error

    def call(self, job: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
        """Runs a job; raises `DecodeError` (time-out, crash) and is dead afterwards, or answers."""
        self._expired = False
        try:
            reply = self._exchange(job, [], self._timeout_s)
        except wire.Broken as error:
            self.kill()
            if self._expired:
                seconds = f"{self._timeout_s:g} s"
                raise DecodeError(f"decoding it takes longer than {seconds}", "timeout") from error
            raise DecodeError("the decoder crashed on it", "crash") from error
        self.served += 1
        return reply

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        """Ends the process at once."""
        with contextlib.suppress(OSError):
            self._process.kill()
        for stream in (self._jobs, self._replies):
            with contextlib.suppress(OSError, ValueError):
                stream.close()
        self._process.wait()

    def interrupt(self) -> None:
        """Ends the process from another thread than the one that reads its replies."""
        with contextlib.suppress(OSError):
            self._process.kill()

    def _expire(self) -> None:
        self._expired = True
        self.interrupt()

    def _exchange(
        self, header: dict[str, Any], parts: list[bytes], timeout_s: float
    ) -> tuple[dict[str, Any], list[bytes]]:
        done = threading.Event()
        threading.Thread(target=self._watch, args=(done, timeout_s), daemon=True).start()
        try:
            wire.send(cast(Any, self._jobs), header, parts)
            return wire.receive(cast(Any, self._replies))
        finally:
            done.set()

    def _watch(self, done: threading.Event, timeout_s: float) -> None:
        """Ends the process when it takes too long, but not where the machine gave it no time."""
        before = cpu_seconds(self._process.pid)[0]
        for _ in range(STARVED):
            if done.wait(timeout_s):
                return
            used, runnable = cpu_seconds(self._process.pid)
            if not runnable or used - before >= timeout_s / 2:
                break
        if not done.is_set():
            self._expire()


class Decoder:
    """A pool of decoder processes, started as they are needed; a context manager.

    `preprocess` turns a picture into the encoder's input inside the decoder, of a picture decoded for
    `input_want` pixels; it must be picklable (a function of a module, or `functools.partial` of one).
    """

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        workers: int | None = None,
        preprocess: Preprocess | None = None,
        input_want: int = 224,
    ) -> None:
        self._limits = limits or Limits()
        self._preprocess = preprocess
        self._input_want = input_want
        self._count = max(1, workers or _cores())
        self._threads = ThreadPoolExecutor(self._count, "decode")
        self._idle: list[_Worker] = []
        self._all: set[_Worker] = set()
        self._lock = threading.Lock()
        self._closed = False

    def __enter__(self) -> Decoder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Kills the decoders; what is still being derived is given up."""
        with self._lock:
            self._closed = True
            for worker in self._all:
                worker.interrupt()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for worker in self._all:
            worker.kill()
        self._all.clear()
        self._idle.clear()

    def open(self, path: Path, *, want: int) -> Picture:
        """Decodes one picture for derivatives of `want` pixels; raises `DecodeError`."""
        header, parts = self._call({"path": str(path), "open": want})
        size = _size(header.get("size"))
        if len(parts) != 1 or len(parts[0]) != size[0] * size[1] * 3:
            raise DecodeError("the decoder failed", "crash")
        return Picture(
            Image.frombytes("RGB", size, parts[0]),
            *_size([header.get("width"), header.get("height")]),
            _metadata(header.get("metadata")),
        )

    def derive(self, work: Iterable[Work]) -> Iterator[tuple[Record, Derived | DecodeError]]:
        """Yields what was derived from each picture, or why nothing was, in the order of `work`."""
        pending: deque[tuple[Record, Future[Derived | DecodeError]]] = deque()
        todo = iter(work)
        ahead = max(_AHEAD, 4 * self._count)
        try:
            while True:
                for item in itertools.islice(todo, ahead - len(pending)):
                    pending.append((item.record, self._threads.submit(self._derive, item)))
                if not pending:
                    return
                record, future = pending.popleft()
                yield record, future.result()
        finally:
            for _, future in pending:
                future.cancel()

    def _derive(self, work: Work) -> Derived | DecodeError:
        wants_input = work.input and self._preprocess is not None
        recipes = [list(asdict(recipe).values()) for recipe in work.recipes]
        job = {"path": str(work.record.path), "recipes": recipes, "input": wants_input}
        try:
            return _derived(work, wants_input, *self._call(job))
        except DecodeError as error:
            return error

    def _call(self, job: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
        while True:
            worker = self._take()
            before = worker.served
            try:
                header, parts = worker.call(job)
            except DecodeError as error:
                self._drop(worker)
                # It may have been the pictures before this one: only a fresh decoder can blame it.
                if error.cause == "crash" and before and not self._closed:
                    continue
                raise
            except BaseException:
                self._drop(worker)
                raise
            cause = header.get("cause")
            if cause == "memory" and before:
                self._drop(worker)
                continue
            self._give(worker)
            if cause is not None:
                reason = str(header.get("error"))[:_MAX_REASON]
                raise DecodeError(reason, cause if cause in get_args(Cause) else "damaged")
            return header, parts

    def _take(self) -> _Worker:
        with self._lock:
            if self._closed:
                raise DecodeError("the build was stopped", "timeout")
            if self._idle:
                return self._idle.pop()
        worker = _Worker(self._limits, self._preprocess, self._input_want)
        with self._lock:
            self._all.add(worker)
            if self._closed:
                worker.interrupt()
        return worker

    def _give(self, worker: _Worker) -> None:
        if worker.served >= _RECYCLE or not worker.alive:
            self._drop(worker)
            return
        with self._lock:
            self._idle.append(worker)

    def _drop(self, worker: _Worker) -> None:
        worker.kill()
        with self._lock:
            self._all.discard(worker)


def derive_all(
    work: Iterable[Work],
    *,
    preprocess: Preprocess | None = None,
    input_want: int = 224,
    limits: Limits | None = None,
    workers: int | None = None,
) -> Iterator[tuple[Record, Derived | DecodeError]]:
    """Derives from every picture in a pool of its own, in the order of `work` (see `Decoder`)."""
    with Decoder(
        limits=limits, workers=workers, preprocess=preprocess, input_want=input_want
    ) as decoder:
        yield from decoder.derive(work)


def open_picture(path: Path, limits: Limits | None = None, *, want: int) -> Picture:
    """Decodes one picture in a process of its own; raises `DecodeError`, a `PictureError`."""
    with Decoder(limits=limits, workers=1) as decoder:
        return decoder.open(path, want=want)


def _derived(work: Work, wants_input: bool, header: dict[str, Any], parts: list[bytes]) -> Derived:
    """Checks a decoder's answer, which a hostile picture may have written."""
    made = header.get("derivatives")
    content_hash = header.get("content_hash")
    if not isinstance(made, list) or not isinstance(content_hash, str) or len(content_hash) != 64:
        raise DecodeError("the decoder failed", "crash")
    if len(parts) != 1 + len(work.recipes) + int(wants_input) or len(made) != len(work.recipes):
        raise DecodeError("the decoder failed", "crash")
    derivatives = {
        Recipe(*settings): Derivative(data, *_size([width, height]))
        for (*settings, width, height), data in zip(made, parts[1:], strict=False)
    }
    if set(derivatives) != set(work.recipes) or len(parts[0]) > 31:
        raise DecodeError("the decoder failed", "crash")
    return Derived(
        content_hash,
        *_size([header.get("width"), header.get("height")]),
        _metadata(header.get("metadata")),
        parts[0],
        derivatives,
        _input(header.get("input"), parts[-1]) if wants_input else None,
    )


def _input(header: Any, data: bytes) -> np.ndarray:
    try:
        dtype = np.dtype(header["dtype"])
        if dtype.kind not in "fiu":
            raise TypeError
        return np.frombuffer(data, dtype).reshape(header["shape"])
    except (TypeError, KeyError, ValueError) as error:
        raise DecodeError("the decoder failed", "crash") from error


def _size(size: Any) -> tuple[int, int]:
    if isinstance(size, list) and len(size) == 2 and all(type(n) is int and n > 0 for n in size):
        return size[0], size[1]
    raise DecodeError("the decoder failed", "crash")


def _metadata(metadata: Any) -> dict[str, Value]:
    if not isinstance(metadata, dict):
        raise DecodeError("the decoder failed", "crash")
    return {
        name: value
        for name, value in metadata.items()
        if isinstance(value, (str, int, float))
        or (isinstance(value, list) and all(isinstance(item, str) for item in value))
    }
