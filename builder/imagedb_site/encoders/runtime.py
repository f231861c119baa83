"""Opens ONNX models with the one set of session options that makes results reproducible."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagedb_site.encoders.graph import check_graph
from imagedb_site.errors import PackError


def default_threads() -> int:
    """Processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def open_session(
    data: bytes, file: str, weights: Mapping[str, NDArray[np.uint8]] | None = None
) -> Any:
    """An onnxruntime session on one thread: parallelism is over pictures and texts, so that an
    embedding depends neither on its neighbours nor on the number of cores.

    `weights`: the content of the files beside the graph that hold its weights, by their names.

    Raises PackError when the model cannot be loaded.
    """
    weights = weights or {}
    check_graph(data, file, {name: len(part) for name, part in weights.items()})
    # From 1.32 on, onnxruntime reports its use to Microsoft unless this is set before it is imported.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = 3
    # Weights are stored in few bits and dequantised while the model loads, not at every run.
    options.add_session_config_entry("session.disable_quant_qdq", "1")
    try:
        if weights:
            options.add_external_initializers_from_files_in_memory(
                list(weights), list(weights.values()), [len(part) for part in weights.values()]
            )
        return onnxruntime.InferenceSession(
            data, options, providers=["CPUExecutionProvider"], enable_fallback=False
        )
    except Exception as error:  # onnxruntime's exceptions share no public base
        raise PackError(
            f"“{file}” of the model pack cannot be loaded: {_first_line(error)}."
        ) from error


def run_session(
    session: Any, output: str, feed: Mapping[str, NDArray[Any]], dim: int, file: str
) -> NDArray[np.float32]:
    """The embedding float32 [1, dim] that the model in `file` gives for `feed`.

    Raises PackError if it fails, or gives anything else.
    """
    try:
        (found,) = session.run([output], dict(feed))
        result = np.asarray(found, dtype=np.float32)
    except Exception as error:  # as above; also values that are not numbers
        raise PackError(f"“{file}” of the model pack fails: {_first_line(error)}.") from error
    if result.shape != (1, dim) or not np.isfinite(result).all():
        raise PackError(f"“{file}” of the model pack gives no finite embedding.")
    return result


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
