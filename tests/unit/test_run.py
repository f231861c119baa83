"""The local runner: results as they are completed, bounded look-ahead, poisoned workers, no leftovers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from imagedb_site.run import Failure, Header, LocalRunner, Message


@dataclass(frozen=True)
class Task:
    """Does what its input says."""

    name: str = ""

    def __call__(self, given: Header) -> Message:
        if given.get("kill"):
            os.kill(os.getpid(), signal.SIGKILL)
        if given.get("fail"):
            raise KeyError("a bug")
        if given.get("memory"):
            raise MemoryError
        time.sleep(given.get("sleep", 0))
        return {"name": self.name, "pid": os.getpid()}, [bytes([given.get("byte", 0)])]


def results(runner: LocalRunner, inputs: list[Header]) -> dict[int, Message | Failure]:
    return dict(runner.map(Task("a"), enumerate(inputs)))


def test_results_belong_to_their_inputs() -> None:
    with LocalRunner(2) as runner:
        found = results(runner, [{"byte": n} for n in range(50)])
    assert len(found) == 50
    for number, result in found.items():
        assert not isinstance(result, Failure)
        assert result[0]["name"] == "a" and result[1] == [bytes([number])]
        assert result[0]["pid"] != os.getpid()


def test_a_slow_input_does_not_hold_up_the_others() -> None:
    inputs: list[Header] = [{"sleep": 3}, *({} for _ in range(200))]
    with LocalRunner(2) as runner:
        keys = [key for key, _ in runner.map(Task(), enumerate(inputs))]
    assert sorted(keys) == list(range(201))
    assert keys.index(0) > 20


def test_failures_are_reported_with_their_input() -> None:
    inputs: list[Header] = [{}, {"kill": True}, {"fail": True}, {"memory": True}, {"sleep": 60}, {}]
    with LocalRunner(1, timeout_s=3) as runner:
        found = results(runner, inputs)
    failed = {key: one for key, one in found.items() if isinstance(one, Failure)}
    assert failed == {
        1: Failure("crash"),
        2: Failure("error", "KeyError"),
        3: Failure("memory"),
        4: Failure("timeout"),
    }


def test_functions_do_not_mix() -> None:
    with LocalRunner(1) as runner:
        names = [
            one[0]["name"]
            for name in ("a", "b", "a")
            for _, one in runner.map(Task(name), [(0, {}), (1, {})])
            if not isinstance(one, Failure)
        ]
    assert names == ["a", "a", "b", "b", "a", "a"]


def test_a_worker_serves_many_inputs() -> None:
    with LocalRunner(1) as runner:
        found = results(runner, [{} for _ in range(20)])
    assert len({one[0]["pid"] for one in found.values() if not isinstance(one, Failure)}) == 1


def test_a_closed_runner_refuses_work() -> None:
    runner = LocalRunner(1)
    found = runner.map(Task(), ((n, {"sleep": 60} if n else {}) for n in range(3)))
    assert next(found)[0] == 0
    started = time.monotonic()
    runner.close()
    assert time.monotonic() - started < 30


PARENT = """
import sys
sys.path.insert(0, {tests!r})
from imagedb_site.run import LocalRunner
from test_run import Task
with LocalRunner(1) as runner:
    for _, (header, _) in runner.map(Task(), [(0, {{}}), (1, {{"sleep": 60}})]):
        print(header["pid"], flush=True)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a worker ends after its call")
def test_a_worker_ends_with_its_parent_in_the_middle_of_a_call() -> None:
    code = PARENT.format(tests=str(Path(__file__).parent))
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        time.sleep(0.2)
        parent.kill()
    status = Path(f"/proc/{worker}/stat")
    for _ in range(250):
        # A process that has ended stays as a zombie until somebody asks for its status.
        if not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.02)
    os.kill(worker, signal.SIGKILL)
    raise AssertionError("the worker outlived its parent by 5 s")
