"""`make soak`: runs every part and prints one JSON object as its last line.

    python -m soak                   # all parts
    python -m soak kills flips       # these parts
    python -m soak --scale 0.1       # a tenth of the trials

A count that must be 0 and is not gives the exit status 1.
"""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import sys
import tempfile
import time
from pathlib import Path

import soak

MUST_BE_ZERO = (
    *("lost", "different_bytes", "hangs", "scripts_run", "leaks", "flips_undetected"),
    *(
        "bad_200_unrecovered",
        "blank_pages",
        "hosts_failed",
        "load_errors",
        "crashes",
        "firefox_failures",
    ),
)


def parts() -> list[str]:
    """The names of the parts: modules that do not begin with an underscore."""
    names = (module.name for module in pkgutil.iter_modules(soak.__path__))
    return sorted(name for name in names if not name.startswith("_"))


def main() -> int:
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("part", nargs="*", choices=[*parts(), []], help="default: all")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the trials to run")
    chosen = parser.parse_args()
    total: dict[str, float] = {}
    for name in chosen.part or parts():
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix=f"soak-{name}-") as folder:
            counts = importlib.import_module(f"soak.{name}").run(Path(folder), chosen.scale)
        seconds = round(time.monotonic() - started, 1)
        print(json.dumps({"part": name, "seconds": seconds, **counts}), file=sys.stderr, flush=True)
        for key, count in counts.items():
            total[key] = total.get(key, 0) + count
    print(json.dumps(total))
    return 1 if any(total.get(key) for key in MUST_BE_ZERO) else 0


if __name__ == "__main__":
    sys.exit(main())
