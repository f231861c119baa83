"""The page that shows all pictures."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

STYLE = """
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { margin: 24px; }
table { border-collapse: collapse; }
th, td { padding: 6px 10px 6px 0; text-align: start; vertical-align: top; }
img { display: block; height: 320px; border: 1px solid #8886; }
.bad { color: light-dark(#b3261e, #ffb0a8); max-width: 60rem; overflow-wrap: anywhere; }
"""


def write_sheet(folder: Path, shots: Iterable[dict[str, Any]]) -> Path:
    """Write index.html: a row for each state, its pictures side by side, and what was found."""
    rows: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for shot in shots:
        rows.setdefault((shot["site"], shot["state"]), []).append(shot)
    parts = ["<!doctype html><html lang=en><meta charset=utf-8><title>Screenshots</title>"]
    parts.append(f"<style>{STYLE}</style><main><h1>Screenshots</h1><table>")
    for (site, state), some in rows.items():
        parts.append(f"<tr><th scope=row>{escape(site)}<br>{escape(state)}</th><td>")
        parts.append("<div style='display: flex; gap: 10px'>")
        for shot in some:
            name = escape(f"{site}, {state}, {shot['width']} px, {shot['scheme']}")
            file = escape(shot["file"])
            parts.append(
                f"<a href='{file}'><img src='{file}' alt='{name}' title='{name}' loading=lazy></a>"
            )
        parts.append("</div>")
        found = {line for shot in some for key in ("faults", "axe", "errors") for line in shot[key]}
        parts += [f"<p class=bad>{escape(line)}</p>" for line in sorted(found)]
        parts.append("</td></tr>")
    parts.append("</table></main></html>")
    page = folder / "index.html"
    page.write_text("\n".join(parts), encoding="utf-8")
    return page
