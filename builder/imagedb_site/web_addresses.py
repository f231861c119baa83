"""Addresses of pictures on other hosts: which are taken, and in which form they are published."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, quote, urlsplit

from imagedb_site.errors import UsageError

LONGEST = 2000
_ORIGIN = re.compile(r"https?://[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[1-9][0-9]{0,4})?")
_PRINTABLE = re.compile(r"[!#-;=?-\[\]_a-z~]+")
"""ASCII without controls, spaces, quotes, angle brackets, backslash, caret, backquote, braces and bar."""
PLACE = re.compile(r"\{([a-z][a-z0-9_]{0,62})\}")
"""The name of a field, or `key`, in a template of addresses."""
_FIXED = re.compile(r"https?://[^/{}]+/")
_SECRETS = re.compile(
    r"(.*(token|signature|password|passwd|secret|credentials?|apikey|accesskey(id)?|authorization|jwt)"
    r"|sig|auth|pwd|hmac|session(id)?|sessid|keypairid)"
)
"""Names of parameters that give access, in lower case and without punctuation."""
_DEFAULT_PORTS = {"http": 80, "https": 443}
_KEPT = "%/:?#[]@!$&'()*+,;=~-._"


def is_origin(text: str) -> bool:
    """Whether a text is an origin as the format has it: scheme, host in lower case, port if it is unusual."""
    return _ORIGIN.fullmatch(text) is not None


def origin_of(address: str) -> str | None:
    """Returns the origin of an address, None if it has no clean one: http(s), a host, no user name."""
    try:
        parts = urlsplit(address.strip())
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or "@" in parts.netloc:
        return None
    unusual = "" if port is None or port == _DEFAULT_PORTS[parts.scheme] else f":{port}"
    origin = f"{parts.scheme}://{parts.hostname}{unusual}"
    return origin if is_origin(origin) else None


def clean_address(address: str) -> str | None:
    """Returns an address as it may be published: its origin, its path, its query; None if it is not clean.

    Characters beyond ASCII and others that an address cannot have are written as percent signs and digits.
    """
    origin = origin_of(address)
    if origin is None or any(ord(character) < 32 for character in address.strip()):
        return None
    parts = urlsplit(address.strip())
    query = f"?{parts.query}" if parts.query else ""
    try:
        text = origin + quote(f"{parts.path or '/'}{query}", safe=_KEPT)
    except UnicodeEncodeError:
        return None
    return text if is_remote(text, [origin]) else None


def secret_in(address: str) -> str | None:
    """Says what in an address gives access to those who read it: a user name, a password, a token.

    Returns None if nothing does. The result never repeats the secret itself.
    """
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return None
    if "@" in parts.netloc:
        return "a user name or a password"
    for query in (parts.query, parts.fragment):
        for name, _ in parse_qsl(query.replace(";", "&"), keep_blank_values=True):
            if _SECRETS.fullmatch(re.sub(r"[^a-z0-9]", "", name.lower())):
                return f"the parameter {name[:40]}"
    return None


def is_remote(address: str, origins: Iterable[str]) -> bool:
    """Whether a published address is clean and belongs to one of the origins."""
    return (
        len(address) <= LONGEST
        and _PRINTABLE.fullmatch(address) is not None
        and any(address.startswith(f"{origin}/") for origin in origins)
    )


def check_template(name: str, template: str) -> None:
    """Raises UsageError for a template whose host is not fixed or whose braces are not names."""
    if not _FIXED.match(template) or origin_of(template.partition("{")[0]) is None:
        raise UsageError(
            f"{name} is {template!r}, which does not begin with a web address.",
            "Begin with a fixed host, such as https://example.org/{key}.jpg",
        )
    secret = secret_in(template)
    if secret is not None:
        raise UsageError(
            f"{name} has {secret}, which every visitor could read.",
            "Use addresses that are public without it.",
        )
    if re.search(r"[{}]", PLACE.sub("", template)):
        raise UsageError(
            f"{name} is {template!r}, which has braces without the name of a field.",
            "Write names of fields in braces, or {key}.",
        )
