"""The process that decodes: it may crash, hang or be killed without harm to the build."""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image

from imagedb_site.pictures import wire
from imagedb_site.pictures.decode import Source, read_file
from imagedb_site.pictures.derive import render
from imagedb_site.pictures.metadata import read_metadata
from imagedb_site.pictures.placeholder import placeholder
from imagedb_site.pictures.types import (
    STARVED,
    DecodeError,
    Derivative,
    Derived,
    Limits,
    Picture,
    Recipe,
)

Preprocess = Callable[[Image.Image], np.ndarray]

_PLACEHOLDER_WANT = 320


def open_here(path: Path, limits: Limits, want: int) -> Picture:
    """Decodes a file in this process, with none of the pool's protection."""
    source = Source(read_file(path, limits), limits)
    image = source.image(want)
    return Picture(image, source.width, source.height, _metadata(source))


def derive_here(
    path: Path,
    limits: Limits,
    recipes: tuple[Recipe, ...],
    preprocess: Preprocess | None,
    input_want: int,
) -> Derived:
    """Derives everything asked for from a file, in this process."""
    source = Source(read_file(path, limits), limits)
    # The largest picture first: an SVG or a damaged file fails before any time went into it.
    derivatives = {
        recipe: Derivative(b"", source.width, source.height)
        if max(source.width, source.height) <= recipe.over
        else render(source.image(recipe.size), recipe)
        for recipe in sorted(recipes, key=lambda recipe: -recipe.size)
    }
    made = preprocess(source.image(input_want)) if preprocess else None
    return Derived(
        source.content_hash,
        source.width,
        source.height,
        _metadata(source),
        placeholder(source.image(_PLACEHOLDER_WANT)),
        derivatives,
        made,
    )


def _metadata(source: Source) -> dict[str, Any]:
    return read_metadata(source.opened) if source.opened is not None else {}


def main() -> None:
    """Serves the jobs that arrive on standard input until it ends."""
    jobs, replies = _private_streams()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        header, parts = wire.receive(jobs)
        limits = Limits(**header["limits"])
        # The one pickle comes from the build itself.
        preprocess: Preprocess | None = pickle.loads(parts[0]) if parts else None  # noqa: S301
        input_want = int(header["input_want"])
        _bound(limits)
        wire.send(replies, {"ready": True})
        while True:
            header, _ = wire.receive(jobs)
            _alarm(limits.timeout_s * (STARVED + 1) + 5)
            wire.send(replies, *_serve(header, limits, preprocess, input_want))
            _alarm(0)
    except wire.Broken:
        return


def _serve(
    job: dict[str, Any], limits: Limits, preprocess: Preprocess | None, input_want: int
) -> tuple[dict[str, Any], list[bytes | memoryview]]:
    path = Path(job["path"])
    try:
        if job.get("open") is not None:
            picture = open_here(path, limits, job["open"])
            header = {
                "size": picture.image.size,
                "width": picture.width,
                "height": picture.height,
                "metadata": picture.metadata,
            }
            return header, [picture.image.tobytes()]
        recipes = tuple(Recipe(*recipe) for recipe in job["recipes"])
        derived = derive_here(
            path, limits, recipes, preprocess if job["input"] else None, input_want
        )
    except DecodeError as error:
        return {"error": str(error), "cause": error.cause}, []
    except MemoryError:
        return {"error": "decoding it needs too much memory", "cause": "memory"}, []
    except Exception as error:  # a decoder's own bug, on a file made to find it
        reason = f"the decoder failed ({type(error).__name__})"
        return {"error": reason, "cause": "damaged"}, []
    parts: list[bytes | memoryview] = [derived.placeholder]
    made: list[object] = []
    header = {
        "content_hash": derived.content_hash,
        "width": derived.width,
        "height": derived.height,
        "metadata": derived.metadata,
        "derivatives": made,
    }
    for recipe, derivative in derived.derivatives.items():
        made.append([*asdict(recipe).values(), derivative.width, derivative.height])
        parts.append(derivative.data)
    if derived.input is not None:
        array = np.ascontiguousarray(derived.input)
        header["input"] = {"dtype": array.dtype.str, "shape": array.shape}
        parts.append(array.tobytes())
    return header, parts


def _private_streams() -> tuple[BinaryIO, BinaryIO]:
    """Takes standard input and output for the messages: what a C library prints must not mix in."""
    jobs = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb")
    quiet = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(quiet, descriptor)
    os.close(quiet)
    return jobs, replies


def _bound(limits: Limits) -> None:
    """Bounds the memory of this process where the system can."""
    if sys.platform == "win32":
        return
    import resource

    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform != "darwin":
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))


def _alarm(seconds: float) -> None:
    """Has the system end this process, should the build that watches over it be gone."""
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_REAL, seconds)
