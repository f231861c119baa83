"""The queries of tests/golden/queries.json by group, each with its search modes."""

from __future__ import annotations

from query_dates import DATES
from query_emoji import EMOJI_NAMES, UNKNOWN
from query_fields import EXPRESSIONS, FIELDS, ORDERS
from query_filters import ANY_VALUES, PATHS, TYPED
from query_texts import TEXTS
from query_words import LIKES, PHRASES, PLAIN, SCRIPTS, SIGNS

from imagedb_site.query.evaluate import Mode

HOSTILE = [
    "\ud800",
    "car \udc00 red",
    "\x00",
    "car\x00red",
    "'; DROP TABLE fts; --",
    '" OR 1=1 --',
    "*",
    "^",
    ":",
    "a:b:c",
    ":::",
    "-:x",
    '-"',
    '+"',
    '-""',
    "\\",
    "%s %n",
    "{{}}",
    "${{x}}",
    "<script>alert(1)</script>",
    "title:<script>",
    "\u202ecar",
    "\u0301",
    "\u0345",
    "\U0010ffff",
    "\ue000 car",
    "a" * 400,
    "(" * 300,
    '"' * 301,
    "- " * 200,
    "car " * 300,
    " ".join(f"w{number}" for number in range(250)),
    "like:" + "0" * 50 + ' tag:"',
    "NEAR(" * 50,
    "cat OR " * 300 + "dog",
    "-" * 100,
    "2*" * 60,
    "winter " + "tag:" * 20,
]

GROUPS: dict[str, tuple[list[str], tuple[Mode, ...]]] = {
    "plain": (PLAIN, ("all", "words")),
    "texts": (TEXTS, ("all", "words")),
    "scripts": (SCRIPTS, ("all", "words")),
    "phrases": (PHRASES, ("all", "words")),
    "signs": (SIGNS, ("all", "meaning", "words")),
    "likes": (LIKES, ("all", "meaning")),
    "fields": (FIELDS, ("all",)),
    "dates": (DATES, ("all",)),
    "expressions": (EXPRESSIONS, ("all", "words")),
    "orders": (ORDERS, ("all",)),
    "typed": (TYPED, ("all", "words")),
    "values": (ANY_VALUES, ("all",)),
    "paths": (PATHS, ("all",)),
    "emoji names": (EMOJI_NAMES, ("all", "meaning", "words")),
    "unknown texts": (UNKNOWN, ("all", "meaning", "words")),
    "hostile": (HOSTILE, ("all", "words")),
}
