"""Trials of hostile input in a limited process of their own: `python -m soak._trials KIND NUMBER SEED`.

It prints one JSON object. An input that fails is kept in the current folder.
"""

from __future__ import annotations

import json
import random
import resource
import shutil
import sys
import time
import traceback
from pathlib import Path

from PIL import Image

from hostile import packs, sites
from hostile.targets import TARGETS, attempt, changed
from imagedb_site.encoders.encoder import Encoder
from imagedb_site.errors import ImageDBError, PackError
from imagedb_site.packs import load_pack
from imagedb_site.reader import open_site, source, verify_site

MEMORY = 6 << 30


def parser(name: str, trials: int, seed: int) -> dict[str, int]:
    """Changed files for one parser."""
    target, chance = TARGETS[name], random.Random(f"{name} {seed}")
    seeds = target.seeds()
    counts = {"bad_inputs": 0, "hangs": 0, "crashes": 0}
    for trial in range(trials):
        data = chance.choice(seeds)
        for _ in range(chance.choice((1, 1, 1, 2, 5))):
            data = changed(data, chance)
        counts["bad_inputs"] += 1
        try:
            attempt(target, data)
        except BaseException as error:
            counts["hangs" if isinstance(error, TimeoutError) else "crashes"] += 1
            Path(f"{name}-{seed}-{trial}").write_bytes(data)
            traceback.print_exc()
    return counts


def model_packs(trials: int, seed: int) -> dict[str, int]:
    """Model packs that lie, with right hashes."""
    counts = {"bad_inputs": 0, "hangs": 0, "crashes": 0}
    changes = [*packs.manifests(trials * 2 // 3, seed), *packs.files(trials // 3, seed)]
    if trials > 20:
        changes += [*packs.towers(), *packs.tokenizers()]
    for number, (_, change) in enumerate(changes):
        folder = Path(f"model-pack-{seed}-{number}")
        try:
            packs.write(folder, change)
        except Exception:
            # The change leaves nothing that hashes could be written for.
            shutil.rmtree(folder, ignore_errors=True)
            packs.write(folder, change, honest=False)
        begun = time.monotonic()
        counts["bad_inputs"] += 1
        try:
            encoder = Encoder(load_pack(folder), threads=1)
            _ = encoder.vocabulary
            encoder.encode_queries(["a cat", "constructor"])
            encoder.encode_images([Image.new("RGB", (40, 30), (9, 99, 199))])
        except PackError:
            pass
        except BaseException:
            counts["crashes"] += 1
            traceback.print_exc()
            continue
        counts["hangs"] += time.monotonic() - begun > 20
        shutil.rmtree(folder)
    return counts


def hosts(trials: int, seed: int) -> dict[str, int]:
    """Sites at an address whose host misbehaves."""
    source._TIMEOUT_S = 1.0
    counts = {"bad_inputs": 0, "hangs": 0, "crashes": 0}
    names = [name for name in sites.ANSWERS if name != "whole"]
    chance = random.Random(seed)
    for _ in range(trials):
        name = chance.choice(names)
        begun = time.monotonic()
        counts["bad_inputs"] += 1
        with sites.hosted(*chance.choice(((name, None), ("whole", name)))) as host:
            try:
                with open_site(host.url) as site:
                    verify_site(site)
            except ImageDBError:
                pass
            except BaseException:
                counts["crashes"] += 1
                traceback.print_exc()
        counts["hangs"] += time.monotonic() - begun > 20
    return counts


def main() -> None:
    kind, trials, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    if kind == "packs":
        counts = model_packs(trials, seed)
    elif kind == "hosts":
        counts = hosts(trials, seed)
    else:
        counts = parser(kind, trials, seed)
    print(json.dumps(counts))


if __name__ == "__main__":
    main()
