"""What a build says about its time: the table of the steps, and the trace."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from imagedb_site.build import build
from imagedb_site.config import BuildConfig
from imagedb_site.errors import StorageError
from imagedb_site.stopwatch import Step, Stopwatch, Trace

PACK = Path(__file__).parents[1] / "golden" / "pack-tiny"


@pytest.fixture
def config(tmp_path: Path) -> BuildConfig:
    (tmp_path / "pictures").mkdir()
    for number in range(5):
        noise = np.random.default_rng(number).integers(0, 256, (6, 8, 3), dtype=np.uint8)
        Image.fromarray(noise).save(tmp_path / "pictures" / f"{number}.png")
    return BuildConfig(tmp_path / "pictures", tmp_path / "dist", model=str(PACK), workers=1)


def test_a_build_says_what_each_step_worked_on(config: BuildConfig) -> None:
    report = build(config)
    steps = report.steps
    assert (steps["gather"].items, steps["decode"].items, steps["derive"].items) == (5, 5, 5)
    assert steps["model inference"].items == 5
    assert steps["decode"].bytes == sum(path.stat().st_size for path in config.pictures.iterdir())
    assert (steps["write"].items, steps["write"].bytes) == (report.files, report.bytes)
    assert report.to_json()["steps"]["decode"]["items"] == 5
    assert report.seconds.keys() == steps.keys()
    table = [line for line in report.lines(profile=True) if line.startswith(("Time", "  decode"))]
    assert len(table) == 2
    assert table[0].split()[-4:] == ["items", "per", "second", "size"]
    seconds, items, rate, *_ = table[1].split()[1:]
    assert items == "5" and float(seconds) == pytest.approx(steps["decode"].seconds, abs=0.01)
    assert float(rate.replace(",", "")) == pytest.approx(5 / steps["decode"].seconds, rel=0.01)


def test_a_trace_has_a_lane_for_every_process(config: BuildConfig, tmp_path: Path) -> None:
    build(config, trace=tmp_path / "trace.json")
    events = json.loads((tmp_path / "trace.json").read_text("ascii"))
    lanes = {one["tid"]: one["args"]["name"] for one in events if one["name"] == "thread_name"}
    assert set(lanes.values()) == {"build", "model", "decoder_0"}
    spans = [one for one in events if one["ph"] == "X"]
    by_lane = {name: [one for one in spans if lanes[one["tid"]] == name] for name in lanes.values()}
    assert {"gather", "derive", "write"} <= {one["name"] for one in by_lane["build"]}
    decoded = sorted(by_lane["decoder_0"], key=lambda one: one["ts"])
    assert [one["name"] for one in decoded] == ["decode"] * 5
    # One process does one thing at a time, within the step that it is part of.
    (derive,) = (one for one in by_lane["build"] if one["name"] == "derive")
    assert derive["ts"] <= decoded[0]["ts"]
    for one, other in itertools.pairwise(decoded):
        assert one["ts"] + one["dur"] <= other["ts"] + 1000


def test_a_trace_of_a_build_that_fails_can_be_read(config: BuildConfig, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    with pytest.raises(Exception, match="none"):
        build(replace(config, pictures=tmp_path / "none"), trace=tmp_path / "trace.json")
    assert json.loads((tmp_path / "trace.json").read_text("ascii"))


def test_a_trace_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="no such file"), Trace(tmp_path / "no" / "trace.json"):
        pass


def test_steps_are_taken_once() -> None:
    clock = Stopwatch()
    clock.add("decode", 1.5, items=2, size=10)
    clock.add("decode", items=1)
    assert clock.take() == {"decode": Step(1.5, 3, 10)}
    assert clock.take() == {}
