"""Some kills at chosen moments; `make soak` has hundreds of them at random (tests/soak/kills.py)."""

from __future__ import annotations

import os
import random
import signal
from pathlib import Path

import pytest

from soak._kill_trials import Kill, Scenario, trial
from soak.kills import choose, moments, prepare

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")


@pytest.fixture(scope="module")
def scenarios(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Scenario]:
    found = prepare(tmp_path_factory.mktemp("kills"), ("first", "swap", "add"))
    return {scenario.name: scenario for scenario in found}


def kills(scenario: Scenario) -> list[Kill]:
    """In the middle of a first build, around the exchange of an update, between two pictures of `add`."""
    events = scenario.events
    if scenario.name == "first":
        return [Kill(signal.SIGKILL, event=len(events) // 2, delay_ms=3)]
    if scenario.name == "add":
        return [Kill(signal.SIGKILL, event=moments(scenario, "os.rename")[-2])]
    if "renameat2" not in events:
        return [Kill(signal.SIGKILL, event=len(events) * 9 // 10)]
    (exchange,) = moments(scenario, "renameat2")
    # The owner's .git is moved a few events after the exchange.
    after = Kill(signal.SIGKILL, event=exchange + 2)
    return [after, Kill(signal.SIGTERM, event=exchange + 1)]


@pytest.mark.parametrize("name", ["first", "swap", "add"])
def test_a_kill_loses_nothing_and_the_next_run_ends_alike(
    scenarios: dict[str, Scenario], name: str, tmp_path: Path
) -> None:
    for kill in kills(scenarios[name]):
        killed, lost, different = trial(scenarios[name], tmp_path / "trial", kill)
        assert (killed, lost, different) == (True, [], []), kill


def test_moments_are_spread_over_a_command_and_repeatable(scenarios: dict[str, Scenario]) -> None:
    scenario = scenarios["swap"]
    chosen = [choose(scenario, random.Random(seed)) for seed in range(300)]
    assert chosen == [choose(scenario, random.Random(seed)) for seed in range(300)]
    assert {kill.number for kill in chosen} == {signal.SIGKILL, signal.SIGTERM, signal.SIGINT}
    named = {scenario.events[kill.event - 1] for kill in chosen if kill.event}
    assert {"open", "commit", "os.rename"} <= named
    assert any(kill.seconds for kill in chosen)
