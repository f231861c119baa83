"""What a worker says of its work, what the build makes of it, and what is said if it cannot be stored."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from imagedb_site import errors
from imagedb_site.errors import ImageDBError, StorageError
from imagedb_site.run import Failure, Header, Message

AGAIN = "What is finished is kept: run the same command again to go on."
_KINDS = (errors.PackError, errors.SourceError, errors.StorageError, errors.UsageError)


def answer_of(work: Callable[[], Header], folder: Path) -> Message:
    """Returns what `work` returns, or an `error` with its `kind` and `hint`; `work` writes to `folder`."""
    try:
        return work(), []
    except ImageDBError as error:
        kind, hint = type(error).__name__, error.hint
        return {"error": str(error), "kind": kind, "hint": hint}, []
    except OSError as error:
        message = f"{platform.node()} cannot write to {folder}: {_reason(error)}."
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


@contextmanager
def storage_errors(what: str) -> Iterator[None]:
    """Turns an OSError into a StorageError; `what` cannot be stored."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"The {what} of the build cannot be stored: {_reason(error)}."
        ) from error


def _reason(error: OSError) -> str:
    return (error.strerror or "input/output error").lower()
