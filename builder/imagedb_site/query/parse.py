"""Text to `Query`: the grammar of docs/QUERY.md.

The parser does not know the collection: it keeps any `name:value` as a field term, and `plan.py` turns
unknown names back into plain words.

The TypeScript twin is web_assets/src/engine/query/parse.ts. Both must give the answers of
tests/golden/queries.json. Character classes are written out, since their short names mean different
things in the two languages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any, Literal, cast

from .characters import SPACES, is_searchable, split, well_formed
from .typed import DASHES, plain, with_minus

TermKind = Literal["text", "image", "like"]
Operator = Literal[":", ">", ">=", "<", "<=", "="]

MAX_LENGTH = 10_000
"""Longer queries are cut here, in code points."""

_SIGN = f"[+{DASHES}-]?"
_PART = f'(?:"[^"]*(?:""[^"]*)*"?|[^{SPACES}",]+)'
_LEX = re.compile(
    f"(?P<space>[{SPACES}]+)"
    f'|(?P<phrase>{_SIGN}"[^"]*"?)'
    f"|(?P<field>{_SIGN}[A-Za-z][A-Za-z0-9_]*(?::|>=|<=|>|<|=)(?=[^{SPACES}])"
    f"{_PART}?(?:,{_PART}?)*)"
    f'|(?P<word>[^{SPACES}"]+)'
)
_FIELD = re.compile(r"([+-]?)([A-Za-z][A-Za-z0-9_]*)(:|>=|<=|>|<|=)(.+)", re.DOTALL)
_QUOTED_OR_COMMA = re.compile(r'"([^"]*(?:""[^"]*)*)"?|(,)|[^",]+')
_WEIGHT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,3})?)(?:\*|\u00d7(?![0-9]))(.*)", re.DOTALL)
_OPERATORS = frozenset({"AND", "OR", "NOT"})
_BARE = "[A-Za-z0-9_\u0080-\U0010ffff]+"
_NEAR = re.compile(r"\(*NEAR\(.*", re.DOTALL)
_EXPRESSION_WORD = re.compile(rf"\(*(?:\^?({_BARE})\*|\^({_BARE}))\)*")
_COLUMN = re.compile(r"^\(*(?:NEAR\()?(?:-?[A-Za-z_][A-Za-z0-9_]*:)?")
_MARKS = re.compile(r'[\^*"()]+')
_K = re.compile("0*([0-9]{1,5})")
MAX_K = 10_000
MAX_ALTERNATIVES = 100
"""How many alternatives of a field's value count."""


@dataclass(frozen=True)
class Term:
    """Words, a picture or an image of the site. Results are similar to it (`weight` > 0) or not (< 0)."""

    kind: TermKind
    value: str
    weight: float = 1.0


@dataclass(frozen=True)
class FieldTerm:
    """`name:value`, `name>value` and so on, `negated` by a minus; `source` is the whole item.

    `alternatives` are the parts of the value between commas. Quotes are taken off, and a comma between
    quotes belongs to its part.
    """

    name: str
    operator: Operator
    value: str
    negated: bool
    source: str
    alternatives: tuple[str, ...]


@dataclass(frozen=True)
class Query:
    """A parsed query.

    `source` is the text as it was typed. `phrases` must occur in the text of a result, those in
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
    """A part of the query: `text` in plain characters, and `typed` of the same length as it was typed."""

    kind: str
    text: str
    typed: str


def parse(text: str, *, expressions: bool = True) -> Query:
    """Parse `text`. This never fails: text that fits no rule is plain words.

    With `expressions=False` nothing is parsed as an FTS5 expression. Use it for one that FTS5 refused.
    """
    text = well_formed(text[:MAX_LENGTH])
    tokens = [
        _Token(match.lastgroup or "", with_minus(match.group()), text[slice(*match.span())])
        for match in _LEX.finditer(plain(text))
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
            self._field(field_term(token.text), token)
        else:
            self._word(token)

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

    def _field(self, term: FieldTerm, token: _Token) -> None:
        picture = _picture(term, token)
        if picture is not None:
            weight = -self.weight if term.negated else self.weight
            self.terms.append(replace(picture, weight=weight))
        elif term.operator == ":" and term.name in ("sort", "k"):
            self.options[term.name] = term.value
        else:
            self.fields.append(term)

    def _word(self, token: _Token) -> None:
        word = token.text
        signed = word[0] in "+-" and len(word) > 1
        sign = -1.0 if word[0] == "-" else 1.0
        bare = word[1:] if signed else word
        weighted = _WEIGHT.fullmatch(bare)
        size, rest = (float(weighted[1]), weighted[2]) if weighted else (1.0, bare)
        if signed:
            self._term(rest, sign * size, token)
        elif weighted and not self.words:
            self.weight = size if self.weight > 0 else -size
            self._term(rest, self.weight, token, keep_open=True)
        else:
            self.words.append(word)

    def _term(self, word: str, weight: float, token: _Token, keep_open: bool = False) -> None:
        name, _, value = word.partition(":")
        name = name.lower()
        if value and name in ("image", "like"):
            named = (
                Term("image", token.typed[-len(value) :])
                if name == "image"
                else Term("like", value)
            )
            self.terms.append(replace(named, weight=weight))
        elif word and keep_open:
            self.words.append(word)
        elif word:
            self.terms.append(Term("text", word, weight))


def field_term(token: str) -> FieldTerm:
    """`[+-]name(: > >= < <= =)value` as a field term, without quotes around the value or its parts."""
    match = _FIELD.fullmatch(token)
    assert match is not None
    parts = [""]
    for part in _QUOTED_OR_COMMA.finditer(match[4]):
        if part[2]:
            parts.append("")
        else:
            parts[-1] = part[0] if part[1] is None else part[1].replace('""', '"')
    operator = cast(Operator, match[3])
    name, negated = match[2].lower(), match[1] == "-"
    return FieldTerm(
        name, operator, ",".join(parts), negated, token, tuple(parts[:MAX_ALTERNATIVES])
    )


def _picture(term: FieldTerm, token: _Token) -> Term | None:
    """The term of `image:` or `like:`; a file's name stays as it was typed. None for other fields."""
    if term.operator != ":" or term.name not in ("image", "like") or not term.value:
        return None
    if term.name == "like":
        return Term("like", term.value)
    value = token.text.partition(":")[2]
    typed = token.typed[-len(value) :]
    if value[0] == '"':
        typed = typed[1 : -1 if value[1:].endswith('"') else None]
    return Term("image", typed)


def _options(options: dict[str, str]) -> dict[str, Any]:
    """`sort:name`, `sort:-name` (falling) and `k:20`. A k that is not a number from 1 to MAX_K is ignored."""
    found: dict[str, Any] = {}
    name = with_minus(options.get("sort", ""))
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
            elif picture := _picture(term, token):
                others.append(replace(picture, weight=-1.0 if term.negated else 1.0))
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
