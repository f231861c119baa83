"""The local runner: results as they are completed, bounded look-ahead, poisoned workers, no leftovers."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass

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
