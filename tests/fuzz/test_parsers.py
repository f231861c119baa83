"""Every parser under hostile input: a result or one error message, soon. Inputs that once failed are kept.

A file `cases/TARGET/NAME` is an input of that target. `hostile/guided.py` searches for more with atheris.
"""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hostile.running import run_module
from hostile.targets import SLOW_S, TARGETS, attempt, changed
from imagedb_site.errors import UsageError
from imagedb_site.pictures.automatic import is_automatic
from soak import hostile

CASES = Path(__file__).parent / "cases"
TRIALS = 60


@pytest.mark.parametrize("name", TARGETS)
def test_changed_files(name: str) -> None:
    target, chance = TARGETS[name], random.Random(name)
    seeds = target.seeds()
    assert (seeds and all(attempt(target, seed) for seed in seeds)) or name in (
        "documents",
        "settings",
    )
    for trial in range(TRIALS):
        data = changed(chance.choice(seeds), chance)
        if chance.random() < 0.2:
            data = changed(data, chance)
        try:
            attempt(target, data)
        except BaseException as error:
            raise AssertionError(f"trial {trial} of {name}: {data[:300]!r}") from error


@given(data=st.binary(max_size=300), name=st.sampled_from([*TARGETS]))
@settings(deadline=None, max_examples=250)
def test_any_bytes(data: bytes, name: str) -> None:
    attempt(TARGETS[name], data)


@given(text=st.text(max_size=200), name=st.sampled_from(["queries", "dates", "texts", "settings"]))
@settings(deadline=None, max_examples=250)
def test_any_text(text: str, name: str) -> None:
    attempt(TARGETS[name], text.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize(
    "case", sorted(CASES.glob("*/*")), ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_kept_cases(case: Path) -> None:
    attempt(TARGETS[case.parent.name], case.read_bytes())


@pytest.mark.parametrize("part", [b"c", b" ", b"0", b"url(", b'"', b"a ", "\u00e9".encode()])
@pytest.mark.parametrize("name", ["texts", "queries", "comment", "prompt", "dates"])
def test_a_long_run_of_one_character(name: str, part: bytes) -> None:
    """A pattern that starts again at each character needs minutes for these."""
    for end in (b"", b"!", b"\n1!"):
        attempt(TARGETS[name], part * 100_000 + end)


def test_a_setting_in_a_long_line() -> None:
    begun = time.monotonic()
    assert not is_automatic(" " * 3900 + "!\na: 1")
    assert time.monotonic() - begun < SLOW_S


def test_a_message_quotes_the_beginning_and_the_end_of_a_long_name() -> None:
    message = str(UsageError(f"There is no {'x' * 5000}.", "y" * 5000))
    assert message.startswith("There is no xxx") and message.endswith("xx.")
    assert len(message) < 1010


@pytest.mark.parametrize("name", ["queries", "dates", "xmp", "prompt", "png-text"])
def test_inputs_that_reach_new_code(name: str, tmp_path: Path) -> None:
    pytest.importorskip("atheris")
    done = run_module("hostile.guided", name, "-max_total_time=5", cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]


def test_long_trials_run_in_a_process_of_their_own(tmp_path: Path) -> None:
    counts = hostile.trials(tmp_path, "queries", 20)
    assert counts == {"bad_inputs": 20, "hangs": 0, "crashes": 0}
    assert hostile.trials(tmp_path, "no such parser", 20) == {"crashes": 1}
