"""From a parsed `Query` to what an index can answer: FTS5 expressions and a mask of rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..comparable import comparable
from ..records import FieldSpec
from ..text import EMOJI_SEQUENCE
from .characters import is_searchable, split
from .emoji_words import with_emoji_names
from .index import Column, Index, Mask
from .intervals import interval_mask, interval_reach
from .parse import FieldTerm, Query, Term
from .typed import plain
from .values import value_keys, value_test, whole_forms

# Words too common to demand of a caption; they still count in the meaning of a query.
_STOP = """
    a an and are as at be by for from has in is it its of on or that the this to was were with
"""
STOP_WORDS = frozenset(_STOP.split())
_SYNTAX = re.compile(r'["()^*{}:]')
FILE_COLUMN = "file"
"""The field that has the path of a file."""
MAX_WORDS = 100
"""How many different words full text looks for."""


@dataclass(frozen=True)
class Plan:
    """A query made ready for one index.

    `words` are the positive words, `strict` and `loose` FTS5 expressions of them (all, any); `required`
    and `forbidden` ones that every result must or must not match. `filters` are field terms with the
    index's own field names.
    """

    query: Query
    words: tuple[str, ...]
    strict: str | None
    loose: str | None
    required: tuple[str, ...]
    forbidden: tuple[str, ...]
    filters: tuple[tuple[FieldSpec, FieldTerm], ...]

    @property
    def only_words(self) -> bool:
        """Whether the query has nothing to be similar to but words."""
        return all(term.kind == "text" and term.weight > 0 for term in self.query.terms)


def make_plan(query: Query, index: Index) -> Plan:
    """Resolve the fields of `query` against `index`; unknown ones become plain words."""
    query = with_emoji_names(query, index)
    filters: list[tuple[FieldSpec, FieldTerm]] = []
    required = [quote(phrase) for phrase in query.phrases if is_searchable(phrase)]
    forbidden = [quote(phrase) for phrase in query.excluded if is_searchable(phrase)]
    strangers: list[str] = []
    for term in query.fields:
        spec = find_field(term.name, index.fields)
        if spec is None:
            strangers.append(term.source)
        elif spec.type in ("text", "url") or not spec.column:
            column = searched_column(spec.name, index.fts_columns)
            expression = _column_expression(column, term.alternatives)
            if column not in index.fts_columns or expression is None:
                strangers.append(term.source)
            else:
                (forbidden if term.negated else required).append(expression)
        else:
            filters.append((spec, term))
    if query.match is not None:
        required.append(f"({query.match})")
    if strangers:
        query = _add_words(query, strangers)
    words = [
        word
        for term in query.terms
        if term.kind == "text" and term.weight > 0
        for word in words_of(term.value)
    ]
    forbidden += [
        " AND ".join(map(quote, unwanted[:MAX_WORDS]))
        for term in query.terms
        if term.kind == "text" and term.weight < 0 and (unwanted := words_of(term.value))
    ]
    words = list(dict.fromkeys(words))[:MAX_WORDS]
    quoted = [quote(word) for word in words]
    return Plan(
        query,
        words=tuple(words),
        strict=query.match if query.match is not None else " AND ".join(quoted) or None,
        loose=None if query.match is not None else " OR ".join(quoted) or None,
        required=tuple(required),
        forbidden=tuple(forbidden),
        filters=tuple(filters),
    )


def words_of(text: str) -> list[str]:
    """The words of `text` that full text looks for: no punctuation alone, no stop words unless all are."""
    parts = [part for word in split(text) for part in between_emoji(word)]
    words = [word for word in parts if is_searchable(word)]
    content = [word for word in words if word.lower() not in STOP_WORDS]
    return content or words


def searched_column(name: str, columns: Sequence[str]) -> str:
    """The full-text column of a field: that of the file's whole path for its name, if that has none."""
    return FILE_COLUMN if name == "name" and name not in columns else name


def between_emoji(word: str) -> list[str]:
    """The emoji of a word, and what is between them: each is a word of its own."""
    if word.isascii():
        return [word]
    parts, end = [], 0
    for emoji in EMOJI_SEQUENCE.finditer(word):
        parts += [word[end : emoji.start()], emoji[0]]
        end = emoji.end()
    return [part for part in [*parts, word[end:]] if part]


