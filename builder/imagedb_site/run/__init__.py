"""Runs a function over many inputs, in processes that may crash or hang without harm."""

from imagedb_site.run.base import Failure, Function, Header, Message, Runner
from imagedb_site.run.local import LocalRunner

__all__ = ["Failure", "Function", "Header", "LocalRunner", "Message", "Runner"]
