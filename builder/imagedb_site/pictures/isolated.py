"""Decoding in processes that can be killed: a hostile picture costs a time-out, never the build."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

import numpy as np
from PIL import Image

from imagedb_site.pictures.task import DecodeTask, Preprocess
from imagedb_site.pictures.types import (
    Cause,
    DecodeError,
    Derivative,
    Derived,
    Limits,
    Picture,
    Recipe,
    Work,
)
from imagedb_site.records import Value
from imagedb_site.run import Failure, Header, LocalRunner, Message, Runner

_MAX_REASON = 300


def derive_all(
    work: Iterable[Work],
    *,
    preprocess: Preprocess | None = None,
    input_want: int = 224,
    limits: Limits | None = None,
    workers: int | None = None,
    runner: Runner | None = None,
) -> Iterator[tuple[Work, Derived | DecodeError]]:
    """Yields what was derived from each picture, or why nothing was, as they are completed.

    `preprocess` turns a picture, decoded for `input_want` pixels, into the encoder's input inside the
    worker; it must be picklable (a function of a module, or `functools.partial` of one). The work
    runs on `runner`; without one, in `workers` processes of this machine (one per core by default).
    """
    limits = limits or Limits()
    if runner is None:
        with _local(limits, workers) as own:
            yield from derive_all(
                work, preprocess=preprocess, input_want=input_want, limits=limits, runner=own
            )
        return
    task = DecodeTask(limits, preprocess, input_want)
    for item, result in runner.map(task, ((item, _job(item, preprocess)) for item in work)):
        try:
            wants_input = item.input and preprocess is not None
            yield item, _derived(item, wants_input, *_checked(result, limits))
        except DecodeError as error:
            yield item, error


def open_picture(path: Path, limits: Limits | None = None, *, want: int) -> Picture:
    """Decodes one picture for derivatives of `want` pixels, in a process of its own.

    Raises `DecodeError`, a `PictureError`.
    """
    limits = limits or Limits()
    job = {"path": str(path), "offset": 0, "length": None, "open": want}
    with _local(limits, 1) as runner:
        [(_, result)] = runner.map(DecodeTask(limits), [(None, job)])
    header, parts = _checked(result, limits)
    size = _size(header.get("size"))
    if len(parts) != 1 or len(parts[0]) != size[0] * size[1] * 3:
        raise DecodeError("the decoder failed", "crash")
    return Picture(
        Image.frombytes("RGB", size, parts[0]),
        *_size([header.get("width"), header.get("height")]),
        _metadata(header.get("metadata")),
        _damage(header.get("damage")),
    )


def _local(limits: Limits, workers: int | None) -> LocalRunner:
    return LocalRunner(workers, timeout_s=limits.timeout_s, memory_bytes=limits.memory_bytes)


def _job(work: Work, preprocess: Preprocess | None) -> Header:
    recipes = [list(asdict(recipe).values()) for recipe in work.recipes]
    wants_input = work.input and preprocess is not None
    return {
        "path": str(work.picture.path),
        "offset": work.picture.offset,
        "length": work.picture.length,
        "recipes": recipes,
        "input": wants_input,
    }


def _checked(result: Message | Failure, limits: Limits) -> tuple[Header, list[bytes]]:
    """A worker's answer if it is one; raises `DecodeError` if the picture cannot be used."""
    if isinstance(result, Failure):
        raise _failed(result, limits)
    header, parts = result
    cause = header.get("cause")
    if cause is not None:
        reason = str(header.get("error"))[:_MAX_REASON]
        raise DecodeError(reason, cause if cause in get_args(Cause) else "damaged")
    return header, [bytes(part) for part in parts]


def _failed(failure: Failure, limits: Limits) -> DecodeError:
    match failure.cause:
        case "timeout":
            return DecodeError(f"decoding it takes longer than {limits.timeout_s:g} s", "timeout")
        case "crash":
            return DecodeError("the decoder crashed on it", "crash")
        case "memory":
            return DecodeError("decoding it needs too much memory", "memory")
        case "error":
            return DecodeError(f"the decoder failed ({failure.detail})", "damaged")
        case "stopped":
            return DecodeError("the build was stopped", "timeout")


def _derived(work: Work, wants_input: bool, header: Header, parts: list[bytes]) -> Derived:
    """Checks the answer of a worker, which a hostile picture may have taken over."""
    made = header.get("derivatives")
    content_hash = header.get("content_hash")
    if not isinstance(made, list) or not isinstance(content_hash, str) or len(content_hash) != 64:
        raise DecodeError("the decoder failed", "crash")
    if len(parts) != 1 + len(work.recipes) + int(wants_input) or len(made) != len(work.recipes):
        raise DecodeError("the decoder failed", "crash")
    derivatives = {
        Recipe(*settings): Derivative(data, *_size([width, height]))
        for (*settings, width, height), data in zip(made, parts[1:], strict=False)
    }
    if set(derivatives) != set(work.recipes) or len(parts[0]) > 31:
        raise DecodeError("the decoder failed", "crash")
    return Derived(
        content_hash,
        *_size([header.get("width"), header.get("height")]),
        _metadata(header.get("metadata")),
        parts[0],
        derivatives,
        _input(header.get("input"), parts[-1]) if wants_input else None,
        _damage(header.get("damage")),
    )


def _input(header: Any, data: bytes) -> np.ndarray:
    try:
        dtype = np.dtype(header["dtype"])
        if dtype.kind not in "fiu":
            raise TypeError
        return np.frombuffer(data, dtype).reshape(header["shape"])
    except (TypeError, KeyError, ValueError) as error:
        raise DecodeError("the decoder failed", "crash") from error


def _size(size: Any) -> tuple[int, int]:
    if isinstance(size, list) and len(size) == 2 and all(type(n) is int and n > 0 for n in size):
        return size[0], size[1]
    raise DecodeError("the decoder failed", "crash")


def _metadata(metadata: Any) -> dict[str, Value]:
    if not isinstance(metadata, dict):
        raise DecodeError("the decoder failed", "crash")
    return {
        name: value
        for name, value in metadata.items()
        if isinstance(value, (str, int, float))
        or (isinstance(value, list) and all(isinstance(item, str) for item in value))
    }


def _damage(reason: Any) -> str | None:
    return reason[:_MAX_REASON] if isinstance(reason, str) else None