def find_field(name: str, fields: Sequence[FieldSpec]) -> FieldSpec | None:
    """The field a person means: its name, singular or plural, `tag` and `year`/`date` as kinds."""
    by_name = {spec.name: spec for spec in fields}
    synonym = FILE_COLUMN if name in ("filename", "path") else name
    for candidate in (name, name + "s", name.removesuffix("s"), synonym):
        if candidate in by_name:
            return by_name[candidate]
    kind = {"tag": "tags", "tags": "tags", "year": "date", "date": "date"}.get(name)
    return next((spec for spec in fields if spec.type == kind and spec.column), None)


def filter_mask(plan: Plan, index: Index) -> Mask:
    """The rows that every hard condition of the plan allows, bool[count]."""
    mask = np.ones(index.count, dtype=np.bool_)
    for spec, term in plan.filters:
        holds = _holding(spec, term, index)
        mask &= ~holds if term.negated else holds
    for expression in plan.required:
        mask &= _rows(index, expression)
    for expression in plan.forbidden:
        mask &= ~_rows(index, expression)
    return mask


def _holding(spec: FieldSpec, term: FieldTerm, index: Index) -> Mask:
    """The rows that match a field term, before negation, bool[count]."""
    if spec.type in ("number", "date"):
        return _reached(spec, term, index)
    values = index.values(spec.name)
    if values is None:
        return _column_mask(spec, term, index.column(spec.name), index.count)
    forms = frozenset(whole_forms(spec, term.alternatives))
    by_words = forms - values.known(forms) if forms else forms
    return values.mask(
        value_test(spec, term.alternatives, by_words), value_keys(spec, term.alternatives, by_words)
    )


def _reached(spec: FieldSpec, term: FieldTerm, index: Index) -> Mask:
    """The same for numbers and dates, from the blocks that may have such rows."""
    mask = np.zeros(index.count, dtype=np.bool_)
    dates = spec.type == "date"
    for first, column in index.reaching_blocks(spec.name, interval_reach(term, dates=dates)):
        found = interval_mask(term, column, dates=dates)
        mask[first : first + len(found)] = found
    return mask


def _rows(index: Index, expression: str) -> Mask:
    mask = np.zeros(index.count, dtype=np.bool_)
    mask[index.having(expression)] = True
    return mask


def _column_mask(spec: FieldSpec, term: FieldTerm, column: Column, count: int) -> Mask:
    """The rows of a column of texts that match a field term, before negation, bool[count]."""
    by_words = frozenset(whole_forms(spec, term.alternatives))
    if by_words:
        by_words -= {comparable(value) for value in column.dictionary}
    test = value_test(spec, term.alternatives, by_words)
    wanted = np.fromiter(map(test, column.dictionary), np.bool_, len(column.dictionary))
    codes = column.codes if column.codes is not None else np.zeros(0, dtype=np.int64)
    if column.offsets is None:
        return np.append(wanted, False)[codes]
    sums = np.concatenate([[0], np.cumsum(wanted[codes])])
    return (sums[column.offsets[1:]] > sums[column.offsets[:-1]])[:count]


def _add_words(query: Query, extra: Sequence[str]) -> Query:
    """Append words to the first positive text term, or make one."""
    terms = list(query.terms)
    for position, term in enumerate(terms):
        if term.kind == "text" and term.weight > 0:
            terms[position] = replace(term, value=" ".join([term.value, *extra]))
            break
    else:
        terms.append(Term("text", " ".join(extra)))
    return replace(query, terms=tuple(terms))


def _column_expression(column: str, alternatives: Sequence[str]) -> str | None:
    """An expression for rows with the words of any alternative, as a phrase; None if no word is left."""
    phrases = []
    for alternative in alternatives:
        words = [word for word in split(alternative.rstrip("*")) if is_searchable(word)]
        if words:
            phrases.append(quote(" ".join(words)) + (" *" if alternative.endswith("*") else ""))
    return f"{column} : ({' OR '.join(phrases)})" if phrases else None


def plain_words(text: str) -> str:
    """The words of an expression without its syntax."""
    words = split(_SYNTAX.sub(" ", plain(text)))
    operators = ("AND", "OR", "NOT", "NEAR")
    return " ".join(word for word in words if is_searchable(word) and word not in operators)


def quote(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
