"""Kills builds and `add` at random and at chosen moments: nothing is lost, and the next run ends alike.

The seed is printed first; SOAK_SEED repeats the same trials.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from imagedb_site.check import check_site
from imagedb_site.sources import ADDITIONS_FILE, load_additions
from soak._kill_trials import Kill, Scenario, finish, trial, undisturbed
from soak._kill_trials import run as start

GOLDEN = Path(__file__).parents[1] / "golden"
BUNDLE = GOLDEN / "bundle-tiny.zip"
KILLS = 220
PICTURES = 24
CRITICAL = {"renameat2", "renamex_np", "syncfs", "commit", "os.rename", "os.link"}
NAMES = ("first", "grown", "swap", "compact", "add")
_BUILD = ("--model", str(GOLDEN / "pack-tiny"), "--batch-size", "4", "--originals", "copy", "-q")


def run(folder: Path, scale: float) -> dict[str, int]:
    """Kills commands `KILLS * scale` times; counts kills, and trials in which something went wrong."""
    seed = int(os.environ.get("SOAK_SEED") or random.SystemRandom().randrange(10**9))
    print(f"kills: SOAK_SEED={seed}", file=sys.stderr, flush=True)
    chance = random.Random(seed)
    scenarios = prepare(folder)
    wanted = max(1, round(KILLS * scale))
    counts = {"kills": 0, "lost": 0, "different_bytes": 0}
    for number in range(3 * wanted):
        if counts["kills"] >= wanted:
            break
        scenario = scenarios[number % len(scenarios)]
        kill = choose(scenario, chance)
        killed, lost, different = trial(scenario, folder / "trial", kill)
        counts["kills"] += killed
        counts["lost"] += bool(lost)
        counts["different_bytes"] += bool(different)
        for line in [*lost, *different]:
            print(f"kills: {scenario.name}, {kill}: {line}", file=sys.stderr, flush=True)
        if number % 50 == 49:
            print(f"kills: {counts['kills']} of {wanted}", file=sys.stderr, flush=True)
    return counts


def choose(scenario: Scenario, chance: random.Random) -> Kill:
    """A moment: any time, any event, or one near a swap, a commit or a wait for the disk."""
    number = chance.choices([signal.SIGKILL, signal.SIGTERM, signal.SIGINT], [8, 1, 1])[0]
    way = chance.randrange(3)
    if way == 0:
        return Kill(number, seconds=chance.uniform(0, scenario.seconds))
    event = chance.randint(1, len(scenario.events))
    if way == 2:
        chosen = chance.choice(sorted(CRITICAL & set(scenario.events)))
        event = chance.choice(moments(scenario, chosen)) + chance.randint(0, 3)
    delay_ms = chance.choice([0.0, chance.uniform(0, 5)])
    return Kill(number, event=min(event, len(scenario.events)), delay_ms=delay_ms)


def moments(scenario: Scenario, name: str) -> list[int]:
    """The numbers of the events called `name`."""
    return [number for number, one in enumerate(scenario.events, 1) if one == name]


def prepare(folder: Path, names: Sequence[str] = NAMES) -> list[Scenario]:
    """Makes the states from which commands start, runs each command undisturbed, and checks its site."""
    pictures = folder / "pictures"
    for number in range(PICTURES):
        draw(pictures / ("cat", "dog")[number % 2] / f"{number:02}.jpg", number)
    new = folder / "states"
    for name in names:
        (new / name).mkdir(parents=True)
    scenarios = [Scenario("first", new / "first", ["build", str(pictures), *_BUILD], [pictures])]
    undisturbed(scenarios[0], folder / "trial")
    shutil.copytree(folder / "trial", folder / "built")
    _own(folder / "built" / "dist")
    bundle = folder / "bundle.zip"
    shutil.copyfile(BUNDLE, bundle)
    for name in names[1:]:
        state = new / name
        shutil.copytree(folder / "built", state, dirs_exist_ok=True)
        own = pictures
        if name in ("add", "grown"):
            own = state / "pictures" if name == "add" else folder / "grown"
            shutil.copytree(pictures, own)
        if name == "grown":
            (own / "cat" / "02.jpg").unlink()
            for number in range(PICTURES, PICTURES + 4):
                draw(own / "new" / f"{number:02}.jpg", number)
        if name == "compact":
            # Something that a build without --compact would leave where it is.
            finish(start(state, ["build", str(folder / "grown"), *_BUILD]))
            shutil.rmtree(state / "tmp")
            own = folder / "grown"
        arguments = ["build", str(own), *_BUILD]
        if name == "add":
            arguments = ["add", str(bundle), "pictures", "--model", _BUILD[1]]
        if name == "compact":
            arguments.append("--compact")
        if name == "swap":
            arguments += ["--title", "Another title"]
        fixed = [bundle] if name == "add" else [own]
        half = half_taken if name == "add" else (lambda _: None)
        scenarios.append(Scenario(name, state, arguments, fixed, half))
        undisturbed(scenarios[-1], folder / "trial")
    for scenario in scenarios:
        if scenario.before["site"]:
            found = check_site(str(scenario.start / "dist")).findings
            wrong = [one for one in found if one.file not in ("CNAME", ".git")]
            if wrong:
                raise RuntimeError(f"{scenario.name}: {wrong}")
    return scenarios


def draw(file: Path, number: int) -> None:
    """Draws coarse noise, different for each number."""
    noise = np.random.default_rng(number).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(noise).resize((400, 300), Image.Resampling.BICUBIC).save(file, quality=85)


def half_taken(folder: Path) -> str | None:
    """Every added picture is whole and has its caption; the captions can be read."""
    pictures = folder / "pictures"
    with_caption = load_additions(pictures).pictures if (pictures / ADDITIONS_FILE).exists() else {}
    for path in (pictures / "added").glob("*"):
        if f"added/{path.name}" not in with_caption:
            return f"{path.name} has no caption"
    return None


def _own(site: Path) -> None:
    """What an owner keeps in a published site."""
    (site / "CNAME").write_text("pictures.example.org\n")
    (site / ".git" / "refs").mkdir(parents=True)
    (site / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (site / ".git" / "refs" / "main").write_text(json.dumps({"not": "a hash"}))
