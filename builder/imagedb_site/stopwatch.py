"""How long the steps of a build take, what they work on, and a trace of it for Perfetto."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from .errors import StorageError

BUILD = "build"
"""The lane of a trace that has the steps themselves."""


@dataclass
class Step:
    """What one step took so far: seconds, the things it worked on, and their size in bytes."""

    seconds: float = 0.0
    items: int = 0
    bytes: int = 0


class Trace:
    """A file of trace events (Chrome's JSON format), written as they come; a context manager.

    Perfetto (ui.perfetto.dev) shows one lane per process of the build. Raises StorageError.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lanes: dict[str, int] = {}
        self._file: IO[str] | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Trace:
        try:
            self._file = self._path.open("w", encoding="ascii")
            self._file.write(
                '[{"name": "process_name", "ph": "M", "pid": 1, "args": {"name": "build"}}'
            )
        except OSError as error:
            raise self._cannot(error) from error
        return self

    def __exit__(self, *_: object) -> None:
        assert self._file is not None
        try:
            self._file.write("]\n")
            self._file.close()
        except OSError as error:
            raise self._cannot(error) from error

    def span(self, lane: str, name: str, began: float, ended: float) -> None:
        """Adds that `name` was done in `lane` between two moments, in seconds since 1970."""
        with self._lock:
            new = lane not in self._lanes
            number = self._lanes.setdefault(lane, len(self._lanes))
            if new:
                self._write(
                    {"name": "thread_name", "ph": "M", "tid": number, "args": {"name": lane}}
                )
            times = {"ts": round(began * 1e6), "dur": max(0, round((ended - began) * 1e6))}
            self._write({"name": name, "ph": "X", "tid": number, **times})

    def _write(self, event: dict[str, object]) -> None:
        assert self._file is not None
        try:
            self._file.write(",\n" + json.dumps({"pid": 1, **event}))
        except OSError as error:
            raise self._cannot(error) from error

    def _cannot(self, error: OSError) -> StorageError:
        return StorageError(f"Cannot write {self._path}: {(error.strerror or 'error').lower()}.")


class Stopwatch:
    """Adds up the steps of a build. Safe to use from several threads."""

    def __init__(self, trace: Trace | None = None) -> None:
        self.steps: dict[str, Step] = {}
        self._trace = trace
        self._started = time.monotonic()
        self._lock = threading.Lock()

    @contextmanager
    def __call__(self, step: str) -> Iterator[None]:
        with self.timed(BUILD, step):
            yield

    @contextmanager
    def timed(self, lane: str, step: str) -> Iterator[None]:
        """Adds the time until the end of the block to a step, and shows it in a lane of the trace."""
        # Steps in the order in which they begin.
        self.add(step)
        start, began = time.monotonic(), time.time()
        try:
            yield
        finally:
            seconds = time.monotonic() - start
            self.add(step, seconds)
            self.span(lane, step, began, began + seconds)

    def add(self, step: str, seconds: float = 0.0, items: int = 0, size: int = 0) -> None:
        """Adds to a step: seconds, the number of things it worked on, and their bytes."""
        with self._lock:
            found = self.steps.setdefault(step, Step())
            found.seconds += seconds
            found.items += items
            found.bytes += size

    def span(self, lane: str, step: str, began: float, ended: float) -> None:
        """Shows in a lane of the trace when something was done, in seconds since 1970."""
        if self._trace is not None:
            self._trace.span(lane, step, began, ended)

    def take(self) -> dict[str, Step]:
        """Returns the steps since the last call, and begins again."""
        with self._lock:
            taken, self.steps = self.steps, {}
            return taken

    @property
    def seconds(self) -> dict[str, float]:
        """Seconds by step."""
        return {name: step.seconds for name, step in self.steps.items()}

    @property
    def total(self) -> float:
        return time.monotonic() - self._started
