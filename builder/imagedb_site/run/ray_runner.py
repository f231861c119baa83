"""The runner of a cluster: Ray Data gives inputs to actors, replaces lost ones and bounds what is in work."""

from __future__ import annotations

import importlib.util
import io
import json
import logging
import os
import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO, cast

from imagedb_site.errors import ImageDBError, UsageError
from imagedb_site.run import wire
from imagedb_site.run.base import Failure, Function, Header, Key, Message

_INSTALL = "Install it with: pip install 'imagedb-site[ray]'"
_QUIET = {"RAY_BACKEND_LOG_LEVEL": "fatal", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
_STORE_BYTES = 256 << 20
"""Memory of a Ray that is started here for what passes between its processes, which is little."""
_ANSWER_S = 10.0
_MOST_BLOCKS = 4_000


class RayRunner:
    """A `Runner` on a Ray cluster; a context manager.

    `address` is that of the cluster, as Ray takes it; without one, and without RAY_ADDRESS, Ray is started on
    this machine and ends with this object. `actors`: how many workers, by default as many as fit. Each has
    `cpus` processors and `gpus` GPUs, and the variables of `environment` besides its own. `map` takes all
    inputs at once, so they should be small.

    Raises UsageError if Ray is not installed or cannot be reached, or if no machine has what a worker needs.
    """

    def __init__(
        self,
        address: str | None = None,
        *,
        actors: int | None = None,
        cpus: int = 1,
        gpus: int = 0,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._ray = _import_ray()
        self._actors, self._cpus, self._gpus = actors, cpus, gpus
        self._more: dict[str, Any] = (
            {"runtime_env": {"env_vars": dict(environment)}} if environment else {}
        )
        self._own = not self._ray.is_initialized()
        if self._own:
            self._connect(address or os.environ.get("RAY_ADDRESS") or "local")
        try:
            self._room = self._find_room()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> RayRunner:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leaves the cluster; its workers end."""
        if self._own:
            self._ray.shutdown()

    def map(
        self, function: Function, inputs: Iterable[tuple[Key, Header]]
    ) -> Iterator[tuple[Key, Message | Failure]]:
        """See `Runner.map`. An input whose worker is lost is given to another one."""
        keys, rows = [], []
        for number, (key, given) in enumerate(inputs):
            keys.append(key)
            rows.append({"number": number, "given": json.dumps(given)})
        if not rows:
            return
        from ray.exceptions import RayError

        actors = max(1, min(self._actors or self._room, self._room, len(rows)))
        blocks = min(len(rows), _MOST_BLOCKS)
        done = self._ray.data.from_items(rows, override_num_blocks=blocks).map(
            _Actor,
            fn_constructor_args=(function,),
            compute=self._ray.data.ActorPoolStrategy(min_size=1, max_size=actors),
            num_cpus=self._cpus,
            num_gpus=self._gpus,
            **self._more,
        )
        try:
            for row in done.iter_rows():
                yield keys[row["number"]], _unpacked(row["answer"])
        except RayError as error:
            raise ImageDBError(
                f"Ray cannot go on: {_last_line(error)}.",
                "What is finished is kept. Is the program installed on all machines of the cluster?",
            ) from error

    def _connect(self, address: str) -> None:
        local: dict[str, Any] = {}
        if address == "local":
            local = {
                "num_cpus": _cores(),
                "object_store_memory": _STORE_BYTES,
                "include_dashboard": False,
            }
        try:
            _require_listener(address)
            with _silent():
                self._ray.init(
                    address=address, log_to_driver=False, logging_level=logging.ERROR, **local
                )
        except (OSError, ValueError, RuntimeError) as error:
            raise UsageError(
                f"Ray cannot be reached at {address}: {_last_line(error)}.",
                "Give the address of a running cluster: --address HOST:6379",
            ) from error

    def _find_room(self) -> int:
        """How many workers fit into the cluster as it is now."""
        room = 0
        for node in self._ray.nodes():
            has = node["Resources"] if node["Alive"] else {}
            fit = has.get("CPU", 0) // self._cpus
            room += int(min(fit, has.get("GPU", 0) // self._gpus) if self._gpus else fit)
        if not room:
            gpus = f" and {self._gpus} GPUs" if self._gpus else ""
            raise UsageError(
                f"No machine of the cluster has {self._cpus} processors{gpus} for a worker.",
                "Choose fewer with --actor-cpus and --actor-gpus.",
            )
        return room


class _Actor:
    """A worker: it keeps the function, and all that the function keeps, between its inputs."""

    def __init__(self, function: Function) -> None:
        self._function = function

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        stream = io.BytesIO()
        try:
            header, parts = self._function(json.loads(row["given"]))
            wire.send(stream, {"result": header}, parts)
        except MemoryError:
            wire.send(stream, {"failed": "memory"})
        except Exception as error:  # the function's own bug
            wire.send(stream, {"failed": "error", "detail": f"{type(error).__name__}: {error}"})
        return {"number": row["number"], "answer": stream.getvalue()}


def _unpacked(answer: bytes) -> Message | Failure:
    header, parts = wire.receive(cast(BinaryIO, io.BytesIO(answer)))
    if "failed" in header:
        return Failure(header["failed"], str(header.get("detail", ""))[:200])
    return header["result"], parts


def check_installed() -> None:
    """Raises UsageError if Ray is not installed. Ray itself is not loaded, which takes seconds."""
    if importlib.util.find_spec("ray") is None or importlib.util.find_spec("pyarrow") is None:
        raise UsageError("The engine ray needs Ray.", _INSTALL)


def _import_ray() -> Any:
    # No report of its use to anyone, and nothing of its own on the terminal.
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise UsageError("The engine ray needs Ray.", _INSTALL) from error
    ray.data.DataContext.get_current().enable_progress_bars = False
    for handler in (*logging.getLogger("ray").handlers, *logging.getLogger("ray.data").handlers):
        if isinstance(handler, logging.StreamHandler):
            handler.setLevel(logging.ERROR)
    return ray


def _require_listener(address: str) -> None:
    """Raises OSError if nobody answers at HOST:PORT. Ray itself would ask again for many minutes."""
    host, _, port = address.rpartition(":")
    if host and port.isdecimal() and "/" not in host:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_ANSWER_S).close()


@contextmanager
def _silent() -> Iterator[None]:
    """Keeps from the terminal what Ray's C++ writes there when it starts. Errors are raised all the same."""
    kept, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nothing, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)


def _cores() -> int:
    """How many cores this process may use: a container may have fewer than the machine."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _last_line(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:200].rstrip(".") if lines else type(error).__name__
