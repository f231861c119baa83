"""Progress on standard error: one live line per step on a terminal, one line per step when piped."""

from __future__ import annotations

import sys
import time

import click


class ProgressBar:
    """Shows `progress(step, done, total)` calls. Use as a context manager."""

    def __init__(self, quiet: bool = False) -> None:
        self._live = sys.stderr.isatty() and not quiet
        self._quiet = quiet
        self._step = ""
        self._started = 0.0
        self._drawn = 0.0
        self._done = 0

    def __call__(self, step: str, done: int, total: int | None) -> None:
        now = time.monotonic()
        if step != self._step:
            self._finish()
            self._step, self._started, self._drawn = step, now, 0.0
        self._done = done
        finished = total is not None and done >= total
        if self._live and (finished or now - self._drawn > 0.1):
            self._drawn = now
            click.echo("\r\x1b[2K" + self._line(now, done, total), nl=False, err=True)

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(self, *_: object) -> None:
        self._finish()

    def _line(self, now: float, done: int, total: int | None) -> str:
        if total is None:
            return f"{self._step}: {done:,}"
        share = min(1.0, done / total) if total else 1.0
        bar = "█" * round(24 * share) + "░" * (24 - round(24 * share))
        elapsed = now - self._started
        rest = ""
        if 0 < done < total and elapsed > 1:
            rest = f"  {done / elapsed:,.0f}/s, {_clock(elapsed / done * (total - done))} left"
        return f"{self._step:<22} {bar} {done:,}/{total:,}{rest}"

    def _finish(self) -> None:
        if not self._step or self._quiet:
            return
        seconds = time.monotonic() - self._started
        prefix = "\r\x1b[2K" if self._live else ""
        click.echo(f"{prefix}{self._step:<22} {self._done:,} in {seconds:.1f} s", err=True)
        self._step = ""


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
