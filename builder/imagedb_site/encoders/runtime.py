"""Opens ONNX models with the one set of session options that makes results reproducible."""

from __future__ import annotations

import os
from typing import Any

from imagedb_site.errors import PackError


def default_threads() -> int:
    """Processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def open_session(data: bytes, file: str) -> Any:
    """An onnxruntime session on one thread: parallelism is over pictures and texts, so that an
    embedding depends neither on its neighbours nor on the number of cores.

    Raises PackError when the model cannot be loaded.
    """
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
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's exceptions share no public base
        first = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise PackError(f"“{file}” of the model pack cannot be loaded: {first}.") from error
