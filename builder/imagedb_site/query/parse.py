"""Text to `Query`: the grammar of docs/QUERY.md.

The parser does not know the collection: it keeps any `name:value` as a field term, and `plan.py` turns
unknown names back into plain words.

The TypeScript twin is web_assets/src/engine/query/parse.ts. Both must give the answers of
tests/golden/queries.json. Character classes are written out, since their short names mean different
things in the two languages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from .characters import SPACES, is_searchable, split, well_formed

TermKind = Literal["text", "image", "like"]
Operator = Literal[":", ">", ">=", "<", "<=", "="]

MAX_LENGTH = 10_000
"""Longer queries are cut here, in code points."""

_LEX = re.compile(
    f"(?P<space>[{SPACES}]+)"
    '|(?P<phrase>[+-]?"[^"]*"?)'
    f'|(?P<field>[+-]?[A-Za-z][A-Za-z0-9_]*(?::|>=|<=|>|<|=)(?:"[^"]*"?|[^{SPACES}"]+))'
    f'|(?P<word>[^{SPACES}"]+)'
)
_FIELD = re.compile(r"([+-]?)([A-Za-z][A-Za-z0-9_]*)(:|>=|<=|>|<|=)(.+)", re.DOTALL)
_WEIGHT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,3})?)\*(.*)", re.DOTALL)
_OPERATORS = frozenset({"AND", "OR", "NOT"})
_BARE = "[A-Za-z0-9_\u0080-\U0010ffff]+"
_NEAR = re.compile(r"\(*NEAR\(.*", re.DOTALL)
_EXPRESSION_WORD = re.compile(rf"\(*(?:\^?({_BARE})\*|\^({_BARE}))\)*")
_COLUMN = re.compile(r"^\(*(?:NEAR\()?(?:-?[A-Za-z_][A-Za-z0-9_]*:)?")
_MARKS = re.compile(r'[\^*"()]+')
_K = re.compile("0*([0-9]{1,5})")
MAX_K = 10_000


@dataclass(frozen=True)
class Term:
    """Words, a picture or an image of the site. Results are similar to it (`weight` > 0) or not (< 0)."""

    kind: TermKind
    value: str
    weight: float = 1.0


@dataclass(frozen=True)
class FieldTerm:
    """`name:value`, `name>value` and so on, `negated` by a minus; `source` is what was typed."""

    name: str
    operator: Operator
    value: str
    negated: bool
    source: str


@dataclass(frozen=True)
class Query:
    """A parsed query.

    `source` is the text that was parsed. `phrases` must occur in the text of a result, those in
    `excluded` must not. `match` is a whole FTS5 expression; `terms` then has its positive words, for the
    meaning arm. `sort` is the name of a field and `sort_descending` its direction. `k` is the number of
    results.
    """

    terms: tuple[Term, ...] = ()
    phrases: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    match: str | None = None
    fields: tuple[FieldTerm, ...] = ()
    sort: str | None = None
    sort_descending: bool = False
    k: int | None = None
    source: str = field(default="", compare=False)


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str


def parse(text: str, *, expressions: bool = True) -> Query:
    """Parse `text`. This never fails: text that fits no rule is plain words.

    With `expressions=False` nothing is parsed as an FTS5 expression. Use it for one that FTS5 refused.
    """
    text = well_formed(text[:MAX_LENGTH])
    tokens = [
        _Token(match.lastgroup or "", match.group())
        for match in _LEX.finditer(text)
        if match.lastgroup != "space"
    ]
    if expressions and _is_expression(tokens):
        return _parse_expression(tokens, text)
    parser = _Plain()
    for token in tokens:
        parser.take(token)
    return parser.finish(text)


@dataclass
class _Plain:
    """The state of parsing a query that is not an FTS5 expression.

    A sign on its own starts a group, which ends at the next such sign. A sign directly before a word or
    phrase applies to that one only; the group continues after it.
    """

    terms: list[Term] = field(default_factory=list)
    phrases: list[str] = field(default_factory=list)
    excluded: list[str] = field(default_factory=list)
    fields: list[FieldTerm] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)
    weight: float = 1.0
    words: list[str] = field(default_factory=list)

    def take(self, token: _Token) -> None:
        if token.text in ("+", "-"):
            self._close()
            self.weight = -1.0 if token.text == "-" else 1.0
        elif token.kind == "phrase":
            self._phrase(token.text)
        elif token.kind == "field":
            self._field(field_term(token.text))
        else:
            self._word(token.text)

    def finish(self, source: str) -> Query:
        self._close()
        return Query(
            source=source,
            terms=tuple(self.terms),
            phrases=tuple(self.phrases),
            excluded=tuple(self.excluded),
            fields=tuple(self.fields),
            **_options(self.options),
        )

    def _close(self) -> None:
        if self.words:
            self.terms.append(Term("text", " ".join(self.words), self.weight))
        self.words = []

    def _phrase(self, text: str) -> None:
        phrase = " ".join(split(text.strip('+-"')))
        if not phrase:
            return
        if text[0] == "-" or self.weight < 0:
            self.excluded.append(phrase)
        else:
            self.phrases.append(phrase)
            self.words.append(phrase)

    def _field(self, term: FieldTerm) -> None:
        if term.operator == ":" and term.name in ("image", "like") and term.value:
            weight = -self.weight if term.negated else self.weight
            kind: TermKind = "image" if term.name == "image" else "like"
            self.terms.append(Term(kind, term.value, weight))
        elif term.operator == ":" and term.name in ("sort", "k"):
            self.options[term.name] = term.value
        else:
            self.fields.append(term)

    def _word(self, word: str) -> None:
        signed = word[0] in "+-" and len(word) > 1
        sign = -1.0 if word[0] == "-" else 1.0
        bare = word[1:] if signed else word
        weighted = _WEIGHT.fullmatch(bare)
        size, rest = (float(weighted[1]), weighted[2]) if weighted else (1.0, bare)
        if signed:
            self._term(rest, sign * size)
        elif weighted and not self.words:
            self.weight = size if self.weight > 0 else -size
            self._term(rest, self.weight, keep_open=True)
        else:
            self.words.append(word)

    def _term(self, word: str, weight: float, keep_open: bool = False) -> None:
        name, _, value = word.partition(":")
        name = name.lower()
        if value and name in ("image", "like"):
            self.terms.append(Term("image" if name == "image" else "like", value, weight))
        elif word and keep_open:
            self.words.append(word)
        elif word:
            self.terms.append(Term("text", word, weight))


def field_term(token: str) -> FieldTerm:
    """`[+-]name(: > >= < <= =)value` as a field term, without quotes around the value."""
    match = _FIELD.fullmatch(token)
    assert match is not None
    sign, name, value = match[1], match[2], match[4]
    operator = cast(Operator, match[3])
    quoted = value[0] == '"'
    return FieldTerm(
        name.lower(), operator, value.strip('"') if quoted else value, sign == "-", token
    )


def _options(options: dict[str, str]) -> dict[str, Any]:
    """`sort:name`, `sort:-name` (falling) and `k:20`. A k that is not a number from 1 to MAX_K is ignored."""
    found: dict[str, Any] = {}
    name = options.get("sort", "")
    if name.lstrip("-"):
        found["sort"] = name.lstrip("-").lower()
        found["sort_descending"] = name[0] == "-"
    k = _K.fullmatch(options.get("k", ""))
    if k and 0 < int(k[1]) <= MAX_K:
        found["k"] = int(k[1])
    return found


def _is_expression(tokens: list[_Token]) -> bool:
    """Whether this is an FTS5 expression: an operator between words, NEAR(), ab* or ^ab."""
    if any(token.text in ("+", "-") for token in tokens):
        return False
    for index, token in enumerate(tokens):
        if token.text in _OPERATORS and 0 < index < len(tokens) - 1:
            return True
        if token.kind == "word":
            word = _EXPRESSION_WORD.fullmatch(token.text)
            if _NEAR.fullmatch(token.text) or (word and is_searchable(word[1] or word[2])):
                return True
    return False


def _parse_expression(tokens: list[_Token], source: str) -> Query:
    fields: list[FieldTerm] = []
    others: list[Term] = []
    options: dict[str, str] = {}
    kept: list[str] = []
    for index, token in enumerate(tokens):
        around = {tokens[i].text for i in (index - 1, index + 1) if 0 <= i < len(tokens)}
        if token.kind == "field" and around.isdisjoint(_OPERATORS):
            term = field_term(token.text)
            if term.operator == ":" and term.name in ("sort", "k"):
                options[term.name] = term.value
            elif term.operator == ":" and term.name in ("image", "like") and term.value:
                kind: TermKind = "image" if term.name == "image" else "like"
                others.append(Term(kind, term.value, -1.0 if term.negated else 1.0))
            else:
                fields.append(term)
        else:
            kept.append(token.text)
    words = positive_words(kept)
    return Query(
        source=source,
        terms=(*([Term("text", words)] if words else []), *others),
        match=" ".join(kept),
        fields=tuple(fields),
        **_options(options),
    )


def positive_words(tokens: list[str]) -> str:
    """The words of an FTS5 expression, without those that follow NOT."""
    words: list[str] = []
    depth = 0
    skip_above: int | None = None
    skip_next = False
    for word in tokens:
        opens, closes = word.count("("), word.count(")")
        if word == "NOT":
            skip_next = True
            continue
        if skip_next and skip_above is None:
            skip_above, skip_next = depth, False
        if skip_above is None and word not in _OPERATORS:
            bare = " ".join(split(_MARKS.sub("", _COLUMN.sub("", word))))
            number = bare.isascii() and bare.isdigit()
            if bare and not (number and words and words[-1].endswith(",")):
                words.append(bare)
        depth += opens - closes
        if skip_above is not None and depth <= skip_above:
            skip_above = None
    return " ".join(bare for word in words if (bare := word.rstrip(",")))
