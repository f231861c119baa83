"""Search results as text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..display import json_line, shown

if TYPE_CHECKING:
    from ..search import SearchResponse


def show(response: SearchResponse) -> None:
    """Print the hits, likely ones first, what there is to say about them, and a corrected query."""
    for notice in response.notices:
        hint = f" Try: {notice.suggestion}" if notice.suggestion else ""
        click.echo(shown(notice.message + hint), err=True)
    before = True
    for place, hit in enumerate(response.hits, 1):
        if before and hit.likely is False:
            click.echo("     – weaker matches –" if place > 1 else "     – no likely match –")
        before = hit.likely is not False
        similarity = "      " if hit.similarity is None else f"{hit.similarity:6.3f}"
        fields = hit.document["fields"]
        title = " ".join(str(fields.get("title") or fields.get("label", "")).split())
        page = hit.object_page
        pages = "" if page is None else f"  (page {page.number:,} of {page.of:,})"
        click.echo(
            f"{place:3}  {similarity}  {hit.image_id}  {shown(hit.document['path'])}  {shown(title)}{pages}"
        )
    if not response.hits:
        click.echo("No results.", err=True)
    if response.correction is not None:
        click.echo(f"Did you mean “{shown(response.correction.text)}”?", err=True)


def to_json(text: str, response: SearchResponse) -> str:
    """One line of JSON."""
    answer: dict[str, object] = {"query": text, "total": response.total}
    if response.pictures is not None:
        answer["pictures"] = response.pictures
    answer["results"] = [hit.to_json() for hit in response.hits]
    if response.divide is not None:
        answer["divide"] = response.divide
    if response.notices:
        answer["notices"] = [notice.message for notice in response.notices]
    if response.correction is not None:
        answer["correction"] = response.correction.to_json()
    return json_line(answer)
