"""The runner of one machine: a pool of worker processes that can be killed."""

from __future__ import annotations

import itertools
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue

from imagedb_site.run.base import Failure, Function, Header, Key, Message
from imagedb_site.run.process import Process

_AHEAD = 64
"""How many inputs may be in work or wait to be yielded, for up to 16 workers."""
_RECYCLE = 5_000
"""A worker is replaced after this many calls, in case it leaks memory."""


class LocalRunner:
    """A `Runner` on processes of this machine, started when they are needed; a context manager.

    `workers`: how many processes; by default one per core. `timeout_s`: seconds that one call may
    take. `memory_bytes`: how much memory one worker may use. `watch` is told of every call, by several
    threads: the worker's name, and when it began and ended, in seconds since 1970.
    """

    def __init__(
        self,
        workers: int | None = None,
        *,
        timeout_s: float = 30.0,
        memory_bytes: int = 4 << 30,
        watch: Callable[[str, float, float], None] | None = None,
    ) -> None:
        self._timeout_s = timeout_s
        self._memory_bytes = memory_bytes
        self._watch = watch
        self._count = max(1, workers or _cores())
        self._threads = ThreadPoolExecutor(self._count, "run")
        self._idle: list[Process] = []
        self._all: set[Process] = set()
        self._lock = threading.Lock()
        self._closed = False

    def __enter__(self) -> LocalRunner:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Kills the workers; what they are working on is given up."""
        with self._lock:
            self._closed = True
            for process in self._all:
                process.interrupt()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for process in self._all:
            process.kill()
        self._all.clear()
        self._idle.clear()

    def map(
        self, function: Function, inputs: Iterable[tuple[Key, Header]]
    ) -> Iterator[tuple[Key, Message | Failure]]:
        """See `Runner.map`."""
        pending: dict[Future[Message | Failure], Key] = {}
        completed: SimpleQueue[Future[Message | Failure]] = SimpleQueue()
        todo = iter(inputs)
        ahead = max(_AHEAD, 4 * self._count)
        try:
            while True:
                for key, given in itertools.islice(todo, ahead - len(pending)):
                    future = self._threads.submit(self._call, function, given)
                    pending[future] = key
                    future.add_done_callback(completed.put)
                if not pending:
                    return
                future = completed.get()
                yield pending.pop(future), future.result()
        finally:
            for future in pending:
                future.cancel()

    def _call(self, function: Function, given: Header) -> Message | Failure:
        while True:
            process = self._take(function)
            if process is None:
                return Failure("stopped")
            before, began = process.served, time.time()
            try:
                result = process.call(given)
            except BaseException:
                self._drop(process)
                raise
            if self._watch is not None:
                self._watch(threading.current_thread().name, began, time.time())
            poisoned = isinstance(result, Failure) and result.cause in ("crash", "memory")
            if poisoned or not process.alive or process.served >= _RECYCLE:
                self._drop(process)
            else:
                with self._lock:
                    self._idle.append(process)
            # Earlier inputs may be the reason: only a new worker shows that this one is to blame.
            if poisoned and before and not self._closed:
                continue
            return result

    def _take(self, function: Function) -> Process | None:
        """An idle or a new worker for `function`; None once the runner is closed."""
        with self._lock:
            if self._closed:
                return None
            process = self._idle.pop() if self._idle else None
        if process is not None:
            if process.function == function:
                return process
            self._drop(process)
        process = Process(function, self._timeout_s, self._memory_bytes)
        with self._lock:
            self._all.add(process)
            if self._closed:
                process.interrupt()
        return process

    def _drop(self, process: Process) -> None:
        process.kill()
        with self._lock:
            self._all.discard(process)


def _cores() -> int:
    """How many cores this process may use: a container may have fewer than the machine."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
