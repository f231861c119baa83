"""Progress on standard error: on a terminal one live line per step, in a pipe one per step and minute."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable

import click

_DRAW_S = 0.1
_TICK_S = 1.0
_SAY_S = 60.0
"""When piped, a step that goes on says so this often."""
_STILL_S = 5.0
"""A live line that nobody has called for this long is drawn again each second, with the time."""
_SILENT_S = 60.0
"""A line says since when nothing new has come if that is longer ago."""


class ProgressBar:
    """Shows `progress(step, done, total)` calls. Use as a context manager."""

    def __init__(self, quiet: bool = False, clock: Callable[[], float] = time.monotonic) -> None:
        self._live = sys.stderr.isatty() and not quiet
        self._quiet = quiet
        self._clock = clock
        self._step = ""
        self._started = 0.0
        self._drawn = 0.0
        self._changed = 0.0
        self._done = 0
        self._total: int | None = None
        self._lock = threading.RLock()
        self._ended = threading.Event()

    def __call__(self, step: str, done: int, total: int | None) -> None:
        with self._lock:
            now = self._clock()
            if step != self._step:
                self._finish()
                self._step, self._started, self._drawn = step, now, 0.0 if self._live else now
                self._done, self._changed = done, now
            if done != self._done:
                self._done, self._changed = done, now
            self._total = total
            finished = total is not None and done >= total
            if self._live and (finished or now - self._drawn > _DRAW_S):
                self._draw(now)

    def __enter__(self) -> ProgressBar:
        if not self._quiet:
            threading.Thread(target=self._watch, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        with self._lock:
            self._finish()

    def _watch(self) -> None:
        # A terminal that is gone must not print a traceback.
        with contextlib.suppress(OSError, ValueError):
            while not self._ended.wait(_TICK_S):
                self.look()

    def look(self) -> None:
        """Shows that a step goes on although nobody has called."""
        with self._lock:
            now = self._clock()
            if self._step and now - self._drawn >= (_STILL_S if self._live else _SAY_S):
                self._draw(now)
                if self._live:
                    # The seconds go on from here.
                    self._drawn = now - _STILL_S

    def _draw(self, now: float) -> None:
        self._drawn = now
        start = "\r\x1b[2K" if self._live else ""
        click.echo(start + self._line(now), nl=not self._live, err=True)

    def _line(self, now: float) -> str:
        done, total, elapsed = self._done, self._total, now - self._started
        if total is None:
            text = f"{self._step}: {done:,}"
        else:
            share = min(1.0, done / total) if total else 1.0
            bar = "█" * round(24 * share) + "░" * (24 - round(24 * share))
            text = f"{self._step:<22} {f'{bar} ' if self._live else ''}{done:,}/{total:,}"
        if now - self._changed >= _SILENT_S:
            return f"{text}  nothing new for {_clock(now - self._changed)}"
        if total is not None and 0 < done < total and elapsed > 1:
            rate, left = done / elapsed, _clock(elapsed / done * (total - done))
            return f"{text}  {rate:,.{int(rate < 10)}f}/s, {left} left"
        return text if elapsed < _STILL_S else f"{text}  {_clock(elapsed)}"

    def _finish(self) -> None:
        if not self._step or self._quiet:
            return
        seconds = self._clock() - self._started
        prefix = "\r\x1b[2K" if self._live else ""
        click.echo(f"{prefix}{self._step:<22} {self._done:,} in {seconds:.1f} s", err=True)
        self._step = ""


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
