"""How far apart two spellings are: what separates a typed word from the one that was probably meant.

docs/QUERY.md ("Suggestions") states the costs. The twin is web_assets/src/engine/suggest/spelling.ts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations

ERROR = 4
"""The cost of one error. All costs are whole quarters of it, so that every language adds them exactly."""
_SIMILAR = 3
_SAME_SOUND = 2
_FIRST_LETTER = 1

# Spellings of one sound, in English, German, French and Spanish; then in Russian and Greek. ^ is the
# beginning of a word and $ its end.
_SOUNDS = (
    "f ph|f v|v w|v b|c k ck ch q qu|kw qu cu|cs x ks cks|c s z ss sc ts tz|s x z|j y g i|j dj dge ge g"
    "|i y ie ee ei|y ey i ie e|ee ea ie i e|ei ie ai ay ey e|a ae|e ae|o oe|u ue|o au ou eau ow oa"
    "|u oo ou o|aw au ow|sh sch ch|ch tch tsch|zh j g|gn ny nj n|ll y|d dt t|gh f|igh y i"
    "|tion sion cion zion|er$ re$ or$ ar$ ur$ a$|le$ el$ al$ il$|ence ance|ent ant|able ible|ough off"
    "|e$ $|s$ es$ $|mb$ m$|^kn ^n|^wr ^r|^ps ^s|^es ^s|^esc ^sk"
    "|ие ье ия|е э ё|и ы й|ш щ|тся ться|чн шн|ого ова ово|η ι υ ει οι|ο ω|ε αι|ου υ|γγ γκ"
)
# Letters that are taken for each other: vowels, voiced and voiceless consonants, neighbours on a keyboard.
_SIMILAR_LETTERS = (
    "aeiouy|dt|bp|gk|mn|rl|vw|zs|yz|аоуыэяюёеи|дт|бп|гк|вф|жш|зс|ъь|αεηιουω"
    "|qw|we|er|rt|ty|yu|ui|io|op|as|sd|df|fg|gh|hj|jk|kl|zx|xc|cv|vb|bn|nm|tz|zu"
)
_SILENT = frozenset("h'-ьъ")


def _rules() -> dict[str, list[tuple[str, str]]]:
    """The pairs of spellings by the last letters of both."""
    found: dict[str, dict[tuple[str, str], None]] = {}
    for group in _SOUNDS.split("|"):
        for typed, meant in permutations(group.split(), 2):
            if typed != meant:
                found.setdefault(typed[-1] + meant[-1], {})[typed, meant] = None
    return {key: list(pairs) for key, pairs in found.items()}


_RULES = _rules()
_PAIRS = frozenset(
    a + b for group in _SIMILAR_LETTERS.split("|") for a, b in permutations(group, 2)
)


@dataclass(frozen=True)
class _Column:
    """What the typed word's letters cost as one letter of another word, for each of their places."""

    change: Sequence[int]
    rules: Sequence[Sequence[tuple[int, str]]]
    """Spellings that end at this place: the first place of the typed one, and the meant one."""


def within(typed: str, words: Sequence[str], limit: int) -> Iterator[tuple[int, int]]:
    """The words that are at most `limit` from `typed`: their places and costs, in quarters of an error.

    `words` must be sorted: what equal beginnings cost is computed once. All of them are folded, and none
    has a `^` or `$`.
    """
    a = f"^{typed}$"
    gaps = [_gap(a, at) for at in range(len(a))]
    columns: dict[str, _Column] = {}
    begun = _beginnings(a)
    longest = max(map(len, begun), default=0)
    rows = [[place * ERROR for place in range(len(a) + 1)]]
    least = [0]
    before = ""
    dead = 0
    """If not 0, no word with the first `dead` characters of `before` is near enough."""
    for place, word in enumerate(words):
        b = f"^{word}$"
        shared = _common(before, b)
        if dead and shared >= dead:
            continue
        dead = 0
        del rows[shared + 1 :], least[shared + 1 :]
        before = b
        for j in range(len(rows), len(b) + 1):
            meant = b[j - 1]
            if meant not in columns:
                columns[meant] = _column(a, meant)
            rows.append(_next_row(a, b, j, rows, gaps, columns[meant]))
            least.append(min(rows[j]))
            if least[j] <= limit or _may_be_swapped(rows[j - 1], columns[meant], limit):
                continue
            if not _may_be_spelled(b, j, least, limit, begun, longest):
                dead = j
                break
        else:
            cost = rows[-1][-1] + (0 if word[:1] == typed[:1] else _FIRST_LETTER)
            if cost <= limit:
                yield place, cost


def _column(a: str, meant: str) -> _Column:
    change = [
        0 if letter == meant else _SIMILAR if letter + meant in _PAIRS else ERROR for letter in a
    ]
    rules = [
        [
            (at + 1 - len(typed), other)
            for typed, other in _RULES.get(letter + meant, ())
            if a.endswith(typed, 0, at + 1)
        ]
        for at, letter in enumerate(a)
    ]
    return _Column(change, rules)


def _next_row(
    a: str, b: str, j: int, rows: Sequence[Sequence[int]], gaps: Sequence[int], column: _Column
) -> list[int]:
    """What the first i characters of `a` cost as the first `j` of `b`, for each i."""
    last = rows[j - 1]
    added = _gap(b, j - 1)
    cost = last[0] + added
    row = [cost]
    for at, (change, rules) in enumerate(zip(column.change, column.rules, strict=True)):
        cost = min(last[at] + change, last[at + 1] + added, cost + gaps[at])
        if change and at and j > 1 and a[at] == b[j - 2] and a[at - 1] == b[j - 1]:
            cost = min(cost, rows[j - 2][at - 1] + ERROR)
        for start, other in rules:
            if b.endswith(other, 0, j):
                cost = min(cost, rows[j - len(other)][start] + _SAME_SOUND)
        row.append(cost)
    return row


def _gap(word: str, at: int) -> int:
    """The cost of a letter that the other word lacks: little for a silent or doubled one."""
    letter = word[at]
    return _SAME_SOUND if letter in _SILENT or (at and word[at - 1] == letter) else ERROR


def _beginnings(a: str) -> set[str]:
    """What meant spellings begin with whose typed spelling is in `a`, without the spellings themselves."""
    return {
        meant[:length]
        for pairs in _RULES.values()
        for typed, meant in pairs
        if typed in a
        for length in range(1, len(meant))
    }


def _may_be_swapped(before: Sequence[int], column: _Column, limit: int) -> bool:
    """Whether the next letter of the word may be swapped with its last one, for no more than `limit`."""
    return any(
        not cost and at and before[at - 1] + ERROR <= limit for at, cost in enumerate(column.change)
    )


def _may_be_spelled(
    b: str, j: int, least: Sequence[int], limit: int, begun: set[str], longest: int
) -> bool:
    """Whether the first `j` characters of `b` may end in an unfinished spelling of a sound."""
    return any(
        least[j - back] + _SAME_SOUND <= limit and b[j - back : j] in begun
        for back in range(1, min(j, longest) + 1)
    )


def _common(a: str, b: str) -> int:
    """How many first characters two texts share."""
    for at, (one, other) in enumerate(zip(a, b, strict=False)):
        if one != other:
            return at
    return min(len(a), len(b))
