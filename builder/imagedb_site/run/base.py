"""The `Runner` seam: what the pipeline asks of the machines that do its work."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

Key = TypeVar("Key")
Header = dict[str, Any]
"""A JSON object."""
Message = tuple[Header, Sequence[bytes | memoryview]]
"""A JSON object and binary parts. Results are messages, never pickles: a worker may have been taken
over by the file it reads, so what it returns must be data and nothing else."""
Function = Callable[[Header], Message]
"""What runs in a worker. It must be picklable: a function of a module or an instance of its class."""

ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)
"""Environment of a worker whose numpy uses one thread: there are as many workers as processors, and the last
bits of a sum may depend on the number of threads."""


@dataclass(frozen=True)
class Failure:
    """Why an input has no result.

    `timeout`: it took too long. `crash`: its worker died. `memory`: it needs more than a worker may
    use. `error`: the function raised an exception, whose type is `detail`. `stopped`: the runner was
    closed. A worker that timed out or crashed is replaced; other inputs are not affected.
    """

    cause: Literal["timeout", "crash", "memory", "error", "stopped"]
    detail: str = ""


class Runner(Protocol):
    """Runs functions somewhere else than in this thread: in local processes, or on a cluster."""

    def map(
        self, function: Function, inputs: Iterable[tuple[Key, Header]]
    ) -> Iterator[tuple[Key, Message | Failure]]:
        """Yields the key and the result of every input, in the order in which they are completed.

        Inputs are taken as they are needed: only a bounded number is in work or waits to be yielded.
        Closing the iterator gives up the rest. Raises ImageDBError if no worker can be started.
        """
        ...
