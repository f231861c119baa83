"""The query language: one grammar, one evaluation for a library, a published site and the browser."""

from .parse import FieldTerm, Query, Term, parse

__all__ = ["FieldTerm", "Query", "Term", "parse"]
