"""What a worker says of its work, and what the build makes of it."""

from __future__ import annotations

import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

from imagedb_site import errors
from imagedb_site.errors import ImageDBError, StorageError
from imagedb_site.run import Failure, Header, Message

_KINDS = (errors.PackError, errors.SourceError, errors.StorageError, errors.UsageError)


def answer_of(work: Callable[[], Header], folder: Path) -> Message:
    """Returns what `work` returns, or an `error` with its `kind` and `hint`; `work` writes to `folder`."""
    try:
        return work(), []
    except ImageDBError as error:
        kind, hint = type(error).__name__, error.hint
        return {"error": str(error), "kind": kind, "hint": hint}, []
    except OSError as error:
        reason = (error.strerror or "input/output error").lower()
        message = f"{platform.node()} cannot write to {folder}: {reason}."
        return {"error": message, "kind": StorageError.__name__, "hint": None}, []


def require_done(result: Message | Failure, hint: str) -> Header:
    """The answer of a worker; raises what it reports. `hint`: what to do if it failed."""
    if isinstance(result, Failure):
        detail = f": {result.detail}" if result.detail else ""
        raise ImageDBError(f"A worker failed ({result.cause}){detail}.", hint)
    header, _ = result
    if "error" not in header:
        return header
    kinds: dict[Any, type[ImageDBError]] = {kind.__name__: kind for kind in _KINDS}
    raise kinds.get(header["kind"], ImageDBError)(header["error"], header["hint"])
