"""The progress lines of long commands, on a terminal and in a pipe."""

from __future__ import annotations

import sys
import time

import pytest

from imagedb_site.cli.progress import ProgressBar


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [line for line in capsys.readouterr().err.replace("\r\x1b[2K", "\n").split("\n") if line]


def test_a_pipe_gets_a_line_per_step_and_one_per_minute(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    progress = ProgressBar(clock=clock)
    for second in range(1, 151):
        clock.now += 1
        progress("derive", second * 10, 3000)
        progress.look()
    progress("write", 0, 10)
    assert lines(capsys) == [
        "derive                 610/3,000  10/s, 3:55 left",
        "derive                 1,210/3,000  10/s, 2:58 left",
        "derive                 1,500 in 149.0 s",
    ]


def test_a_step_in_which_nothing_happens_says_so(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    progress = ProgressBar(clock=clock)
    progress("derive", 0, 3000)
    clock.now += 10
    progress("derive", 5, 3000)
    for _ in range(125):
        clock.now += 1
        progress.look()
    assert lines(capsys) == [
        "derive                 5/3,000  0.1/s, 9:59:00 left",
        "derive                 5/3,000  nothing new for 1:50",
    ]


def test_a_terminal_shows_that_time_passes(
    clock: Clock, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    progress = ProgressBar(clock=clock)
    progress("fit the map", 0, None)
    for _ in range(7):
        clock.now += 1
        progress.look()
    clock.now += 60
    progress.look()
    assert lines(capsys) == [
        "fit the map: 0",
        "fit the map: 0  0:05",
        "fit the map: 0  0:06",
        "fit the map: 0  0:07",
        "fit the map: 0  nothing new for 1:07",
    ]


def test_quiet_is_quiet(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressBar(quiet=True, clock=clock) as progress:
        progress("derive", 0, 10)
        clock.now += 100
        progress("derive", 10, 10)
    assert lines(capsys) == []


def test_the_thread_ends_with_the_command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imagedb_site.cli.progress._TICK_S", 0.01)
    monkeypatch.setattr("imagedb_site.cli.progress._SAY_S", 0.02)
    with ProgressBar() as progress:
        progress("derive", 0, 10)
        end = time.monotonic() + 20
        said: list[str] = []
        while not said and time.monotonic() < end:
            time.sleep(0.02)
            said = lines(capsys)
    assert said[0] == "derive                 0/10"
    lines(capsys)
    time.sleep(0.1)
    assert lines(capsys) == []
