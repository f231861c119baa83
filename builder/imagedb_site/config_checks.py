"""Checks of single settings that are texts of a certain form. All raise UsageError."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from .errors import UsageError
from .values import is_web_address

_LANGUAGE_TAG = re.compile(
    r"[a-z]{2,3}(-[a-z]{3}){0,3}(-[a-z]{4})?(-([a-z]{2}|[0-9]{3}))?"
    r"(-([a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*(-[a-wyz0-9](-[a-z0-9]{2,8})+)*(-x(-[a-z0-9]{1,8})+)?",
    re.IGNORECASE,
)
"""The form of a language tag (BCP 47)."""

HOME = ("topics", "sample", "on-this-day", "recent")
"""The sections that a start page may have."""

_COLOUR = re.compile("#?[0-9a-f]{6}", re.IGNORECASE)


def check_language(language: str) -> None:
    """Accepts language tags such as `de`."""
    if not _LANGUAGE_TAG.fullmatch(language):
        raise UsageError(
            f"language is {language!r}, which is not a language tag.",
            "Use a BCP 47 tag such as en, de or pt-BR.",
        )


def check_accent(accent: str) -> None:
    """Accepts colours such as `b3261e`."""
    if not _COLOUR.fullmatch(accent):
        raise UsageError(
            f"accent is {accent!r}, which is not a colour.",
            "Use six hexadecimal digits such as b3261e.",
        )


def check_home(sections: Sequence[str]) -> None:
    """Accepts different sections of the start page, or `none`."""
    for place, name in enumerate(sections):
        if name != "none" and name not in HOME:
            raise UsageError(
                f"home has the section {name!r}, which does not exist.",
                f"The sections are {', '.join(HOME)}, and none for a page without any.",
            )
        if name in sections[:place] or (name == "none" and len(sections) > 1):
            raise UsageError(
                f"home has {name!r} beside other sections or twice.", "Name each section once."
            )


def check_url(url: str) -> None:
    """Accepts plain addresses of a site."""
    if not is_web_address(url):
        raise UsageError(
            f"url is {url!r}, which is not a web address.",
            "Use the full address of the site, such as https://example.org/pictures/",
        )
    parts = urlsplit(url)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise UsageError(
            "url has a user name, a password, a query or a fragment, which a site's address must not have.",
            "Use the plain address of the site, such as https://example.org/pictures/",
        )
