"""Emoji that no text has are searched by their names (docs/QUERY.md, "Emoji")."""

from __future__ import annotations

from dataclasses import replace

from ..emoji import emoji_in, emoji_name, replace_emoji
from .index import Index
from .parse import Query

MOST_EMOJI = 100
"""How many different emoji of a query may be replaced by their names."""


def with_emoji_names(query: Query, index: Index) -> Query:
    """Returns `query` with the name in the place of each emoji that no row's text has."""
    names: dict[str, str] = {}
    for emoji in list(dict.fromkeys(emoji_in(query.source)))[:MOST_EMOJI]:
        name = emoji_name(emoji)
        if name is not None and not len(index.having(f'"{emoji}"')):
            names[emoji] = name
    if not names:
        return query
    terms = [
        replace(term, value=replace_emoji(term.value, names.get)) if term.kind == "text" else term
        for term in query.terms
    ]
    fields = [replace(one, source=replace_emoji(one.source, names.get)) for one in query.fields]
    return replace(query, terms=tuple(terms), fields=tuple(fields))
