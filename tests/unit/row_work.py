"""Work on blocks of rows for tests: functions of a module, which workers import."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np

from imagedb_site.run import Arrays


def turned(shared: Arrays, block: Arrays) -> Arrays:
    """The products with a matrix, and who made them; the first blocks take the longest."""
    first = int(block["first"][0])
    time.sleep(0.05 if first < 30 else 0)
    pid = np.array([os.getpid()], dtype=np.uint32)
    return {"rows": block["rows"] @ shared["matrix"], "first": block["first"], "pid": pid}


def threads(shared: Arrays, block: Arrays) -> Arrays:
    """How many threads the numerical libraries of this process use at most."""
    from threadpoolctl import threadpool_info

    block["rows"] @ block["rows"].T
    found = [int(one["num_threads"]) for one in threadpool_info() if one["user_api"] == "blas"]
    return {"threads": np.array([max(found), min(found)], dtype=np.uint32)}


def deadly(shared: Arrays, block: Arrays) -> Arrays:
    """Ends its process in the third block, once: it leaves a note whose path is `shared["note"]`."""
    note = Path(shared["note"].tobytes().decode())
    if block["first"][0] == 20 and not note.exists():
        note.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return turned({"matrix": np.eye(6, dtype=np.float32)}, block)


def fatal(shared: Arrays, block: Arrays) -> Arrays:
    """Ends its process in each block."""
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


def wrong(shared: Arrays, block: Arrays) -> Arrays:
    """A bug."""
    raise KeyError("a bug")


def too_large(shared: Arrays, block: Arrays) -> Arrays:
    """Needs more memory than there is."""
    raise MemoryError
