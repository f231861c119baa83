"""What a page may run and load: its content security policy and the integrity of its scripts."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

TRUSTED_TYPES = "imagedb"
"""The application's only policy: it names the scripts of workers (web_assets/src/base/trusted.ts)."""

PORTABLE_TYPES = "imagedb-portable"
"""The policy of a portable site: it names the scripts of its folder (web_assets/src/portable/boot.ts)."""


def integrity(sha256: str) -> str:
    """Returns a hexadecimal SHA-256 as browsers expect it in `integrity` and in policies."""
    return "sha256-" + base64.b64encode(bytes.fromhex(sha256)).decode("ascii")


def content_security_policy(
    script: str, styles: list[str], *, portable: bool = False, origins: Sequence[str] = ()
) -> str:
    """Returns the policy of index.html, whose only inline code is `script` and `styles`.

    Only these and the site's own files run or load, whatever a caption contains. Text never becomes markup:
    the browser refuses it even if the application tried. Pictures may also come from `origins`, which the
    owner allowed (docs/FORMAT.md 2.17). From the disk, the worker of a portable site starts from
    its own text.
    """
    worker, types = (" blob:", f" {PORTABLE_TYPES}") if portable else ("", "")
    hashes = " ".join(f"'{_hashed(style)}'" for style in styles)
    return "; ".join(
        [
            "default-src 'self'",
            f"script-src 'self' '{_hashed(script)}' 'wasm-unsafe-eval'",
            f"worker-src 'self'{worker}",
            " ".join(["img-src 'self' blob: data:", *sorted(origins)]),
            f"style-src 'self' {hashes}",
            "connect-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            f"trusted-types {TRUSTED_TYPES}{types}",
        ]
    )


def text_policy(styles: Sequence[str]) -> str:
    """Returns the policy of a page of text, which loads nothing: its only inline code is `styles`."""
    hashes = " ".join(f"'{_hashed(style)}'" for style in styles)
    return f"default-src 'none'; style-src {hashes}; base-uri 'none'; form-action 'none'"


def _hashed(text: str) -> str:
    return integrity(hashlib.sha256(text.encode("utf-8")).hexdigest())
