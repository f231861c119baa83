"""Runs a function over many inputs, in processes that may crash or hang without harm."""

from imagedb_site.run.base import Failure, Function, Header, Message, Runner
from imagedb_site.run.local import LocalRunner
from imagedb_site.run.rows import Arrays, RowWork, RowWorkers, WorkHere

__all__ = [
    "Arrays",
    "Failure",
    "Function",
    "Header",
    "LocalRunner",
    "Message",
    "RowWork",
    "RowWorkers",
    "Runner",
    "WorkHere",
]
