"""Kills workers, a node and the build itself while a cluster of two nodes makes a site.

Each trial ends with a build that is left alone; its site must have the bytes of the local engine. The seed is
printed first; SOAK_SEED repeats the same choices.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ray_workers import ray_workers
from soak._kill_trials import finish, site_of
from soak._kill_trials import run as start
from soak.kills import draw

GOLDEN = Path(__file__).parents[1] / "golden"
KILLS = 24
PICTURES = 90
_MOST_PER_TRIAL = 8
_PAUSE_S = (1.0, 6.0)
_LONGEST_S = 900.0
_BUILD = ("build", "pictures", "--model", str(GOLDEN / "pack-tiny"), "-q")
_NODE = {"num_cpus": 1, "object_store_memory": 100 << 20, "include_dashboard": False}


def run(folder: Path, scale: float) -> dict[str, int]:
    """Kills `KILLS * scale` times; counts kills by kind, builds that failed and sites that differ."""
    counts = {"kills": 0, "lost": 0, "different_bytes": 0}
    try:
        from ray.cluster_utils import Cluster
    except ImportError:
        print("engine: left out, because Ray is not installed", file=sys.stderr, flush=True)
        return counts
    seed = int(os.environ.get("SOAK_SEED") or random.SystemRandom().randrange(10**9))
    print(f"engine: SOAK_SEED={seed}", file=sys.stderr, flush=True)
    chance = random.Random(seed)
    for number in range(PICTURES):
        draw(folder / "local" / "pictures" / f"{number:02}.jpg", number)
    (folder / "local" / "pictures" / "damaged.jpg").write_bytes(b"\xff\xd8\xff")
    status, said = finish(start(folder / "local", _BUILD))
    if status:
        raise RuntimeError(said)
    expected = site_of(folder / "local")
    cluster = Cluster(initialize_head=True, head_node_args=_NODE)
    try:
        nodes = Nodes(cluster)
        while counts["kills"] < max(1, round(KILLS * scale)):
            trial = folder / "trial"
            shutil.copytree(folder / "local" / "pictures", trial / "pictures")
            one = Trial(trial, cluster.address, nodes, chance)
            counts["lost"] += one.run()
            counts["kills"] += sum(one.kills.values())
            counts["different_bytes"] += site_of(trial) != expected
            print(f"engine: {one.kills}", file=sys.stderr, flush=True)
            shutil.rmtree(trial)
    finally:
        cluster.shutdown()
    return counts


class Nodes:
    """The second node of the cluster, which comes back after it was killed."""

    def __init__(self, cluster: Any) -> None:
        self._cluster = cluster
        self._node = cluster.add_node(**_NODE)

    def kill(self) -> bool:
        """Ends the node at once and starts another one."""
        self._cluster.remove_node(self._node, allow_graceful=False)
        self._node = self._cluster.add_node(**_NODE)
        return True


class Trial:
    """A build that is disturbed up to some number of times. `kills` counts by kind."""

    def __init__(self, folder: Path, address: str, nodes: Nodes, chance: random.Random) -> None:
        self.kills = {"worker": 0, "node": 0, "build": 0}
        self._folder = folder
        self._address = address
        self._chance = chance
        self._ways: dict[str, Callable[[], bool]] = {
            "worker": self._kill_worker,
            "node": nodes.kill,
            "build": self._kill_build,
        }
        self._build: subprocess.Popen[str] | None = None

    def run(self) -> bool:
        """Builds until it is done; returns whether a build failed that was not killed itself."""
        deadline = time.monotonic() + _LONGEST_S
        while time.monotonic() < deadline:
            self._build = start(
                self._folder,
                [*_BUILD, "--engine", "ray", "--address", self._address, "--part-size", "4"],
            )
            killed = self._disturb(self._build)
            status, said = finish(self._build, _LONGEST_S)
            if status == 0:
                return False
            if not killed:
                print(f"engine: a build failed:\n{said}", file=sys.stderr, flush=True)
                return True
        print("engine: a build does not end", file=sys.stderr, flush=True)
        return True

    def _disturb(self, build: subprocess.Popen[str]) -> bool:
        """Kills something from time to time while the build runs; returns whether that was the build."""
        while sum(self.kills.values()) < _MOST_PER_TRIAL:
            try:
                build.wait(self._chance.uniform(*_PAUSE_S))
                return False
            except subprocess.TimeoutExpired:
                pass
            way = self._chance.choices(["worker", "node", "build"], [6, 1, 2])[0]
            if self._ways[way]():
                self.kills[way] += 1
                if way == "build":
                    return True
        return False

    def _kill_worker(self) -> bool:
        found = ray_workers()
        if not found:
            return False
        os.kill(self._chance.choice(found), signal.SIGKILL)
        return True

    def _kill_build(self) -> bool:
        assert self._build is not None
        os.killpg(self._build.pid, signal.SIGKILL)
        return True
