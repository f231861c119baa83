"""Texts that try to run, to hide, to break a page or a parser."""

from __future__ import annotations

CANARY = "window.__ran=(window.__ran||0)+1"
"""What a script would do if it ran; the browser tests look for `__ran`, dialogs and requests elsewhere."""
ELSEWHERE = "https://evil.invalid/"

MARKUP = (
    f"<script>{CANARY}</script>",
    f'<img src=x onerror="{CANARY}"> & <b>bold</b>',
    f'"><svg onload={CANARY.replace(" ", "")}>',
    f"'-alert(1)-'\"--></style></title></textarea></noscript><script src={ELSEWHERE}a.js></script>",
    f"javascript:{CANARY}//",
    f"data:text/html,<script>{CANARY}</script>",
    f'<iframe srcdoc="<script>parent.{CANARY}</script>"></iframe><base href={ELSEWHERE}>',
    f"<meta http-equiv=refresh content=0;url={ELSEWHERE}>",
    f"<style>@import url({ELSEWHERE}x.css);*{{display:none!important}}</style>",
    f"{{{{constructor.constructor('{CANARY}')()}}}} ${{alert(1)}} {{% raw %}} {{{{ 7*7 }}}}",
    f"<a href=javascript:{CANARY}>x</a><form action={ELSEWHERE}><input name=attributes>",
    "]]><!ENTITY x SYSTEM 'file:///etc/passwd'>&x;&lt;script&gt;&#0;&#x110000;",
    f"\\u003cscript\\u003e{CANARY}\\u003c/script\\u003e",
)
HIDING = (
    "photo\u202egnp.exe",
    "a\u2066\u2067\u202d\u202c\u2069b\u200f\u200e\u061cc",
    "\u200b\u200c\u200d\u2060\ufeff\u00ad",
    "Z\u0351\u0346\u0350a\u0316\u0317\u0318l" + "\u0300" * 200 + "go",
    "\x00nul\x07bell\x1b[2J\x1b]0;title\x07\x9b31mred\x7f",
    "line\nfeed\r\ncarriage\u2028separator\u2029paragraph\x0b\x0c\x85",
    "\ue000\ue001private\U000f0000\U0010fffd\ufffe\uffff\ufff9\ufffb",
    "e\u0301 \u00e9 ﬁ ＜ｓｃｒｉｐｔ＞ ſ K İ ı ß",
    "👩‍👩‍👧‍👦🏳️‍🌈🇩🇪" + "👩\u200d" * 100,
    "﷽" * 60,
    "\U0001f595" * 300,
)
INHERITED = (
    *("constructor", "__proto__", "prototype", "toString", "valueOf", "hasOwnProperty", "then"),
    *("length", "isPrototypeOf", "__defineGetter__", "toJSON", "name", "caller", "arguments"),
)
"""Names that every JavaScript object or function has, or that programs look for."""
WORDS_OF_PROGRAMS = (
    *("select", "order", "group", "table", "match", "and", "or", "not", "near", "from", "where"),
    *("rowid", "rank", "fts", "id", "path", "key", "row", "file", "none", "null", "class", "self"),
    *("items", "values", "keys", "get", "pop", "update", "format", "true", "nan", "_", "__init__"),
    *("k", "mode", "sort", "like", "image", "picture", "group", "is", "in", "width", "height"),
)
"""Names with a meaning in SQL, Python, full text, the query language or the addresses of views."""
FORMULAS = (
    *("=1+1", "+1+1", "-1+1", "@SUM(A1)", "=cmd|' /C calc'!A0", "\t=1+1", '=HYPERLINK("http://x")'),
)
LONG = (
    "word " * 4000,
    "x" * 30_000,
    "<" * 20_000,
    '"' * 9_001,
    "(" * 10_000,
    "a" + "\u0301" * 20_000,
    "../" * 3000,
    "%2e%2e%2f" * 1000,
    "\\" * 10_000,
    "0" * 5000,
    "NEAR(" * 500,
)
PLACES = (
    *("../../../etc/passwd", "..\\..\\windows\\win.ini", "/etc/passwd", "C:\\x", "\\\\host\\share"),
    *("file:///etc/passwd", "http://169.254.169.254/", "//evil.invalid/x", "%00", "%", "%zz", "?#"),
)
NUMBERS = (
    *("NaN", "Infinity", "-0", "1e400", "9" * 400, "0x10", "1_000", "१२३", "½", "١٬٠٠٠", "1,2,3"),
    *("0000-00-00", "9999-99-99T99:99:99", "10000-01-01", "-1", "1e-400", "2147483648"),
)

TEXTS = (
    *("", " ", *MARKUP, *HIDING, *INHERITED, *WORDS_OF_PROGRAMS),
    *(*FORMULAS, *PLACES, *NUMBERS, *LONG),
)
